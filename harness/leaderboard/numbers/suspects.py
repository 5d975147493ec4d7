"""Images whose labels look wrong: good models of several kinds name one class, and it is no label.

m models, n images. A vote is the class that a model's answer counts as, equivalent classes merged;
-1 is none.
"""

from collections.abc import Sequence

import numpy as np

from harness.data.labels.label_set import Equivalences
from harness.leaderboard.numbers.benchmark import Control, Suspect, Suspects, Voter
from harness.leaderboard.numbers.benchmark_labels import BenchmarkLabels
from harness.leaderboard.numbers.site_model import Board, ScoredEntry
from harness.scores.answers import NO_CLASS, Answers, Bools, Ints
from harness.scores.truth import Truth, merge_ids

MARGIN = 10.0
"""Points below the most accurate model within which a model is a good one."""
FEWEST, MOST = 3, 7
"""How many good models vote."""
_Run = tuple[Voter, ScoredEntry]


def votes_of(answers: Answers, counted: Bools, same: Equivalences) -> Ints:
    """Give the vote of each of n rows; `counted` [n] are those that count as naming a class.

    An answer that stands for several classes, as a name that several bear, is no vote.
    """
    rows, classes = answers.named.T
    merged = merge_ids(classes, same)
    low = np.full(len(answers), np.iinfo(np.int64).max)
    high = np.full(len(answers), NO_CLASS, dtype=np.int64)
    np.minimum.at(low, rows, merged)
    np.maximum.at(high, rows, merged)
    return np.where(counted & (low == high), high, NO_CLASS)


def agreed(votes: Ints) -> tuple[Ints, Ints]:
    """Give the class [n] that all models name that name one, at least `FEWEST` of them, or -1; and
    how many name a class [n]. `votes` is [m, n].
    """
    named = votes != NO_CLASS
    n_votes = named.sum(axis=0)
    high = votes.max(axis=0, initial=NO_CLASS)
    are_one = (named <= (votes == high)).all(axis=0) & (n_votes >= FEWEST)
    return np.where(are_one, high, NO_CLASS), n_votes


def contradicted(truth: Truth, classes: Ints) -> Bools:
    """Give the images [n] that have labels, of which the class [n] that is agreed on is none."""
    found: Bools = np.not_equal(classes, NO_CLASS) & (truth.n_labels > 0)
    return found & ~truth.holds(np.arange(len(classes)), classes)


def control_of(
    original: Truth, corrected: Truth, voters: tuple[Voter, ...], classes: Ints
) -> Control:
    """Hold the classes [n] that are agreed on against both label sets, the corrected as referee."""
    both = (original.n_labels > 0) & corrected.labelled
    gone = both & ~original.shares_label(corrected)
    marked = contradicted(original, classes) & both
    confirmed = corrected.holds(np.arange(len(classes)), classes)
    masks = (marked, marked & confirmed, marked & gone, both, gone)
    return Control(voters, *(int(mask.sum()) for mask in masks))


def find_suspects(boards: Sequence[Board], labels: BenchmarkLabels) -> Suspects:
    """Find the images of a benchmark whose headline labels its good models contradict.

    Each model has one vote, that of its most accurate run; not of multiple choice, whose options
    always hold a label, nor of a run without an answer to every image. Good are the models within
    `MARGIN` points of the most accurate one, at most `MOST`: the best of each kind, then the most
    accurate others.
    """
    truth, before, n = labels.headline, labels.before, len(labels.image_ids)
    good = _good(boards, truth.name)
    classes, n_votes = agreed(_votes(good, n))
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
    by_original = _good(boards, before.name) if before else []
    control = None
    if before and len(by_original) >= FEWEST:
        classes, _ = agreed(_votes(by_original, n))
        control = control_of(before, truth, tuple(voter for voter, _ in by_original), classes)
    return Suspects(tuple(voter for voter, _ in good), tuple(found), control)


def _good(boards: Sequence[Board], label_set: str) -> list[_Run]:
    """Give a run of each good model by a label set, the most accurate first."""
    runs = [
        (_voter(board, row, label_set), row)
        for board in boards
        for row in board.rows
        if board.protocol != "mc" and not board.is_part and row.coverage == 100
    ]
    runs.sort(key=lambda run: (-run[0].accuracy, run[0].entry, run[0].board))
    best: dict[str, _Run] = {}
    for voter, row in runs:
        best.setdefault(voter.model, (voter, row))
    least = max(max((voter.accuracy for voter, _ in runs), default=0.0) - MARGIN, 0.0)
    near = [(voter, row) for voter, row in best.values() if voter.accuracy >= least]
    firsts = {voter.kind: voter.model for voter, _ in reversed(near)}.values()
    chosen = sorted((voter.model for voter, _ in near), key=lambda model: model not in firsts)
    return [(voter, row) for voter, row in near if voter.model in chosen[:MOST]]


def _voter(board: Board, row: ScoredEntry, label_set: str) -> Voter:
    score = row.results.scores[board.protocol].get(label_set)
    accuracy = -1.0 if score is None or score.accuracy is None else score.accuracy
    return Voter(board.slug, row.name, row.model, row.kind, accuracy, board.claimed)


def _votes(runs: Sequence[_Run], n: int) -> Ints:
    """Give what the runs vote for: [m, n]."""
    packed = b"".join(row.images.votes for _, row in runs)
    return np.frombuffer(packed, dtype="<i2").reshape(len(runs), n).astype(np.int64)
