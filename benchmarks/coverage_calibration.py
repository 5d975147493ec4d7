"""How often the intervals of calibration hold the truth.

Run from the repository's root: `python benchmarks/coverage_calibration.py`. Data are made up whose
truth is known, many times over, and given to the harness's own functions; what is printed is a
table of docs/statistics.md, percent of the tries. Seeded. Some four minutes on two cores.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.simulation import Lines, Table, percents, print_tables
from harness.scores.calibration import auroc, calibration_error, ranked
from harness.scores.statistics import Draws

Generator = np.random.Generator
DATA = (
    *((c, m, excess, 0.0) for excess in (0.0, 0.02, 0.05, 0.15) for c, m in ((100, 10), (100, 50))),
    *((c, 50, 0.15, 0.1) for c in (5, 20, 100)),
)
"""Classes, images of each, how far probabilities are above the accuracy, and the deviation of that
from class to class."""
LOW, HIGH = 0.4, 0.95


def calibration(generator: Generator, tries: int) -> Lines:
    """Measure the intervals of the expected calibration error and of the AUROC."""
    lines = [["classes, images", "true ECE", "by class", "mean ECE", "by chance", "ECE's interval",
              "DeLong"]]  # fmt: skip
    for c, m, excess, spread in DATA:
        home = np.repeat(np.arange(c), m)
        area = _true_area(excess)
        found, means = np.zeros((tries, 2), dtype=np.bool_), np.zeros((tries, 2))
        for place in range(tries):
            sure = generator.uniform(LOW, HIGH, size=len(home))
            shift = generator.uniform(-spread, spread, size=c)[home] * 3**0.5
            right = generator.random(len(home)) < np.clip(sure - excess + shift, 0, 1)
            order = ranked(sure)
            error = calibration_error(order, sure, right, home, Draws())
            _, ends = auroc(order, right)
            assert error.ci95 is not None and ends is not None
            found[place] = (
                error.ci95[0] <= 100 * excess <= error.ci95[1], ends[0] <= area <= ends[1]
            )  # fmt: skip
            means[place] = error.ece, error.expected
        ece, chance = means.mean(axis=0)
        lines.append([f"{c} of {m}", f"{100 * excess:g}", f"± {100 * spread:g}", f"{ece:.2f}",
                      f"{chance:.2f}", *percents(found.mean(axis=0))])  # fmt: skip
    return lines


def _true_area(excess: float) -> float:
    """Give the AUROC of all images there could be, in percent, by a grid of probabilities."""
    sure = np.linspace(LOW, HIGH, 4001)
    right = sure - excess
    wrong = 1 - right
    below = np.cumsum(wrong) - wrong / 2
    return 100 * float((right * below).sum() / (right.sum() * wrong.sum()))


TABLES: dict[str, Table] = {"calibration": calibration}

if __name__ == "__main__":
    print_tables(TABLES, __doc__)
