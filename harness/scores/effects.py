"""What several ways to ask the same images do to the accuracy: pure functions of arrays."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from harness.scores.answers import Bools, Ints
from harness.scores.statistics import LEVEL, Draws, Interval, class_weights, quantiles

Floats = NDArray[np.float64]


def redrawn(right: Bools, counted: Bools, classes: Ints, draws: Draws) -> Floats | None:
    """Give the accuracies of k levels when whole classes are redrawn: percent, [draws, k].

    `right` and `counted` are [k, n], whether a level has an image right and whether it counts for
    it; `classes` [n] are the class ids of the images. All levels are redrawn together, so that
    differences of columns are paired. A draw in which nothing counts for a level gives NaN there.
    None with fewer than two classes. See `class_bootstrap`.
    """
    ids, places = np.unique(classes, return_inverse=True)
    if len(ids) < 2:
        return None
    hits, sizes = (
        np.stack([np.bincount(places, weights=row, minlength=len(ids)) for row in table])
        for table in (right & counted, counted)
    )
    weights = class_weights(len(ids), draws)
    with np.errstate(invalid="ignore"):
        found: Floats = 100 * (weights @ hits.T) / (weights @ sizes.T)
    return found


def interval(values: Floats) -> Interval | None:
    """Give the 95 % percentile interval of redrawn values [draws]; None where nothing counted."""
    known = values[~np.isnan(values)]
    return quantiles(known) if len(known) else None


def range_interval(accuracies: Floats, table: Floats) -> Interval | None:
    """Give the 95 % interval of the highest true accuracy less the lowest of k levels.

    `accuracies` [k] are those found, in percent, `table` [draws, k] the redrawn ones. The range
    found is too large by chance, and redrawn ranges are so once more, so that their percentiles are
    no interval. What is redrawn here are the errors, `table` less `accuracies`. The true range is
    the largest of the true differences of all pairs of levels, and at most the range of the errors
    away from the one found. So a pair that is more than twice as far behind cannot be the largest
    and is left out. The upper end is the highest of the upper ends of the pairs that are left. The
    lower end is the range found less d, where in 97.5 % of the draws none of these pairs is more
    than d below its difference found; no end is below 0. For two levels well apart this is the
    interval of their difference; the more pairs may be the largest, the wider it is. None where no
    draw has all levels. An intersection bound: Chernozhukov, Lee and Rosen, "Intersection bounds:
    estimation and inference", Econometrica 81, 2013. docs/statistics.md has its coverage, and that
    of the percentile, basic and bias-corrected intervals.
    """
    found = float(accuracies.max() - accuracies.min())
    known = table[~np.isnan(table).any(axis=1)]
    if not len(known):
        return None
    errors = known - accuracies
    tail = (1 - LEVEL) / 2
    most = np.quantile(np.ptp(errors, axis=1), 1 - tail)
    gaps = accuracies[:, None] - accuracies
    a, b = np.nonzero(gaps >= found - 2 * most)
    moved = errors[:, a] - errors[:, b]
    low = found + np.quantile(moved.min(axis=1), tail)
    high = (gaps[a, b] + np.quantile(moved, 1 - tail, axis=0)).max()
    return max(0.0, float(low)), float(high)


def cochran(right: Bools) -> float:
    """Give the p-value that k levels are right equally often; `right` is [k, n].

    Cochran's Q, by its chi-squared approximation with k - 1 degrees of freedom; 1 where no image
    is right in one level and wrong in another. Cochran, "The comparison of percentages in matched
    samples", Biometrika 37, 1950.
    """
    from scipy import special

    k = len(right)
    levels, images = right.sum(axis=1, dtype=np.float64), right.sum(axis=0, dtype=np.float64)
    total = levels.sum()
    spread = k * total - (images**2).sum()
    if spread == 0:
        return 1.0
    q = (k - 1) * (k * (levels**2).sum() - total**2) / spread
    return float(special.chdtrc(k - 1, q))


def variance_shares(accuracies: Floats) -> Mapping[tuple[int, ...], float] | None:
    """Give what share (percent) of the sum of squares of the accuracies in a full grid each factor,
    each pair of them, and the rest (key `()`) takes.

    `accuracies` has an axis for each factor. Sums of squares of a balanced design with one value a
    cell, as in an analysis of variance; the shares sum to 100. What a pair takes is beside what its
    two factors take alone; with two factors it holds the noise too. None where all are equal.
    """
    grand = accuracies.mean()
    total = float(((accuracies - grand) ** 2).sum())
    if accuracies.max() == accuracies.min():
        return None
    axes = range(accuracies.ndim)

    def explained(kept: tuple[int, ...]) -> float:
        others = tuple(axis for axis in axes if axis not in kept)
        means = accuracies.mean(axis=others)
        return float(((means - grand) ** 2).sum() * (accuracies.size / means.size))

    found: dict[tuple[int, ...], float] = {(axis,): explained((axis,)) for axis in axes}
    for a, b in combinations(axes, 2):
        found[a, b] = max(0.0, explained((a, b)) - found[a,] - found[b,])  # not -1e-14
    shares = {key: 100 * value / total for key, value in found.items()}
    return shares | {(): max(0.0, 100 - sum(shares.values()))}
