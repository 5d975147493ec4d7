"""How often tests, tiers, ranks and choices over many runs say what is not so.

Run from the repository's root: `python benchmarks/coverage_board.py`. Data are made up whose truth
is known, many times over, and given to the harness's own functions; what is printed are tables of
docs/statistics.md. Seeded; some four minutes on two cores.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import special

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.simulation import Lines, Table, percents, print_tables
from harness.answers.mapping.nearest import is_reporting
from harness.leaderboard.entries.rules.suspicions import DRIFT_P_VALUE, Disputed, trend
from harness.leaderboard.numbers.pairs import count_pairs
from harness.leaderboard.numbers.ranking import (
    Marks,
    rank_intervals,
    ranks_of,
    tiers_of,
)
from harness.scores.statistics import Draws, holm, mcnemar_each, wilson

Floats = NDArray[np.float64]
Generator = np.random.Generator
ALPHA = 0.05


def families(generator: Generator, tries: int) -> Lines:
    """Measure how often any of several true hypotheses is rejected."""
    lines = [["comparisons", "discordant images of each", "uncorrected", "Holm, all equal",
              "Holm, every second one equal"]]  # fmt: skip
    for count, discord in ((1, 5), (1, 10), (1, 100), (3, 100), (10, 100), (45, 100), (45, 1000)):
        only_a = generator.binomial(discord, 0.5, (tries, count))
        p_values = mcnemar_each(only_a, discord - only_a)
        mixed = np.where(np.arange(count) % 2 == 0, p_values, 1e-9)
        found = [
            (min(each) <= ALPHA, min(holm(each)) <= ALPHA, min(holm(half)[::2]) <= ALPHA)
            for each, half in zip(p_values.tolist(), mixed.tolist(), strict=True)
        ]
        lines.append([str(count), str(discord), *percents(np.mean(found, axis=0))])
    return lines


def marks_of(generator: Generator, levels: Floats, shape: tuple[int, int], own: float) -> Marks:
    """Draw the answers of models of the accuracies `levels` [m] to `shape` classes and images each.

    Classes are harder or easier for all models by a standard deviation of 0.1, and for each model
    by `own` besides.
    """
    c, each = shape
    rates = levels[:, None] + generator.normal(0, 0.1, c)
    rates = np.clip(rates + generator.normal(0, own, (len(levels), c)), 0, 1)
    home = np.repeat(np.arange(c), each)
    right = generator.random((len(levels), c * each)) < rates[:, home]
    return Marks(right, np.ones_like(right), home)


def tiers(generator: Generator, tries: int) -> Lines:
    """Measure how often equal models are not all in the first tier."""
    lines = [["equal models", "accuracies by class", "some model is below tier 1",
              "a given model is", "some model is, with Holm over all pairs"]]  # fmt: skip
    for own in (0.0, 0.1):
        for m in (2, 3, 5, 10, 20, 50):
            found = np.zeros((tries, 3))
            for row in found:
                marks = marks_of(generator, np.full(m, 0.7), (100, 10), own)
                order = np.argsort(-marks.right.sum(axis=1), kind="stable")
                marks = Marks(marks.right[order], marks.scored[order], marks.home)
                p_value = count_pairs(marks).p_value
                tier = np.array(tiers_of(marks))
                least = float(p_value[0, 1:].min())
                row[:] = max(tier) > 1, tier[order == 0][0] > 1, least * m * (m - 1) / 2 <= ALPHA
            kind = "each model its own" if own else "the same"
            lines.append([str(m), kind, *percents(found.mean(axis=0))])
    return lines


def ranks(generator: Generator, tries: int) -> Lines:
    """Measure how often the interval of a rank holds the rank of the true accuracies."""
    lines = [["10 models, from one to the next", "classes of 20", "holds, mean of the models",
              "holds, least of the models", "mean width"]]  # fmt: skip
    for step in (0.0, 0.002, 0.01, 0.03):
        for c in (5, 20, 100):
            levels = 0.8 - step * np.arange(10)
            truth = np.array(ranks_of(levels.tolist()))
            holds, width = np.zeros(10), 0.0
            for _ in range(tries):
                marks = marks_of(generator, levels, (c, 20), 0.05)
                low, high = np.array(rank_intervals(marks, Draws(500))).T
                holds += (low <= truth) & (truth <= high)
                width += float((high - low).mean())
            shares = percents(np.array([holds.mean(), holds.min()]) / tries)
            lines.append([f"{100 * step:g} points", str(c), *shares, f"{width / tries:.1f}"])
    return lines


def halves(generator: Generator, tries: int) -> Lines:
    """Measure what the best of several equal combinations is said to reach."""
    lines = [["equal combinations", "images", "choosing half, points too high", "all images",
              "reporting half", "Wilson holds, all images", "reporting half"]]  # fmt: skip
    for combinations, n in ((4, 1000), (48, 200), (48, 1000), (48, 10_000)):
        reporting = np.array([is_reporting(str(place)) for place in range(n)])
        places = (~reporting, np.ones(n, dtype=np.bool_), reporting)
        found = np.zeros((tries, 5))
        for row in found:
            easy = generator.beta(0.6, 0.4, n)  # 60 % right; combinations agree on most images
            right = generator.random((combinations, n)) < easy
            best = int(np.argmax(right[:, ~reporting].sum(axis=1)))
            counts = [(int(right[best, mask].sum()), int(mask.sum())) for mask in places]
            row[:3] = [100 * k / size - 60 for k, size in counts]
            ends = [wilson(*each) or (0.0, 0.0) for each in counts[1:]]
            row[3:] = [low <= 60 <= high for low, high in ends]
        mean = found.mean(axis=0)
        points = [f"{value:+.2f}" for value in mean[:3]]
        lines.append([str(combinations), str(n), *points, *percents(mean[3:])])
    return lines


def alarms(generator: Generator, tries: int) -> Lines:
    """Measure how often the checker suspects an honest entry."""
    lines = [["rule", "data", "alarms"]]
    strata = np.repeat(np.arange(20), 20)
    chances = generator.random((tries, 20))
    right = generator.random((tries, 400)) < chances[:, strata]
    order = generator.permutation(400)
    z = np.array([abs(trend(each[order], strata[order])) for each in right])
    share = np.mean(2 * special.ndtr(-z) < DRIFT_P_VALUE)
    lines.append(["W604", "400 images of 20 classes in random order", f"{100 * share:.2f}"])
    for n, share in ((20, 0.5), (100, 0.5), (1000, 0.5), (100, 0.58), (1000, 0.58)):
        counts = generator.binomial(n, share, tries)
        found = np.mean([Disputed(n, int(k), n - int(k)).is_suspicious for k in counts])
        data = f"{n} disputed images, the original label on {100 * share:.0f} %"
        lines.append(["W606", data, f"{100 * found:.2f}"])
    return lines


TABLES: dict[str, Table] = {
    "families": families,
    "tiers": tiers,
    "ranks": ranks,
    "halves": halves,
    "alarms": alarms,
}


if __name__ == "__main__":
    print_tables(TABLES, __doc__)
