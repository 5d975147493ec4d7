"""How often the rules of a review decide rightly, and how often its estimate holds the truth.

Run from the repository's root: `python benchmarks/coverage_review.py`. Made-up people answer
made-up images, many times over, and the harness's own functions decide; what is printed are tables
of docs/statistics.md. Seeded. Three minutes on one core; `--tables strata` prints one of them.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.simulation import Lines, Table, percents, print_tables
from harness.scores.dawid_skene import NO_VOTE, dawid_skene
from harness.scores.statistics import Stratum, of_strata

OFFERED = 4
"""Classes of an image that one says yes or no to; one or two of them are right."""


@dataclass(frozen=True, slots=True)
class People:
    """Who answers: each class is judged by itself."""

    name: str
    right: tuple[float, ...]
    """How often each says yes to a class that is right, and no to one that is not."""


GROUPS = (
    People("two, of 95 and 70 %", (0.95, 0.7)),
    People("three, all of 85 %", (0.85, 0.85, 0.85)),
    People("three, of 95, 80 and 60 %", (0.95, 0.8, 0.6)),
    People("five, of 95, 90, 80, 60 and 55 %", (0.95, 0.9, 0.8, 0.6, 0.55)),
)


def _votes(
    people: People, n: int, generator: np.random.Generator
) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    truth = np.zeros((n, OFFERED), dtype=np.bool_)
    truth[:, 0] = True
    truth[:, 1] = generator.random(n) < 0.2
    flat = truth.ravel()
    right = generator.random((len(flat), len(people.right))) < np.array(people.right)
    return np.where(right, flat[:, None], ~flat[:, None]).astype(np.int8), flat


def rules(generator: np.random.Generator, tries: int) -> Lines:
    """Images on which every class is decided rightly, and the error of the rates, in percent."""
    tries = max(1, tries // 10)
    lines: Lines = [
        ["people", "images", "majority", "Dawid and Skene", "rates, mean error in points"]
    ]
    for people in GROUPS:
        for n in (20, 100, 500):
            found = np.zeros((tries, 3))
            for each in range(tries):
                votes, truth = _votes(people, n, generator)
                majority = 2 * (votes == 1).sum(1) > (votes != NO_VOTE).sum(1)
                model = dawid_skene(votes)
                whole = [
                    (taken == truth).reshape(n, OFFERED).all(1).mean()
                    for taken in (majority, model.holds > 0.5)
                ]
                rates = np.concatenate([model.sensitivity, model.specificity])
                error = np.abs(rates - np.tile(people.right, 2)).mean()
                found[each] = (*whole, error)
            lines.append([people.name, str(n), *percents(found.mean(0))])
    return lines


def strata(generator: np.random.Generator, tries: int) -> Lines:
    """How often the estimate for all images holds the truth."""
    lines: Lines = [["chosen by a rule", "reviewed, of these", "others reviewed", "held"]]
    size = 50_000
    for chosen, n_chosen, n_others in (
        (5_000, 108, 12), (5_000, 450, 50), (25_000, 108, 12), (5_000, 1_800, 200)
    ):  # fmt: skip
        shares = (0.5, 0.05)
        true = 100 * (chosen * shares[0] + (size - chosen) * shares[1]) / size
        held = []
        for _ in range(tries):
            parts = [
                Stratum(part, int(generator.binomial(n, share)), n)
                for part, n, share in zip(
                    (chosen, size - chosen), (n_chosen, n_others), shares, strict=True
                )
            ]
            found = of_strata(parts)
            assert found is not None
            held.append(found[1][0] <= true <= found[1][1])
        lines.append(
            [str(chosen), str(n_chosen), str(n_others), *percents(np.array([np.mean(held)]))]
        )
    return lines


TABLES: dict[str, Table] = {"rules": rules, "strata": strata}

if __name__ == "__main__":
    print_tables(TABLES, __doc__)
