"""What levels do to an accuracy, against statsmodels, plain loops, figures worked out by hand, and
made-up answers whose truth is known.
"""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.contingency_tables import cochrans_q
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar

from harness.scores.effects import (
    Floats,
    cochran,
    interval,
    range_interval,
    redrawn,
    variance_shares,
)
from harness.scores.statistics import Draws, class_bootstrap, class_weights

Bools = NDArray[np.bool_]
HOME = np.array([3, 3, 3, 7, 7, 9])
DRAWS = Draws(300, 5)


def answers(seed: int, k: int, n: int) -> Bools:
    generator = np.random.default_rng(seed)
    shared = generator.random(n) < 0.6
    return np.where(generator.random((k, n)) < 0.3, generator.random((k, n)) < 0.4, shared)


@pytest.mark.parametrize(("k", "n"), [(2, 40), (3, 40), (3, 900), (7, 60), (12, 300)])
def test_cochran(k: int, n: int) -> None:
    for seed in range(10):
        right = answers(seed, k, n)
        expected = cochrans_q(right.T.astype(int))
        assert cochran(right) == pytest.approx(expected.pvalue, rel=1e-9)


def test_cochran_of_two_levels_is_mcnemar_without_correction() -> None:
    right = answers(3, 2, 80)
    table = [[int(((right[0] == a) & (right[1] == b)).sum()) for b in (1, 0)] for a in (1, 0)]
    expected = reference_mcnemar(table, exact=False, correction=False)
    assert cochran(right) == pytest.approx(expected.pvalue, rel=1e-9)


def test_cochran_where_no_image_tells_the_levels_apart() -> None:
    assert cochran(np.array([[True, False, True]] * 4)) == 1
    assert cochran(np.zeros((3, 0), dtype=np.bool_)) == 1


@pytest.mark.parametrize("shape", [(2, 3), (4, 3), (2, 3, 4), (3, 3, 2)])
def test_shares_of_variance(shape: tuple[int, ...]) -> None:
    """Factors and pairs are the model; what a model of one value a cell leaves is the rest."""
    accuracies = np.random.default_rng(len(shape)).normal(70, 4, shape)
    names = "abc"[: len(shape)]
    cells = np.array(list(np.ndindex(shape)))
    frame = pd.DataFrame(cells, columns=list(names)).assign(y=accuracies.ravel())
    alone = [f"C({each})" for each in names]
    pairs = [f"C({a}):C({b})" for a, b in combinations(names, 2)]
    # Of two factors the pair is what is left: a model that has it, too, leaves nothing.
    terms = alone + (pairs if len(shape) == 3 else [])
    squares = anova_lm(ols(f"y ~ {' + '.join(terms)}", frame).fit())["sum_sq"]
    found = variance_shares(accuracies)
    assert found is not None
    assert sum(found.values()) == pytest.approx(100)
    assert min(found.values()) >= 0
    for axis, term in enumerate(alone):
        assert found[axis,] == pytest.approx(100 * squares[term] / squares.sum())
    if len(shape) == 2:
        assert found[0, 1] == pytest.approx(100 * squares["Residual"] / squares.sum())
        assert found[()] == pytest.approx(0, abs=1e-9)
        return
    for axes, term in zip(combinations(range(3), 2), pairs, strict=True):
        assert found[axes] == pytest.approx(100 * squares[term] / squares.sum())
    assert found[()] == pytest.approx(100 * squares["Residual"] / squares.sum())


def test_shares_of_variance_that_one_factor_takes_alone() -> None:
    found = variance_shares(np.array([[60.0, 60.0, 60.0], [70.1, 70.1, 70.1]]))
    assert found is not None
    assert found == pytest.approx({(0,): 100, (1,): 0, (0, 1): 0, (): 0}, abs=1e-9)
    assert min(found.values()) >= 0


@pytest.mark.parametrize("value", [0.1, 100 / 3, 70.1, 66.66666])
def test_shares_of_no_variance(value: float) -> None:
    """Whose mean is not quite the value: rounding is no variance."""
    assert variance_shares(np.full((3, 7), value)) is None


def test_redrawn_accuracies_are_those_of_the_class_bootstrap() -> None:
    generator = np.random.default_rng(1)
    home = generator.integers(0, 30, 400)
    right = answers(2, 3, 400)
    table = redrawn(right, np.ones_like(right), home, DRAWS)
    assert table is not None
    assert table.shape == (300, 3)
    own, difference = 100.0 * right[1], 100.0 * right[2] - 100.0 * right[0]
    assert interval(table[:, 1]) == pytest.approx(class_bootstrap(own, home, DRAWS))
    assert interval(table[:, 2] - table[:, 0]) == pytest.approx(
        class_bootstrap(difference, home, DRAWS)
    )


def test_levels_that_count_other_images() -> None:
    """Each draw built image by image: what does not count is in neither part of the fraction."""
    right = np.array([[1, 0, 1, 1, 0, 1], [1, 1, 0, 0, 1, 1]], dtype=np.bool_)
    counted = np.array([[1, 1, 1, 1, 1, 1], [1, 0, 1, 1, 0, 1]], dtype=np.bool_)
    table = redrawn(right, counted, HOME, DRAWS)
    assert table is not None
    for weights, found in zip(class_weights(3, DRAWS).astype(int), table, strict=True):
        taken = np.repeat(np.arange(6), weights[[0, 0, 0, 1, 1, 2]])
        for level in range(2):
            those = [place for place in taken if counted[level, place]]
            expected = 100 * np.mean([right[level, place] for place in those])
            assert found[level] == pytest.approx(expected)


