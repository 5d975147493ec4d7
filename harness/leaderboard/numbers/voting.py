"""Which models of a benchmark's boards are good enough to doubt its labels, and what they doubt."""

from collections.abc import Sequence

import numpy as np

from harness.leaderboard.numbers.benchmark_labels import BenchmarkLabels
from harness.leaderboard.numbers.site_model import Board, ScoredEntry
from harness.leaderboard.numbers.suspects import (
    FEWEST,
    MARGIN,
    MOST,
    Suspect,
    Suspects,
    Voter,
    agreed,
    contradicted,
    control_of,
)
from harness.scores.answers import Ints

_Run = tuple[Board, ScoredEntry]


def find_suspects(boards: Sequence[Board], labels: BenchmarkLabels) -> Suspects:
    """Find the images of a benchmark whose headline labels its good models contradict.

    Each model has one vote, that of its most accurate run; not of multiple choice, whose options
    always hold a label, nor of a run without an answer to every image. Good are the models within
    `MARGIN` points of the most accurate one, at most `MOST`: the best of each kind, then the most
    accurate others.
    """
    truth = labels.headline
    good = _good(boards, truth.name)
    classes, n_votes = agreed(_votes(good, len(labels.image_ids)))
    known = next(each.labels for each in labels.labels.sets if each.name == truth.name)
    found = [
        Suspect(
            image_id := labels.image_ids[place],
            tuple(sorted(known[image_id])),
            int(classes[place]),
            int(n_votes[place]),
        )
        for place in np.flatnonzero(contradicted(truth, classes)).tolist()
    ]
    found.sort(key=lambda each: (-each.n_votes, each.image_id))
    before = labels.before
    by_original = _good(boards, before.name) if before else []
    control = None
    if before and len(by_original) >= FEWEST:
        classes, _ = agreed(_votes(by_original, len(labels.image_ids)))
        control = control_of(before, truth, _voters(by_original, before.name), classes)
    return Suspects(_voters(good, truth.name), tuple(found), control)


def _accuracy(run: _Run, label_set: str) -> float:
    board, row = run
    score = row.results.scores[board.protocol].get(label_set)
    return -1.0 if score is None or score.accuracy is None else score.accuracy


def _good(boards: Sequence[Board], label_set: str) -> list[_Run]:
    """Give a run of each good model by a label set, the most accurate first."""
    runs = [
        (board, row)
        for board in boards
        for row in board.rows
        if board.protocol != "mc" and not board.is_part and row.coverage == 100
    ]
    runs.sort(key=lambda run: (-_accuracy(run, label_set), run[1].name, run[0].slug))
    best: dict[str, _Run] = {}
    for run in runs:
        best.setdefault(run[1].model, run)
    least = max((_accuracy(run, label_set) for run in runs), default=0.0) - MARGIN
    near = [run for run in best.values() if _accuracy(run, label_set) >= max(0.0, least)]
    firsts = {run[1].kind: run[1].model for run in reversed(near)}.values()
    chosen = sorted((run[1].model for run in near), key=lambda model: model not in firsts)[:MOST]
    return [run for run in near if run[1].model in chosen]


def _voters(runs: Sequence[_Run], label_set: str) -> tuple[Voter, ...]:
    return tuple(
        Voter(
            board=run[0].slug,
            entry=run[1].name,
            model=run[1].model,
            kind=run[1].kind,
            accuracy=_accuracy(run, label_set),
            claimed=run[0].claimed,
        )
        for run in runs
    )


def _votes(runs: Sequence[_Run], n: int) -> Ints:
    """Give what the runs vote for: [m, n]."""
    packed = b"".join(row.images.votes for _, row in runs)
    return np.frombuffer(packed, dtype="<i2").reshape(len(runs), n).astype(np.int64)
