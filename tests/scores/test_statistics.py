"""Intervals and tests against statsmodels, SciPy and plain loops."""

import math
from itertools import permutations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from harness.scores.statistics import (
    Draws,
    class_bootstrap,
    class_weights,
    holm,
    mcnemar,
    mcnemar_each,
    student_t,
    wilson,
    wilson_of_part,
)
from scores.score_builders import drawn


@pytest.mark.parametrize("n", [1, 2, 7, 50, 46_837])
def test_wilson(n: int) -> None:
    for k in {0, 1, n // 3, n - 1, n}:
        expected = [100 * end for end in proportion_confint(k, n, method="wilson")]
        found = wilson(k, n)
        assert found == pytest.approx(expected, abs=1e-9)
        assert found is not None and 0 <= found[0] <= 100 * k / n <= found[1] <= 100


@pytest.mark.parametrize(("k", "n"), [(1, 3), (7, 50), (49, 50), (30_000, 46_837)])
def test_wilson_ends_where_the_score_test_would_just_reject(k: int, n: int) -> None:
    for end in wilson(k, n) or ():
        expected = end / 100
        z = (k / n - expected) / math.sqrt(expected * (1 - expected) / n)
        assert abs(z) == pytest.approx(stats.norm.ppf(0.975))


def test_wilson_of_nothing() -> None:
    assert wilson(0, 0) is None


@pytest.mark.parametrize(("k", "n", "whole"), [(1, 3, 4), (7, 50, 60), (350, 500, 50_000)])
def test_wilson_of_a_part_ends_where_the_score_test_would_just_reject(
    k: int, n: int, whole: int
) -> None:
    """With the variance of draws without replacement, that of the hypergeometric distribution."""
    for end in wilson_of_part(k, n, n / whole) or ():
        right = whole * end / 100
        variance = n * right / whole * (1 - right / whole) * (whole - n) / (whole - 1)
        assert abs(k - n * right / whole) / math.sqrt(variance) == pytest.approx(
            stats.norm.ppf(0.975)
        )


def test_wilson_of_a_part_of_very_many_is_wilson() -> None:
    assert wilson_of_part(7, 50, 1e-9) == pytest.approx(wilson(7, 50))
    assert wilson_of_part(0, 0, 0.5) is None


@pytest.mark.parametrize(
    ("n", "whole", "scored"), [(100, 200, 200), (500, 1000, 1000), (400, 1000, 700)]
)
def test_wilson_of_a_part_holds_the_accuracy_of_the_whole(n: int, whole: int, scored: int) -> None:
    """In the last line 300 of the images have no label: how many are drawn is chance too."""
    generator = np.random.default_rng(3)
    truth = 100 * round(0.7 * scored) / scored
    tries, held, without = 4000, 0, 0
    for _ in range(tries):
        rows = generator.permutation(whole)[:n]
        met, right = int((rows < scored).sum()), int((rows < round(0.7 * scored)).sum())
        low, high = wilson_of_part(right, met, n / whole) or (0.0, 0.0)
        held += low <= truth <= high
        low, high = wilson(right, met) or (0.0, 0.0)
        without += low <= truth <= high
    assert 0.935 < held / tries < 0.965
    assert without / tries > held / tries + 0.02  # as if all images could be drawn again


def test_wilson_ends_at_the_edge_exactly() -> None:
    assert wilson(0, 9)[0] == 0.0  # type: ignore[index]
    assert wilson(9, 9)[1] == 100.0  # type: ignore[index]


@pytest.mark.parametrize("table", [(0, 0), (0, 1), (5, 5), (3, 11), (200, 150), (0, 40)])
def test_mcnemar(table: tuple[int, int]) -> None:
    only_a, only_b = table
    matrix = [[17, only_a], [only_b, 4]]
    expected = reference_mcnemar(matrix, exact=True).pvalue if only_a + only_b else 1.0
    assert mcnemar(only_a, only_b) == pytest.approx(expected, rel=1e-9)
    assert mcnemar(only_a, only_b) == mcnemar(only_b, only_a)


def test_mcnemar_of_every_small_table_is_the_sum_of_all_divisions_as_uneven() -> None:
    for n in range(13):
        ways = [math.comb(n, k) for k in range(n + 1)]
        for only_a in range(n + 1):
            as_uneven = sum(each for each in ways if each <= ways[only_a])
            assert mcnemar(only_a, n - only_a) == pytest.approx(as_uneven / 2**n, rel=1e-12)


def test_mcnemar_of_more_than_a_float_can_hold_is_0() -> None:
    assert mcnemar(0, 2000) == 0.0


@pytest.mark.parametrize(
    "p_values", [[], [0.04], [0.01, 0.04, 0.03], [0.5, 0.5, 0.9], [0.02, 0.02, 0.02], [0.0, 1.0]]
)
def test_holm(p_values: list[float]) -> None:
    expected = multipletests(p_values, method="holm")[1] if p_values else []
    assert holm(p_values) == pytest.approx(list(expected))


@pytest.mark.parametrize("wrong", [math.nan, -0.1, 1.1, math.inf])
def test_holm_refuses_what_is_no_probability(wrong: float) -> None:
    for place in range(3):
        p_values = [0.01, 0.04]
        p_values.insert(place, wrong)
        with pytest.raises(ValueError, match="no p-values"):
            holm(p_values)


def test_holm_of_ties_does_not_depend_on_the_order() -> None:
    p_values = (0.01, 0.01, 0.02, 0.04, 0.04)
    adjusted = dict(zip(p_values, holm(p_values), strict=True))
    assert adjusted == pytest.approx({0.01: 0.05, 0.02: 0.06, 0.04: 0.08})
    for order in permutations(p_values):
        assert holm(order) == tuple(adjusted[p_value] for p_value in order)


def test_holm_against_statsmodels_on_drawn_families() -> None:
    generator = np.random.default_rng(4)
    for size in (1, 2, 5, 30, 200):
        p_values = generator.choice([0.0, 1e-300, 1e-4, 0.01, 0.05, 0.3, 1.0], size) ** 0.9
        expected = multipletests(p_values, method="holm")[1]
        assert holm(p_values.tolist()) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("values", [[1.0, 2.0], [80.1, 80.4, 79.9, 80.0], [5.0, 5.0, 5.0]])
def test_student_t(values: list[float]) -> None:
    found = student_t(values)
    deviation = np.std(values, ddof=1)
    assert found.mean == pytest.approx(np.mean(values))
    assert found.deviation == pytest.approx(deviation)
    if deviation:
        scale = deviation / math.sqrt(len(values))
        expected = stats.t.interval(0.95, len(values) - 1, found.mean, scale)
        assert found.ci95 == pytest.approx(expected)
    else:
        assert found.ci95 == (5.0, 5.0)


def test_student_t_of_few() -> None:
    single = student_t([3.0])
    assert (single.n, single.mean, single.deviation, single.ci95) == (1, 3.0, None, None)
    with pytest.raises(ValueError, match="no repeats"):
        student_t([])


def test_bootstrap_is_the_one_that_redraws_images_by_class() -> None:
    true, predicted = drawn(300, 12)
    values = 100.0 * (true == predicted)
    draws = Draws(400, 3)
    found = class_bootstrap(values, true, draws)
    ids = np.unique(true)
    means = []
    for weights in class_weights(len(ids), draws).astype(int):
        chosen = [np.flatnonzero(true == i) for i in np.repeat(ids, weights)]
        means.append(values[np.concatenate(chosen)].mean())
    assert found == pytest.approx(np.quantile(means, [0.025, 0.975]))


def test_bootstrap_agrees_with_scipy_where_every_class_has_one_image() -> None:
    generator = np.random.default_rng(1)
    values = generator.normal(size=400)
    found = class_bootstrap(values, np.arange(400), Draws(4000, 5))
    reference = stats.bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", rng=generator
    ).confidence_interval
    assert found == pytest.approx((reference.low, reference.high), abs=0.01)


