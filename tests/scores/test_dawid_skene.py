"""Dawid and Skene's model against a case computed by hand, a naive implementation, and people of
known accuracy. Crowd-Kit 1.4.2 gives the same unsmoothed rates to six digits (docs/statistics.md).
"""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.scores.dawid_skene import NO_VOTE, dawid_skene

Votes = Sequence[Sequence[int]]


def naive(votes: Votes, smoothing: float, rounds: int) -> tuple[list[float], list[list[float]]]:
    """The same in plain loops and products, as the paper's equations 2.3 to 2.5 have it."""
    people = range(len(votes[0]))
    holds = [sum(v for v in row if v >= 0) / sum(1 for v in row if v >= 0) for row in votes]
    for _ in range(rounds):
        share = (sum(holds) + smoothing) / (len(holds) + 2 * smoothing)
        right: list[list[float]] = [[], []]
        for kind, weights in ((1, holds), (0, [1 - h for h in holds])):
            for person in people:
                seen = [(w, row[person]) for w, row in zip(weights, votes, strict=True)]
                part = sum(w for w, v in seen if v == kind) + smoothing
                right[1 - kind].append(part / (sum(w for w, v in seen if v >= 0) + 2 * smoothing))
        up, down = right
        holds = []
        for row in votes:
            yes = share * math.prod(
                up[p] if row[p] == 1 else 1 - up[p] for p in people if row[p] >= 0
            )
            no = (1 - share) * math.prod(
                down[p] if row[p] == 0 else 1 - down[p] for p in people if row[p] >= 0
            )
            holds.append(yes / (yes + no))
    return holds, right


def table(votes: Votes) -> NDArray[np.int8]:
    return np.array(votes, dtype=np.int8)


def simulated(
    n: int, sensitivity: Sequence[float], specificity: Sequence[float]
) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    draw = np.random.default_rng(11)
    truth = draw.random(n) < 0.4
    columns = [
        np.where(truth, draw.random(n) < up, draw.random(n) > down)
        for up, down in zip(sensitivity, specificity, strict=True)
    ]
    votes = np.stack(columns, axis=1).astype(np.int8)
    votes[:, 0][draw.random(n) < 0.3] = NO_VOTE
    return votes, truth


def test_of_one_person_alone_nothing_can_be_learnt() -> None:
    """One yes, one no, smoothed by one: by symmetry sensitivity = specificity = u, prevalence 1/2,
    and the item with the yes holds with h = u. The rate is u = (h + 1) / (h + (1 - h) + 2), so that
    h = (h + 1) / 3, which only 1/2 fulfils.
    """
    found = dawid_skene(table([[1], [0]]))
    assert found.holds == pytest.approx([0.5, 0.5], abs=1e-8)
    assert (*found.sensitivity, *found.specificity) == pytest.approx((0.5, 0.5), abs=1e-8)
    assert found.prevalence == pytest.approx(0.5)


def test_one_round_by_hand() -> None:
    """Three people, two items: all say yes of the first, two say no of the second. Unsmoothed, the
    shares of yes 1 and 1/3 give prevalence 2/3; sensitivities 1 / (4/3) = 3/4 of those who said no,
    1 of the third; specificities 1, 1, 0. Odds of the second item: (2/3) (1/4) (1/4) (1) to
    (1/3) (1) (1) (1) = 1/24 to 1/3, so 1/9.
    """
    votes = [[1, 1, 1], [0, 0, 1]]
    by_hand, (up, down) = naive(votes, 0.0, 1)
    assert (up, down) == ([0.75, 0.75, 1.0], [1.0, 1.0, 0.0])
    assert by_hand == pytest.approx([1.0, 1 / 9])


@pytest.mark.parametrize("smoothing", [0.0, 1.0])
def test_it_is_the_naive_implementation(smoothing: float) -> None:
    votes, _ = simulated(60, (0.9, 0.8, 0.7), (0.95, 0.9, 0.6))
    rows = [row for row in votes.tolist() if max(row) >= 0]
    found = dawid_skene(table(rows), smoothing)
    holds, (up, down) = naive(rows, smoothing, found.rounds)
    assert found.converged
    assert found.holds == pytest.approx(holds, abs=1e-9)
    # The last rates are of the last probabilities; the loop's are of those before.
    assert found.sensitivity == pytest.approx(up, abs=1e-8)
    assert found.specificity == pytest.approx(down, abs=1e-8)


def test_people_of_known_accuracy_are_found_again() -> None:
    sensitivity, specificity = (0.95, 0.85, 0.75, 0.6), (0.98, 0.9, 0.85, 0.7)
    votes, truth = simulated(4000, sensitivity, specificity)
    found = dawid_skene(votes)
    assert found.sensitivity == pytest.approx(sensitivity, abs=0.03)
    assert found.specificity == pytest.approx(specificity, abs=0.03)
    assert found.prevalence == pytest.approx(truth.mean(), abs=0.02)
    majority = (votes == 1).sum(axis=1) * 2 > (votes != NO_VOTE).sum(axis=1)
    right = float(np.mean((found.holds > 0.5) == truth))
    assert right > float(np.mean(majority == truth)) + 0.02


def test_it_is_the_same_each_time_and_stays_within_bounds() -> None:
    votes = table([[1, 1], [1, 1], [0, 0], [1, NO_VOTE]])
    one, two = dawid_skene(votes, 0.0), dawid_skene(votes, 0.0)
    assert (one.holds == two.holds).all()
    assert np.isfinite(one.holds).all() and one.converged
    assert one.holds == pytest.approx([1, 1, 0, 1], abs=1e-6)


def test_an_item_without_a_vote_is_refused_and_no_item_is_none() -> None:
    with pytest.raises(ValueError, match="no vote"):
        dawid_skene(table([[1, 0], [NO_VOTE, NO_VOTE]]))
    assert len(dawid_skene(np.zeros((0, 2), dtype=np.int8)).holds) == 0
