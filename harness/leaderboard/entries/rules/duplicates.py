"""A suspicion about copies: answers that are those of another entry."""

from collections.abc import Iterator

import numpy as np

from harness.leaderboard.entries.case import RunCase
from harness.leaderboard.entries.finding import Finding
from harness.leaderboard.entries.neighbours import NOTHING, Given, Ints, Neighbours, given_by

EQUAL = 0.99


def check_copies(case: RunCase, others: Neighbours) -> Iterator[Finding]:
    """No other entry has nearly the same answers to a task: above 99 % equal classes, or equal
    texts, of the images for which both have one (W605). Two good models agree on what is easy:
    the texts say more than the classes.
    """
    mine = given_by(case.rows)
    for name, theirs in others.of(case.entry, case.run.task):
        classes, texts = _shares(mine, theirs)
        if max(classes, texts) > EQUAL:
            told = f"`{name}`: {100 * classes:.2f} % equal classes, {100 * texts:.2f} % texts"
            yield Finding("W605", case.where, told)


def _shares(mine: Given, theirs: Given) -> tuple[float, float]:
    _, here, there = np.intersect1d(
        mine.images, theirs.images, assume_unique=True, return_indices=True
    )
    return (
        _equal(mine.classes[here], theirs.classes[there]),
        _equal(mine.texts[here], theirs.texts[there]),
    )


def _equal(one: Ints, other: Ints) -> float:
    both = (one != NOTHING) & (other != NOTHING)
    return float((one == other)[both].mean()) if both.any() else 0.0
