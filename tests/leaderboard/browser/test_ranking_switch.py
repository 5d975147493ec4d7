"""The rankings of a board's page: one is shown, by links alone, wide and narrow."""

import pytest
from playwright.sync_api import ViewportSize, expect

from leaderboard.browser.built_site import BuiltSite
from leaderboard.browser.conftest import Visits
from support.barriers import barriers

NARROW: ViewportSize = {"width": 375, "height": 740}


@pytest.mark.slow
def test_the_address_says_which_ranking_is_shown(visits: Visits, built: BuiltSite) -> None:
    board = built.largest_board
    page = visits.open(f"boards/{board.slug}.html", java_script_enabled=False)
    shown = page.locator("section.choice:visible")

    def check(label_set: str, group: str) -> None:
        ranking = next(
            each for each in board.rankings if (each.label_set, each.group) == (label_set, group)
        )
        expect(shown).to_have_count(1)
        links = shown.locator("tbody:not(.references) th a")
        pages = links.evaluate_all("all => all.map(each => each.getAttribute('href'))")
        assert pages == [f"../models/{place.name}.html" for place in ranking.places]

    check(board.headline, "A")
    shown.get_by_role("list", name="Images").get_by_role("link", name="M+").click()
    check(board.headline, "M+")
    page.keyboard.press("Tab")  # goes on from the ranking that has appeared
    page.keyboard.press("Enter")
    check(str(board.original), "A")  # which has no M+
    assert page.url.endswith(f"#by:{board.original}")
    page.go_back()
    check(board.headline, "M+")

    page = visits.open(f"boards/{board.slug}.html#by:{board.original}")
    found = [barriers(page)]
    page.set_viewport_size(NARROW)
    found.append(barriers(page))
    assert found == ["", ""]
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
