"""The page of an audit: complete by itself, safe, and usable in a browser with the keyboard alone."""

import base64
import io
import re

import numpy as np
import pytest
from conftest import accessibility_violations
from helpers.audits import embedded
from PIL import Image

import jnl
from jnl.label_audit.audit import audit
from jnl.label_audit.thumbnails import sheets

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&"


def test_it_holds_all_suspects_and_needs_nothing_else(image_audit, audit_page):
    data = embedded(audit_page)
    assert set(image_audit.suspects["index"]) <= set(data["index"])
    assert data["probability"] == sorted(data["probability"], reverse=True)
    text = audit_page.read_text()
    assert text.count('class="sheet"') == -(-len(data["used_index"]) // 256)
    assert not re.findall(r"(?:https?:)?//[a-z]+\.", re.sub(r'class="sheet">[^<]*<', "", text))


def test_rows_of_a_table_are_shown_as_they_are_in_its_file(tmp_path):
    """Not as the standardized features that networks see."""
    full = (
        f"{('red', 'blue')[row % 2]};{52345 + row * 7 % 40};${row + 2},5;{row + 7},25%;{'ab'[row > 19]}"
        for row in range(39)
    )
    lines = ["color;weight;price;share;label", *full, ";;$3,5;8,25%;b"]
    (tmp_path / "mine.csv").write_text("\n".join(lines))
    table = jnl.data.load("table", tmp_path / "mine.csv")
    assert abs(table.train.inputs.mean(0)).max() < 1e-6  # standardized
    wrong = np.isin(np.arange(40), [0, 39])
    p = np.where(np.eye(2)[table.train.labels ^ wrong] > 0, 0.9, 0.1)
    audit(dataset=table, pred_probs=p).save(tmp_path)
    data = embedded(tmp_path / "index.html")
    shown = dict(zip(data["index"], data["text"], strict=True))
    assert shown[0] == "color red, weight 52345, price $2,5, share 7,25%"
    assert shown[39] == "color missing, weight missing, price $3,5, share 8,25%"


def test_numbers_beside_a_very_large_one_keep_their_digits():
    values = np.append(np.arange(39) + 0.25, [1e8])
    prepare = jnl.from_arrays(values[:, None], np.arange(40) % 2, kind="features").prepare
    shown = prepare.as_given(prepare(values[:, None]), 5)
    assert [float(row["x0"]) for row in shown] == pytest.approx(values, abs=0.6)  # the numbers are stored as float32
    assert shown[39] == {"x0": "100000000"}


def test_of_many_features_as_many_are_shown_as_the_page_has_room_for(tmp_path):
    inputs, labels = np.arange(40 * 768, dtype=np.float32).reshape(40, 768), np.arange(40) // 20
    p = np.where(np.eye(2)[labels ^ (np.arange(40) == 0)] > 0, 0.9, 0.1)
    audit(inputs, labels, pred_probs=p).save(tmp_path)
    (text,) = embedded(tmp_path / "index.html")["text"]
    assert text.startswith("x0 0, x1 1, x2 2, ") and 300 <= len(text) <= 304


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
def test_images_of_any_number_of_channels_have_thumbnails(channels):
    images = np.full((3, 8, 8, channels), 200, np.uint8)
    (sheet,) = sheets(images, np.arange(3))
    decoded = np.asarray(Image.open(io.BytesIO(base64.b64decode(sheet))))
    assert decoded.shape == (8, 128, 3) and abs(decoded[:, :24].astype(int) - 200).max() < 12


def test_names_from_data_are_only_text(tmp_path):
    p = [[0.9, 0.1]] * 5 + [[0.1, 0.9]] * 5
    names = ["a", HOSTILE]
    labels = [names[0]] * 4 + [names[1]] * 6
    audit(pred_probs=p, labels=labels, class_names=names).save(tmp_path)
    text = (tmp_path / "index.html").read_text()
    assert "<img" not in text
    assert embedded(tmp_path / "index.html")["names"] == names


def test_the_controls_agree_with_the_list_after_back(open_in_browser, image_audit, audit_page):
    page = open_in_browser(audit_page)
    page.locator("#least").fill("100")
    page.locator("#given").select_option(label="cat")
    shown = page.locator("article").count()
    assert shown < 30
    page.goto("about:blank")
    page.go_back()
    page.wait_for_load_state()
    values = page.evaluate("['least', 'given'].map(name => document.getElementById(name).value)")
    assert values == ["100", "0"] and page.locator("article").count() == shown


def test_without_scripts_no_dead_controls_are_shown(open_in_browser, audit_page):
    page = open_in_browser(audit_page, java_script_enabled=False)
    assert not page.locator("button:visible, select:visible, input:visible").count()
    assert "examples.parquet has all examples" in page.locator("noscript p").inner_text()


def test_a_tall_window_is_filled(open_in_browser, audit_page):
    page = open_in_browser(audit_page, width=3840)
    page.set_viewport_size({"width": 3840, "height": 6000})
    page.locator("#text").fill("no such example")
    page.locator("#text").fill("")
    page.wait_for_function("document.querySelectorAll('article').length === 60")


def test_filters(open_in_browser, image_audit, audit_page):
    page = open_in_browser(audit_page)
    page.locator("#given").select_option(label="cat")
    expected = (image_audit.suspects["given"] == "cat").sum()
    assert page.locator("article").count() == expected
    page.locator("#given").select_option(label="all")
    page.locator("#text").fill(str(image_audit.suspects["index"].iloc[0]))
    assert 1 <= page.locator("article").count() < 60


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_names_and_contrasts_are_accessible_and_it_fits(open_in_browser, audit_page, width, scheme):
    page = open_in_browser(audit_page, width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert accessibility_violations(page) == []


def test_it_is_printed_with_pictures_and_says_how_much(open_in_browser, audit_page):
    page = open_in_browser(audit_page)
    page.locator("article [data-choice=drop]").first.click()
    pictures = page.pdf().count(b"/Subtype /Image")
    page.emulate_media(media="print")
    assert pictures > 0
    assert page.locator("button:visible").all_inner_texts() == ["Drop"]
    assert "of 60 examples are printed" in page.locator("#printed").inner_text()


def test_it_says_what_was_audited(open_in_browser, image_audit, tmp_path):
    image_audit.save(tmp_path, {"data": str(tmp_path / "<photos>"), "command": "jnl audit '<photos>'"})
    page = open_in_browser(tmp_path / "index.html")
    assert page.title() == page.locator("h1").inner_text() == "Label audit of <photos>"
    assert page.get_by_text("Made by jnl audit '<photos>'").is_visible()


def test_pictures_have_names(open_in_browser, image_audit, audit_page):
    page = open_in_browser(audit_page)
    data = embedded(audit_page)
    first = page.locator("article").first
    names = [image.get_attribute("aria-label") for image in first.get_by_role("img").all()]
    assert names == [f"example {data['used_index'][place]}" for place in (data["thumbnail"][0], *data["near"][0])]
    assert first.get_by_role("heading").nth(1).inner_text() == "Most similar examples, and their labels"


def test_names_from_right_to_left_do_not_turn_the_text_around(open_in_browser, tmp_path):
    names = ["חתול", "כלב"]
    p = np.where(np.eye(2)[np.arange(40) % 2] > 0, 0.9, 0.1)
    audit(pred_probs=p, labels=np.arange(40) % 2 ^ (np.arange(40) < 2), class_names=names).save(tmp_path)
    page = open_in_browser(tmp_path / "index.html")
    inside = """element => {
        const range = document.createRange(), text = element.lastChild;
        range.selectNodeContents(text);
        return [...element.querySelectorAll("bdi")].map(name => name.getBoundingClientRect().right)
            .concat(range.getBoundingClientRect().left);
    }"""
    ends = page.locator("article h2").first.evaluate(inside)
    assert ends == sorted(ends) and len(ends) == 3
    assert "predicts \u2068" in page.locator(".why").first.inner_text()


def test_duplicates_with_the_same_label_are_listed(image_audit, tmp_path):
    stream = np.random.default_rng(0)
    features = stream.normal(size=(300, 20)).astype(np.float32)
    features[:20:2] = features[1:20:2]
    labels = np.arange(300) // 20 % 3
    p = np.where(np.eye(3)[labels] > 0, 0.9, 0.05)
    pairs = audit(pred_probs=p, labels=labels, features=features)
    pairs.save(tmp_path)
    assert set(range(20)) <= set(embedded(tmp_path / "index.html")["index"])
    features[::2] = features[1::2]
    every = audit(pred_probs=p, labels=labels, features=features)
    every.save(tmp_path)
    assert "300 duplicates with the same label are not listed" in (tmp_path / "index.html").read_text()
