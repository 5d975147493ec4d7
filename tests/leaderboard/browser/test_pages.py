"""Every page, opened from the disk: nothing is asked of a network, nothing fails, and a machine
that looks for barriers finds none.
"""

from pathlib import Path

import pytest
from playwright.sync_api import ViewportSize, expect

from harness.leaderboard.pages import typeset
from leaderboard.browser.built_site import BuiltSite
from leaderboard.browser.conftest import Visits
from leaderboard.browser.hostile_entry import NAME
from support.barriers import barriers

NARROW: ViewportSize = {"width": 375, "height": 740}
CONTRAST = "color-contrast"
"""The rule of axe that takes most of the time, and the only one that colours matter to."""


def pages(folder: Path) -> list[str]:
    """All pages at the root, one of a board, and those of an honest and of a hostile model."""
    found = [path.name for path in sorted(folder.glob("*.html"))]
    board = min(path.name for path in (folder / "boards").iterdir())
    return [*found, f"boards/{board}", "models/mini_knn.html", f"models/{NAME}.html"]


@pytest.mark.slow
def test_no_page_has_barriers_wide_or_narrow_light_or_dark(
    visits: Visits, built: BuiltSite
) -> None:
    found = {}
    for name in pages(built.folder):
        page = visits.open(name, color_scheme="light")
        page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")
        found[name, "light"] = barriers(page)
        page.emulate_media(color_scheme="dark")
        found[name, "dark"] = barriers(page, runOnly=[CONTRAST])
        page.set_viewport_size(NARROW)
        found[name, "narrow"] = barriers(page, rules={CONTRAST: {"enabled": False}})
        wide = page.evaluate("document.documentElement.scrollWidth")
        found[name, "wider than the window"] = "" if wide <= NARROW["width"] else f"{wide} px"
        page.close()
    told = [f"{name}, {how}: {report}" for (name, how), report in found.items() if report]
    assert not told, "\n".join(told)


@pytest.mark.slow
def test_scores_of_a_model_stand_below_their_headings(visits: Visits) -> None:
    page = visits.open("models/mini_knn.html")
    table = page.get_by_role("region", name="Scores on every ranking").locator("table")
    rows = ["thead tr", "tbody tr:first-child"]
    heads, cells = (
        table.locator(row)
        .first.locator("th, td")
        .evaluate_all(
            "all => all.map(each => { const box = each.getBoundingClientRect(); "
            "return [box.left, box.right]; })"
        )
        for row in rows
    )
    assert cells == heads and len(cells) == 9


def test_every_link_inside_the_site_leads_somewhere(visits: Visits, built: BuiltSite) -> None:
    lost = []
    for name in pages(built.folder):
        page = visits.open(name)
        links = page.locator("a[href]").evaluate_all("all => all.map(each => each.href)")
        for link in links:
            path = link.split("#")[0].removeprefix("file://")
            if link.startswith("file:") and not Path(path).is_file():
                lost.append(f"{name}: {link}")
        page.close()
    assert lost == []


def test_without_scripts_the_rankings_and_figures_are_complete(
    visits: Visits, built: BuiltSite
) -> None:
    page = visits.open("index.html", java_script_enabled=False)
    for board in built.site.boards:
        section = page.locator(f"section[data-board='{board.slug}']")
        rows = section.locator("table.ranking tr[data-entry]:visible")
        assert rows.count() == len(board.rows)
        for place, row in enumerate(board.rows):
            expect(rows.nth(place)).to_contain_text(typeset.fixed(row.headline.accuracy))
        assert section.locator("th[data-column]:visible").count() == len(
            section.locator("th[data-column]").all()
        )
        assert section.locator("figure svg:visible").count() > 0
    assert not page.locator(".controls").is_visible()


@pytest.mark.parametrize("name", ["index", "compare", "classes", "confusion", "explorer"])
def test_what_needs_scripts_is_told_where_there_are_none(visits: Visits, name: str) -> None:
    page = visits.open(f"{name}.html", java_script_enabled=False)
    note = page.locator("noscript .note")  # text right in a noscript is none to Playwright
    expect(note).to_be_visible()
    expect(note).to_contain_text("JavaScript")
    assert page.locator("#status").count() == 0 or not page.locator(".controls").is_visible()


@pytest.mark.slow
def test_the_index_is_small(visits: Visits, built: BuiltSite) -> None:
    assert (built.folder / "index.html").stat().st_size < 400_000
    page = visits.open("index.html")
    assert page.evaluate("document.getElementsByTagName('*').length") < 6000
