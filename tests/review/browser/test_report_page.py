"""The page of a report in a real Chromium: no barriers, nothing loaded, no name acts."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from harness.review.report_tables import write_report
from leaderboard.browser.conftest import Visits
from review.test_report import hostile_report
from support.barriers import SCHEMES, barriers

NARROW = 375


@pytest.fixture(scope="module")
def page_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report_page")
    write_report(hostile_report(), folder / "index.html")
    return folder


def test_it_fits_a_narrow_window_and_nothing_is_loaded(browser: Browser, page_folder: Path) -> None:
    visits = Visits(browser, page_folder)
    page = visits.open("index.html")
    for width in (1400, NARROW):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    acting = "document.querySelectorAll('script, img, iframe, [onerror], [onload]').length"
    assert page.evaluate(acting) == 0
    assert page.locator("table").count() >= 6
    page.context.close()
    assert visits.complaints == []


@pytest.mark.slow
def test_it_has_no_barriers_light_or_dark(browser: Browser, page_folder: Path) -> None:
    page = Visits(browser, page_folder).open("index.html")
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        assert barriers(page) == ""
    page.context.close()
