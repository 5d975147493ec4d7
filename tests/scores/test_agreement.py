"""Agreement as published examples, scikit-learn, statsmodels and krippendorff have it."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import aggregate_raters
from statsmodels.stats.inter_rater import fleiss_kappa as reference_fleiss
from statsmodels.stats.proportion import confint_proportions_2indep

from harness.scores.agreement import (
    Agreement,
    Codes,
    class_agreement,
    coded,
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    masi_distances,
    raw_agreement,
)
from harness.scores.statistics import Draws, change_of_means, class_weights, newcombe

Measure = Callable[[Codes, Draws | None], Agreement]
SETS = [frozenset(each) for each in ({1}, {1, 2}, {1, 2, 3}, {2, 4}, {5})]
MASI = masi_distances(SETS)
MEASURES: dict[str, Measure] = {
    "raw": raw_agreement,
    "cohen": lambda codes, draws: cohen_kappa(codes[:, :2], draws),
    "fleiss": fleiss_kappa,
    "alpha": krippendorff_alpha,
    "masi": lambda codes, draws: krippendorff_alpha(codes, draws, MASI),
}


def made_up(n: int, people: int, missing: float, seed: int) -> Codes:
    """Answers of people who see the same thing half of the time."""
    generator = np.random.default_rng(seed)
    truth, own = generator.integers(0, 5, (n, 1)), generator.integers(0, 5, (n, people))
    codes = np.where(generator.random((n, people)) < 0.5, truth, own)
    return np.where(generator.random((n, people)) < missing, -1, codes).astype(np.int64)


def of_rows(*people: str) -> Codes:
    """Codes of people's answers, a character an image, a dot for none."""
    images = zip(*people, strict=True)
    return coded([[None if each == "." else each for each in image] for image in images])[0]


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        (("0100000010", "1110010000"), 0.095),
        (("aabbdcccedda", "babbbccceddd"), 0.692),
        (("123321412...", "1233224125.3", ".3332342251.", "12332441251."), 0.743),
    ],
)
def test_alpha_of_the_published_examples(people: tuple[str, ...], expected: float) -> None:
    """Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011, sections A to C."""
    found = krippendorff_alpha(of_rows(*people)).value
    assert found == pytest.approx(expected, abs=5e-4)


