"""Who is better than whom: ranks, tiers and pairwise tests of many models on the same images.

Pure functions of arrays; m models, n images. Rows are in the order in which the models are given.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from harness.scores.answers import Bools, Ints
from harness.scores.statistics import (
    ALPHA,
    LEVEL,
    Draws,
    Interval,
    class_weights,
    holm,
    mcnemar_each,
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two models of a board on the images that both answered, under the headline label set."""

    a: str
    b: str
    n: int
    only_a: int
    only_b: int
    delta: float | None
    """Accuracy of a less that of b, in points."""
    ci95: Interval | None
    """Of `delta`, by the shared draws."""
    p_mcnemar: float
    p_holm: float
    """After Holm's correction over all pairs of the board."""


@dataclass(frozen=True, slots=True)
class Pairs(Sequence[Pair]):
    """Every two of m models, as arrays: a million pairs are 60 MB and not a gigabyte."""

    names: tuple[str, ...]
    """Of the m entries, in the order of the rows; pairs are (0, 1), (0, 2), … (m - 2, m - 1)."""
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    n: NDArray[np.int64]
    only_a: NDArray[np.int64]
    only_b: NDArray[np.int64]
    ci95: NDArray[np.float64]
    """[pairs, 2]; NaN where there is none."""
    p_mcnemar: NDArray[np.float64]
    p_holm: NDArray[np.float64]

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.n)

    @overload
    def __getitem__(self, place: int) -> Pair: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Pair]: ...
    def __getitem__(self, place: int | slice) -> Pair | Sequence[Pair]:
        """Give one pair, or some."""
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        n, only_a, only_b = (int(each[place]) for each in (self.n, self.only_a, self.only_b))
        low, high = self.ci95[place].tolist()
        return Pair(
            a=self.names[self.a[place]],
            b=self.names[self.b[place]],
            n=n,
            only_a=only_a,
            only_b=only_b,
            delta=100 * (only_a - only_b) / n if n else None,
            ci95=None if math.isnan(low) else (low, high),
            p_mcnemar=float(self.p_mcnemar[place]),
            p_holm=float(self.p_holm[place]),
        )


Floats = NDArray[np.float64]

