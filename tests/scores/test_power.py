"""What difference a number of pairs can show, against statsmodels, a published figure, chance."""

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar

from harness.scores.statistics import detectable_difference, mcnemar_each, mcnemar_power


@pytest.mark.parametrize(
    ("n", "discordant", "difference"), [(12, 0.5, 0.5), (12, 0.9, 0.4), (9, 1.0, 0.6), (12, 0.3, 0)]
)
def test_power_is_the_sum_over_all_tables_that_statsmodels_rejects(
    n: int, discordant: float, difference: float
) -> None:
    shares = [(discordant + difference) / 2, (discordant - difference) / 2, 1 - discordant]
    found = 0.0
    for better in range(n + 1):
        for worse in range(n + 1 - better):
            table = [[n - better - worse, better], [worse, 0]]
            p_value = reference_mcnemar(table, exact=True).pvalue if better + worse else 1.0
            if p_value <= 0.05:
                counts = [better, worse, n - better - worse]
                found += stats.multinomial.pmf(counts, n, shares)
    assert mcnemar_power(n, discordant, difference) == pytest.approx(found, abs=1e-12)


def test_power_is_the_published_one() -> None:
    """G*Power's manual, chapter 5, after O'Brien, SUGI 27, 2002: odds ratio 0.25, 40 % of 50
    pairs discordant, one-sided at 5 %: 0.839343. Of two sides at 10 %, the other adds 0.00001.
    """
    assert mcnemar_power(50, 0.4, 0.24, level=0.10) == pytest.approx(0.839343, abs=2e-5)


def test_power_is_how_often_simulated_models_are_told_apart() -> None:
    n, discordant, difference, draws = 400, 0.15, 0.05, 20_000
    shares = [(discordant + difference) / 2, (discordant - difference) / 2, 1 - discordant]
    tables = np.random.default_rng(0).multinomial(n, shares, size=draws)
    rejected = float((mcnemar_each(tables[:, 0], tables[:, 1]) <= 0.05).mean())
    power = mcnemar_power(n, discordant, difference)
    assert abs(rejected - power) < 4 * math.sqrt(power * (1 - power) / draws)


@pytest.mark.parametrize("discordant", [0.05, 0.2])
@pytest.mark.parametrize("n", [1000, 50_000])
def test_the_detectable_difference_has_that_power_and_is_near_the_formula(
    n: int, discordant: float
) -> None:
    """Connor, "Sample size for testing differences in proportions for the paired-sample design",
    Biometrics 43, 1987: n of the test without its exact steps, which need somewhat more.
    """
    found = detectable_difference(n, discordant)
    assert found is not None
    assert mcnemar_power(n, discordant, found) == pytest.approx(0.8, abs=1e-3)
    z = float(stats.norm.ppf(0.975)) * math.sqrt(discordant)
    z += float(stats.norm.ppf(0.8)) * math.sqrt(discordant - found**2)
    assert 0.85 * n < (z / found) ** 2 < n


def test_few_pairs_show_nothing() -> None:
    assert detectable_difference(0, 0.2) is None
    assert detectable_difference(20, 0.1) is None
    assert mcnemar_power(5, 1.0, 1.0) == 0.0  # five of five are p = 0.0625
    assert mcnemar_power(6, 1.0, 1.0) == pytest.approx(1.0)
    assert mcnemar_power(100, 0.0, 0.0) == 0.0
