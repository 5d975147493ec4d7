"""Calibration: against scikit-learn, SciPy and plain loops, on drawn runs and at the edges."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.calibration import calibration_curve
from sklearn.metrics import roc_auc_score

from harness.answers.outcome import Status
from harness.report.results_table import tables_of
from harness.scores.calibration import auroc, bins_of, expected_errors, ranked
from harness.scores.confidence import Signal, confidences_of
from harness.scores.long_form import figures_of
from harness.scores.result_parts import Calibration
from harness.scores.results import Protocol, Results
from harness.store.prediction import Prediction
from scores.score_builders import labels, mapped, ok, row, run

CHOICES = (0, 1, 2, 3)


def made_up(n: int, seed: int = 0, digits: int = 6) -> tuple[list[Prediction], Any]:
    """Give n ranked questions with four options, and labels; few digits make equal confidences."""
    generator = np.random.default_rng(seed)
    sums = np.round(np.log(generator.dirichlet([0.7] * 4, size=n)), digits)
    rows, sets = [], {}
    for place, scores in enumerate(sums):
        order = np.argsort(-scores, kind="stable")
        best = [float(scores[each]) for each in order]
        ranks = {"top": tuple(map(int, order)), "top_scores": tuple(best)}
        per_token = {"top_per_token": ranks["top"], "top_per_token_scores": tuple(best)}
        rows.append(
            ok(f"i{place}", int(order[0]), rule="ranked", options=CHOICES, **ranks, **per_token)
        )
        drawn = generator.choice(4, p=softmax(0.5 * scores))
        sets[f"i{place}"] = [int(drawn)]
    return rows, labels("imgt", sets, original=True)


def only(results: Results, signal: Signal, protocol: Protocol = "mc") -> Calibration:
    return results.calibration[protocol]["imgt"][signal]


@pytest.mark.parametrize("digits", [6, 0])
def test_every_figure_is_that_of_a_plain_loop(digits: int) -> None:
    rows, imgt = made_up(300, digits=digits)
    found = only(run(rows, imgt, protocol="mc"), Signal.PROBABILITY)
    sure = np.array([softmax(each.top_scores)[0] for each in rows])
    right = np.array([each.class_id in imgt.labels[each.image_id] for each in rows])
    assert found.accuracy == pytest.approx(100 * right.mean())
    assert found.auroc == pytest.approx(100 * roc_auc_score(right, sure.round(9)))
    ranks = [
        (sure.round(9) < x).sum() + ((sure.round(9) == x).sum() + 1) / 2 for x in sure.round(9)
    ]
    places = [math.floor((rank - 0.5) * 15 / 300) for rank in ranks]
    error = 0.0
    filled = sorted(set(places))
    assert found.ece is not None and len(found.ece.bins) == len(filled)
    for bin_, place in zip(found.ece.bins, filled, strict=True):
        inside = np.array(places) == place
        assert bin_.n == inside.sum()
        assert bin_.confidence == pytest.approx(100 * sure[inside].mean())
        assert bin_.accuracy == pytest.approx(100 * right[inside].mean())
        error += inside.mean() * abs(bin_.confidence - bin_.accuracy)
    assert found.ece.ece == pytest.approx(error)
    assert found.ece.ci95 is not None and found.ece.ci95[0] < error < found.ece.ci95[1]
    if digits:
        assert [each.n for each in found.ece.bins] == [20] * 15


def test_risk_of_equal_confidences_is_the_mean_over_all_their_orders() -> None:
    sure = np.array([0.9, 0.5, 0.5, 0.5, 0.5, 0.2])
    right = np.array([True, False, True, True, False, False])
    loops: list[list[int]] = []
    for middle in itertools.permutations(range(1, 5)):
        order = [0, *middle, 5]
        loops.append(list(itertools.accumulate(int(not right[each]) for each in order)))
    assert expected_errors(ranked(sure), right) == pytest.approx(np.mean(loops, axis=0))


def test_aurc_and_accuracy_at_80_percent_of_unequal_confidences() -> None:
    rows, imgt = made_up(203, seed=4)
    found = only(run(rows, imgt, protocol="mc"), Signal.PROBABILITY)
    surest = sorted(rows, key=lambda each: -softmax(each.top_scores)[0])
    wrong = [each.class_id not in imgt.labels[each.image_id] for each in surest]
    risks = [np.mean(wrong[: k + 1]) for k in range(203)]
    assert found.aurc == pytest.approx(100 * np.mean(risks))
    assert found.accuracy_at_80 == pytest.approx(100 * (1 - np.mean(wrong[:163])))  # 162.4


def test_auroc_and_its_interval_are_those_of_all_pairs() -> None:
    generator = np.random.default_rng(2)
    sure, right = generator.integers(12, size=80).astype(float), generator.random(80) < 0.6
    right |= sure > 9
    area, interval = auroc(ranked(sure), right)
    wins = np.array([[(x > y) + 0.5 * (x == y) for y in sure[~right]] for x in sure[right]])
    assert area == pytest.approx(100 * wins.mean())
    by_right, by_wrong = wins.mean(axis=1), wins.mean(axis=0)
    variance = by_right.var(ddof=1) / len(by_right) + by_wrong.var(ddof=1) / len(by_wrong)
    half = 1.959963984540054 * math.sqrt(variance)
    assert interval == pytest.approx((100 * (wins.mean() - half), 100 * (wins.mean() + half)))


def test_results_do_not_depend_on_the_order_of_the_rows() -> None:
    rows, imgt = made_up(100, digits=0)
    one, other = (run(each, imgt, protocol="mc") for each in (rows, rows[::-1]))
    assert one.to_json()["calibration"] == other.to_json()["calibration"]


def test_the_error_of_a_calibrated_model_is_the_one_expected_of_it() -> None:
    generator = np.random.default_rng(9)
    errors, expected = [], []
    for _ in range(15):
        sure = generator.uniform(0.3, 1, size=400)
        right = generator.random(400) < sure
        rows = [
            ok(f"i{place}", 0, rule="scores", top=(0, 1), top_scores=(p, 1 - p))
            for place, p in enumerate(sure.round(6).tolist())
        ]
        sets = {f"i{place}": [int(not each)] for place, each in enumerate(right)}
        result = run(rows, labels("imgt", sets, original=True), protocol="classify", draws=2)
        found = only(result, Signal.PROBABILITY, "classify").ece
        assert found is not None
        errors.append(found.ece)
        expected.append(found.expected)
    assert np.mean(errors) == pytest.approx(np.mean(expected), rel=0.1)


def scored(*scores: Sequence[float]) -> list[Prediction]:
    return [
        ok(f"i{place}", 0, rule="scores", top=tuple(range(len(each))), top_scores=tuple(each))
        for place, each in enumerate(scores)
    ]


def test_only_what_is_a_probability_is_taken_for_one() -> None:
    assert list(confidences_of(scored((0.7, 0.3), (0.9, 0.1)))) == [Signal.PROBABILITY]
    assert list(confidences_of(scored((0.7, 0.3), (0.9, 0.05)))) == [Signal.SCORE]
    assert list(confidences_of(scored((1.4, -0.4)))) == [Signal.SCORE]
    ranks = {"top_scores": (-1.0, -2.0), "top_per_token": (0, 1)}
    whole = ok("a", 0, rule="ranked", top=(0, 1), options=(1, 0), **ranks)
    part = ok("b", 0, rule="ranked", top=(0, 1), options=(1, 0, 2), **ranks)
    free = ok("c", 0, rule="ranked", top=(0, 1), **ranks)
    (found,) = confidences_of([whole]).values()
    assert found[0] == pytest.approx(1 / (1 + math.exp(-1)))
    for other in (part, free):
        (signal,) = confidences_of([whole, other])
        assert signal is Signal.SCORE
    nothing = ok("d", 0, rule="ranked", top=(0,), options=(0,), top_scores=(-math.inf,),
                 top_per_token=(0,))  # fmt: skip
    assert list(confidences_of([nothing])) == [Signal.SCORE]


def classified(n: int, k: int = 10, seed: int = 5) -> tuple[list[Prediction], Any, Any]:
    """Give n rows of a classifier of k classes, too sure of itself, labels, and the confidences."""
    generator = np.random.default_rng(seed)
    logits = 2 * generator.normal(size=(n, k))
    shares = softmax(logits, axis=1)
    rows, sets = [], {}
    for place, (own, share) in enumerate(zip(logits, shares, strict=True)):
        top = np.argsort(-own)[:5]
        kept = {"top": tuple(top.tolist()), "top_scores": tuple(own[top].tolist())}
        sure = round(float(share.max()), 6)
        rows.append(ok(f"i{place}", int(top[0]), rule="scores", confidence=sure, **kept))
        sets[f"i{place}"] = [int(generator.choice(k, p=softmax(own / 2)))]
    return rows, labels("imgt", sets, original=True), np.array([row.confidence for row in rows])


def test_confidences_among_more_classes_than_a_row_keeps_are_those_of_scikit_learn() -> None:
    rows, imgt, sure = classified(600)
    right = np.array([each.class_id in imgt.labels[each.image_id] for each in rows])
    results = run(rows, imgt, protocol="classify")
    assert list(results.calibration["classify"]["imgt"]) == [Signal.PROBABILITY, Signal.SCORE]
    found = only(results, Signal.PROBABILITY, "classify")
    assert found.auroc == pytest.approx(100 * roc_auc_score(right, sure))
    assert found.ece is not None and [each.n for each in found.ece.bins] == [40] * 15
    hits, means = calibration_curve(right, sure, n_bins=15, strategy="quantile")
    assert [each.accuracy for each in found.ece.bins] == pytest.approx(100 * hits)
    assert [each.confidence for each in found.ece.bins] == pytest.approx(100 * means)
    assert found.ece.ece == pytest.approx(100 * np.abs(hits - means).mean())
    score = only(results, Signal.SCORE, "classify")
    assert score.ece is None and (score.n, score.accuracy) == (600, found.accuracy)


def test_rows_of_older_versions_have_no_confidence_and_n_says_so() -> None:
    rows, imgt, _ = classified(40)
    older = [replace(row, confidence=None) for row in rows]
    old = run(older, imgt, protocol="classify")
    assert list(old.calibration["classify"]["imgt"]) == [Signal.SCORE]
    mixed = run([*rows[:10], *older[10:]], imgt, protocol="classify")
    assert only(mixed, Signal.PROBABILITY, "classify").n == 10
    assert only(mixed, Signal.SCORE, "classify") == only(old, Signal.SCORE, "classify")


def test_similarities_have_no_calibration_error_and_are_of_counted_answers() -> None:
    imgt = labels("imgt", {f"i{i}": [i % 2] for i in range(8)}, original=True)
    rows = [
        *(mapped(f"i{i}", 0, similarity=0.5 + i / 20, margin=0.1) for i in range(5)),
        ok("i5", 1),
        row("i6", Status.REFUSED),
        row("i7", Status.ERROR),
    ]
    found = run(rows, imgt).calibration
    assert list(found) == ["cw_plus"], "mapped answers do not count under cw"
    assert list(found["cw_plus"]["imgt"]) == ["similarity", "margin"]
    for each in found["cw_plus"]["imgt"].values():
        assert (each.n, each.accuracy, each.ece) == (5, 60, None)
    assert found["cw_plus"]["imgt"][Signal.MARGIN].auroc == 50, "all margins are equal"
    assert found["cw_plus"]["imgt"][Signal.MARGIN].aurc == pytest.approx(40)


def test_without_confidences_there_is_no_key_and_old_results_stay_readable() -> None:
    imgt = labels("imgt", {"a": [1], "b": [2]}, original=True)
    written = run([ok("a", 1), ok("b", 1)], imgt).to_json()
    assert "calibration" not in written
    assert Results.from_json(written).calibration == {}


def test_round_trip() -> None:
    rows, imgt = made_up(40)
    written = run(rows, imgt, protocol="mc").to_json()
    assert Results.from_json(written).to_json() == written


def test_nothing_wrong_and_one_class_leave_blanks() -> None:
    rows = scored((0.8, 0.2), (0.6, 0.4))
    imgt = labels("imgt", {"i0": [0], "i1": [0]}, original=True)
    found = only(run(rows, imgt, protocol="classify"), Signal.PROBABILITY, "classify")
    assert found.auroc is None and found.auroc_ci95 is None
    assert (found.accuracy, found.aurc, found.accuracy_at_80) == (100, 0, 100)
    assert found.ece is not None and found.ece.ci95 is None
    assert found.ece.ece == pytest.approx(30)


def test_equal_values_share_a_bin() -> None:
    assert bins_of(ranked(np.zeros(30))).tolist() == [7] * 30
    assert np.bincount(bins_of(ranked(np.arange(31.0)))).max() == 3


def test_table_and_long_form_have_every_signal() -> None:
    rows, imgt = made_up(60)
    results = run(rows, imgt, protocol="mc")
    (table,) = [each for each in tables_of([results]) if each.name == "calibration"]
    (line,) = table.rows
    assert line[4] == "probability" and len(line) == len(table.columns)
    found = only(results, Signal.PROBABILITY)
    assert found.ece is not None
    figures = {each.metric: each for each in figures_of(results)}
    ece, area = figures["ece_probability"], figures["auroc_probability"]
    assert (ece.value, (ece.ci_low, ece.ci_high)) == (found.ece.ece, found.ece.ci95)
    assert (area.value, (area.ci_low, area.ci_high)) == (found.auroc, found.auroc_ci95)
    assert figures["aurc_probability"].value == found.aurc
    assert figures["accuracy_at_80_probability"].n == 60
    few = run(rows[:29], imgt, protocol="mc")
    shown = [[each.name for each in tables_of([few], details=all_of)] for all_of in (False, True)]
    assert ["calibration" in each for each in shown] == [False, True]
    plain = run([ok("i0", 1)], imgt, protocol="mc")
    assert "calibration" not in [each.name for each in tables_of([plain])]
