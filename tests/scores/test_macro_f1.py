"""Macro F1: scikit-learn's for single labels, a plain loop for several labels and answers."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from harness.answers.outcome import Status
from harness.data.labels.label_set import Equivalences
from harness.report.results_table import results_table
from harness.scores.long_form import figures_of
from harness.scores.results import Results
from scores.score_builders import drawn, labels, mapped, ok, row, run

TRUE, PREDICTED = drawn(400, 10, seed=3)
LABELS = labels("imgt", {f"i{i}": [int(t)] for i, t in enumerate(TRUE)}, original=True)
ROWS = [ok(f"i{i}", int(p)) for i, p in enumerate(PREDICTED)]


def test_single_labels_are_scikit_learns() -> None:
    found = run(ROWS, LABELS).scores["cw"]["imgt"]
    expected = f1_score(TRUE, PREDICTED, average="macro")
    assert found.macro_f1 == pytest.approx(100 * expected)
    assert found.n_classes_f1 == len({*TRUE.tolist(), *PREDICTED.tolist()})


def test_a_class_that_is_only_answered_counts_as_scikit_learn_counts_it() -> None:
    few = np.minimum(TRUE, 4)
    sets = labels("imgt", {f"i{i}": [int(t)] for i, t in enumerate(few)}, original=True)
    found = run(ROWS, sets).scores["cw"]["imgt"]
    assert found.n_classes == 5 < found.n_classes_f1
    expected = f1_score(few, PREDICTED, average="macro")
    assert found.macro_f1 == pytest.approx(100 * expected)


def test_answers_without_a_class_are_misses_and_mapped_ones_count_under_cw_plus() -> None:
    out = np.random.default_rng(5).random(400) < 0.3
    rows = [
        mapped(f"i{i}", int(p)) if is_out else each
        for i, (p, is_out, each) in enumerate(zip(PREDICTED, out, ROWS, strict=True))
    ]
    rows[0] = row("i0", Status.ERROR)
    found = run(rows, LABELS).scores
    kept = np.where(out, -1, PREDICTED)[1:]
    by_name = f1_score(TRUE[1:], kept, labels=range(10), average="macro")
    assert found["cw"]["imgt"].macro_f1 == pytest.approx(100 * by_name)
    by_all = f1_score(TRUE[1:], PREDICTED[1:], average="macro")
    assert found["cw_plus"]["imgt"].macro_f1 == pytest.approx(100 * by_all)


def test_equivalent_classes_are_one() -> None:
    same = Equivalences.from_groups("pairs", [[1, 2], [7, 9]])
    found = run(ROWS, LABELS, equivalences=same).scores["cw"]["imgt"]
    merged = {2: 1, 9: 7}
    true, predicted = ([merged.get(int(c), int(c)) for c in each] for each in (TRUE, PREDICTED))
    assert found.macro_f1 == pytest.approx(100 * f1_score(true, predicted, average="macro"))
    assert found.n_classes_f1 == 8


def test_several_labels_and_answers_by_hand() -> None:
    sets = labels("regt", {"a": [3, 1], "b": [5, 2], "c": [5, 2], "d": [4], "e": []})
    original = labels("imgt", {"a": [1], "b": [5], "c": [8], "d": [4], "e": [0]}, original=True)
    rows = [
        ok("a", 3),  # right, though filed under 1: class 3
        ok("b", 6),  # wrong: 6 instead of the original label 5
        ok("c", 6),  # wrong: its original label 8 is none of its labels, so 6 instead of 2
        ok("d", 7, 4),  # right by the second of its classes: class 4
        ok("e", 0),  # no label: not scored
    ]
    found = run(rows, original, sets).scores["cw"]["regt"]
    assert found.n_classes_f1 == 5  # 2, 3, 4, 5, 6
    assert found.macro_f1 == pytest.approx(100 * 2 / 5)


def test_it_is_shown_to_those_who_ask_and_absent_from_older_results() -> None:
    results = run(ROWS, LABELS)
    assert "macro_f1" not in [each.key for each in results_table([results]).columns]
    table = results_table([results], ["macro_f1"])
    assert "macro_f1" in [each.key for each in table.columns]
    (figure,) = [each for each in figures_of(results) if each.metric == "macro_f1"]
    score = results.scores["cw"]["imgt"]
    assert (figure.value, figure.n) == (score.macro_f1, score.n_classes_f1)
    old = results.to_json()
    del old["scores"]["cw"]["imgt"]["macro_f1"], old["scores"]["cw"]["imgt"]["n_classes_f1"]
    again = Results.from_json(old)
    assert again.to_json() == old
    assert "macro_f1" not in [each.metric for each in figures_of(again)]


def test_none_without_a_scored_image() -> None:
    found = run([row("i0", Status.ERROR)], LABELS).scores["cw"]["imgt"]
    assert found.macro_f1 is None and found.n_classes_f1 == 0