def test_bootstrap_covers_the_truth_where_images_of_a_class_err_together() -> None:
    generator = np.random.default_rng(2)
    hits = independent = 0
    for trial in range(200):
        rates = generator.beta(2, 2, size=60)
        values = 100.0 * (generator.random((60, 20)) < rates[:, None]).ravel()
        home = np.repeat(np.arange(60), 20)
        low, high = class_bootstrap(values, home, Draws(300, trial)) or (0, 0)
        hits += low <= 50 <= high
        alone = wilson(int(values.sum() / 100), values.size) or (0, 0)
        independent += alone[0] <= 50 <= alone[1]
    assert hits >= 180
    assert independent < 140


def test_bootstrap_agrees_with_scipy_on_classes_of_unequal_size() -> None:
    generator = np.random.default_rng(6)
    sizes = generator.integers(1, 40, size=80)
    home = np.repeat(np.arange(80), sizes)
    values = 100.0 * (generator.random(len(home)) < generator.beta(2, 1, 80)[home])
    sums = np.bincount(home, weights=values)
    reference = stats.bootstrap(
        (sums, sizes),
        lambda total, n, axis: total.sum(axis=axis) / n.sum(axis=axis),
        paired=True,
        n_resamples=4000,
        method="percentile",
        rng=generator,
    ).confidence_interval
    found = class_bootstrap(values, home, Draws(4000, 5))
    assert found == pytest.approx((reference.low, reference.high), abs=0.5)


