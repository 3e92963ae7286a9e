"""A review on the page of an audit: decisions by keys and buttons, which are kept, undone and exported."""

import csv
import re

from helpers.audits import embedded


def reviewed(page):
    return int(re.search(r"(\d+) reviewed", page.locator("#count").inner_text())[1])


def marked(page):
    """The number of the example with the frame, or -1."""
    return page.evaluate("Number(document.querySelector('[aria-current]')?.dataset.number ?? -1)")


def test_ten_are_reviewed_exported_and_read_back(open_in_browser, image_audit, audit_page, tmp_path):
    page = open_in_browser(audit_page)
    cards = page.locator("article")
    assert 30 <= cards.count() <= 60  # more are added where the reader comes near the end
    assert "60 examples, 0 reviewed" in page.locator("#count").inner_text()
    for key in ("j", "1", "2", "3", "4", "2", "2", "2", "2", "2", "2", "2", "z"):
        page.keyboard.press(key)
    assert "60 examples, 10 reviewed" in page.locator("#count").inner_text()
    assert page.locator("article.reviewed").count() == 10
    page.reload()  # decisions stay in the browser
    assert "60 examples, 10 reviewed" in page.locator("#count").inner_text()
    with page.expect_download() as download:
        page.locator("#export").click()
    download.value.save_as(tmp_path / "decisions.csv")
    with (tmp_path / "decisions.csv").open(newline="") as file:
        rows = {int(row["index"]): row for row in csv.DictReader(file)}
    order = image_audit.suspects["index"].tolist()
    assert [rows[row]["decision"] for row in order[:4]] == ["keep", "relabel", "drop", "unsure"]
    relabeled = rows[order[1]]
    assert relabeled["label"] == image_audit.examples["suggested"][order[1]]
    assert relabeled["given"] == image_audit.examples["given"][order[1]]


