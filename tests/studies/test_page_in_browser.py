"""The page of a study in a real Chromium: no barriers, nothing asked of a network, no name acts."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from leaderboard.browser.conftest import Visits
from support.barriers import SCHEMES, barriers

pytestmark = pytest.mark.slow  # the report is drawn for it; test_report.py is quick

NARROW = 375


@pytest.mark.parametrize("name", ["plain", "hostile"])
def test_a_narrow_window_has_no_sideways_scroll_and_nothing_is_loaded(
    browser: Browser, reports: Path, name: str
) -> None:
    visits = Visits(browser, reports / name)
    page = visits.open("index.html")
    for width in (1400, NARROW):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("svg.plot").count() == 9
    acting = "document.querySelectorAll('script, img, iframe, [onerror], [onload]').length"
    assert page.evaluate(acting) == 0
    page.context.close()
    assert visits.complaints == []


def test_figures_turn_with_the_page(browser: Browser, reports: Path) -> None:
    page = Visits(browser, reports / "plain").open("index.html")
    paper = "getComputedStyle(document.querySelector('#ranges-patch_1 path')).fill"
    page.emulate_media(color_scheme="light")
    light = page.evaluate(paper)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(paper)
    page.emulate_media(color_scheme="dark", media="print")
    assert (light, dark, page.evaluate(paper)) == (
        "rgb(255, 255, 255)", "rgb(20, 23, 26)", "rgb(255, 255, 255)"
    )  # fmt: skip
    page.context.close()


def test_the_page_has_no_barriers_light_or_dark(browser: Browser, reports: Path) -> None:
    page = Visits(browser, reports / "plain").open("index.html")
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        assert barriers(page) == ""
    page.context.close()
