"""Every metric against scikit-learn or a plain loop, on drawn runs and at the edges."""

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    top_k_accuracy_score,
)

from harness.answers.outcome import Status
from harness.data.classes import Class, ClassList
from harness.data.labels.label_set import Equivalences
from harness.scores.judgement import confusion
from harness.scores.results import Results, Score
from scores.score_builders import classes, drawn, labels, mapped, ok, row, run

TRUE, PREDICTED = drawn(500, 10)
ROWS = [ok(f"i{i}", int(p)) for i, p in enumerate(PREDICTED)]
IMGT = labels("imgt", {f"i{i}": [int(t)] for i, t in enumerate(TRUE)}, original=True)


def only(results: Results, protocol: str = "cw", name: str = "imgt") -> Score:
    return results.scores[protocol][name]  # type: ignore[index]


def test_accuracy_and_mean_per_class_are_scikit_learns() -> None:
    found = only(run(ROWS, IMGT))
    assert found.accuracy == pytest.approx(100 * accuracy_score(TRUE, PREDICTED))
    balanced = 100 * balanced_accuracy_score(TRUE, PREDICTED)
    assert found.mean_per_class == pytest.approx(balanced)
    assert (found.n, found.n_right) == (500, int((TRUE == PREDICTED).sum()))
    assert found.n_classes == len(set(TRUE.tolist()))


def test_per_class_is_scikit_learns_recall() -> None:
    table = run(ROWS, IMGT).per_class["imgt"]
    matrix = confusion_matrix(TRUE, PREDICTED, labels=range(10))
    for class_id, counts in enumerate(matrix):
        assert table[str(class_id)].n == counts.sum()
        expected = 100 * counts[class_id] / counts.sum()
        assert table[str(class_id)].accuracy == pytest.approx(expected)


def test_confusion_is_scikit_learns_with_a_column_for_no_class() -> None:
    out = np.random.default_rng(1).random(500) < 0.2
    rows = [
        row(each.image_id, Status.OOP) if is_out else each
        for each, is_out in zip(ROWS, out, strict=True)
    ]
    rows[0] = row("i0", Status.ERROR)
    found = confusion([*rows, ok("i500", 1)], "cw", classes(), IMGT)
    expected = confusion_matrix(TRUE[1:], np.where(out, 10, PREDICTED)[1:], labels=range(11))[:10]
    assert (found.counts == expected).all()
    assert found.counts.sum() == 499


def test_confusion_of_ids_with_gaps_and_of_two_classes_of_one_name() -> None:
    gaps = classes(10)
    few = type(gaps)("few", "clean", tuple(gaps.by_id[i] for i in (2, 5, 9)))
    truth = labels("imgt", {"a": [9], "b": [9], "c": [5], "d": []})
    rows = [ok("a", 2, 9), ok("b", 2, 5), mapped("c", 5), ok("d", 2)]
    assert confusion(rows, "cw", few, truth).counts.tolist() == [
        [0, 0, 0, 0],
        [0, 0, 0, 1],
        [1, 0, 1, 0],
    ]
    assert confusion(rows, "cw_plus", few, truth).counts[1].tolist() == [0, 1, 0, 0]


def test_top5_is_scikit_learns() -> None:
    scores = np.random.default_rng(3).normal(size=(500, 10)) + 2 * np.eye(10)[TRUE]
    best = np.argsort(-scores, axis=1)
    rows = [ok(f"i{i}", int(b[0]), top=tuple(map(int, b[:7]))) for i, b in enumerate(best)]
    found = only(run(rows, IMGT, protocol="classify"), "classify")
    expected = 100 * top_k_accuracy_score(TRUE, scores, k=5, labels=range(10))
    assert found.top5 == pytest.approx(expected)
    assert found.accuracy == pytest.approx(100 * top_k_accuracy_score(TRUE, scores, k=1))


def test_multilabel_accuracy_is_a_plain_loops() -> None:
    generator = np.random.default_rng(4)
    sets = {
        f"i{i}": set(generator.integers(10, size=generator.integers(0, 4)).tolist())
        for i in range(500)
    }
    found = only(run(ROWS, IMGT, labels("re", sets)), name="re")
    right = [each.class_id in sets[each.image_id] for each in ROWS]
    empty = [not sets[each.image_id] for each in ROWS]
    n = 500 - sum(empty)
    assert (found.n, found.n_empty, found.n_right) == (n, sum(empty), sum(right))
    assert found.accuracy == pytest.approx(100 * sum(right) / n)
    assert found.accuracy_empty_correct == pytest.approx(100 * (sum(right) + sum(empty)) / 500)


