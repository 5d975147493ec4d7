"""How often the intervals of agreement hold the truth.

Run from the repository's root: `python benchmarks/coverage_agreement.py`. Three people answer
made-up images, many times over; what is printed are tables of docs/statistics.md, percent of the
tries.
Seeded. Some four minutes on one core; `--tables classes` prints one of them.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.simulation import Lines, Table, percents, print_tables
from harness.scores.agreement import (
    Agreement,
    ClassAgreement,
    Codes,
    class_agreement,
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    masi_distances,
    raw_agreement,
)
from harness.scores.statistics import Draws, Interval

Generator = np.random.Generator
CLASSES, PEOPLE, MANY = 40, 3, 200_000
DRAWS = Draws(400)
"""Fewer than `harness review agree` makes, which widens the spread of an interval's ends, and not
where they are."""
SETS = [frozenset({each}) for each in range(CLASSES)]
SETS += [frozenset({each, (each + 1) % CLASSES}) for each in range(CLASSES)]
MASI = masi_distances(SETS)
MEASURES: dict[str, Callable[[Codes, Draws | None], Agreement]] = {
    "raw": raw_agreement,
    "Cohen": lambda codes, draws: cohen_kappa(codes[:, :2], draws),
    "Fleiss": fleiss_kappa,
    "alpha": krippendorff_alpha,
    "alpha, MASI": lambda codes, draws: krippendorff_alpha(codes, draws, MASI),
}


@dataclass(frozen=True, slots=True)
class People:
    """How three people answer."""

    name: str
    right: float
    """How often one names the class alone; else it is the class with the next one or, as often,
    any class."""
    classes: int = CLASSES
    missing: float = 0.0

    def codes(self, n: int, generator: Generator) -> Codes:
        """Draw the answers to n images: [n, people]."""
        shape = (n, PEOPLE)
        truth = generator.integers(0, self.classes, (n, 1))
        chance = generator.integers(0, self.classes, shape)
        other = np.where(generator.random(shape) < 0.5, truth + CLASSES, chance)
        found = np.where(generator.random(shape) < self.right, truth, other)
        return np.where(generator.random(shape) < self.missing, -1, found).astype(np.int64)


KINDS = (
    People("they agree often (90 % right)", 0.9),
    People("they agree half of the time (70 % right)", 0.7),
    People("two classes, 90 % right", 0.9, classes=2),
    People("70 % right, a third of the answers missing", 0.7, missing=1 / 3),
)


def measures(generator: Generator, tries: int) -> Lines:
    """Measure how often each interval holds the measure of very many images."""
    lines = [["people", "images", *MEASURES]]
    for kind in KINDS:
        many = kind.codes(MANY, generator)
        truths = [measure(many, None).value or 0.0 for measure in MEASURES.values()]
        for n in (20, 50, 120, 500):
            held = np.zeros(len(MEASURES))
            given = np.zeros(len(MEASURES))
            for _ in range(tries):
                codes = kind.codes(n, generator)
                for place, measure in enumerate(MEASURES.values()):
                    ends = measure(codes, DRAWS).ci95
                    given[place] += ends is not None
                    held[place] += _holds(ends, truths[place])
            lines.append([kind.name, str(n), *percents(held / np.maximum(given, 1))])
    return lines


def classes(generator: Generator, tries: int) -> Lines:
    """Measure how often the interval of one class's alpha holds it, by how many images name it."""
    lines = [["the class is in", "it is named in", "alpha"]]
    for rate in (0.01, 0.025, 0.05, 0.1, 0.25):
        truth = _of_class(MANY, rate, generator, None).alpha.value or 0.0
        held: dict[str, list[bool]] = {"fewer than 10 images": [], "10 images or more": []}
        for _ in range(tries):
            found = _of_class(200, rate, generator, DRAWS)
            name = "fewer than 10 images" if found.n < 10 else "10 images or more"
            held[name].append(_holds(found.alpha.ci95, truth))
        for name, each in held.items():
            if len(each) >= tries / 20:
                share = percents(np.array([np.mean(each)]))
                lines.append([f"{100 * rate:g} % of 200 images", name, *share])
    return lines


def _holds(ends: Interval | None, truth: float) -> bool:
    return ends is not None and ends[0] <= truth <= ends[1]


def _of_class(n: int, rate: float, generator: Generator, draws: Draws | None) -> ClassAgreement:
    """Draw answers to n images of which `rate` show the class, which four of five people see."""
    there = generator.random((n, 1)) < rate
    named = generator.random((n, PEOPLE)) < np.where(there, 0.8, 0.005)
    counts = named.sum(1, dtype=np.float64)[None]
    (found,) = class_agreement(counts, np.full(n, float(PEOPLE)), draws)
    return found


TABLES: dict[str, Table] = {"measures": measures, "classes": classes}

if __name__ == "__main__":
    print_tables(TABLES, __doc__)