@pytest.mark.parametrize("rate", [0.0, 100.0])
def test_bootstrap_of_classes_that_are_all_alike_has_no_width(rate: float) -> None:
    # docs/statistics.md: no draw can differ, so it says nothing; Wilson's interval does.
    assert class_bootstrap(np.full(40, rate), np.arange(40) // 4, Draws(50)) == (rate, rate)


def test_bootstrap_does_not_depend_on_the_order_of_images_or_the_ids_of_classes() -> None:
    true, predicted = drawn(300, 12)
    values = 100.0 * (true == predicted)
    order = np.random.default_rng(0).permutation(300)
    expected = class_bootstrap(values, true, Draws(200))
    assert class_bootstrap(values[order], true[order], Draws(200)) == pytest.approx(expected)
    assert class_bootstrap(values, 7 * true + 1000, Draws(200)) == pytest.approx(expected)


def test_bootstrap_is_seeded_and_needs_two_classes() -> None:
    values = np.random.default_rng(0).normal(size=40)
    home = np.arange(40) // 4
    first, second, other = (class_bootstrap(values, home, Draws(50, seed)) for seed in (1, 1, 2))
    assert first == second
    assert first != other
    assert class_bootstrap(values, np.array([4, 4, 4, 4]), Draws()) is None
    assert class_bootstrap(np.array([]), np.array([], dtype=np.int64), Draws()) is None


def test_a_draw_takes_as_many_classes_as_there_are() -> None:
    weights = class_weights(7, Draws(500, 0))
    assert weights.shape == (500, 7)
    assert (weights.sum(axis=1) == 7).all()
    assert weights.mean() == pytest.approx(1.0)
    assert (class_weights(7, Draws(500, 1)) != weights).any()


@pytest.mark.parametrize("n", [31, 32, 33, 150, 399, 1000, 1001])
def test_mcnemar_summed_in_whole_numbers_is_written_as_scipys(n: int) -> None:
    only_a = np.arange(n + 1)
    together = mcnemar_each(only_a, n - only_a)
    for a in only_a.tolist():
        assert f"{mcnemar(a, n - a):.6g}" == f"{together[a]:.6g}", (a, n - a)