def test_groups_are_a_plain_loops() -> None:
    generator = np.random.default_rng(5)
    sizes = generator.integers(0, 4, size=500)
    sets = {f"i{i}": set(generator.integers(10, size=s).tolist()) for i, s in enumerate(sizes)}
    expected: dict[str, list[bool]] = {name: [] for name in ("A", "S+", "S-", "M+", "M-")}
    for each, true in zip(ROWS, TRUE, strict=True):
        own = sets[each.image_id]
        if own:
            name = ("S" if len(own) == 1 else "M") + ("+" if true in own else "-")
            for group in ("A", name):
                expected[group].append(each.class_id in own)
    found = only(run(ROWS, IMGT, labels("re", sets)), name="re").groups
    for name, hits in expected.items():
        assert found[name].n == len(hits)
        assert found[name].accuracy == pytest.approx(100 * sum(hits) / len(hits))
    assert found["N"].n == sum(not own for own in sets.values())
    assert found["N"].accuracy is None
    for name in ("S", "M"):
        assert found[name].n == found[f"{name}+"].n + found[f"{name}-"].n
    assert found["A"].n == found["S"].n + found["M"].n


def test_groups_without_an_original_label() -> None:
    sets = labels("re", {"a": [1], "b": [1, 2], "c": [3]})
    rows = [ok("a", 1), ok("b", 1), ok("c", 1)]
    alone = only(run(rows, sets), name="re").groups
    assert (alone["S"].n, alone["S+"].n, alone["S-"].n, alone["M+"].n) == (2, 0, 0, 0)
    some = labels("imgt", {"a": [1], "b": [3]}, original=True)
    groups = only(run(rows, some, sets), name="re").groups
    assert [groups[name].n for name in ("S", "S+", "S-", "M+", "M-")] == [2, 1, 0, 0, 1]


def test_equivalent_classes_are_merged_on_both_sides() -> None:
    imgt = labels("imgt", {"a": [1], "b": [2], "c": [3]}, original=True)
    re = labels("re", {"a": [1, 2], "b": [1], "c": [2, 3]})
    rows = [ok("a", 2), ok("b", 2), ok("c", 1)]
    apart = run(rows, imgt, re)
    assert only(apart).n_right == 1
    assert [only(apart, name="re").groups[g].n for g in ("S-", "M+")] == [1, 2]
    same = Equivalences.from_groups("file", [[1, 2]])
    merged = run(rows, imgt, re, equivalences=same)
    assert only(merged).n_right == 2
    assert only(merged, name="re").n_right == 3
    assert [only(merged, name="re").groups[g].n for g in ("S+", "M+")] == [2, 1]
    assert only(merged).n_classes == 2
    assert set(merged.per_class["imgt"]) == {"1", "3"}
    assert merged.equivalences.model_dump() == {"source": "file", "groups": [[1, 2]]}


def test_another_class_of_the_same_name_is_right() -> None:
    truth = labels("imgt", {"a": [4], "b": [4]}, original=True)
    assert only(run([ok("a", 1, 4), ok("b", 1, 2)], truth)).n_right == 1


def test_first_answer_in_the_list_and_top5_of_answers() -> None:
    truth = labels("imgt", {f"{i}": [1] for i in range(5)}, original=True)
    rows = [
        ok("0", 1, top=(1, 2), answers=("class 1", "class 2")),
        row("1", Status.OOP, top=(1, 3), answers=("a cow", "class 1", "class 3")),
        row("2", Status.OOP, top=(2, 1), answers=("a cow", "class 2", "class 1")),
        row("3", Status.OOP, answers=("a cow",)),
        ok("4", 3, top=(3, 4, 5, 6, 7, 1), answers=("class 3",)),
    ]
    found = only(run(rows, truth))
    assert (found.accuracy, found.accuracy_first_in_list, found.top5) == (20.0, 40.0, 60.0)
    rows[1] = mapped("1", 1, top=(2, 3), answers=("a cow", "class 2"))
    results = run(rows, truth)
    assert only(results).accuracy_first_in_list == 20.0
    found = only(results, "cw_plus")
    assert (found.accuracy, found.accuracy_first_in_list, found.top5) == (40.0, None, 60.0)


def test_the_first_answer_in_the_list_is_spelled_as_the_list_spells_it() -> None:
    """As published: not even by lower case; over all images; of a name that classes share, any."""
    truth = labels("imgt", {f"{i}": [1] for i in range(4)}, original=True)
    same = ClassList("own", "own", (Class(0, "Jay"), Class(1, "Jay"), Class(2, "jay")))
    rows = [
        row("0", Status.OK, class_id=0, also=(1, 2), rule="strict", answers=("JAY", "Jay")),
        row("1", Status.OK, class_id=0, also=(1, 2), rule="strict", answers=("jay", "Jay")),
        row("2", Status.OK, class_id=0, also=(1, 2), rule="strict", answers=("JAY",)),
        row("3", Status.EMPTY),
    ]
    found = only(run(rows, truth, class_list=same))
    assert (found.accuracy, found.accuracy_first_in_list) == (75.0, 25.0)


def test_scores_of_classes_are_no_several_answers() -> None:
    truth = labels("imgt", {"0": [1]}, original=True)
    found = only(run([ok("0", 1, top=(1, 2))], truth))
    assert (found.accuracy_first_in_list, found.top5) == (None, 100.0)


