"""Ranks, tiers and pairs against plain loops, statsmodels, and the two-run comparison."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.multitest import multipletests

from harness.leaderboard.numbers import pairs as pairs_module
from harness.leaderboard.numbers.pairs import count_pairs, pair_intervals
from harness.leaderboard.numbers.ranking import (
    Marks,
    rank_intervals,
    ranks_of,
    tiers_of,
)
from harness.scores.statistics import Draws, class_bootstrap, class_weights, mcnemar, mcnemar_each


def drawn(m: int, n: int, k: int, seed: int = 0, answered: float = 1.0) -> Marks:
    """m models from good to bad over n images of k classes of differing hardness."""
    generator = np.random.default_rng(seed)
    home = np.sort(generator.integers(k, size=n))
    hard = generator.normal(0, 0.1, size=k)[home]
    levels = np.linspace(0.85, 0.6, m)[:, None]
    scored = generator.random((m, n)) < answered
    return Marks((generator.random((m, n)) < levels + hard) & scored, scored, home)


def test_mcnemar_of_many_is_mcnemar_of_each() -> None:
    generator = np.random.default_rng(0)
    tables = generator.integers(0, 60, size=(300, 2))
    large = generator.integers(0, 9000, size=(100, 2))
    ties = np.array([(0, 0), (0, 1), (4, 4), (4000, 4000), (4000, 4001), (0, 5000)])
    tables = np.concatenate([tables, large, ties])
    found = mcnemar_each(tables[:, 0], tables[:, 1])
    assert found == pytest.approx([mcnemar(int(a), int(b)) for a, b in tables], rel=1e-9)


def test_pairs_are_counted_and_tested_as_one_by_one() -> None:
    marks = drawn(5, 400, 20, answered=0.9)
    pairs = count_pairs(marks)
    for a, b in combinations(range(5), 2):
        both = marks.scored[a] & marks.scored[b]
        right_a, right_b = marks.right[a][both], marks.right[b][both]
        table = [
            [int((right_a & right_b).sum()), int((right_a & ~right_b).sum())],
            [int((~right_a & right_b).sum()), int((~right_a & ~right_b).sum())],
        ]
        assert pairs.n[a, b] == pairs.n[b, a] == both.sum()
        assert (pairs.only_a[a, b], pairs.only_a[b, a]) == (table[0][1], table[1][0])
        expected = reference_mcnemar(table, exact=True).pvalue
        assert pairs.p_value[a, b] == pairs.p_value[b, a] == pytest.approx(expected, rel=1e-9)


def right_on(images: Sequence[range]) -> Marks:
    """Models that are right on these of 100 images, and on no other."""
    right = np.array([[each in own for each in range(100)] for own in images])
    return Marks(right, np.ones_like(right), np.arange(100) % 10)


def test_tiers_of_a_case_made_by_hand() -> None:
    # b is not separable from a, c is; d is not from c; and that b and c are not from each other
    # makes no difference, since b is in a's tier already.
    marks = right_on([range(40), range(50, 88), range(29), range(24)])
    p_value = count_pairs(marks).p_value
    assert p_value[0, 1] > 0.5 and p_value[0, 2] < 0.001 and p_value[0, 3] < 0.001
    assert p_value[1, 2] > 0.3 and p_value[2, 3] == 0.0625
    assert tiers_of(marks) == [1, 1, 2, 2]


def test_holm_keeps_in_the_tier_what_a_single_test_would_part() -> None:
    marks = right_on([range(46), range(40), range(40), range(40)])
    assert count_pairs(marks).p_value[0].tolist() == [1, 0.03125, 0.03125, 0.03125]  # Holm: 0.09
    assert tiers_of(marks) == [1, 1, 1, 1]
    assert tiers_of(Marks(marks.right[:2], marks.scored[:2], marks.home)) == [1, 2]


def test_equal_models_share_tier_and_rank() -> None:
    one = drawn(1, 600, 30)
    marks = Marks(np.repeat(one.right, 3, axis=0), np.repeat(one.scored, 3, axis=0), one.home)
    pairs = count_pairs(marks)
    assert (pairs.p_value == 1).all()
    assert tiers_of(marks) == [1, 1, 1]
    assert rank_intervals(marks, Draws(200)) == [(1, 1)] * 3
    assert ranks_of([70.0, 70.0, 70.0]) == [1, 1, 1]


@pytest.mark.parametrize("answered", [1.0, 0.9])
def test_tiers_against_plain_loops(answered: float) -> None:
    marks = drawn(9, 900, 30, answered=answered)
    pairs = count_pairs(marks)
    left, tier, expected = list(range(9)), 0, [0] * 9
    while left:
        tier += 1
        leader, rest = left[0], left[1:]
        tables = [(pairs.only_a[leader, b], pairs.only_a[b, leader]) for b in rest]
        p_values = [mcnemar(int(a), int(b)) for a, b in tables]
        parted = multipletests(p_values, alpha=0.05, method="holm")[0] if rest else []
        left = [b for b, is_parted in zip(rest, parted, strict=True) if is_parted]
        for member in {leader, *rest} - set(left):
            expected[member] = tier
    found = tiers_of(marks)
    assert found == expected
    assert 2 <= max(found) < 9


def test_no_model_and_one_model() -> None:
    marks = drawn(1, 50, 5)
    assert tiers_of(marks) == [1]
    assert tiers_of(Marks(marks.right[:0], marks.scored[:0], marks.home)) == []
    assert rank_intervals(marks, Draws(50)) == [(1, 1)]
    assert pair_intervals(marks, Draws(50)).shape == (0, 2)


def test_ranks_count_the_higher_ones() -> None:
    assert ranks_of([80.0, 70.0, 70.0, None, 60.0]) == [1, 2, 2, 5, 4]


@pytest.mark.parametrize("answered", [1.0, 0.7])
def test_rank_intervals_against_plain_loops(answered: float) -> None:
    marks = drawn(6, 240, 12, seed=3, answered=answered)
    draws = Draws(150, 4)
    ids = np.unique(marks.home)
    ranks = []
    for weights in class_weights(len(ids), draws).astype(int):
        images = np.concatenate(
            [np.flatnonzero(marks.home == each) for each in np.repeat(ids, weights)]
        )
        hits = marks.right[:, images].sum(axis=1) / marks.scored[:, images].sum(axis=1)
        ranks.append([1 + sum(other > own for other in hits) for own in hits])
    expected = []
    for column in np.sort(np.array(ranks), axis=0).T:
        low, high = int(np.floor(0.025 * 149)), int(np.ceil(0.975 * 149))
        expected.append((column[low], column[high]))
    found = rank_intervals(marks, draws)
    assert found == expected
    assert any(low < high for low, high in found)


def test_pair_intervals_are_those_of_two_runs_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs_module, "_PAIRS", 100)  # so that there are several blocks
    monkeypatch.setattr(pairs_module, "_DRAWN", 30)
    marks = drawn(40, 300, 10, seed=1)
    draws = Draws(100, 2)
    found = pair_intervals(marks, draws)
    pairs = list(combinations(range(40), 2))
    assert len(found) == len(pairs)
    for (a, b), interval in zip(pairs, found, strict=True):
        step = 100.0 * marks.right[a] - 100.0 * marks.right[b]
        assert interval == pytest.approx(class_bootstrap(step, marks.home, draws))


def test_pair_intervals_are_of_common_images() -> None:
    marks = drawn(3, 300, 10, seed=1, answered=0.8)
    draws = Draws(100, 2)
    both = marks.scored[0] & marks.scored[2]
    step = 100.0 * marks.right[0][both] - 100.0 * marks.right[2][both]
    expected = class_bootstrap(step, marks.home[both], draws)
    assert pair_intervals(marks, draws)[1] == pytest.approx(expected)


def test_pairs_without_common_classes_have_no_interval() -> None:
    scored = np.array([[True, True, True, False, False], [True, False, False, True, True]])
    marks = Marks(scored, scored, np.array([0, 1, 2, 3, 4]))
    assert np.isnan(pair_intervals(marks, Draws(20))).tolist() == [[True, True]]
    assert count_pairs(marks).n[0, 1] == 1


def test_one_class_gives_no_interval_and_says_nothing_of_ranks() -> None:
    scored = np.ones((3, 6), dtype=np.bool_)
    marks = Marks(scored, scored, np.zeros(6, dtype=np.int64))
    assert rank_intervals(marks, Draws(20)) == [(1, 3)] * 3
    assert np.isnan(pair_intervals(marks, Draws(20))).tolist() == [[True, True]] * 3
