"""Who is better than whom: ranks, their intervals and tiers of many models on the same images.

Pure functions of arrays; m models, n images. Rows are in the order in which the models are given.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.scores.answers import Bools, Ints
from harness.scores.metrics import Group
from harness.scores.results import Share
from harness.scores.statistics import (
    ALPHA,
    LEVEL,
    Draws,
    Interval,
    class_weights,
    holm,
    mcnemar_each,
    wilson,
)

Floats = NDArray[np.float64]
FEW_IMAGES = 30
"""A ranking of fewer images is called one of few: an exact test can part two models only where at
least six images are right with one of them alone."""
_ONES = np.array([value.bit_count() for value in range(256)], dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Place:
    """One model in a ranking."""

    name: str
    """Of the entry."""
    n: int
    """Images that are scored."""
    accuracy: float | None
    """Percent; None for no image."""
    ci95: Interval | None
    """Wilson's."""
    rank: int
    """1 + how many models have a higher accuracy."""
    rank_interval: tuple[int, int]
    """95 % of the ranks over shared draws of whole classes."""
    tier: int
    """1: not separable from the best; 2: not from the best of the others; and so on."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """The models of a board by one label set, on the images of one of its groups."""

    label_set: str
    group: Group
    """By this label set; A is all images that have a label."""
    n: int
    """Images, as many as any model is scored on."""
    places: tuple[Place, ...]
    """By accuracy, best first; equal ones by name."""

    def is_of(self, label_set: str) -> bool:
        """Whether it is of all images of a label set."""
        return (self.label_set, self.group) == (label_set, "A")


@dataclass(frozen=True, slots=True)
class Marks:
    """What became of n images with m models, under one label set."""

    right: Bools
    """[m, n] scored, and right."""
    scored: Bools
    """[m, n] answered, and the image has a label."""
    home: Ints
    """[n] class that the image is filed under; images of a class are redrawn together."""


def rank_models(
    names: Sequence[str], shares: Sequence[Share], marks: Marks, draws: Draws
) -> tuple[Place, ...]:
    """Rank m models by their accuracies, best first and equal ones by name.

    `marks` are of the images that the accuracies `shares` are of.
    """
    order = sorted(range(len(names)), key=lambda at: (-_value(shares[at].accuracy), names[at]))
    marks = Marks(marks.right[order], marks.scored[order], marks.home)
    ranks = ranks_of([shares[at].accuracy for at in order])
    found = zip(order, ranks, rank_intervals(marks, draws), tiers_of(marks), strict=True)
    return tuple(
        Place(
            name=names[at],
            n=shares[at].n,
            accuracy=shares[at].accuracy,
            ci95=wilson(round((shares[at].accuracy or 0) * shares[at].n / 100), shares[at].n),
            rank=rank,
            rank_interval=interval,
            tier=tier,
        )
        for at, rank, interval, tier in found
    )


def tiers_of(marks: Marks) -> list[int]:
    """Give the tier of each of m models, which are in order, best first; tiers count from 1.

    The best model leads tier 1. It is compared with every other by exact McNemar, the p-values are
    adjusted by Holm for the leader's comparisons, and whoever is not separable from it at 0.05 is
    in its tier. Of those that remain the best leads the next tier, and so on. Tiers are
    of tests on the same images, not of overlapping intervals, which would miss most differences
    (Schenker and Gentleman, The American Statistician 55, 2001). "Not separable" is no
    equivalence: models of one tier may well be separable from each other. Tier 1 is a set that
    holds the best model; since the leader is chosen by the same data, some one of many equal models
    falls below it more often than 0.05 (docs/statistics.md has how often).
    """
    right = np.packbits(marks.right, axis=1)
    wrong = np.packbits(marks.scored & ~marks.right, axis=1)
    tiers = [0] * len(right)
    remaining = list(range(len(right)))
    tier = 0
    while remaining:
        tier += 1
        leader, *others = remaining
        only_leader = _ONES[right[leader] & wrong[others]].sum(axis=1, dtype=np.int64)
        only_other = _ONES[wrong[leader] & right[others]].sum(axis=1, dtype=np.int64)
        adjusted = holm(mcnemar_each(only_leader, only_other).tolist())
        remaining = [
            other for other, p_holm in zip(others, adjusted, strict=True) if p_holm <= ALPHA
        ]
        for member in {leader, *others} - set(remaining):
            tiers[member] = tier
    return tiers


def ranks_of(accuracies: list[float | None]) -> list[int]:
    """Give 1 + how many are higher, for each; None is lower than any accuracy."""
    values = [_value(accuracy) for accuracy in accuracies]
    return [1 + sum(other > value for other in values) for value in values]


def _value(accuracy: float | None) -> float:
    return -1.0 if accuracy is None else accuracy


def rank_intervals(marks: Marks, draws: Draws) -> list[tuple[int, int]]:
    """Give the 95 % percentile interval of each model's rank when whole classes are redrawn.

    Every draw takes the same classes for all models, so that what is hard for all moves no rank;
    the models are ranked anew in each. The ends are ranks that occurred, the outer ones where a
    percentile falls between two. Goldstein and Spiegelhalter, JRSS A 159, 1996 (intervals of
    ranks); Hall and Miller, Annals of Statistics 37, 2009 (the bootstrap of ranks, and that it is
    too sure of itself among near ties: the tiers are the tests). With fewer than two classes, of
    which nothing can be redrawn, the interval is from the first to the last rank.
    """
    m = len(marks.right)
    order, starts = by_class(marks)
    if len(starts) < 2:
        return [(1, m)] * m
    weights = class_weights(len(starts), draws)
    hits = weights @ class_sums(marks.right, order, starts).T
    scored = marks.scored[:1] if (marks.scored == marks.scored[0]).all() else marks.scored
    counts = weights @ class_sums(scored, order, starts).T
    accuracy = np.divide(hits, counts, out=np.full_like(hits, -1.0), where=counts > 0)
    ranks = _ranks_of_each(accuracy)
    low = np.quantile(ranks, (1 - LEVEL) / 2, axis=0, method="lower")
    high = np.quantile(ranks, (1 + LEVEL) / 2, axis=0, method="higher")
    return [(int(a), int(b)) for a, b in zip(low, high, strict=True)]


def _ranks_of_each(values: Floats) -> Ints:
    """Give 1 + how many of its row are higher, for each of the values [draws, m]."""
    order = np.argsort(-values, axis=1)
    falling = np.take_along_axis(values, order, axis=1)
    places = np.arange(values.shape[1])
    places = np.where(falling != np.roll(falling, 1, axis=1), places, 0)
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, 1 + np.maximum.accumulate(places, axis=1), axis=1)
    return ranks


def by_class(marks: Marks) -> tuple[Ints, Ints]:
    """Give the images that any model has scored, sorted by class, and where each class begins."""
    used = np.flatnonzero(marks.scored.any(axis=0))
    order = used[np.argsort(marks.home[used], kind="stable")]
    _, starts = np.unique(marks.home[order], return_index=True)
    return order, starts


def class_sums(mask: Bools, order: Ints, starts: Ints) -> Floats:
    """Sum a mask [m, n] over the images of each of c classes: [m, c]."""
    sums: Floats = np.add.reduceat(mask[:, order], starts, axis=1, dtype=np.float64)
    return sums
