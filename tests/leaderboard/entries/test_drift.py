"""The trend test against SciPy and by simulation."""

import numpy as np
import pytest
from scipy import stats

from harness.leaderboard.entries.rules.suspicions import trend


def test_one_stratum_is_the_correlation_of_place_and_answer() -> None:
    right = np.random.default_rng(1).random(500) < np.linspace(0.5, 0.7, 500)
    correlation = stats.pearsonr(np.arange(500), right).statistic
    z = trend(right, np.zeros(500, dtype=np.int64))
    assert z == pytest.approx(correlation * np.sqrt(499))


def test_p_values_are_uniform_without_a_trend() -> None:
    generator = np.random.default_rng(2)
    strata = generator.integers(0, 20, 400)
    chances = generator.random(20)
    z = [trend(generator.random(400) < chances[strata], strata) for _ in range(2000)]
    assert stats.kstest(z, "norm").pvalue > 0.01


def test_an_order_by_class_is_no_trend_and_a_trend_within_classes_is_one() -> None:
    generator = np.random.default_rng(3)
    sorted_classes = np.repeat(np.arange(10), 100)
    by_class = generator.random(1000) < np.linspace(0.2, 0.9, 10)[sorted_classes]
    assert abs(trend(by_class, sorted_classes)) < 3.3
    assert trend(by_class, np.zeros(1000, dtype=np.int64)) > 5
    mixed = np.tile(np.arange(10), 100)
    falling = generator.random(1000) < np.linspace(0.9, 0.6, 1000)
    assert trend(falling, mixed) < -3.3


def test_nothing_tells_nothing() -> None:
    assert trend(np.ones(10, dtype=np.bool_), np.zeros(10, dtype=np.int64)) == 0
    assert trend(np.zeros(0, dtype=np.bool_), np.zeros(0, dtype=np.int64)) == 0
