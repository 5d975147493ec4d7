"""Runs of different boards of a benchmark, two by two: an MLLM beside a classifier, one model under
two protocols.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from harness.leaderboard.numbers.benchmark_labels import BenchmarkLabels
from harness.leaderboard.numbers.boards import draws_of, marks_of
from harness.leaderboard.numbers.pairs import Pairs, make_pairs
from harness.leaderboard.numbers.site_model import Board

MOST_RUNS = 100
"""With more runs on the boards of a benchmark no pair of two boards is computed: there would be
more of them than a page can load."""


def crossed(boards: Sequence[Board], labels: BenchmarkLabels) -> Pairs | None:
    """Compare every two runs of a benchmark's boards that are not on one board, on the images that
    both have scored by the headline labels; names are `<board's slug>:<entry>`.

    Holm's correction is over all pairs of the runs, those of one board too. None for fewer than two
    boards, and for more than `MOST_RUNS` runs.
    """
    runs = [(board.slug, row) for board in boards for row in board.rows]
    if len(boards) < 2 or len(runs) > MOST_RUNS:
        return None
    rows = [row for _, row in runs]
    names = [f"{slug}:{row.name}" for slug, row in runs]
    pairs = make_pairs(names, marks_of(labels, labels.headline, rows), draws_of(rows))
    places = np.array([place for place, board in enumerate(boards) for _ in board.rows])
    kept = places[pairs.a] != places[pairs.b]
    return replace(
        pairs,
        a=pairs.a[kept],
        b=pairs.b[kept],
        n=pairs.n[kept],
        only_a=pairs.only_a[kept],
        only_b=pairs.only_b[kept],
        ci95=pairs.ci95[kept],
        p_mcnemar=pairs.p_mcnemar[kept],
        p_holm=pairs.p_holm[kept],
    )
