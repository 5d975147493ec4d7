"""How often the intervals of one run, of two, and of repeats hold the truth.

Run from the repository's root: `python benchmarks/coverage.py`. Data are made up whose truth is
known, many times over, and given to the harness's own functions; what is printed are tables of
docs/statistics.md, percent of the tries. Seeded. Some four minutes on two cores;
`--tables repeats` prints one of them.
"""

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.simulation import Lines, Table, percents, print_tables
from harness.scores.statistics import Draws, Interval, class_bootstrap, mcnemar, student_t, wilson

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Generator = np.random.Generator
ALPHA = 0.05
LONG_TAIL = np.maximum(1, 1000 // np.arange(1, 101))
"""Images of 100 classes: 1,000, 500, 333, … 10."""


@dataclass(frozen=True, slots=True)
class Classes:
    """Classes whose share of right images is drawn from a beta distribution."""

    name: str
    sizes: Ints
    """[c] images of each class."""
    mean: float
    icc: float
    """Correlation of two images of one class; 0: images are independent."""
    is_fixed: bool = False
    """Every data set is of the same classes: only the images are new."""

    def rates(self, generator: Generator) -> Floats:
        """Draw the share [c] of right images of each class."""
        source = np.random.default_rng(11) if self.is_fixed else generator
        if self.icc == 0:
            return np.full(len(self.sizes), self.mean)
        spread = 1 / self.icc - 1
        return source.beta(self.mean * spread, (1 - self.mean) * spread, len(self.sizes))

    def truth(self) -> float:
        """Give the accuracy that an interval should hold, in percent."""
        if not self.is_fixed:
            return 100 * self.mean
        return 100 * float(np.average(self.rates(np.random.default_rng()), weights=self.sizes))


def same(c: int, m: int) -> Ints:
    """Give c classes of m images."""
    return np.full(c, m)


ACCURACY = (
    Classes("images independent, 20 classes of 1", same(20, 1), 0.75, 0),
    Classes("images independent, 20 classes of 5", same(20, 5), 0.75, 0),
    Classes("images independent, 100 classes of 10", same(100, 10), 0.75, 0),
    Classes("images independent, 100 classes of 10", same(100, 10), 0.99, 0),
    Classes("the same 100 classes of 50 each time", same(100, 50), 0.75, 0.2, is_fixed=True),
    *(Classes(f"{c} classes drawn, 50 each", same(c, 50), 0.75, 0.2) for c in (2, 3, 5, 10)),
    *(Classes(f"{c} classes drawn, 50 each", same(c, 50), 0.75, 0.2) for c in (20, 50, 100, 1000)),
    Classes("10 classes drawn, 800 each", same(10, 800), 0.5, 0.5),
    *(Classes(f"{c} classes drawn, 50 each", same(c, 50), 0.95, 0.2) for c in (5, 10, 20, 100)),
    Classes("100 classes drawn, 1,000 to 10 each", LONG_TAIL, 0.75, 0.2),
    Classes("10 classes drawn, 1,000 to 100 each", LONG_TAIL[:10], 0.75, 0.2),
    Classes("20 classes drawn, 2 each", same(20, 2), 0.95, 0.2),
)
CHANGES = (
    Classes("independent, 20 classes of 5", same(20, 5), 0.5, 0),
    Classes("independent, 100 classes of 50", same(100, 50), 0.5, 0),
    *(Classes(f"{c} classes drawn, 50 each", same(c, 50), 0.5, 0.05) for c in (5, 10, 20, 100)),
    Classes("1000 classes drawn, 50 each", same(1000, 50), 0.5, 0.05),
    Classes("100 classes drawn, 50 each", same(100, 50), 0.5, 0.2),
    Classes("100 classes drawn, 1,000 to 10 each", LONG_TAIL, 0.5, 0.05),
)
DISCORD = 0.2
"""Share of images on which only one of two runs is right."""


def on_classes(values: Floats, home: Ints) -> tuple[float, float, int]:
    """Give mean, its standard error by whole classes, and the number of classes."""
    sums, counts = np.bincount(home, weights=values), np.bincount(home)
    c, mean = len(sums), float(sums.sum() / counts.sum())
    rest = sums - mean * counts
    return mean, math.sqrt(c / (c - 1) * float(rest @ rest)) / int(counts.sum()), c


def t_on_classes(values: Floats, home: Ints) -> Interval:
    """Give Student's t interval with c - 1 degrees of freedom and the error by whole classes."""
    mean, error, c = on_classes(values, home)
    half = float(stats.t.ppf(0.975, c - 1)) * error
    return mean - half, mean + half


def wilson_of_effective(values: Floats, home: Ints) -> Interval:
    """Give Wilson's interval with the size of a simple sample of the same error, and t for z.

    Franco, Little, Louis and Slud, Journal of Survey Statistics and Methodology 7, 2019.
    """
    mean, error, c = on_classes(values / 100, home)
    n = min(len(values), mean * (1 - mean) / error**2) if error else len(values)
    t = float(stats.t.ppf(0.975, c - 1))
    half = t * math.sqrt(mean * (1 - mean) / n + t * t / (4 * n * n))
    ends = (mean + t * t / (2 * n) + sign * half for sign in (-1, 1))
    low, high = (100 * end / (1 + t * t / n) for end in ends)
    return low, high


def holds(interval: Interval | None, truth: float) -> bool:
    """Tell whether an interval has the truth in it."""
    return interval is not None and interval[0] - 1e-9 <= truth <= interval[1] + 1e-9


def accuracy(generator: Generator, tries: int) -> Lines:
    """Measure the intervals of one accuracy."""
    lines = [["data", "accuracy", "ICC", "Wilson", "classes redrawn", "of these: no width",
              "Student-t on classes", "Wilson, effective n"]]  # fmt: skip
    for each in ACCURACY:
        truth, home = each.truth(), np.repeat(np.arange(len(each.sizes)), each.sizes)
        found = np.zeros((tries, 5), dtype=np.bool_)
        for place in range(tries):
            values = 100.0 * (generator.random(len(home)) < each.rates(generator)[home])
            redrawn = class_bootstrap(values, home, Draws()) or (0.0, 0.0)
            found[place] = (
                holds(wilson(int(np.count_nonzero(values)), len(values)), truth),
                holds(redrawn, truth),
                redrawn[0] == redrawn[1],
                holds(t_on_classes(values, home), truth),
                holds(wilson_of_effective(values, home), truth),
            )
        named = [each.name, f"{truth:.0f}", f"{each.icc:g}"]
        lines.append(named + percents(found.mean(axis=0)))
    return lines


def changes(generator: Generator, tries: int) -> Lines:
    """Measure the interval of a paired change of nought, and the test of it."""
    lines = [["data", "ICC of direction", "classes redrawn", "Student-t on classes",
              "McNemar p ≤ 0.05"]]  # fmt: skip
    for each in CHANGES:
        home = np.repeat(np.arange(len(each.sizes)), each.sizes)
        found = np.zeros((tries, 3), dtype=np.bool_)
        for place in range(tries):
            is_b = generator.random(len(home)) < each.rates(generator)[home]
            step = np.where(generator.random(len(home)) < DISCORD, np.where(is_b, 100.0, -100.0), 0)
            p_value = mcnemar(int((step < 0).sum()), int((step > 0).sum()))
            found[place] = (
                holds(class_bootstrap(step, home, Draws()), 0),
                holds(t_on_classes(step, home), 0),
                p_value <= ALPHA,
            )
        named = [each.name, f"{each.icc:g}"]
        lines.append(named + percents(found.mean(axis=0)))
    return lines


def repeats(generator: Generator, tries: int) -> Lines:
    """Measure Student's interval of the mean over repeats."""
    lines = [["accuracies of the repeats", *(f"{n} repeats" for n in (2, 3, 5, 10))]]
    sources: dict[str, tuple[float, Callable[[int], Floats]]] = {
        "normal": (80, lambda n: generator.normal(80, 0.5, n)),
        "20 of 100 images change, each every second time": (
            80.0,
            lambda n: 70.0 + generator.binomial(20, 0.5, n),
        ),
        "1 of 100 images changes, every second time": (
            80.5,
            lambda n: 80.0 + generator.binomial(1, 0.5, n),
        ),
        "1 of 100 images changes, one time in ten": (
            80.1,
            lambda n: 80.0 + generator.binomial(1, 0.1, n),
        ),
    }
    for name, (truth, draw) in sources.items():
        shares = [
            np.mean([holds(student_t(draw(n).tolist()).ci95, truth) for _ in range(tries)])
            for n in (2, 3, 5, 10)
        ]
        lines.append([name, *(f"{100 * float(share):.1f}" for share in shares)])
    return lines


TABLES: dict[str, Table] = {"accuracy": accuracy, "changes": changes, "repeats": repeats}


if __name__ == "__main__":
    print_tables(TABLES, __doc__)
