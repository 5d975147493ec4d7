"""Levels beside each other: figures worked out by hand, SciPy, and statsmodels."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.multitest import multipletests

from harness.scores.statistics import Draws, class_bootstrap
from harness.studies.analysis import _with_holm
from harness.studies.levels import Levels, aligned
from harness.studies.observe import Observed
from harness.studies.results import FactorEffect
from studies.made_up import effect

DRAWS = Draws(200, 1)


def observed(ids: str, right: str, **more: str) -> Observed:
    """Images named by one word each, filed under the class of their first letter. Of the others
    one sign an image: `1` for yes; answers are digits.
    """
    names = tuple(ids.split())
    yes = "1" * len(names)

    def flags(key: str, otherwise: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return np.array([sign == "1" for sign in more.get(key, otherwise)], dtype=np.bool_)

    return Observed(
        protocol="cw",
        image_ids=names,
        right=np.array([sign == "1" for sign in right], dtype=np.bool_),
        scored=flags("scored", yes),
        counted=flags("counted", more.get("scored", yes)),
        home=np.array([ord(name[0]) for name in names], dtype=np.int64),
        answer=np.array([int(sign) for sign in more.get("answer", right)], dtype=np.int64),
        out=flags("out", "0" * len(names)),
    )


IDS = "a1 a2 a3 b1 b2 b3 c1 c2"
BASE = observed(IDS, "11110000", answer="11122200", out="00000001")
OTHER = observed(IDS, "11001100", answer="11311200", out="00110000")


def drawn(seed: int, n: int = 300) -> Observed:
    generator = np.random.default_rng(seed)
    names = " ".join(f"{chr(97 + place % 20)}{place:03}" for place in range(n))
    return observed(
        names, "".join("01"[value] for value in (generator.random(n) < 0.6).astype(int))
    )


def test_images_that_not_all_levels_have_are_left_out_and_counted() -> None:
    """a2 is only in the one, b2 only in the other, a3 has no label in one and b1 failed in one."""
    one = observed("a1 a2 a3 b1 b3", "11010", scored="11011", answer="12345")
    two = observed("a1 a3 b1 b2 b3", "01111", scored="11011", answer="54321")
    (left, right), n_left_out = aligned([one, two])
    assert left.image_ids == right.image_ids == ("a1", "b3")
    assert n_left_out == 4
    assert left.right.tolist() == [True, False]
    assert right.right.tolist() == [False, True]
    assert (left.answer.tolist(), right.answer.tolist()) == ([1, 5], [5, 1])
    assert left.home.tolist() == right.home.tolist() == [ord("a"), ord("b")]
    levels = Levels([one, two], DRAWS)
    assert levels.n_left_out == 4
    assert levels.accuracies == [50, 50]
    assert [levels.level(place, 0, "", None).n for place in (0, 1)] == [2, 2]


def test_all_levels_are_on_the_images_that_every_one_has() -> None:
    third = observed("a1 b1 c1", "111")
    levels = Levels([BASE, OTHER, third], DRAWS)
    assert levels.n_left_out == 5
    assert levels.accuracies == pytest.approx([200 / 3, 100 / 3, 100])
    assert levels.range == pytest.approx(200 / 3)


def test_a_level_beside_the_baseline() -> None:
    levels = Levels([BASE, OTHER], DRAWS)
    found = levels.level(1, 0, "other", "model/task")
    assert (found.level, found.run, found.protocol) == ("other", "model/task", "cw")
    assert (found.n, found.n_right, found.accuracy, found.delta) == (8, 4, 50, 0)
    assert (found.only_baseline, found.only_level) == (2, 2)
    assert found.flips == 3  # a3, b1, b2
    assert found.oop == 25
    assert found.p_mcnemar == found.p_holm == 1
    assert not found.is_baseline
    base = levels.level(0, 0, "base", None)
    assert base.is_baseline
    assert (base.accuracy, base.oop) == (50, 12.5)
    assert (base.delta, base.delta_ci95, base.only_baseline, base.only_level) == (None,) * 4
    assert (base.flips, base.p_mcnemar, base.p_holm) == (None,) * 3
    assert (levels.range, levels.n_left_out) == (0, 0)


def test_intervals_and_tests_of_levels_are_those_of_two_runs() -> None:
    base, other = drawn(1), drawn(2)
    found = Levels([base, other], DRAWS).level(1, 0, "", None)
    a, b = 100.0 * base.right, 100.0 * other.right
    assert found.delta == pytest.approx(b.mean() - a.mean())
    assert found.ci95 == pytest.approx(class_bootstrap(b, base.home, DRAWS))
    assert found.delta_ci95 == pytest.approx(class_bootstrap(b - a, base.home, DRAWS))
    only_a, only_b = int((a > b).sum()), int((b > a).sum())
    assert (found.only_baseline, found.only_level) == (only_a, only_b)
    expected = reference_mcnemar([[0, only_a], [only_b, 0]], exact=True)
    assert found.p_mcnemar == pytest.approx(expected.pvalue)


def test_no_test_where_levels_do_not_count_the_same_images() -> None:
    """As where answers out of prompt are left out. a1 is right and counts for the one alone."""
    part = replace(BASE, counted=np.array([0, 1, 1, 1, 1, 1, 1, 0], dtype=np.bool_))
    levels = Levels([BASE, part], DRAWS)
    found = levels.level(1, 0, "", None)
    assert (found.n, found.n_right, found.accuracy) == (6, 3, 50)
    assert found.delta == 0
    assert found.delta_ci95 is not None
    assert (found.only_baseline, found.only_level, found.p_mcnemar, found.p_holm) == (None,) * 4
    assert found.flips == 0
    assert found.oop == 12.5  # of all answers: c2 does not count and is one
    assert levels.p_cochran is None
    assert levels.n_left_out == 0


def test_a_level_of_which_nothing_counts() -> None:
    nothing = replace(BASE, counted=np.zeros(8, dtype=np.bool_))
    levels = Levels([BASE, nothing], DRAWS)
    found = levels.level(1, 0, "", None)
    assert (found.n, found.n_right) == (0, 0)
    assert (found.accuracy, found.ci95, found.delta, found.delta_ci95) == (None,) * 4
    assert (levels.range, levels.range_ci95, levels.seeds) == (None, None, None)


def test_no_image_in_common() -> None:
    levels = Levels([observed("a1 b1", "11"), observed("a2 b2", "11")], DRAWS)
    assert levels.n_left_out == 4
    assert levels.accuracies == [None, None]
    assert (levels.range, levels.range_ci95, levels.p_cochran, levels.seeds) == (None,) * 4


def test_cochran_is_of_the_images_that_count() -> None:
    counted = np.array([0, 1, 1, 1, 1, 1, 1, 1], dtype=np.bool_)
    third = observed(IDS, "01111111")
    every = [replace(each, counted=counted) for each in (BASE, OTHER, third)]
    shorter = [each.of(np.arange(1, 8)) for each in (BASE, OTHER, third)]
    found = Levels(every, DRAWS).p_cochran
    assert found == Levels(shorter, DRAWS).p_cochran
    assert found is not None
    assert found != Levels([BASE, OTHER, third], DRAWS).p_cochran


@pytest.mark.parametrize("n", [2, 5])
def test_seeds(n: int) -> None:
    levels = Levels([drawn(seed) for seed in range(n)], DRAWS)
    values = [each for each in levels.accuracies if each is not None]
    found = levels.seeds
    assert found is not None
    expected = stats.t.interval(0.95, n - 1, loc=np.mean(values), scale=stats.sem(values))
    assert found.ci95 == pytest.approx(expected)
    assert (found.n, found.mean) == (n, pytest.approx(np.mean(values)))
    assert found.deviation == pytest.approx(np.std(values, ddof=1))
    alone = levels.level(1, None, "1", None)
    assert not alone.is_baseline
    assert (alone.delta, alone.delta_ci95, alone.flips, alone.p_mcnemar) == (None,) * 4
    assert alone.ci95 is not None


def with_tests(model: str, label_set: str, p_values: Sequence[float | None]) -> FactorEffect:
    """A factor whose baseline, its first level, has no test."""
    found = effect("k", [(str(p), 200) for p in range(len(p_values) + 1)], "0", model=model)
    levels = [
        each.model_copy(update={"p_mcnemar": p, "p_holm": p})
        for each, p in zip(found.levels, [None, *p_values], strict=True)
    ]
    return found.model_copy(update={"levels": tuple(levels), "label_set": label_set})


def test_holm_is_over_all_factors_and_models_of_one_label_set() -> None:
    found = [
        with_tests("one", "trusted", [0.04, 0.001]),
        with_tests("one", "original", [0.02]),
        with_tests("two", "trusted", [0.03, None, 0.8]),
        with_tests("two", "original", [0.03, 0.04]),
        with_tests("one", "trusted", [0.012]),
    ]
    corrected = _with_holm(found)
    for label_set in ("trusted", "original"):
        before = [p for each in found if each.label_set == label_set for p in each.levels]
        after = [p for each in corrected if each.label_set == label_set for p in each.levels]
        plain = [each.p_mcnemar for each in before if each.p_mcnemar is not None]
        expected = multipletests(plain, method="holm")[1]
        assert [each.p_holm for each in after if each.p_holm is not None] == pytest.approx(expected)
        assert [each.p_mcnemar for each in after] == [each.p_mcnemar for each in before]
        assert [each.p_holm is None for each in after] == [p.p_mcnemar is None for p in before]
    assert [each.model for each in corrected] == [each.model for each in found]


def test_holm_of_a_study_of_seeds_alone() -> None:
    assert [each.p_holm for each in _with_holm([with_tests("one", "x", [None])])[0].levels] == [
        None
    ] * 2
