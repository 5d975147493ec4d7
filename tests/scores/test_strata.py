"""A share in a whole population from samples of its parts."""

import numpy as np
import pytest

from harness.scores.statistics import Stratum, newcombe, of_strata, wilson


def test_of_one_part_it_is_the_share_and_wilsons_interval() -> None:
    found = of_strata([Stratum(500, 3, 20)])
    assert found is not None
    assert found[0] == pytest.approx(15.0)
    assert found[1] == pytest.approx(wilson(3, 20))


def test_shares_are_weighted_by_size() -> None:
    """30 of 40 in a quarter of the whole and 2 of 50 in the rest: 0.25 * 75 + 0.75 * 4 = 21.75."""
    found = of_strata([Stratum(100, 30, 40), Stratum(300, 2, 50)])
    assert found is not None
    assert found[0] == pytest.approx(21.75)
    assert found[1][0] < 21.75 < found[1][1]


def test_of_two_halves_it_is_newcombes_method() -> None:
    """The mean of p and q is half of p less (100 - q), more 50: Newcombe's ends have to agree."""
    found = of_strata([Stratum(10, 5, 9), Stratum(10, 7, 12)])
    difference = newcombe((12 - 7, 12), (5, 9))
    assert found is not None and difference is not None
    assert found[1] == pytest.approx([50 + each / 2 for each in difference])


def test_what_was_not_seen_gives_no_share() -> None:
    assert of_strata([Stratum(10, 1, 5), Stratum(10, 0, 0)]) is None
    assert of_strata([]) is None


def test_the_interval_covers_the_share_as_often_as_it_says() -> None:
    draw = np.random.default_rng(5)
    sizes, shares, seen = (600, 400), (0.4, 0.03), (40, 25)
    true = 100 * sum(size * share for size, share in zip(sizes, shares, strict=True)) / 1000
    covered = 0
    for _ in range(2000):
        hits = [int(draw.binomial(n, share)) for n, share in zip(seen, shares, strict=True)]
        parts = [Stratum(*each) for each in zip(sizes, hits, seen, strict=True)]
        found = of_strata(parts)
        assert found is not None
        covered += found[1][0] <= true <= found[1][1]
    assert covered / 2000 > 0.93
