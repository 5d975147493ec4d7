"""Intervals and tests. Accuracies are fractions or percent alike unless a docstring says which."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]
"""Low and high end of a 95 % interval."""

LEVEL = 0.95
ALPHA = 0.05
"""The p-value up to which a test shows a difference."""
_SUMMED = range(32, 1001)
"""Numbers of discordant pairs whose test needs no SciPy, which takes a tenth of a second to import.
The p-values of fewer pairs have so few digits that the last one written could be a tie."""
NORMAL = 1.959963984540054
"""The quantile of the standard normal distribution at which `LEVEL` lies on both sides of 0."""


@dataclass(frozen=True, slots=True)
class Draws:
    """How the bootstrap draws: how many times, and from which seed."""

    count: int = 2000
    seed: int = 0


def wilson(successes: int, n: int) -> Interval | None:
    """Give the 95 % score interval of a proportion, in percent; None for n = 0.

    Without continuity correction. Wilson, "Probable inference, the law of succession, and
    statistical inference", JASA 22, 1927.
    """
    return _score_interval(successes, n, float(n))


def wilson_of_part(successes: int, n: int, part: float) -> Interval | None:
    """Give the same of the proportion in a finite population, of which n were drawn at random
    without replacement; `part` (0 to 1, neither) is the share of the population that was drawn.

    The variance of a proportion among n of N is that of n (N - 1) / (N - n) independent draws,
    which takes the place of n; N is n / `part`, since how many of a population would be scored is
    not known. Cochran, "Sampling Techniques", 3rd edition, 1977, sections 3.2 and 2.12.
    """
    whole = n / part
    return _score_interval(successes, n, n * (whole - 1) / (whole - n) if n else 0.0)


def newcombe(before: tuple[int, int], after: tuple[int, int]) -> Interval | None:
    """Give the 95 % interval of the second of two independent proportions less the first, each as
    (successes, n), in percentage points; None where either n is 0.

    The ends are as far from the difference as those of the two Wilson intervals say together.
    Newcombe, "Interval estimation for the difference between independent proportions: comparison of
    eleven methods", Statistics in Medicine 17, 1998, method 10.
    """
    first, second = wilson(*before), wilson(*after)
    if first is None or second is None:
        return None
    one, two = (100 * successes / n for successes, n in (before, after))
    down = float(np.hypot(two - second[0], first[1] - one))
    up = float(np.hypot(second[1] - two, one - first[0]))
    return two - one - down, two - one + up


@dataclass(frozen=True, slots=True)
class Stratum:
    """A part, of this size, of a population, and what was seen of a random sample of it."""

    size: int
    successes: int
    n: int


def of_strata(strata: Sequence[Stratum]) -> tuple[float, Interval] | None:
    """Give the share in a population of which every part was sampled by itself, with its 95 %
    interval, in percent; None where nothing was seen of a part.

    The shares of the parts are weighted by their sizes. The ends are as far from the estimate as
    those of the parts' Wilson intervals say together. Zou and Donner, "Construction of confidence
    limits about effect measures: a general approach", Statistics in Medicine 27, 2008.
    """
    size = sum(each.size for each in strata)
    ends = [wilson(each.successes, each.n) for each in strata]
    if not size or None in ends:
        return None
    share = down = up = 0.0
    for each, (low, high) in zip(strata, (end for end in ends if end), strict=True):
        weight, part = each.size / size, 100 * each.successes / each.n
        share += weight * part
        down += (weight * (part - low)) ** 2
        up += (weight * (high - part)) ** 2
    return share, (share - float(np.sqrt(down)), share + float(np.sqrt(up)))


def _score_interval(successes: int, n: int, draws: float) -> Interval | None:
    """Give Wilson's interval of a share of n that is as sure as one of so many `draws`."""
    if n == 0:
        return None
    z, share = NORMAL, successes / n
    middle = share + z * z / (2 * draws)
    half = z * float(np.sqrt(share * (1 - share) / draws + z * z / (4 * draws * draws)))
    scale = 1 + z * z / draws
    low = 0.0 if successes == 0 else (middle - half) / scale
    high = 1.0 if successes == n else (middle + half) / scale
    return 100 * low, 100 * high


