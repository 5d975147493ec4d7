"""Every two models on the same images: counts, tests and intervals of the difference.

Pure functions of arrays; m models, n images. Rows are in the order in which the models are given.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from harness.leaderboard.numbers.ranking import Floats, Marks, by_class, class_sums
from harness.scores.answers import Bools, Ints
from harness.scores.statistics import LEVEL, Draws, Interval, class_weights, holm, mcnemar_each

_PAIRS = 1 << 13
"""Pairs whose counts by class are held together, and …"""
_DRAWN = 1 << 10
"""… pairs that are drawn together: what bounds memory for many models."""


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


def make_pairs(names: Sequence[str], marks: Marks, draws: Draws) -> Pairs:
    """Give every two runs, in their order, with Holm's correction over all of them."""
    counts = count_pairs(marks)
    a, b = np.triu_indices(len(names), 1)
    p_values = counts.p_value[a, b]
    return Pairs(
        names=tuple(names),
        a=a,
        b=b,
        n=counts.n[a, b],
        only_a=counts.only_a[a, b],
        only_b=counts.only_a[b, a],
        ci95=pair_intervals(marks, draws),
        p_mcnemar=p_values,
        p_holm=np.array(holm(p_values.tolist())),
    )


def pair_intervals(marks: Marks, draws: Draws) -> Floats:
    """Give the ends [pairs, 2] of the 95 % percentile interval of accuracy a - accuracy b in points
    for every two models.

    Pairs are (0, 1), (0, 2), … (m - 2, m - 1). Only images that both have scored count; the draws
    are those of `rank_intervals`, so that they are shared by all pairs. NaN for a pair without two
    classes in common. Where a pair has all classes this is `class_bootstrap` of the difference.
    """
    order, starts = by_class(marks)
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
    hits = weights @ class_sums(marks.right, order, starts).T
    counts = weights @ class_sums(marks.scored[:1], order, starts).T
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
