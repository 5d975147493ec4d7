"""A board's page has a table for each of its rankings, and links that lead from one to the next."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.leaderboard.numbers.site_model import Board, Site
from harness.leaderboard.pages.ranking_switch import choices
from harness.leaderboard.pages.views import render
from leaderboard.pages.reading import Element, assert_inert, read_all
from leaderboard.pages.site_builder import make_site

SITE = make_site()
HOSTILE = '"><script>x</script> \u202e:a%20=&'


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Element]:
    output = tmp_path_factory.mktemp("site")
    render(SITE, output)
    return read_all(output)


def sections(page: Element) -> list[Element]:
    return [each for each in page.find_all("section") if each.has_class("choice")]


def test_every_ranking_has_its_table(pages: dict[str, Element]) -> None:
    for board in SITE.boards:
        found = sections(pages[f"boards/{board.slug}.html"])
        shown = choices(board)
        assert [each.attributes["id"] for each in found] == [each.key for each in shown]
        assert {each.ranking for each in shown} == set(board.rankings)
        assert [each.has_class("at-first") for each in found] == [False] * 5 + [True]
        for section, choice in zip(found, shown, strict=True):
            lines = cells_of(section.find_all("tbody")[0])
            for line, place in zip(lines, choice.ranking.places, strict=True):
                (low, high), (start, end) = place.rank_interval, place.ci95 or (0, 0)
                model = next(row.model for row in board.rows if row.name == place.name)
                moved = () if choice.is_headline else (line[2],)
                assert line == [
                    str(place.tier), f"{place.rank} {low}–{high}", *moved, model,
                    f"{place.accuracy:.2f} [{start:.2f}, {end:.2f}]",
                ]  # fmt: skip


def cells_of(body: Element) -> list[list[str]]:
    return [[cell.text for cell in row.children if isinstance(cell, Element)]
            for row in body.find_all("tr")]  # fmt: skip


def test_n_stands_beside_each_model_where_it_is_not_one_for_all(tmp_path: Path) -> None:
    board = SITE.boards[0]
    first, *rest = board.rankings
    fewer = replace(first.places[1], n=first.n - 7)
    first = replace(first, places=(first.places[0], fewer, *first.places[2:]))
    render(replace(SITE, boards=(replace(board, rankings=(first, *rest)),)), tmp_path)
    section, other, *_ = sections(read_all(tmp_path)[f"boards/{board.slug}.html"])
    lines = cells_of(section.find_all("tbody")[0])
    assert [line[-1] for line in lines[:2]] == ["1,280", "1,273"]
    assert "n = 1,280 images at most." in section.text
    assert "n = 900 images." in other.text and len(cells_of(other.find_all("tbody")[0])[0]) == 5


def test_moved_is_against_the_headline() -> None:
    moved = {}
    for board in SITE.boards:
        for choice in choices(board):
            for line in choice.lines:
                headline = board.place(line.row.name)
                assert headline and line.moved == headline.rank - line.place.rank
                moved[board.slug, choice.key, line.row.name] = line.moved
    assert any(moved.values())
    assert all(not value for (_, key, _), value in moved.items() if key == "by:toy_regt")


def check_links(page: Element) -> None:
    """Every link leads to a ranking of the page; the one that is chosen, to its own."""
    found = sections(page)
    ids = {each.attributes["id"] for each in found}
    for section in found:
        for items in section.find_all("ul"):
            links = items.find_all("a")
            chosen = [
                each.attributes["href"] for each in links if "aria-current" in each.attributes
            ]
            assert chosen == [f"#{section.attributes['id']}"]
            assert {each.attributes["href"].removeprefix("#") for each in links} <= ids


def test_links_lead_to_rankings_of_the_page(pages: dict[str, Element]) -> None:
    for board in SITE.boards:
        check_links(pages[f"boards/{board.slug}.html"])


def named(board: Board, name: str) -> Board:
    """The board with another name for its headline labels."""
    rankings = tuple(
        replace(each, label_set=name) if each.label_set == board.headline else each
        for each in board.rankings
    )
    return replace(board, headline=name, rankings=rankings, label_sets=("toy_imgt", name))


def test_a_hostile_name_of_labels_is_text_and_its_ids_are_sound(tmp_path: Path) -> None:
    board = named(SITE.boards[0], HOSTILE)
    (benchmark,) = SITE.benchmarks
    label_sets = {"toy_imgt": benchmark.label_sets["toy_imgt"]}
    label_sets[HOSTILE] = benchmark.label_sets["toy_regt"]
    benchmark = replace(benchmark, headline=HOSTILE, label_sets=label_sets)
    site: Site = replace(SITE, benchmarks=(benchmark,), boards=(board,))
    render(site, tmp_path)
    page = read_all(tmp_path)[f"boards/{board.slug}.html"]
    assert_inert(page)
    for section in sections(page):
        assert re.fullmatch(r"by:[\w%.~-]+(:[SM][+-]?)?", section.attributes["id"])
        assert section.attributes["aria-labelledby"] == f"title-{section.attributes['id']}"
    assert len(sections(page)) == len(board.rankings)
    check_links(page)


def test_a_board_that_ranks_nothing_has_its_table_all_the_same(tmp_path: Path) -> None:
    (row, *_) = SITE.boards[0].rows
    board = replace(SITE.boards[0], rows=(row,), rankings=(), pairs=(), is_part=True)
    render(replace(SITE, boards=(board,)), tmp_path)
    page = read_all(tmp_path)[f"boards/{board.slug}.html"]
    (table,) = page.find_all("table", class_="ranking")
    (link,) = table.find_all("a")
    assert link.attributes["href"] == f"../models/{row.name}.html"
    assert sections(page) == []
