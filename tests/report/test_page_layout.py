"""The page in a browser: nothing is cut off on a screen or on paper, and whatever is hidden can be brought back."""

import pytest
from helpers.reports import LEAN, workdir

from jnl import cli

# tables that are wider than their place
CUT = """[...document.querySelectorAll(".box")].filter(box => box.scrollWidth > box.clientWidth)
  .map(box => `${box.ariaLabel}: ${box.scrollWidth} in ${box.clientWidth}`)"""
METHODS = ("standard", "forward_correction", "decoupling", "coteaching", "coteaching_plus", "jocor", "small_loss")


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """The methods of the published table, and one of them on other data."""
    root = tmp_path_factory.mktemp("wide")
    for number, strategy in enumerate(METHODS):
        accuracy = 0.3 + number / 10
        workdir(root / "runs" / strategy, strategy, accuracy, epochs=200, without=(*LEAN, "train_loss"))
    workdir(root / "runs" / "digits", data="digits", without=LEAN)
    assert cli.main(["report", str(root / "runs"), "--out", str(root / "out")]) == 0
    return root / "out" / "index.html"


@pytest.fixture
def page(open_in_browser, wide):
    return open_in_browser(wide, width=1920)


def titles(page):
    return page.locator("section h2:visible").all_inner_texts()


def test_the_published_table_fits_a_wide_screen(page):
    (box,) = page.locator("section .box:has(table.grouped)").all()
    assert box.evaluate("box => box.scrollWidth <= box.clientWidth"), page.evaluate(CUT)


def test_no_table_is_cut_off_on_paper(page):
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.set_viewport_size({"width": 720, "height": 900})
    assert page.evaluate(CUT)  # on a screen, wide tables scroll
    page.emulate_media(media="print")
    assert page.evaluate(CUT) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 720


def test_a_link_to_other_data_shows_them_and_show_all_shows_all_data(page):
    every = titles(page)
    page.select_option("#setup", label="Digits, MLP, 12 epochs")
    assert titles(page) == ["Digits, MLP, 12 epochs"]
    page.click("nav a:has-text('MNIST')")
    assert titles(page) == ["MNIST, MLP, 200 epochs"]
    assert page.input_value("#setup") == page.locator("section:has(h2:visible)").get_attribute("data-setup")
    page.click("#all")
    assert titles(page) == every and page.input_value("#setup") == ""


def test_one_line_says_where_no_method_is_left(page):
    line = page.get_by_text("No method of the data that is shown matches.")
    assert not line.is_visible()
    page.fill("#filter", "decoupling")
    assert not line.is_visible()
    page.select_option("#setup", label="Digits, MLP, 12 epochs")
    assert line.is_visible()
    page.click("#all")
    assert not line.is_visible()


def test_the_first_link_skips_to_the_content(page):
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the tables and figures"
    assert page.locator(":focus").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