def test_draws_in_which_nothing_counts() -> None:
    right = np.array([[1, 1, 0, 0, 1, 1]] * 2, dtype=np.bool_)
    counted = np.array([[1] * 6, [0, 0, 0, 1, 1, 0]], dtype=np.bool_)
    table = redrawn(right, counted, HOME, DRAWS)
    assert table is not None
    is_lost = np.isnan(table[:, 1])
    assert (is_lost == (class_weights(3, DRAWS)[:, 1] == 0)).all()
    assert 0.1 < is_lost.mean() < 0.5
    assert not np.isnan(table[:, 0]).any()
    assert interval(table[:, 1]) == (50, 50)
    ends = range_interval(np.array([200 / 3, 50]), table)
    assert ends == pytest.approx(range_interval(np.array([200 / 3, 50]), table[~is_lost]))
    nothing = np.full((300, 2), np.nan)
    assert interval(nothing[:, 0]) is None
    assert range_interval(np.array([50.0, 50.0]), nothing) is None


def test_one_class_says_nothing_of_classes() -> None:
    right = answers(0, 2, 6)
    assert redrawn(right, np.ones_like(right), np.full(6, 4), DRAWS) is None


def test_interval_is_of_percentiles() -> None:
    assert interval(np.arange(401.0)) == pytest.approx((10, 390))
    assert interval(np.append(np.arange(401.0), np.nan)) == pytest.approx((10, 390))


def levels_at(accuracies: tuple[float, ...], errors: dict[int, Floats]) -> Floats:
    """Redrawn accuracies: those of the levels named move, the others stay."""
    table = np.tile(np.array(accuracies), (len(next(iter(errors.values()))), 1))
    for level, own in errors.items():
        table[:, level] += own
    return table


def test_the_range_of_two_levels_well_apart_is_their_difference() -> None:
    table = levels_at((60.0, 50.0), {0: np.linspace(-2, 3, 401)})
    found = range_interval(np.array([60.0, 50.0]), table)
    assert found == pytest.approx((10 - 1.875, 10 + 2.875))
    assert found == pytest.approx(interval(table[:, 0] - table[:, 1]))


def test_the_range_allows_for_each_pair_that_may_be_the_largest() -> None:
    """Of 100 draws two are low in the one of equal bests, and two others in the other one: too few
    to move the lower end of either pair, 2.5 being beyond, and enough to move that of both.
    """
    one, other = np.zeros(100), np.zeros(100)
    one[:2], other[2:4] = -1, -3
    accuracies = (50.0, 60.0, 60.0)
    assert range_interval(np.array(accuracies), levels_at(accuracies, {1: one})) == (10, 10)
    both = levels_at(accuracies, {1: one, 2: other})
    assert range_interval(np.array(accuracies), both) == pytest.approx((9, 10))


def test_the_upper_end_of_the_range_is_that_of_the_worst_pair() -> None:
    accuracies = (50.0, 59.0, 60.0)
    table = levels_at(accuracies, {1: np.linspace(-4, 4, 401), 2: np.linspace(-1, 1, 401)})
    found = range_interval(np.array(accuracies), table)
    assert found is not None
    assert found[1] == pytest.approx(59 - 50 + 3.8)


def test_the_range_leaves_out_pairs_that_cannot_be_the_largest() -> None:
    accuracies = (50.0, 60.0, 20.0)
    table = levels_at(accuracies, {0: np.linspace(-3, 3, 401), 1: np.linspace(-1, 1, 401)})
    assert range_interval(np.array(accuracies), table) == pytest.approx((40 - 0.95, 40 + 0.95))


def test_a_range_is_never_below_nought() -> None:
    errors = np.random.default_rng(0).normal(0, 2, (400, 3))
    accuracies = np.array([60.0, 60.5, 61.0])
    found = range_interval(accuracies, accuracies + errors)
    assert found is not None
    assert found[0] == 0
    assert found[1] > 1
    assert range_interval(accuracies[:1], accuracies[:1] + errors[:, :1]) == (0, 0)


@pytest.mark.parametrize(
    ("truth", "classes"),
    [((60, 60), 20), ((52, 62), 64), ((60, 60, 60), 64), ((50, 60, 60), 20), ((60,) * 7, 20)],
)
def test_known_effects_come_out_within_their_intervals(
    truth: tuple[int, ...], classes: int
) -> None:
    """300 tries: 95 % come out as less than 90 % once in 8,000. benchmarks/coverage_study.py has
    2,000 tries, more classes and more levels.
    """
    generator = np.random.default_rng([classes, *truth])
    home, k = np.repeat(np.arange(classes), 20), len(truth)
    everything = np.ones((k, len(home)), dtype=np.bool_)
    held = np.zeros((300, 2), dtype=np.bool_)
    p_values = np.zeros(300)
    for place in range(300):
        rates = np.array(truth)[:, None] + generator.uniform(-25, 25, classes)
        same, other = generator.random(len(home)), generator.random((k, len(home)))
        level = np.where(generator.random((k, len(home))) < 0.2, other, same)
        right = 100 * level < rates[:, home]
        table, found = redrawn(right, everything, home, DRAWS), 100 * right.mean(axis=1)
        assert table is not None
        for column, (ends, true) in enumerate(
            [
                (interval(table[:, -1] - table[:, 0]), truth[-1] - truth[0]),
                (range_interval(found, table), max(truth) - min(truth)),
            ]
        ):
            assert ends is not None
            held[place, column] = ends[0] <= true <= ends[1]
        assert ends[0] <= np.ptp(found) <= ends[1]
        p_values[place] = cochran(right)
    assert held.mean(axis=0).min() >= 0.9
    seen = (p_values <= 0.05).mean()
    assert seen <= 0.1 if len(set(truth)) == 1 else seen > 0.95