def test_mapping_counts_in_cw_plus_only() -> None:
    truth = labels("imgt", {f"{i}": [1] for i in range(4)}, original=True)
    rows = [ok("0", 1), mapped("1", 1), mapped("2", 5), row("3", Status.REFUSED)]
    results = run(rows, truth, mapping={"encoder": "minilm", "digest": "abc"})
    assert only(results).accuracy == 25.0
    assert only(results, "cw_plus").accuracy == 50.0
    assert results.mapping is not None
    assert results.mapping.model_dump() == {
        "encoder": "minilm",
        "class_template": None,
        "answer_template": None,
        "digest": "abc",
        "n_mapped": 2,
        "mapped_share": 50.0,
        "accuracy_of_mapped": {"imgt": {"n": 2, "accuracy": 50.0}},
    }
    assert run(rows, truth, protocol="cw_plus").scores.keys() == {"cw", "cw_plus"}
    assert run(rows[:1], truth).scores.keys() == {"cw"}
    assert run(rows[:1], truth, mapping={}).scores.keys() == {"cw", "cw_plus"}


def test_open_world_counts_every_mapped_answer() -> None:
    truth = labels("imgt", {"0": [1], "1": [2]}, original=True)
    results = run([ok("0", 1, rule="mapped"), mapped("1", 2)], truth, protocol="ow")
    assert only(results, "ow").accuracy == 100.0
    assert results.mapping is not None and results.mapping.n_mapped == 2


def test_closed_world_never_counts_a_mapped_answer_and_cw_plus_no_other_than_oop() -> None:
    truth = labels("imgt", {"0": [1], "1": [1]}, original=True)
    rows = [ok("0", 1, rule="mapped"), row("1", Status.UNPARSED, class_id=1, rule="mapped")]
    results = run(rows, truth)
    assert (only(results).n_right, only(results, "cw_plus").n_right) == (0, 0)


def test_an_out_of_prompt_class_without_mapping_is_never_right() -> None:
    truth = labels("imgt", {"0": [1]}, original=True)
    rows = [row("0", Status.OOP, class_id=1, rule="other_name")]
    assert only(run(rows, truth)).n_right == 0
    assert only(run(rows, truth, protocol="cw_plus"), "cw_plus").n_right == 0


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.OK])
def test_all_of_one_status(status: Status) -> None:
    truth = labels("imgt", {f"{i}": [i % 3] for i in range(6)}, original=True)
    results = run([row(f"{i}", status) for i in range(6)], truth)
    failed = status is Status.ERROR
    assert results.counts[status] == results.n == sum(results.counts.values()) == 6
    assert results.shares[status] == 100.0
    assert results.complete is not failed
    found = only(results)
    assert (found.n, found.n_error) == ((0, 6) if failed else (6, 0))
    assert found.accuracy == (None if failed else 0.0)
    assert found.mean_per_class == (None if failed else 0.0)


def test_errors_are_not_wrong() -> None:
    truth = labels("imgt", {f"{i}": [1] for i in range(4)}, original=True)
    rows = [ok("0", 1), ok("1", 2), row("2", Status.ERROR), row("3", Status.ERROR)]
    results = run(rows, truth)
    assert (only(results).n, only(results).n_error, only(results).accuracy) == (2, 2, 50.0)
    assert (results.n, results.complete, results.counts["error"]) == (4, False, 2)


def test_fewer_rows_than_expected_are_incomplete() -> None:
    truth = labels("imgt", {"0": [1]}, original=True)
    assert run([ok("0", 1)], truth, n_expected=1).complete
    assert not run([ok("0", 1)], truth, n_expected=2).complete


def test_one_class_ties_and_no_rows() -> None:
    truth = labels("imgt", {"0": [1], "1": [1]}, original=True)
    found = only(run([ok("0", 1), ok("1", 1)], truth))
    assert (found.accuracy, found.ci95_classes, found.n_classes) == (100.0, None, 1)
    nothing = run([], truth)
    assert (nothing.n, only(nothing).n, only(nothing).accuracy) == (0, 0, None)
    assert only(nothing).ci95 is only(nothing).top5 is only(nothing).mean_per_class is None
    assert nothing.shares["ok"] is None
    assert nothing.complete


def test_label_sets_of_nothing_but_empty_sets() -> None:
    truth = labels("re", {"0": [], "1": []})
    found = only(run([ok("0", 1), ok("1", 2)], truth), name="re")
    assert (found.n, found.n_empty, found.accuracy, found.accuracy_empty_correct) == (
        0,
        2,
        None,
        100.0,
    )


def test_images_outside_a_label_set_are_not_scored_by_it() -> None:
    imgt = labels("imgt", {"0": [1], "1": [2]}, original=True)
    results = run([ok("0", 1), ok("1", 1)], imgt, labels("re", {"0": [1], "9": [3], "8": []}))
    assert (only(results).n, only(results, name="re").n) == (2, 1)
    info = results.label_sets["re"]
    assert (info.n_images, info.n_empty, info.n_common, info.original) == (3, 1, 1, False)