def test_fleiss_of_the_published_example() -> None:
    """Fleiss, 1971, table 1: 14 raters, 10 subjects, in the arrangement of Wikipedia's article."""
    counts = [
        (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
        (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
    ]  # fmt: skip
    codes = np.array([np.repeat(np.arange(5), row) for row in counts])
    assert fleiss_kappa(codes).value == pytest.approx(0.210, abs=5e-4)


@pytest.mark.parametrize("seed", range(5))
def test_kappas_are_those_of_scikit_learn_and_statsmodels(seed: int) -> None:
    pair = made_up(60, 2, 0.2, seed)
    both = pair[(pair >= 0).all(1)]
    found = cohen_kappa(pair)
    assert found.n == len(both) < 60
    assert found.value == pytest.approx(cohen_kappa_score(both[:, 0], both[:, 1]))
    codes = made_up(60, 4, 0.0, seed)
    assert fleiss_kappa(codes).value == pytest.approx(reference_fleiss(aggregate_raters(codes)[0]))
    few = np.concatenate([codes, np.where(np.arange(4) < 3, made_up(20, 4, 0.0, seed), -1)])
    assert fleiss_kappa(few).n == 60
    assert fleiss_kappa(few).value == fleiss_kappa(codes).value


@pytest.mark.parametrize("seed", range(5))
def test_alpha_is_that_of_krippendorff(seed: int) -> None:
    krippendorff = pytest.importorskip("krippendorff", reason="make test installs it")
    codes = made_up(60, 4, 0.4, seed)
    values = np.where(codes < 0, np.nan, codes).T
    nominal = krippendorff.alpha(values, level_of_measurement="nominal")
    assert krippendorff_alpha(codes).value == pytest.approx(nominal)

    def far(one: object, two: object, **_: object) -> object:
        return MASI[np.asarray(one, dtype=int), np.asarray(two, dtype=int)]

    masi = krippendorff.alpha(values, level_of_measurement=far)
    assert krippendorff_alpha(codes, None, MASI).value == pytest.approx(masi)


def test_raw_agreement_and_masi_by_hand() -> None:
    codes = of_rows("aab.", "abbc", "acb.")
    assert raw_agreement(codes) == Agreement(pytest.approx((1 + 0 + 1) / 3), None, 3)
    # J M: 1/2 * 2/3, 1/3 * 2/3, 2/3 * 2/3, 1/3 * 1/3 and 1/4 * 1/3
    assert MASI[0] == pytest.approx([0, 1 - 1 / 3, 1 - 2 / 9, 1, 1])
    assert MASI[1] == pytest.approx([1 - 1 / 3, 0, 1 - 4 / 9, 1 - 1 / 9, 1])
    assert MASI[2, 3] == pytest.approx(1 - 1 / 12)
    assert (MASI == MASI.T).all()
    with pytest.raises(ValueError, match="empty"):
        masi_distances([frozenset()])


def test_alpha_of_label_sets_as_a_plain_loop_has_it() -> None:
    codes = made_up(40, 3, 0.3, 11)
    kept = [[each for each in row if each >= 0] for row in codes.tolist()]
    kept = [row for row in kept if len(row) > 1]
    values = [each for row in kept for each in row]
    n = len(values)
    observed = sum(
        sum(MASI[row[i], row[j]] for i in range(len(row)) for j in range(len(row)) if i != j)
        / (len(row) - 1)
        for row in kept
    )
    expected = sum(MASI[one, two] for one in values for two in values)
    found = krippendorff_alpha(codes, None, MASI)
    assert found.value == pytest.approx(1 - (observed / n) / (expected / (n * (n - 1))))
    assert found.n == len(kept)


@pytest.mark.parametrize("name", MEASURES)
def test_the_interval_is_that_of_redrawn_images(name: str) -> None:
    """Each draw is the measure itself of the images as often as they are drawn."""
    measure, codes, draws = MEASURES[name], made_up(25, 3, 0.0, 3), Draws(200, 5)
    found = measure(codes, draws)
    each = [
        measure(np.repeat(codes, weights, axis=0), None).value
        for weights in class_weights(25, draws).astype(int)
    ]
    assert found.value == measure(codes, None).value
    assert found.ci95 == pytest.approx(tuple(np.quantile(each, [0.025, 0.975])))
    assert found.ci95[0] < found.value < found.ci95[1]


def test_agreement_without_meaning_has_no_value_and_a_reason() -> None:
    draws = Draws(50)
    same = of_rows("aaaa", "aaaa", "aaaa")
    assert raw_agreement(same, draws) == Agreement(1.0, (1.0, 1.0), 4)
    for measure in (fleiss_kappa, krippendorff_alpha):
        assert measure(same, draws) == Agreement(None, None, 4, "one category throughout")
    reason = "one and the same category from both throughout"
    assert cohen_kappa(same[:, :2], draws) == Agreement(None, None, 4, reason)
    masi = krippendorff_alpha(same, draws, np.zeros((1, 1)))
    assert masi.value is None
    apart = of_rows("ab..", "..ab")
    alone = of_rows("abab", "....")
    nobody = coded([])[0]
    for measure in (raw_agreement, fleiss_kappa, krippendorff_alpha):
        assert measure(apart, draws) == Agreement(None, None, 0, "no image has two answers")
        for codes in (alone, nobody):
            few = "fewer than two people answered"
            assert measure(codes, draws) == Agreement(None, None, 0, few)
    none = Agreement(None, None, 0, "no image that both answered")
    assert cohen_kappa(apart, draws) == none


def test_intervals_that_cannot_be_learnt_are_none() -> None:
    one = krippendorff_alpha(of_rows("a", "b"), Draws(50))
    assert one.value == 0.0 and one.ci95 is None and one.reason is not None
    rare = krippendorff_alpha(of_rows("aaaaaab", "aaaaaab"), Draws(500))
    assert rare.value == 1.0 and rare.ci95 is None
    assert rare.reason == "no interval: many draws have one category throughout"


def test_people_who_agree_by_chance_alone_have_no_agreement() -> None:
    codes = np.random.default_rng(1).integers(0, 3, (4000, 3))
    for measure in (fleiss_kappa, krippendorff_alpha):
        low, high = measure(codes, Draws(200)).ci95 or (1, 1)
        assert low < 0 < high and high - low < 0.1
    assert raw_agreement(codes).value == pytest.approx(1 / 3, abs=0.02)


def test_agreement_on_one_class() -> None:
    codes = np.array([[1, 1], [1, 0], [0, 1], [0, 0], [0, 0], [1, -1]])
    answers = (codes >= 0).sum(1).astype(float)
    named = np.array([(codes == 1).sum(1), np.zeros(6)])
    found, nobody = class_agreement(named, answers, Draws(50))
    assert found.n == 3
    assert found.positive == pytest.approx(2 / (2 + 1 + 1))
    alpha = krippendorff_alpha(codes, Draws(50))
    assert found.alpha.value == pytest.approx(alpha.value)
    assert found.alpha.ci95 == pytest.approx(alpha.ci95)
    assert found.alpha.n == alpha.n == 5
    assert (nobody.n, nobody.positive, nobody.alpha.value) == (0, None, None)
    (alone,) = class_agreement(named[:1, 5:], answers[5:])
    assert alone.alpha.reason == "no image has two answers"


def test_many_classes_are_as_one_by_one() -> None:
    codes = np.random.default_rng(4).integers(0, 300, (500, 3))
    named = np.array([(codes == each).sum(1) for each in range(300)], dtype=float)
    answers, draws = np.full(500, 3.0), Draws(20)
    together = class_agreement(named, answers, draws)
    for each in (0, 255, 256, 299):
        (alone,) = class_agreement(named[each : each + 1], answers, draws)
        assert together[each].n == alone.n
        assert together[each].alpha.value == pytest.approx(alone.alpha.value)


def test_the_change_of_two_proportions_is_newcombes() -> None:
    for before, after in (((56, 70), (48, 80)), ((9, 10), (3, 10)), ((0, 10), (10, 10))):
        expected = confint_proportions_2indep(*after, *before, method="newcomb")
        assert newcombe(before, after) == pytest.approx(tuple(100 * end for end in expected))
    assert newcombe((0, 0), (1, 2)) is None


def test_the_change_of_two_means_is_that_of_two_independent_draws() -> None:
    generator = np.random.default_rng(2)
    before, after = generator.normal(0, 1, 400), generator.normal(1, 2, 100)
    low, high = change_of_means(before, after, Draws()) or (0, 0)
    middle = after.mean() - before.mean()
    half = 1.96 * np.sqrt(before.var() / 400 + after.var() / 100)
    assert (low, high) == pytest.approx((middle - half, middle + half), abs=0.05)
    same = change_of_means(before, before, Draws())
    assert same is not None and same[0] < -0.1 and same[1] > 0.1
    assert change_of_means(before, after[:1], Draws()) is None
