"""Answers that are several and all meant: against sets in plain loops, and scikit-learn."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import recall_score

from harness.answers.outcome import Status
from harness.data.labels.label_set import Equivalences
from harness.report.results_table import tables_of
from harness.scores.long_form import figures_of
from harness.scores.result_parts import SeveralAnswers
from harness.scores.results import Protocol, Results
from harness.scores.statistics import Draws, class_bootstrap, wilson
from harness.store.prediction import Prediction
from scores.score_builders import labels, ok, row, run

Groups = Sequence[Sequence[int]]
K = 10


def answered(image_id: str, groups: Groups) -> Prediction:
    """Give the row of an import of several answers, each of which may stand for some classes."""
    named = list(dict.fromkeys(each for group in groups for each in group))
    if not named:
        return row(image_id, Status.OOP, meant_classes=tuple(map(tuple, groups)))
    return ok(image_id, *named, meant_classes=tuple(map(tuple, groups)))


def only(results: Results, label_set: str = "real", protocol: Protocol = "cw") -> SeveralAnswers:
    return results.several_answers[protocol][label_set]


def drawn(n: int, seed: int = 1) -> tuple[list[Groups], list[set[int]]]:
    generator = np.random.default_rng(seed)

    def some(most: int, least: int = 0) -> list[int]:
        return generator.choice(K, generator.integers(least, most + 1), replace=False).tolist()

    groups = [[some(2) for _ in range(generator.integers(1, 4))] for _ in range(n)]
    return groups, [set(some(3, 1)) for _ in range(n)]


def test_both_readings_and_the_recall_are_those_of_plain_sets_and_of_scikit_learn() -> None:
    groups, truth = drawn(400)
    rows = [answered(f"i{place}", each) for place, each in enumerate(groups)]
    rows += [
        ok("single", 3, 4, answer="crane"),
        row("failed", Status.ERROR),
    ]  # one name of two classes
    truth += [{4}, {1}]
    ids = [each.image_id for each in rows]
    found = only(run(rows, labels("real", dict(zip(ids, truth, strict=True)))))
    any_right, all_right, recall = [], [], []
    for given, right in zip([*groups, [[3, 4]]], truth[:-1], strict=True):
        naming = [set(each) & right for each in given if each]
        any_right.append(any(naming))
        all_right.append(bool(naming) and all(naming))
        recall.append(len({x for each in given for x in each} & right) / len(right))
    assert (found.n, found.n_several, found.n_unclear) == (401, 400, 0)
    assert found.accuracy_any == pytest.approx(100 * np.mean(any_right))
    assert found.accuracy_all == pytest.approx(100 * np.mean(all_right))
    assert np.mean(all_right) < np.mean(any_right)
    assert found.accuracy_all_ci95 == pytest.approx(wilson(sum(all_right), 401))
    assert found.label_recall == pytest.approx(100 * np.mean(recall))
    hot = np.zeros((2, 401, K), dtype=int)
    for place, (given, right) in enumerate(zip([*groups, [[3, 4]]], truth[:-1], strict=True)):
        hot[0, place, sorted(right)] = 1
        hot[1, place, [x for each in given for x in each]] = 1
    by_sklearn = recall_score(hot[0], hot[1], average="samples", zero_division=0)
    assert found.label_recall == pytest.approx(100 * by_sklearn)
    home = np.array([min(each) for each in truth[:-1]])
    draws = Draws(200, 0)
    by_class = class_bootstrap(100 * np.array(recall), home, draws)
    assert found.label_recall_ci95_classes == pytest.approx(by_class)
    by_class = class_bootstrap(100.0 * np.array(all_right), home, draws)
    assert found.accuracy_all_ci95_classes == pytest.approx(by_class)


@pytest.mark.parametrize(
    ("groups", "any_right", "all_right", "recall"),
    [
        ([[1], [2]], 100, 100, 100),
        ([[1], [3]], 100, 0, 50),
        ([[1, 3]], 100, 100, 50),  # one name of two classes, which nobody can tell apart
        ([[1, 3], [3]], 100, 0, 50),
        ([[1], []], 100, 100, 50),  # what names no class is neither
        ([[], []], 0, 0, 0),
        ([[3], [4]], 0, 0, 0),
    ],
)
def test_names_of_one_answer_are_no_several_answers(
    groups: Groups, any_right: float, all_right: float, recall: float
) -> None:
    found = only(run([answered("a", groups)], labels("real", {"a": [1, 2]})))
    assert (found.accuracy_any, found.accuracy_all, found.label_recall) == (
        any_right, all_right, recall,
    )  # fmt: skip


def test_classes_that_count_as_one_are_one_label() -> None:
    same = Equivalences.from_groups("test", [[1, 2], [5, 6]])
    rows = [answered("a", [[2], [6]]), answered("b", [[2], [1]])]
    found = only(run(rows, labels("real", {"a": [1, 5, 6], "b": [1, 7]}), equivalences=same))
    assert (found.accuracy_all, found.label_recall) == (100, 75)


def test_a_mapped_answer_counts_where_mapped_answers_do() -> None:
    made = replace(answered("a", [[1], [3]]), status=Status.OOP, rule="mapped", answer="?")
    results = run([made], labels("real", {"a": [1]}))
    assert only(results).accuracy_any == only(results).label_recall == 0
    plus = only(results, protocol="cw_plus")
    assert (plus.accuracy_any, plus.accuracy_all, plus.label_recall) == (100, 0, 100)


@pytest.mark.parametrize("more", [{"meant": ("x", "y"), "answer": "x"}, {}])
def test_rows_of_older_versions_are_never_guessed(more: dict[str, object]) -> None:
    rows = [ok("a", 1, 2, **more), answered("b", [[1], [2]]), ok("c", 1)]
    results = run(rows, labels("real", {"a": [1, 2], "b": [1], "c": [1]}))
    found = only(results)
    assert (found.n, found.n_several, found.n_unclear) == (3, 1, 1)
    assert found.accuracy_all is found.accuracy_all_ci95 is found.accuracy_all_ci95_classes is None
    assert (found.accuracy_any, found.label_recall) == (100, 100)
    assert "accuracy_all_answers" not in [each.metric for each in figures_of(results)]


@pytest.mark.parametrize(
    "one", [ok("a", 1, 2, answer="crane"), ok("a", 1, 2, rule="scores"), ok("a", 1)]
)
def test_one_answer_has_no_such_part(one: Prediction) -> None:
    written = run([one], labels("real", {"a": [1]})).to_json()
    assert "several_answers" not in written
    assert Results.from_json(written).several_answers == {}


def test_table_long_form_and_round_trip() -> None:
    groups, truth = drawn(40)
    rows = [answered(f"i{place}", each) for place, each in enumerate(groups)]
    results = run(rows, labels("real", {f"i{n}": each for n, each in enumerate(truth)}))
    (table,) = [each for each in tables_of([results]) if each.name == "several"]
    (line,) = table.rows
    assert line[4:6] == (40, 40) and len(line) == len(table.columns)
    found, figures = only(results), {each.metric: each for each in figures_of(results)}
    strict, recall = figures["accuracy_all_answers"], figures["label_recall"]
    assert (strict.value, (strict.ci_low, strict.ci_high)) == (
        found.accuracy_all, found.accuracy_all_ci95,
    )  # fmt: skip
    assert (recall.value, (recall.ci_low, recall.ci_high)) == (
        found.label_recall, found.label_recall_ci95_classes,
    )  # fmt: skip
    assert Results.from_json(results.to_json()).to_json() == results.to_json()
