"""Rankings are sorted, filtered and searched by mouse and keyboard; the address has the view."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from harness.leaderboard.numbers.site_model import Board
from leaderboard.browser.built_site import BuiltSite
from leaderboard.browser.conftest import Visits

pytestmark = pytest.mark.slow  # many pages are opened; test_pages.py is quick


def table(page: Page, board: Board) -> Locator:
    return page.locator(f"section[data-board='{board.slug}'] table.ranking")


def column(page: Page, board: Board, key: str) -> list[str]:
    """The values of a column that are seen, from the top, without the rows of no model."""
    return table(page, board).evaluate(
        """(table, key) => {
            const at = [...table.querySelectorAll("th[data-column]")]
                .findIndex((header) => header.dataset.column === key);
            return [...table.querySelectorAll("tbody:not(.references) tr:not([hidden])")]
                .map((row) => row.cells[at].dataset.value);
        }""",
        key,
    )


def entries(page: Page, board: Board) -> list[str]:
    return table(page, board).evaluate(
        """(table) => [...table.querySelectorAll("tr[data-entry]:not([hidden])")]
            .map((row) => row.dataset.entry)"""
    )


def header(page: Page, board: Board, key: str) -> Locator:
    return table(page, board).locator(f"th[data-column={key}]")


def references(page: Page, board: Board) -> list[str]:
    return table(page, board).locator("tbody.references th").all_inner_texts()


def opened(visits: Visits, address: str = "index.html", **options: Any) -> Page:
    """The first page, with the controls unfolded."""
    page = visits.open(address, **options)
    fold = page.locator("details.fold")
    if fold.get_attribute("open") is None:
        fold.locator("summary").press("Enter")
    expect(page.get_by_label("Search models")).to_be_visible()
    return page


@pytest.fixture
def board(built: BuiltSite) -> Board:
    return built.largest_board


def test_sorting_by_mouse_goes_down_up_and_back(visits: Visits, board: Board) -> None:
    page = visits.open("index.html")
    ranked, fixed = entries(page, board), references(page, board)
    button = header(page, board, "original").get_by_role("button")
    values = [float(value) for value in column(page, board, "original")]
    assert len(set(values)) > 2
    for way, wanted in (
        ("descending", sorted(values, reverse=True)),
        ("ascending", sorted(values)),
    ):
        button.click()
        assert [float(value) for value in column(page, board, "original")] == wanted
        assert header(page, board, "original").get_attribute("aria-sort") == way
        assert references(page, board) == fixed
    assert page.url.endswith("#s=original")
    button.click()
    assert entries(page, board) == ranked
    assert page.locator("[aria-sort]").count() == 0


def test_sorting_by_keyboard_keeps_the_focus(visits: Visits, board: Board) -> None:
    page = visits.open("index.html")
    button = header(page, board, "model").get_by_role("button")
    button.focus()
    page.keyboard.press("Enter")
    names = column(page, board, "model")
    assert names == sorted(names, key=str.casefold)
    expect(button).to_be_focused()
    page.keyboard.press("Space")
    assert column(page, board, "model") == names[::-1]
    page.keyboard.press("Tab")
    expect(header(page, board, "kind").get_by_role("button")).to_be_focused()


def test_blanks_are_last_both_ways_and_equal_ones_stay(visits: Visits, board: Board) -> None:
    page = visits.open(f"index.html#b={board.slug}")
    ranked = entries(page, board)
    for place, value in enumerate(["5", "", *["5"] * (len(ranked) - 3), "7"]):
        row = table(page, board).locator("tr[data-entry]").nth(place)
        row.locator("td, th").nth(4).evaluate("(cell, it) => { cell.dataset.value = it; }", value)
    blank, largest = ranked[1], ranked[-1]
    same = [name for name in ranked if name not in (blank, largest)]
    assert len(same) > 1
    button = table(page, board).locator("th[data-column]").nth(4).get_by_role("button")
    button.click()
    assert entries(page, board) == [largest, *same, blank]
    button.click()
    assert entries(page, board) == [*same, largest, blank]


def test_controls_are_folded_until_they_say_something(visits: Visits, board: Board) -> None:
    def is_open(address: str) -> bool:
        return visits.open(address).locator("details.fold").get_attribute("open") is not None

    assert not is_open("index.html") and not is_open(f"index.html#{board.slug}")
    assert not is_open("index.html#s=-original")  # the column itself says that it sorts
    for view in (f"b={board.slug}", "q=mini", "k=knn", "p=none", "c=cost"):
        assert is_open(f"index.html#{view}"), view


def test_search_and_filters_say_how_many_are_left(visits: Visits, built: BuiltSite) -> None:
    page = opened(visits)
    total = len({row.name for board in built.site.boards for row in board.rows})
    status = page.locator(".controls [role=status]")
    expect(status).to_contain_text(f"{total} of {total} models")
    kinds = {entry.name: entry.card.kind for entry in built.site.entries}
    board = built.largest_board
    page.get_by_role("checkbox", name="k-NN").uncheck()
    others = [row.name for row in board.rows if kinds[row.name] != "knn"]
    assert entries(page, board) == others != [row.name for row in board.rows]
    left = sum(kind != "knn" for kind in kinds.values())
    expect(status).to_contain_text(f"{left} of {total} models")
    name = next(e for e in built.site.entries if e.name == others[0]).card.model
    page.get_by_label("Search models").fill(name.upper())
    expect(status).to_contain_text(f"1 of {total} models")
    assert entries(page, board) == [others[0]]
    assert references(page, board)
    page.get_by_role("button", name="Reset").click()
    expect(status).to_contain_text(f"{total} of {total} models")
    assert page.get_by_label("Search models").input_value() == ""


def test_protocols_and_rankings_are_chosen(visits: Visits, built: BuiltSite) -> None:
    page = opened(visits)
    shown = page.locator("section.board:visible")
    expect(shown).to_have_count(len(built.site.boards))
    page.get_by_role("checkbox", name="OW").uncheck()
    expect(shown).to_have_count(sum(board.protocol != "ow" for board in built.site.boards))
    page.get_by_role("button", name="Reset").click()
    board = built.largest_board
    page.get_by_role("combobox", name="Ranking").select_option(board.slug)
    expect(shown).to_have_count(1)
    assert page.url.endswith(f"#b={board.slug}")


def test_columns_are_chosen_by_keyboard(visits: Visits, board: Board) -> None:
    page = opened(visits)
    for group, key in (("answers", "unparsed"), ("model", "parameters"), ("cost", "seconds")):
        assert not header(page, board, key).is_visible()
        page.get_by_role("checkbox", name=group, exact=True).focus()
        page.keyboard.press("Space")
        assert header(page, board, key).is_visible()
    page.get_by_role("checkbox", name="label groups").press("Space")
    assert not header(page, board, "group_S").is_visible()
    assert header(page, board, "headline").is_visible()
    assert page.url.endswith("#c=health,facts,cost")
    cells = table(page, board).locator("tr[data-entry]").first.locator("td:visible, th:visible")
    heads = table(page, board).locator("th[data-column]:visible")
    assert cells.count() == heads.count()


def test_the_address_holds_the_whole_view(visits: Visits, board: Board) -> None:
    page = opened(visits)
    page.get_by_role("combobox", name="Ranking").select_option(board.slug)
    header(page, board, "original").get_by_role("button").click()
    page.get_by_role("checkbox", name="k-NN").uncheck()
    page.get_by_role("checkbox", name="cost").check()
    page.get_by_label("Search models").fill("mini & <i>")
    page.wait_for_function("() => location.hash.includes('q=')")
    view = page.url.rsplit("/", 1)[1]
    again = opened(visits, view)
    assert again.url == page.url
    assert again.get_by_label("Search models").input_value() == "mini & <i>"
    assert again.get_by_role("combobox", name="Ranking").input_value() == board.slug
    assert not again.get_by_role("checkbox", name="k-NN").is_checked()
    assert header(again, board, "seconds").is_visible()
    assert header(again, board, "original").get_attribute("aria-sort") == "descending"
    assert entries(again, board) == entries(page, board) == []
    page.go_back()
    expect(page.get_by_role("checkbox", name="cost")).not_to_be_checked()
    page.go_back()
    expect(page.get_by_role("checkbox", name="k-NN")).to_be_checked()
    page.go_forward()
    expect(page.get_by_role("checkbox", name="k-NN")).not_to_be_checked()


@pytest.mark.parametrize("view", ["s=-gone", "s=<b>", "b=gone", "k=gone", "c=none", "%", "q=%"])
def test_odd_addresses_do_no_harm(visits: Visits, built: BuiltSite, view: str) -> None:
    page = opened(visits, f"index.html#{view}")
    expect(page.locator(".controls [role=status]")).to_contain_text("models, in")


def test_a_link_to_a_section_keeps_the_view(visits: Visits, built: BuiltSite) -> None:
    page = opened(visits)
    page.get_by_role("checkbox", name="k-NN").uncheck()
    last = built.site.boards[-1]
    page.locator(f".contents a[href='#{last.slug}']").click()
    expect(page.locator(f"section[data-board='{last.slug}'] h3")).to_be_in_viewport()
    expect(page.get_by_role("checkbox", name="k-NN")).not_to_be_checked()


def test_a_link_to_the_view_is_copied(visits: Visits) -> None:
    page = opened(visits, "index.html#c=cost", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator(".controls [role=status]")).to_have_text("The link to this view is copied.")
    assert page.evaluate("navigator.clipboard.readText()") == page.url
