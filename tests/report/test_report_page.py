"""The page and its files: complete, by itself, the same every time, safe, and usable in a browser.

What a browser is needed for skips without Chromium or the package `playwright`; `AXE` is the path of axe-core's
`axe.min.js`, for the check of names and contrasts.
"""

import csv
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest
from conftest import accessibility_violations
from helpers.reports import workdir

from jnl import cli

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&$a_b$\\ud800\x1b]_"


class Parsed(HTMLParser):
    """All tags with their attributes, and ids."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def values(self, attribute):
        return [attributes[attribute] for _, attributes in self.tags if attribute in attributes]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Three strategies, one of them in two forms with a failed run, on two noise rates."""
    root = tmp_path_factory.mktemp("report")
    estimated = workdir(root / "runs" / "a", "jocor", 0.9, seeds=(1, 2, 3))
    summary = json.loads((estimated / "summary.json").read_text())
    summary["points"][0]["noise"]["estimated_matrix"] = np.full((3, 3), 1 / 3).tolist()
    (estimated / "summary.json").write_text(json.dumps(summary))
    workdir(root / "runs" / "b", "standard", 0.8, seeds=(1, 2, 3), failed=(1,))
    workdir(root / "runs" / "c", "standard", 0.7, seeds=(1, 2), epochs=200)
    workdir(root / "runs" / "d", "elr", 0.85, rate=0.2)
    assert cli.main(["report", str(root / "runs"), "--out", str(root / "out")]) == 0
    return root / "out"


def test_the_page_has_what_was_measured(report):
    text = (report / "index.html").read_text()
    for title in (
        "11 runs of 3 strategies on 2 combinations", "Published and measured", "mnist, symmetric noise, 20 %",
        "Differences over shared seeds", "Noise draw against initialization", "Accuracy against compute",
        "Accuracy of each class", "Noise matrix, true", "Noise matrix, estimated (jocor)", "Divergence", "Disagreement",
        "Share selected", "Label precision", "do not overlap", "1 (epoch 0)", "jax 0.7.2", "standard (epochs=200)",
    ):  # fmt: skip
        assert title in text, title
    assert '<span class="word">missed</span>' in text  # Standard on MNIST, 200 epochs: 70 %, published 52.66


def test_the_page_needs_nothing_else_and_its_links_lead_somewhere(report):
    page = Parsed((report / "index.html").read_text())
    assert not [tag for tag, _ in page.tags if tag in ("link", "iframe", "object", "embed", "img")]
    assert not page.values("src")
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    targets = page.values("href") + page.values("xlink:href")
    for target in targets:
        if target.startswith("#"):
            assert target[1:] in ids
        else:
            assert target.startswith("data:image/png") or (report / unquote(target)).is_file(), target
    linked = {target for target in targets if not target.startswith(("#", "data:", ".."))}
    assert {path.name for path in report.iterdir()} - linked == {"index.html"}
    assert {Path(unquote(one)).name for one in targets if one.startswith("..")} == {
        "config.json", "metrics.jsonl", "summary.json"
    }  # fmt: skip
    assert "@import" not in (report / "index.html").read_text()
    text = re.sub(r'xmlns(:xlink)?="[^"]*"', "", (report / "index.html").read_text())
    assert not re.findall(r"(?:https?:)?//[a-z]+\.", text)


def test_figures_and_tables_are_files_too(report):
    names = {path.name for path in report.iterdir()}
    for figure in (
        "accuracy",
        "label_precision",
        "divergence",
        "disagreement",
        "selected_fraction",
        "compute",
        "noise",
    ):
        assert (report / f"board-mnist-symmetric-0.5-{figure}.png").read_bytes().startswith(b"\x89PNG")
        ElementTree.parse(report / f"board-mnist-symmetric-0.5-{figure}.svg")
    for table in ("accuracy", "paired", "variance", "compute", "classes", "noise"):
        assert {f"board-mnist-symmetric-0.5-{table}.{form}" for form in ("csv", "md", "tex")} <= names
    assert {"published.csv", "runs.tex", "measurements.csv"} <= names


