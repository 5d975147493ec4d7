"""Where there is one label set, no page sets one against another."""

import re
from dataclasses import replace

import pytest

from harness.leaderboard.numbers.site_model import Board, ScoredEntry, Site
from harness.leaderboard.pages.views import render
from leaderboard.pages.reading import Element, read_all
from leaderboard.pages.site_builder import make_site

ONLY = "toy_regt"
OF_TWO = re.compile(
    r"headline|corrected labels|before|shift|\bgains?\b|both label sets|original labels|[SM][+−]",
    re.IGNORECASE,
)


def _row(row: ScoredEntry) -> ScoredEntry:
    return replace(row, change=None, decomposition=None, rank_original=None, rank_on_common=None)


def _board(board: Board) -> Board:
    return replace(
        board,
        original=None,
        label_sets=(ONLY,),
        rankings=tuple(
            replace(each, label_set=ONLY)
            for each in board.rankings
            if each.label_set == board.headline and len(each.group) == 1
        ),
        rows=tuple(map(_row, board.rows)),
        references=board.references[:1],
    )


def one_label_set() -> Site:
    site = make_site()
    (benchmark,) = site.benchmarks
    only = replace(
        benchmark,
        original=ONLY,
        label_sets={ONLY: benchmark.label_sets[ONLY]},
        differences=(),
    )
    return replace(site, benchmarks=(only,), boards=tuple(map(_board, site.boards)))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Element]:
    folder = tmp_path_factory.mktemp("one")
    render(one_label_set(), folder)
    return read_all(folder)


def test_no_page_speaks_of_two_label_sets(pages: dict[str, Element]) -> None:
    slug = one_label_set().boards[0].slug
    for name in ("index", "method", "labels", f"boards/{slug}", "models/model-0"):
        (main,) = pages[f"{name}.html"].find_all("main")
        found = [
            main.text[max(0, m.start() - 40) : m.end() + 40] for m in OF_TWO.finditer(main.text)
        ]
        assert found == [], name


def test_the_first_page_has_rankings_and_no_figure_of_changes(pages: dict[str, Element]) -> None:
    index = pages["index.html"]
    assert len(index.find_all("table", class_="ranking")) == len(make_site().boards)
    ids = {figure.attributes["id"] for figure in index.find_all("figure")}
    assert not {each for each in ids if each.startswith(("label-changes", "slope"))}
    assert f"Labels{ONLY}" in re.sub(r"\s", "", index.text)
