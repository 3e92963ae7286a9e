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
from helpers.reports import LEAN, workdir

import jnl
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


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    """Three methods on two noise rates, one of them with a failed run; another setup has one of them alone."""
    root = tmp_path_factory.mktemp("report")
    estimated = workdir(root / "runs" / "a", "jocor", 0.9, seeds=(1, 2, 3))
    summary = json.loads((estimated / "summary.json").read_text())
    summary["points"][0]["noise"]["estimated_matrix"] = np.full((3, 3), 1 / 3).tolist()
    (estimated / "summary.json").write_text(json.dumps(summary))
    workdir(root / "runs" / "b", "standard", 0.8, seeds=(1, 2, 3), failed=(1,))
    workdir(root / "runs" / "c", "standard", 0.7, seeds=(1, 2), epochs=200, without=LEAN)
    workdir(root / "runs" / "d", "elr", 0.85, rate=0.2, more={"mine": np.linspace(2, 3, 12)}, without=LEAN)
    config = json.loads((root / "runs" / "d" / "config.json").read_text())
    config["metrics"] = {"mine": {"caption": "A metric of mine", "is_share": False}}
    (root / "runs" / "d" / "config.json").write_text(json.dumps(config))
    assert cli.main(["report", str(root / "runs"), "--out", str(root / "out")]) == 0
    return root / "out"


def test_the_page_has_what_was_measured(report):
    text = (report / "index.html").read_text()
    for title in (
        "11 runs of 3 methods under 2 kinds of noise, from 4 workdirs. 1 run has failed.",
        "Published and measured, one by one", "MNIST, MLP, 12 epochs", "MNIST, MLP, 200 epochs",
        "Differences over shared seeds", "Noise draw against initialization", "Accuracy against compute",
        "Accuracy of each class", "Noise matrix, true", "Noise matrix, estimated (JoCoR)", "Divergence", "Disagreement",
        "Share selected", "Label precision", "do not overlap", "1 (epoch 0)", "jax 0.7.2", "A metric of mine",
        f"Written by jnl {jnl.__version__}.",
    ):  # fmt: skip
        assert title in text, title
    assert '<span class="word">missed</span>' in text  # Standard on MNIST, 200 epochs: 70 %, published 52.66


def test_the_numbers_come_before_every_note(report):
    body = (report / "index.html").read_text().partition("<main ")[2]
    first = body.index("<td")
    assert first < body.index('class="note"') < body.index('id="details"') < body.index('id="runs"')
    assert body.index("<svg", first) < body.index('id="details"')


def test_a_workdir_with_one_training_has_a_page_without_comparisons(tmp_path):
    path = workdir(tmp_path / "a", data="digits", without=LEAN)
    assert cli.main(["report", str(path), "--out", str(tmp_path / "out")]) == 0
    text = (tmp_path / "out" / "index.html").read_text()
    assert "<h1>JoCoR on Digits, MLP, 12 epochs, symmetric 50\u00a0%</h1>" in text
    assert "3 runs, from 1 workdir." in text and "JoCoR trained the network MLP for 12 epochs on Digits" in text
    for title in ("Differences over shared seeds", "Accuracy against compute", "verdict</th>", 'class="legend"'):
        assert title not in text, title
    assert "Test accuracy" in text and "95 % interval" in text


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
        "accuracy", "label_precision", "divergence", "disagreement", "selected_fraction", "compute", "classes", "mine",
        "symmetric-0.5-matrices",
    ):  # fmt: skip
        assert (report / f"mnist-mlp-12-{figure}.png").read_bytes().startswith(b"\x89PNG")
        ElementTree.parse(report / f"mnist-mlp-12-{figure}.svg")
    for table in ("statistics", "paired", "compute", "classes", "noise"):
        assert {f"mnist-mlp-12-symmetric-0.5-{table}.{form}" for form in ("csv", "md", "tex")} <= names
    assert {"mnist-mlp-12-table.csv", "published.csv", "runs.tex", "measurements.csv"} <= names
    assert "mnist-mlp-12-symmetric-0.5-variance.csv" not in names  # nothing can be told apart