@pytest.mark.slow
def test_the_same_workdirs_give_the_same_bytes(report, tmp_path):
    again = report.parent / "again"
    assert cli.main(["report", str(report.parent / "runs"), "--out", str(again)]) == 0
    for path in report.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes(), path.name
    shutil.rmtree(again)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Names that would break out wherever they are not escaped."""
    root = tmp_path_factory.mktemp("hostile")
    path = workdir(
        root / "a", HOSTILE, data=HOSTILE, title=HOSTILE, class_names=(HOSTILE, "$\\frac{$", "_"),
        strategy__option=HOSTILE, **{HOSTILE: HOSTILE},
    )  # fmt: skip
    summary = (path / "summary.json").read_text()
    (path / "summary.json").write_text(summary.replace("\\\\ud800", "\\ud800"))  # half of a pair, as JSON allows
    assert cli.main(["report", str(path), "--out", str(root / "out")]) == 0
    return root / "out"


def test_names_of_data_and_configs_are_escaped(hostile):
    text = (hostile / "index.html").read_text()
    page = Parsed(text)
    tags = [tag for tag, _ in page.tags]
    assert "img" not in tags and tags.count("script") == 2 and "b" not in tags
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&#34;&#39;&amp;$a_b$" in text
    assert "\x1b" not in text
    (hover,) = re.findall(r'id="hover">(.*?)</script>', text, re.S)
    assert HOSTILE.split("\\")[0] in json.dumps(json.loads(hover)).replace('\\"', '"')
    for figure in hostile.glob("*.svg"):
        tags = {element.tag.partition("}")[2] for element in ElementTree.parse(figure).iter()}
        assert "script" not in tags and "img" not in tags


@pytest.fixture
def opened(open_in_browser, report):
    """Opens the page of the report in a window of some width."""

    def open_page(width=1280, scheme="light", path=report / "index.html", **options):
        return open_in_browser(path, width, scheme, **options)

    return open_page


def visible(page, series):
    return page.locator(f'section .series[data-series="{series}"]').first.is_visible()


def test_a_strategy_can_be_hidden(opened):
    page = opened()
    button = page.locator(".legend button", has_text="jocor").first
    series = button.get_attribute("data-series")
    rows = page.locator(f'tr[data-series="{series}"]')
    assert visible(page, series) and rows.first.is_visible()
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert not visible(page, series) and not rows.first.is_visible()
    page.click("#all")
    assert visible(page, series) and button.get_attribute("aria-pressed") == "true"


def test_strategies_and_boards_are_filtered(opened):
    page = opened()
    page.fill("#filter", "JOC")
    assert page.locator(".legend button:visible").all_inner_texts() == ["jocor"]
    page.fill("#filter", "")
    page.select_option("#board", label="mnist, symmetric noise, 20 %")
    assert page.locator("section h2:visible").all_inner_texts() == ["mnist, symmetric noise, 20 %"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_follows_the_system_and_the_button(opened, scheme):
    page = opened(scheme=scheme)
    colors = {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 24, 29)"}
    other = "dark" if scheme == "light" else "light"
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == colors[scheme]
    page.click("#theme")
    assert page.evaluate(background) == colors[other]
    assert page.get_attribute("#theme", "aria-pressed") == str(other == "dark").lower()
    page.reload()
    assert page.evaluate(background) == colors[other]  # remembered


def test_values_are_shown_under_the_pointer(opened, report):
    page = opened()
    figure = page.locator("[id='board-mnist-symmetric-0.2-accuracy'] > div")
    figure.scroll_into_view_if_needed()
    box = figure.bounding_box()
    page.mouse.move(box["x"] + 0.97 * box["width"], box["y"] + 0.5 * box["height"])
    (row,) = csv.DictReader((report / "board-mnist-symmetric-0.2-accuracy.csv").read_text().splitlines())
    told = page.inner_text("#tip").splitlines()
    assert told[0] == "epoch 11" and told[1].split() == [*row["last"].split()[:3], "elr"]
    page.mouse.move(2, 2)
    assert not page.is_visible("#tip")


def point(page, figure, across, up):
    """The lines shown with the pointer at shares of a figure, from its lower left."""
    place = page.locator(f"[id='board-mnist-symmetric-0.5-{figure}'] > div")
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    page.mouse.move(box["x"] + across * box["width"], box["y"] + (1 - up) * box["height"])
    return page.inner_text("#tip").splitlines()


def test_classes_costs_and_matrices_show_values_too(opened, report):
    page, hover = opened(), {}
    for tag, content in re.findall(r'<script[^>]*id="(hover)">(.*?)</script>', (report / "index.html").read_text()):
        hover[tag] = json.loads(content)
    known = {name.removeprefix("board-mnist-symmetric-0.5-"): one for name, one in hover["hover"].items()}

    def rows(table):
        return csv.DictReader((report / f"board-mnist-symmetric-0.5-{table}.csv").read_text().splitlines())

    left, bottom, width, height = known["classes"]["box"]
    low, high = known["classes"]["limits"]
    told = point(page, "classes", left + width * (1 - low) / (high - low), bottom + height / 2)
    (row,) = [row for row in rows("classes") if row["strategy"] == "jocor"]
    assert told[0] == "b" and [*row["b"].split(), "jocor"] in [line.split() for line in told[1:]]

    series = page.locator(".legend button", has_text="jocor").first.get_attribute("data-series")
    figure = page.locator("[id='board-mnist-symmetric-0.5-compute'] > div")
    figure.scroll_into_view_if_needed()
    spot = figure.locator(f".series[data-series='{series}'] use").first.bounding_box()
    page.mouse.move(spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2)
    (row,) = [row for row in rows("compute") if row["strategy"] == "jocor"]
    assert page.inner_text("#tip").split() == [*row["last 10"].split()[:3], "jocor,", row["seconds"], "s"]

    left, bottom, width, height = known["noise"]["box"]
    assert point(page, "noise", left + 0.1 * width, bottom + 0.1 * height) == ["true class c", "label a: 0.167"]
    assert point(page, "noise", left + 0.5 * width, bottom + 0.5 * height) == ["true class b", "label b: 0.667"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(opened, scheme):
    page = opened(360, scheme, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    boxes = page.locator(".box").first
    assert boxes.evaluate("box => box.scrollWidth > box.clientWidth && getComputedStyle(box).overflowX === 'auto'")


def test_it_works_without_scripts(opened):
    page = opened(java_script_enabled=False)
    assert page.locator("section svg .series").first.is_visible()
    assert page.locator("section table").first.is_visible()
    assert not page.locator("#controls").is_visible()


def test_hostile_names_do_nothing(opened, hostile):
    page = opened(path=hostile / "index.html")
    assert page.locator(".legend button").first.inner_text().startswith("</script><img")
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("width, scheme", [(1280, "light"), (360, "dark")])
def test_names_and_contrasts_are_accessible(opened, width, scheme):
    assert accessibility_violations(opened(width, scheme)) == []