_PAIRS = 1 << 13
"""Pairs whose counts by class are held together, and …"""
_DRAWN = 1 << 10
"""… pairs that are drawn together: what bounds memory for many models."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What became of n images with m models, under one label set."""

    right: Bools
    """[m, n] scored, and right."""
    scored: Bools
    """[m, n] answered, and the image has a label."""
    home: Ints
    """[n] class that the image is filed under; images of a class are redrawn together."""


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Every model a against every model b, on the images that both have scored."""

    n: Ints
    """[m, m] images in common."""
    only_a: Ints
    """[m, m] right with a (row) alone; transposed: with b alone."""
    p_value: Floats
    """[m, m] exact McNemar, two-sided; 1 without discordant images."""


def count_pairs(marks: Marks) -> PairCounts:
    """Count all pairs by three matrix products, and test each.

    The products are in float32, which counts up to 16 million images exactly.
    """
    right = marks.right.astype(np.float32)
    scored = marks.scored.astype(np.float32)
    n = (scored @ scored.T).astype(np.int64)
    only_a = (right @ (scored - right).T).astype(np.int64)
    return PairCounts(n, only_a, mcnemar_each(only_a, only_a.T))


def tiers_of(p_value: Floats) -> list[int]:
    """Give the tier of each of m models, which are in order, best first; tiers count from 1.

    The best model leads tier 1. It is compared with every other by exact McNemar, the p-values
    [m, m] are adjusted by Holm for the leader's comparisons, and whoever is not separable from it
    at 0.05 is in its tier. Of those that remain the best leads the next tier, and so on. Tiers are
    of tests on the same images, not of overlapping intervals, which would miss most differences
    (Schenker and Gentleman, The American Statistician 55, 2001). "Not separable" is no
    equivalence: models of one tier may well be separable from each other. Tier 1 is a set that
    holds the best model; since the leader is chosen by the same data, some one of many equal models
    falls below it more often than 0.05 (docs/statistics.md has how often).
    """
    tiers = [0] * len(p_value)
    remaining = list(range(len(p_value)))
    tier = 0
    while remaining:
        tier += 1
        leader, *others = remaining
        adjusted = holm(p_value[leader, others].tolist())
        remaining = [
            other for other, p_holm in zip(others, adjusted, strict=True) if p_holm <= ALPHA
        ]
        for member in {leader, *others} - set(remaining):
            tiers[member] = tier
    return tiers


def ranks_of(accuracies: list[float | None]) -> list[int]:
    """Give 1 + how many are higher, for each; None is lower than any accuracy."""
    values = [-1.0 if accuracy is None else accuracy for accuracy in accuracies]
    return [1 + sum(other > value for other in values) for value in values]


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
    order, starts = _by_class(marks)
    if len(starts) < 2:
        return [(1, m)] * m
    weights = class_weights(len(starts), draws)
    hits = weights @ _class_sums(marks.right, order, starts).T
    counts = weights @ _class_sums(marks.scored, order, starts).T
    accuracy = np.divide(hits, counts, out=np.full_like(hits, -1.0), where=counts > 0)
    ranks = np.array([1 + np.searchsorted(np.sort(row), row) for row in -accuracy])
    low = np.quantile(ranks, (1 - LEVEL) / 2, axis=0, method="lower")
    high = np.quantile(ranks, (1 + LEVEL) / 2, axis=0, method="higher")
    return [(int(a), int(b)) for a, b in zip(low, high, strict=True)]


def pair_intervals(marks: Marks, draws: Draws) -> Floats:
    """Give the ends [pairs, 2] of the 95 % percentile interval of accuracy a - accuracy b in points
    for every two models.

    Pairs are (0, 1), (0, 2), … (m - 2, m - 1). Only images that both have scored count; the draws
    are those of `rank_intervals`, so that they are shared by all pairs. NaN for a pair without two
    classes in common. Where a pair has all classes this is `class_bootstrap` of the difference.
    """
    order, starts = _by_class(marks)
    m = len(marks.right)
    if len(starts) < 2:
        return np.full((m * (m - 1) // 2, 2), np.nan)
    weights = class_weights(len(starts), draws)
    if (marks.scored == marks.scored[0]).all():
        return np.concatenate(list(_alike(marks, order, starts, weights)))
    spans = list(zip(starts, [*starts[1:], len(order)], strict=True))
    right = marks.right[:, order].astype(np.float32)
    scored = marks.scored[:, order].astype(np.float32)
    found = [np.empty((0, 2))]
    for block in _blocks(m):
        first = block.start
        rows, columns = np.triu_indices(block.stop - first, 1, m - first)
        steps = np.empty((len(starts), len(rows)))
        counts = np.empty_like(steps)
        for place, (start, stop) in enumerate(spans):
            mine, theirs = right[block, start:stop], right[first:, start:stop]
            both, other = scored[block, start:stop], scored[first:, start:stop]
            steps[place] = (mine @ other.T - both @ theirs.T)[rows, columns]
            counts[place] = (both @ other.T)[rows, columns]
        for start in range(0, len(rows), _DRAWN):
            part = slice(start, start + _DRAWN)
            known = (counts[:, part] > 0).sum(axis=0) >= 2
            drawn = weights @ steps[:, part], weights @ counts[:, part]
            found.append(_quantiles(*drawn, known))
    return np.concatenate(found)


def _alike(marks: Marks, order: Ints, starts: Ints, weights: Floats) -> Iterator[Floats]:
    """Do as `pair_intervals` where all models have scored the same images, as on every board of
    whole entries: the draws of a difference are then the difference of the models' draws.
    """
    yield np.empty((0, 2))
    hits = weights @ _class_sums(marks.right, order, starts).T
    counts = weights @ _class_sums(marks.scored[:1], order, starts).T
    one, other = np.triu_indices(len(marks.right), 1)
    for start in range(0, len(one), _DRAWN):
        a, b = one[start : start + _DRAWN], other[start : start + _DRAWN]
        yield _quantiles(hits[:, a] - hits[:, b], counts, np.ones(len(a), dtype=np.bool_))


def _blocks(m: int) -> Iterator[slice]:
    """Give m models in blocks whose pairs with the models from their first on are few enough."""
    first = 0
    while first < m:
        stop = min(m, first + max(1, _PAIRS // (m - first)))
        yield slice(first, stop)
        first = stop


def _quantiles(steps: Floats, counts: Floats, known: Bools) -> Floats:
    delta = np.full_like(steps, np.nan)
    np.divide(100 * steps, counts, out=delta, where=counts > 0)
    ends = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    found = np.full((len(known), 2), np.nan)
    if known.any():
        quantile = np.nanquantile if np.isnan(delta[:, known]).any() else np.quantile
        found[known] = quantile(delta[:, known], ends, axis=0).T
    return found


def _by_class(marks: Marks) -> tuple[Ints, Ints]:
    """Give the images that any model has scored, sorted by class, and where each class begins."""
    used = np.flatnonzero(marks.scored.any(axis=0))
    order = used[np.argsort(marks.home[used], kind="stable")]
    _, starts = np.unique(marks.home[order], return_index=True)
    return order, starts


def _class_sums(mask: Bools, order: Ints, starts: Ints) -> Floats:
    """Sum a mask [m, n] over the images of each of c classes: [m, c]."""
    sums: Floats = np.add.reduceat(mask[:, order], starts, axis=1, dtype=np.float64)
    return sums
