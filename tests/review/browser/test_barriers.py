"""Who can use the annotators' page: by mouse or Tab, on any keyboard, in any window."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from review.browser.conftest import Opener, downloaded, press
from support.barriers import SCHEMES, barriers
from support.review_folder import make_folder

pytestmark = pytest.mark.slow  # test_page.py drives the page quickly

WIDTHS = (1400, 1024, 375)


def test_by_mouse_alone_and_by_tab_alone(annotator: Opener, blind: Path) -> None:
    page = annotator(blind, viewport={"width": 1024, "height": 740}).open()
    level = page.locator("#zoom_level")
    page.locator("#frame").hover()
    page.mouse.wheel(0, -200)
    expect(level).not_to_have_text("100 %")
    where = "document.getElementById('picture').style.transform"
    before = page.evaluate(where)
    page.mouse.down()
    page.mouse.move(100, 300)
    page.mouse.up()
    assert page.evaluate(where) != before
    page.get_by_role("button", name="Fit").click()
    expect(level).to_have_text("100 %")
    page.locator("#candidates label").nth(1).click()
    page.get_by_role("button", name="Save and next").click()
    expect(page.locator("#progress")).to_contain_text("1 of 20 answered · image 2")

    page.keyboard.press("Tab")
    outline = "getComputedStyle(document.activeElement.closest('label')).outlineStyle"
    assert page.evaluate(outline) == "solid"
    press(page, "Space", "Enter")
    rows = downloaded(page)
    assert [row.labels for row in rows] == [(rows[0].order[1],), (rows[1].order[0],)]


def test_keys_are_found_on_keyboards_of_other_languages(annotator: Opener, blind: Path) -> None:
    page = annotator(blind).open()

    def strike(key: str, code: str, is_shifted: bool = False) -> None:
        page.evaluate(
            "([key, code, shiftKey]) => document.body.dispatchEvent("
            "new KeyboardEvent('keydown', { key, code, shiftKey, bubbles: true }))",
            [key, code, is_shifted],
        )

    first, none = page.locator("#candidates input").first, page.locator("#none")
    strike("&", "Digit1")  # French
    expect(first).to_be_checked()
    strike("т", "KeyN")  # Russian
    expect(none).to_be_checked()
    strike("-", "Digit6")  # French: the sixth candidate, of which there is none; no zoom
    expect(page.locator("#zoom_level")).to_have_text("100 %")
    strike("/", "Digit7", True)  # German
    expect(page.locator("#search")).to_be_focused()


@pytest.mark.parametrize("mode", ["blind", "adjudicate"])
def test_no_window_is_too_narrow(annotator: Opener, tmp_path: Path, mode: str) -> None:
    make_folder(tmp_path, mode, n=4)
    page = annotator(tmp_path).open()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        expect(page.locator("#save")).to_be_in_viewport(ratio=1)
    page.locator("#comment").scroll_into_view_if_needed()
    page.locator("#save").click()  # nothing is chosen, and that is said where it is seen
    expect(page.locator("#notice")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("mode", ["blind_then_shown", "adjudicate"])
def test_the_page_has_no_barriers_light_or_dark(
    annotator: Opener, tmp_path: Path, mode: str
) -> None:
    make_folder(tmp_path, mode, n=3)
    person = annotator(tmp_path)
    page = person.open(None)
    page.wait_for_selector("#start:visible")
    found = {"start": barriers(page)}
    page.close()
    page = person.open()
    press(page, "1")
    if mode == "blind_then_shown":
        page.keyboard.press("Enter")
        page.wait_for_selector(".source")
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        found[scheme] = barriers(page)
    press(page, "/")
    page.keyboard.type("a")
    page.wait_for_selector("#found [role=option]")
    found["search"] = barriers(page)
    press(page, "Escape", "?")
    found["keys"] = barriers(page)
    assert {name: text for name, text in found.items() if text} == {}
