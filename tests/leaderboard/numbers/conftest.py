"""A leaderboard of a toy benchmark, built once."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.data.labels.of_task import NO_OVERRIDES
from harness.leaderboard.build import build
from harness.leaderboard.numbers.site_model import Board, ScoredEntry, Site
from leaderboard.numbers.entry_builder import Toy, draw_rows, make_toy


@dataclass(frozen=True)
class Built:
    toy: Toy
    site: Site
    output: Path

    def board(self, slug: str) -> Board:
        return next(board for board in self.site.boards if board.slug == slug)

    def row(self, slug: str, entry: str) -> ScoredEntry:
        return next(row for row in self.board(slug).rows if row.name == entry)


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return make_toy(tmp_path)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """`good` and `bad` with answers that are mapped, `strict` without, `forged` refused."""
    folder = tmp_path_factory.mktemp("leaderboard")
    toy = make_toy(folder)
    toy.add("good", {"toy_cw": draw_rows(1, 0.9), "toy_ow": draw_rows(5, 0.9)})
    toy.add("bad", {"toy_cw": draw_rows(2, 0.3)})
    toy.add("strict", {"toy_cw": draw_rows(3, 0.7, out=0), "toy_classify": draw_rows(6, 0.7, 0)})
    toy.add("forged", {"toy_cw": toy.finished("toy_cw", draw_rows(4, 0.5))[5:]})
    toy.decide("good", "accepted", level="parse-replayed")
    site = build(toy.catalogue, toy.entries, folder / "site", NO_OVERRIDES)
    return Built(toy, site, folder / "site")