@lru_cache(maxsize=4)
def class_weights(n_classes: int, draws: Draws) -> NDArray[np.float64]:
    """Give how often each draw takes each class: float64 [draws, n_classes], rows sum to n_classes.

    The same for equal arguments, so that intervals over the same classes come from the same draws.
    Read only, as the last few are kept: a score needs the same ones a dozen times.
    """
    generator = np.random.default_rng(draws.seed)
    shares = np.full(n_classes, 1 / n_classes)
    weights = generator.multinomial(n_classes, shares, size=draws.count).astype(np.float64)
    weights.setflags(write=False)
    return weights


def class_bootstrap(
    values: NDArray[np.floating[Any]], classes: NDArray[np.int64], draws: Draws
) -> Interval | None:
    """Give the 95 % percentile interval of the mean of `values` [n] when whole classes are redrawn.

    `classes` [n] are the class ids of the images; the images of a class are drawn together, as
    they err together (cluster bootstrap: Davison and Hinkley, "Bootstrap Methods and their
    Application", 1997, section 3.8; Field and Welsh, JRSS B 69, 2007). Units are those of
    `values`; a difference of two 0/1 arrays gives the interval of a paired change. None with fewer
    than two classes, of which no interval can be learnt. Too narrow with fewer than 20 classes, and
    without width where all classes have one mean: docs/statistics.md has its coverage.
    """
    ids, places = np.unique(classes, return_inverse=True)
    if len(ids) < 2:
        return None
    sums = np.bincount(places, weights=values, minlength=len(ids))
    counts = np.bincount(places, minlength=len(ids)).astype(np.float64)
    weights = class_weights(len(ids), draws)
    means = (weights @ sums) / (weights @ counts)
    return quantiles(means)


def change_of_means(
    before: NDArray[np.float64], after: NDArray[np.float64], draws: Draws
) -> Interval | None:
    """Give the 95 % percentile interval of the mean of `after` [n] less that of `before` [m], each
    redrawn for itself; None where either has fewer than two values.
    """
    if min(len(before), len(after)) < 2:
        return None
    other = Draws(draws.count, draws.seed + 1)
    means = [class_weights(len(values), each) @ values / len(values)
             for values, each in ((before, draws), (after, other))]  # fmt: skip
    return quantiles(means[1] - means[0])


def quantiles(values: NDArray[np.float64]) -> Interval:
    """Give the ends between which the middle 95 % of the values of draws are."""
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def mcnemar(only_a: int, only_b: int) -> float:
    """Give the exact two-sided p-value that two paired proportions are equal; 1 without discord.

    `only_a` and `only_b` count the pairs on which only the one, only the other is right: under
    equality the first is binomial(only_a + only_b, 1/2). McNemar, Psychometrika 12, 1947. Summed
    in whole numbers in `_SUMMED`, which gives the same to 11 digits without SciPy.
    """
    n = only_a + only_b
    if n not in _SUMMED:
        return float(mcnemar_each(np.array(only_a), np.array(only_b)))
    term = tail = 1
    for right in range(min(only_a, only_b)):
        term = term * (n - right) // (right + 1)
        tail += term
    return min(1.0, 2 * tail / (1 << n))


