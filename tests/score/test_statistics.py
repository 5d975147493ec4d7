"""Intervals and tests against statsmodels, SciPy and plain loops."""

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from harness.score.statistics import (
    Draws,
    class_bootstrap,
    class_weights,
    holm,
    mcnemar,
    student_t,
    wilson,
)
from score.score_builders import drawn


@pytest.mark.parametrize("n", [1, 2, 7, 50, 46_837])
def test_wilson(n: int) -> None:
    for k in {0, 1, n // 3, n - 1, n}:
        expected = [100 * end for end in proportion_confint(k, n, method="wilson")]
        found = wilson(k, n)
        assert found == pytest.approx(expected, abs=1e-9)
        assert found is not None and 0 <= found[0] <= 100 * k / n <= found[1] <= 100


def test_wilson_of_nothing() -> None:
    assert wilson(0, 0) is None


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


@pytest.mark.parametrize(
    "p_values", [[], [0.04], [0.01, 0.04, 0.03], [0.5, 0.5, 0.9], [0.02, 0.02, 0.02], [0.0, 1.0]]
)
def test_holm(p_values: list[float]) -> None:
    expected = multipletests(p_values, method="holm")[1] if p_values else []
    assert holm(p_values) == pytest.approx(list(expected))


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