def test_decisions_on_rows_that_an_earlier_audit_listed_are_exported(open_in_browser, audit_page, tmp_path):
    page = open_in_browser(audit_page)
    page.evaluate("""const key = "jnl-audit-" + JSON.parse(document.getElementById("data").textContent).id;
        localStorage.setItem(key, JSON.stringify({ 299: { decision: "relabel", label: 0, given: 1 } }));""")
    page.reload()
    with page.expect_download() as download:
        page.locator("#export").click()
    download.value.save_as(tmp_path / "decisions.csv")
    with (tmp_path / "decisions.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["index"], row["given"], row["decision"], row["label"]) == ("299", "dog", "relabel", "cat")


def test_two_tabs_keep_the_decisions_of_both(open_in_browser, audit_page):
    first = open_in_browser(audit_page)
    second = first.context.new_page()
    second.goto(audit_page.as_uri())
    for page, number in ((first, 0), (second, 1), (first, 2)):
        page.locator("article").nth(number).locator("[data-choice=drop]").click()
    for page in (first, second):
        page.wait_for_function("document.querySelectorAll('article.reviewed').length === 3")
        page.reload()
        assert reviewed(page) == 3


def test_a_key_decides_only_on_the_example_with_the_frame(open_in_browser, audit_page):
    page = open_in_browser(audit_page)
    page.mouse.move(600, 600)
    page.mouse.wheel(0, 1500)
    page.wait_for_function("scrollY === 1500")
    page.keyboard.press("3")
    assert reviewed(page) == 0 and marked(page) > 0
    box = page.locator("[aria-current]").bounding_box()
    assert 0 <= box["y"] < 900 - box["height"]
    first = marked(page)
    page.keyboard.press("3")
    assert reviewed(page) == 1 and marked(page) == first + 1
    page.mouse.wheel(0, -3000)
    page.wait_for_function("scrollY === 0")
    page.keyboard.press("3")
    assert reviewed(page) == 1 and marked(page) == 0


def test_undo_goes_to_the_example(open_in_browser, audit_page):
    page = open_in_browser(audit_page, width=700)
    assert page.locator("#undo").is_disabled()
    for key in ("j", "3", "3", "z", "1"):
        page.keyboard.press(key)
    assert page.locator("article [aria-pressed=true]").all_inner_texts() == ["Drop", "Keep"]
    page.mouse.move(300, 600)
    page.mouse.wheel(0, 4000)
    page.wait_for_function("scrollY > 2000")
    page.locator("#undo").click()
    assert reviewed(page) == 1 and marked(page) == 1
    assert 0 <= page.locator("[aria-current]").bounding_box()["y"] < 900
    page.reload()
    assert reviewed(page) == 1 and page.locator("#undo").is_disabled()


def test_undo_of_an_example_that_a_filter_hides_says_which(open_in_browser, audit_page):
    page = open_in_browser(audit_page)
    page.locator("article [data-choice=drop]").first.click()
    page.locator("#text").fill("no such example")
    page.locator("#undo").click()
    row = embedded(audit_page)["index"][0]
    assert f"0 reviewed, undone: example {row}, which is not in this list" in page.locator("#count").inner_text()


def test_a_second_press_on_a_button_clears_the_decision(open_in_browser, audit_page):
    page = open_in_browser(audit_page)
    for choice in ("keep", "relabel", "drop", "unsure"):
        button = page.locator(f"article [data-choice={choice}]").first
        for count in (1, 0):
            button.click()
            assert reviewed(page) == count and button.get_attribute("aria-pressed") == str(count == 1).lower()


def test_the_keyboard_looks_through_classes_before_it_decides(open_in_browser, audit_page):
    page = open_in_browser(audit_page)
    classes = page.locator("article select").first
    classes.focus()
    suggested = classes.input_value()
    page.keyboard.press("Home")
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    assert classes.input_value() == "2" and reviewed(page) == 0
    page.keyboard.press("Escape")
    assert classes.input_value() == suggested
    given = embedded(audit_page)["given"][0]
    other = ({0, 1, 2} - {given, int(suggested)}).pop()
    for leave in ("Enter", "Tab"):  # what the list shows at the end is decided
        classes.focus()
        page.keyboard.type(embedded(audit_page)["names"][other][0])
        assert classes.input_value() == str(other) and reviewed(page) == 0
        page.keyboard.press(leave)
        assert reviewed(page) == 1 and classes.input_value() == str(other)
        page.locator("#undo").click()
        assert classes.input_value() == suggested
    classes.focus()
    page.keyboard.type(embedded(audit_page)["names"][other][0])
    page.locator("article [data-choice=relabel]").first.click()  # takes what the list shows
    assert reviewed(page) == 1 and classes.input_value() == str(other)


def test_the_given_label_as_a_new_one_keeps_it(open_in_browser, audit_page):
    page = open_in_browser(audit_page)
    page.locator("article select").first.select_option(str(embedded(audit_page)["given"][0]))
    assert page.locator("article [aria-pressed=true]").all_inner_texts() == ["Keep"]


def test_a_browser_that_keeps_no_decisions_says_so(open_in_browser, audit_page):
    page = open_in_browser(audit_page)
    assert not page.locator("#lost").is_visible()
    page.evaluate("""for (let size = 2 ** 24; size >= 1; size /= 2)
        try { for (let n = 0; ; n++) localStorage.setItem(`${size}-${n}`, "x".repeat(size)); } catch { /* full */ }""")
    for number in range(2):
        page.locator("article").nth(number).locator("[data-choice=drop]").click()
    assert "Export them before you leave" in page.locator("#lost").inner_text()
    assert reviewed(page) == 2
    with page.expect_download() as download:
        page.locator("#export").click()
    assert len(download.value.path().read_text().splitlines()) == 3


def test_undo_chooses_the_suggested_label_again(open_in_browser, image_audit, audit_page):
    page = open_in_browser(audit_page)
    first = page.locator("article").first
    suggested = first.locator("select").input_value()
    first.locator("select").select_option(str((int(suggested) + 1) % 3))
    page.locator("#undo").click()
    assert first.locator("select").input_value() == suggested


def test_the_bar_of_filters_covers_no_example(open_in_browser, audit_page):
    page = open_in_browser(audit_page, width=800)
    for _ in range(20):
        page.keyboard.press("j")
    for _ in range(10):
        page.keyboard.press("k")
    bar = page.locator(".controls").bounding_box()
    assert page.locator("[aria-current]").bounding_box()["y"] >= bar["y"] + bar["height"]
