"""How often the intervals of a study hold the truth, and its tests see what is not there.

Run from the repository's root: `python benchmarks/coverage_study.py`. Levels whose true accuracies
are known answer made-up images, many times over, and the harness's own functions look at them; what
is printed are tables of docs/statistics.md, percent of the tries. Seeded. Some three minutes of one
core; `--tables cochran` prints one of them.
"""

import sys
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import special

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.simulation import Lines, Table, percents, print_tables
from harness.scores.effects import cochran, interval, range_interval, redrawn
from harness.scores.statistics import ALPHA, Draws, Interval, student_t

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Generator = np.random.Generator
DRAWS = Draws(1000)


@dataclass(frozen=True, slots=True)
class Asked:
    """k levels that are asked the same images, of classes that are drawn anew in each try."""

    name: str
    truth: tuple[int, ...]
    """[k] the true accuracies in percent, over classes and images."""
    own: float = 10
    """Up to how many points a class is easier or harder in one level than it is in the others."""
    changed: float = 20
    """Percent of the answers of a level that have nothing to do with those of the others."""

    def draw(self, generator: Generator, classes: int, size: int) -> tuple[Bools, Ints]:
        """Draw what is right [k, n] in so many classes of one size, and the classes [n].

        A class is up to 25 points easier or harder in all levels. ValueError for accuracies so
        high or low that a class could be beyond 0 or 100, and the truth not what it is said to be.
        """
        if min(self.truth) < 25 + self.own or max(self.truth) > 75 - self.own:
            raise ValueError(f"accuracies that cannot be held: {self.truth}")
        k, home = len(self.truth), np.repeat(np.arange(classes), size)
        rates = (
            np.array(self.truth, dtype=np.float64)[:, None]
            + generator.uniform(-25, 25, classes)
            + generator.uniform(-self.own, self.own, (k, classes))
        )
        shared = 100 * generator.random(len(home))
        alone = 100 * generator.random((k, len(home)))
        is_alone = 100 * generator.random((k, len(home))) < self.changed
        return np.where(is_alone, alone, shared) < rates[:, home], home


CASES = (
    Asked("2 equal", (60, 60)),
    Asked("2, a point apart", (60, 61)),
    Asked("2, well apart", (52, 62)),
    Asked("3 equal", (60, 60, 60)),
    Asked("3 equal, 2 of 100 answers change", (60, 60, 60), own=0, changed=2),
    Asked("3, two equal best", (50, 60, 60)),
    Asked("3, two equal best, near", (58, 60, 60)),
    Asked("3, well apart", (50, 55, 60)),
    Asked("7 equal", (60,) * 7),
    Asked("7, one lower", (50, *(60,) * 6)),
    Asked("7, in steps of a point", (57, 58, 59, 60, 61, 62, 63)),
)
SIZES = ((20, 20), (64, 20), (200, 10))
"""Classes, and images of each."""


def percentile(found: Floats, table: Floats) -> Interval:
    """Give the percentiles of the redrawn ranges."""
    return interval(np.ptp(table, axis=1)) or (0.0, 0.0)


def basic(found: Floats, table: Floats) -> Interval:
    """Give twice the range found less the percentiles of the redrawn ones, not below 0."""
    (low, high), twice = percentile(found, table), 2 * float(np.ptp(found))
    return max(0.0, twice - high), max(0.0, twice - low)


def bias_corrected(found: Floats, table: Floats) -> Interval:
    """Give the percentiles moved by twice as much as the range found is off their median.

    Efron, "Nonparametric standard errors and confidence intervals", Canadian J. Statistics 9, 1981.
    """
    ranges, own = np.ptp(table, axis=1), np.ptp(found)
    below = ((ranges < own).mean() + (ranges <= own).mean()) / 2
    edge = 0.5 / len(ranges)
    off = special.ndtri(min(max(float(below), edge), 1 - edge))
    low, high = np.quantile(ranges, special.ndtr(2 * off + special.ndtri([0.025, 0.975])))
    return float(low), float(high)


def holds(ends: Interval | None, truth: float) -> bool:
    """Tell whether an interval has the truth in it."""
    return ends is not None and ends[0] - 1e-9 <= truth <= ends[1] + 1e-9


def one_study(asked: Asked, generator: Generator, shape: tuple[int, int]) -> list[float]:
    """Ask once: what a line of `ranges` is the mean of."""
    right, home = asked.draw(generator, *shape)
    found, table = 100 * right.mean(axis=1), redrawn(right, np.ones_like(right), home, DRAWS)
    assert table is not None
    truth = max(asked.truth) - min(asked.truth)
    ends = range_interval(found, table)
    assert ends is not None
    return [
        holds(interval(table[:, -1] - table[:, 0]), asked.truth[-1] - asked.truth[0]),
        np.ptp(found) / 100,
        holds(ends, truth),
        (ends[1] - ends[0]) / 100,
        *(holds(each(found, table), truth) for each in (percentile, basic, bias_corrected)),
    ]


def ranges(generator: Generator, tries: int) -> Lines:
    """Measure the interval of a difference and that of a range, beside others that are in use."""
    lines = [["levels", "classes", "true range", "difference holds", "range found, mean",
              "range holds", "mean width", "percentile", "basic", "bias-corrected"]]  # fmt: skip
    for asked in CASES:
        for shape in SIZES:
            found = np.mean([one_study(asked, generator, shape) for _ in range(tries)], axis=0)
            truth = max(asked.truth) - min(asked.truth)
            lines.append([asked.name, str(shape[0]), str(truth), *percents(found)])
    return lines


def cochran_of_equals(generator: Generator, tries: int) -> Lines:
    """Measure how often Cochran's Q sees levels differ that are equal."""
    lines = [["equal levels", "answers that change", "images", "p ≤ 0.05, images independent",
              "p ≤ 0.05, each level with classes of its own"]]  # fmt: skip
    for k, changed, classes in product((2, 3, 7), (2, 20), (20, 200)):
        seen = []
        for own in (0, 5):
            asked = Asked("equal", (60,) * k, own, changed)
            p_values = [cochran(asked.draw(generator, classes, 20)[0]) for _ in range(tries)]
            seen.append(np.mean(np.array(p_values) <= ALPHA))
        lines.append([str(k), f"{changed} of 100", str(classes * 20), *percents(np.array(seen))])
    return lines


def seeds(generator: Generator, tries: int) -> Lines:
    """Measure Student's interval over seeds that are asked the same images."""
    lines = [["images", "answers that change with the seed", "3 seeds", "5 seeds", "10 seeds"]]
    for n in (200, 2000):
        for changed in (2, 20):
            held = []
            for k in (3, 5, 10):
                found = [_one_seeds(generator, n, k, changed) for _ in range(tries)]
                held.append(np.mean(found))
            lines.append([str(n), f"{changed} of 100", *percents(np.array(held))])
    return lines


def _one_seeds(generator: Generator, n: int, k: int, changed: int) -> bool:
    """Tell whether the interval holds the mean that endless seeds would have on these images."""
    sure = generator.random(n) < 0.6
    is_open = 100 * generator.random(n) < changed
    right = np.where(is_open, generator.random((k, n)) < 0.5, sure)
    truth = 100 * float(np.where(is_open, 0.5, sure).mean())
    return holds(student_t((100 * right.mean(axis=1)).tolist()).ci95, truth)


TABLES: dict[str, Table] = {"ranges": ranges, "cochran": cochran_of_equals, "seeds": seeds}


if __name__ == "__main__":
    print_tables(TABLES, __doc__)