@pytest.mark.slow
def test_the_same_workdirs_give_the_same_bytes(report, tmp_path):
    again = report.parent / "again"
    assert cli.main(["report", str(report.parent / "runs"), "--out", str(again)]) == 0
    for path in report.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes(), path.name
    shutil.rmtree(again)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory):
    """Names that would break out wherever they are not escaped."""
    root = tmp_path_factory.mktemp("hostile")
    path = workdir(
        root / "a", HOSTILE, data=HOSTILE, title=HOSTILE, class_names=(HOSTILE, "$\\frac{$", "_"),
        strategy__option=HOSTILE, epochs=2, seeds=(1,), without=("label_precision", "selected_fraction"),
        **{HOSTILE: HOSTILE},
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


def test_a_method_can_be_hidden(opened):
    page = opened()
    button = page.locator(".legend button", has_text="JoCoR").first
    series = button.get_attribute("data-series")
    columns = page.locator(f'td[data-series="{series}"], th[data-series="{series}"]')
    assert visible(page, series) and columns.first.is_visible()
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert not visible(page, series) and not columns.first.is_visible()
    page.click("#all")
    assert visible(page, series) and button.get_attribute("aria-pressed") == "true"
    page.fill("#filter", "JOC")
    assert page.locator(".legend button:visible").all_inner_texts() == ["JoCoR"]
    page.fill("#filter", "")
    page.select_option("#setup", label="MNIST, MLP, 200 epochs")
    assert page.locator("section h2:visible").all_inner_texts() == ["MNIST, MLP, 200 epochs"]


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

    def after_reload():
        page.reload()
        return page.evaluate(background)

    # It is remembered. The browser stores it in another process, which may take longer than the first reload.
    assert colors[other] in (after_reload() for _ in range(3))


def point(page, panel, across, up):
    """The lines shown with the pointer at shares of a panel, from its lower left."""
    place = page.locator(f"[id='mnist-mlp-12-{panel}']")
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    page.mouse.move(box["x"] + across * box["width"], box["y"] + (1 - up) * box["height"])
    return page.inner_text("#tip").splitlines()


def test_curves_classes_costs_and_matrices_show_values_under_the_pointer(opened, report):
    page, text = opened(), (report / "index.html").read_text()
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    (content,) = re.findall(r'<script[^>]*id="hover">(.*?)</script>', text)
    known = {name.removeprefix("mnist-mlp-12-"): one for name, one in json.loads(content).items()}

    def rows(table):
        return csv.DictReader((report / f"mnist-mlp-12-symmetric-0.5-{table}.csv").read_text().splitlines())

    told = point(page, "accuracy-symmetric-0.5", 0.97, 0.5)
    shown = {row["method"]: row["last"].split()[:3] for row in rows("statistics")}
    assert told[0] == "epoch 11" and [line.split() for line in told[1:]] == [
        [*shown["JoCoR"], "JoCoR"], [*shown["Standard"], "Standard"]
    ]  # fmt: skip
    page.mouse.move(2, 2)
    assert not page.is_visible("#tip")

    classes = known["classes-symmetric-0.5"]
    left, bottom, width, height = classes["box"]
    low, high = classes["limits"]
    told = point(page, "classes-symmetric-0.5", left + width * (1 - low) / (high - low), bottom + height / 2)
    (row,) = [row for row in rows("classes") if row["method"] == "JoCoR"]
    assert told[0] == "b" and [*row["b"].split(), "JoCoR"] in [line.split() for line in told[1:]]

    (spot,) = [one for one in known["compute-symmetric-0.5"]["points"] if "JoCoR" in one["text"]]
    told = point(page, "compute-symmetric-0.5", spot["x"], spot["y"])
    (row,) = [row for row in rows("compute") if row["method"] == "JoCoR"]
    assert told == [f"{' '.join(row['last'].split()[:3])} JoCoR, {row['seconds']} s"]

    left, bottom, width, height = known["symmetric-0.5-matrices-noise"]["box"]
    place = "symmetric-0.5-matrices-noise"
    assert point(page, place, left + 0.1 * width, bottom + 0.1 * height) == ["true class c", "label a: 0.167"]
    assert point(page, place, left + 0.5 * width, bottom + 0.5 * height) == ["true class b", "label b: 0.667"]


def test_it_fits_a_phone(opened):
    page = opened(360, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    box = page.locator(".box").first
    assert box.evaluate("box => box.scrollWidth > box.clientWidth && getComputedStyle(box).overflowX === 'auto'")
    name = box.locator("tbody th[scope=row]").last
    before = name.bounding_box()["x"]
    box.evaluate("box => { box.scrollLeft = 80; }")
    assert name.bounding_box()["x"] == before  # the first column stays


def test_the_first_screen_has_the_table_and_a_figure(opened):
    page = opened()
    for part in ("section table", "section figure svg .series"):
        box = page.locator(part).first.bounding_box()
        assert box["y"] < 900, part
    (height,) = {row.bounding_box()["height"] for row in page.locator("section tbody tr").all()[:1]}
    assert height < 60  # a name of one word is not squeezed into many lines


# the names of panels with a text that is not inside
CUT = """[...document.querySelectorAll("figure svg text")].filter(text => {
  const [inner, outer] = [text, text.ownerSVGElement].map(element => element.getBoundingClientRect());
  return inner.left < outer.left || inner.right > outer.right || inner.top < outer.top || inner.bottom > outer.bottom;
}).map(text => `${text.ownerSVGElement.parentElement.id}: ${text.textContent}`)"""


def test_no_text_of_a_figure_is_cut_off(opened, tmp_path):
    classes = ("comp.sys.ibm.pc", "a train", "watch")
    flat = {"test_accuracy": np.full((12, 2), 0.9123), "label_precision": np.full(12, 0.95125)}
    flat["mine"] = np.full(12, 1234567.8)
    for number, strategy in enumerate(("jocor", "standard")):
        workdir(tmp_path / "runs" / strategy, strategy, seeds=(1,), class_names=classes, more=flat)
        config = json.loads((tmp_path / "runs" / strategy / "config.json").read_text())
        config["metrics"] = {
            "mine": {"caption": f"What ${number} " + 9 * "long_captions are called", "is_share": False}
        }
        (tmp_path / "runs" / strategy / "config.json").write_text(json.dumps(config))
    assert cli.main(["report", str(tmp_path / "runs"), "--out", str(tmp_path / "out")]) == 0
    page = opened(path=tmp_path / "out" / "index.html")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert page.locator("figure svg text").count() > 50
    assert page.evaluate(CUT) == []


def test_it_works_without_scripts(opened):
    page = opened(java_script_enabled=False)
    assert page.locator("section svg .series").first.is_visible()
    assert page.locator("section table").first.is_visible()
    assert not page.locator("#controls").is_visible()


def test_hostile_names_do_nothing(opened, hostile):
    page = opened(path=hostile / "index.html")
    assert page.locator("h1").inner_text().startswith("</script><img")
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("width, scheme", [(1280, "light"), (360, "dark")])
def test_names_and_contrasts_are_accessible(opened, width, scheme):
    assert accessibility_violations(opened(width, scheme)) == []


def test_the_choice_of_data_agrees_with_the_page_after_back(opened):
    page = opened()
    page.locator("#setup").select_option("1")
    page.goto("about:blank")
    page.go_back()
    page.wait_for_load_state()
    assert page.locator("#setup").input_value() == "1"
    shown = page.locator("section[data-setup]:visible").all()
    assert shown and {section.get_attribute("data-setup") for section in shown} == {"1"}