def mcnemar_each(only_a: NDArray[np.int64], only_b: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give `mcnemar` of many tables at once, element by element; same shape as given.

    Under equality the distribution is symmetric, so that the two-sided p-value is twice the tail
    of the smaller count.
    """
    from scipy import special  # a tenth of a second, and not `stats`, which takes a whole one

    tail = special.bdtr(np.minimum(only_a, only_b), only_a + only_b, 0.5)
    p_values: NDArray[np.float64] = np.minimum(1.0, 2 * tail)
    return p_values


def mcnemar_power(n: int, discordant: float, difference: float, level: float = 0.05) -> float:
    """Give the probability that `mcnemar` of n pairs is at most `level`, two-sided.

    `discordant` is the share (0 to 1) of pairs on which only one of the two is right, and
    `difference` (0 to `discordant`) the share on which only the better one is, less that on which
    only the other one is: the difference of the two accuracies. How many of n pairs are discordant
    is binomial; of so many, how many the better one has right is binomial too. Duffy, "Asymptotic
    and exact power for the McNemar test and its analogue with R controls per case", Biometrics 40,
    1984. Counts of discordant pairs that are less likely than 1e-15 are left out.
    """
    from scipy import special

    spread = 8 * float(np.sqrt(n * discordant * (1 - discordant))) + 8
    middle = n * discordant
    counts = np.arange(max(0, int(middle - spread)), min(n, int(middle + spread) + 1) + 1)
    likely = np.exp(
        special.gammaln(n + 1) - special.gammaln(counts + 1) - special.gammaln(n - counts + 1)
        + special.xlogy(counts, discordant) + special.xlog1py(n - counts, -discordant)
    )  # fmt: skip
    most = _most_of_the_worse(counts, level)
    kept = most >= 0  # of few discordant pairs no split is improbable enough
    most, counts, likely = most[kept], counts[kept], likely[kept]
    share = (1 + difference / discordant) / 2 if discordant > 0 else 0.5
    found = special.bdtr(most, counts, share) + special.bdtr(most, counts, 1 - share)
    return min(1.0, float(likely @ found))


def _most_of_the_worse(counts: NDArray[np.int64], level: float) -> NDArray[np.int64]:
    """Give for each number of discordant pairs how many of them the worse one may have right at
    most for `mcnemar` to be at most `level`; -1 where even none is too many.
    """
    low, high = np.full(counts.shape, -1), counts // 2
    while (low < high).any():
        middle = (low + high + 1) // 2
        fits = mcnemar_each(middle, counts - middle) <= level
        low, high = np.where(fits, middle, low), np.where(fits, high, middle - 1)
    return low


def detectable_difference(
    n: int, discordant: float, power: float = 0.8, level: float = 0.05
) -> float | None:
    """Give the smallest difference of two accuracies, as a share (0 to 1), that `mcnemar` of n
    pairs shows with this power, where the share `discordant` of them is discordant; None where not
    even the largest, `discordant` itself, is shown so surely. See `mcnemar_power`.
    """
    low, high = 0.0, discordant
    if n == 0 or mcnemar_power(n, discordant, high, level) < power:
        return None
    for _ in range(30):
        middle = (low + high) / 2
        enough = mcnemar_power(n, discordant, middle, level) >= power
        low, high = (low, middle) if enough else (middle, high)
    return high


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Give the p-values adjusted for their number, in the given order.

    Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6, 1979.
    ValueError for what is no probability: a NaN among them would have no place in their order, and
    all that come after it would be wrong.
    """
    if wrong := [p_value for p_value in p_values if not 0 <= p_value <= 1]:
        raise ValueError(f"no p-values: {wrong}")
    count = len(p_values)
    order = sorted(range(count), key=lambda place: p_values[place])
    adjusted = [0.0] * count
    least = 0.0
    for rank, place in enumerate(order):
        least = max(least, min(1.0, (count - rank) * p_values[place]))
        adjusted[place] = least
    return tuple(adjusted)


@dataclass(frozen=True, slots=True)
class Repeats:
    """What several runs of one task with different seeds say together, in the units given."""

    n: int
    mean: float
    deviation: float | None
    """Sample standard deviation (n - 1); None for a single run."""
    ci95: Interval | None
    """None for a single run."""


def student_t(values: Sequence[float]) -> Repeats:
    """Summarise repeats: mean, and the 95 % interval of Student's t with n - 1 degrees of freedom.

    Student, "The probable error of a mean", Biometrika 6, 1908. ValueError without any value.
    """
    if not values:
        raise ValueError("no repeats to summarise")
    n, mean = len(values), float(np.mean(values))
    if n == 1:
        return Repeats(1, mean, None, None)
    from scipy import special

    deviation = float(np.std(values, ddof=1))
    half = float(special.stdtrit(n - 1, 0.5 + LEVEL / 2)) * deviation / float(np.sqrt(n))
    return Repeats(n, mean, deviation, (mean - half, mean + half))
