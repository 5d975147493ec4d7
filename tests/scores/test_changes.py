"""The change between label sets, and between runs, on the same images."""

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.multitest import multipletests

from harness.answers.outcome import Status
from harness.data.labels.label_set import Equivalences
from harness.errors import DataError
from harness.scores.compare import Side, compare, with_holm
from harness.scores.statistics import Draws, class_bootstrap
from scores.score_builders import drawn, labels, ok, row, run

N = 400
TRUE, PREDICTED = drawn(N, 10)
_, OTHER = drawn(N, 10, seed=9, share_right=0.7)
OTHER = np.where(np.random.default_rng(8).random(N) < 0.7, TRUE, OTHER)
IDS = [f"i{i}" for i in range(N)]
ROWS = [ok(i, int(p)) for i, p in zip(IDS, PREDICTED, strict=True)]
OTHER_ROWS = [ok(i, int(p)) for i, p in zip(IDS, OTHER, strict=True)]
IMGT = labels("imgt", {i: [int(t)] for i, t in zip(IDS, TRUE, strict=True)}, original=True)


def relabelled(seed: int) -> dict[str, set[int]]:
    generator = np.random.default_rng(seed)
    return {
        image_id: set(generator.integers(10, size=generator.integers(0, 4)).tolist())
        for image_id in IDS
        if generator.random() < 0.9
    }


def test_a_change_is_counted_on_the_common_images_alone() -> None:
    sets = relabelled(1)
    change = run(ROWS, labels("re", sets), IMGT).changes["imgt->re"]
    common = [i for i, image_id in enumerate(IDS) if sets.get(image_id)]
    was = np.array([PREDICTED[i] == TRUE[i] for i in common])
    now = np.array([PREDICTED[i] in sets[IDS[i]] for i in common])
    assert change.n == len(common)
    assert change.from_ == pytest.approx(100 * was.mean())
    assert change.to == pytest.approx(100 * now.mean())
    assert change.delta == pytest.approx(100 * (now.mean() - was.mean()))
    assert change.both == pytest.approx(100 * (was & now).mean())
    table = [[0, (was & ~now).sum()], [(now & ~was).sum(), 0]]
    assert change.p_mcnemar == pytest.approx(reference_mcnemar(table, exact=True).pvalue)
    expected = class_bootstrap(100.0 * now - 100.0 * was, TRUE[common], Draws(200, 0))
    assert change.ci95 == pytest.approx(expected)


def test_all_pairs_the_original_first_with_holms_correction() -> None:
    sets = [labels(f"re{seed}", relabelled(seed)) for seed in (1, 2)]
    changes = run(ROWS, sets[0], IMGT, sets[1]).changes
    assert list(changes) == ["imgt->re1", "imgt->re2", "re1->re2"]
    raw = [change.p_mcnemar for change in changes.values()]
    corrected = [change.p_holm for change in changes.values()]
    assert corrected == pytest.approx(list(multipletests(raw, method="holm")[1]))


def test_a_change_without_common_images_or_without_change() -> None:
    first, second = labels("imgt", {"a": [1]}, original=True), labels("re", {"b": [1], "a": []})
    change = run([ok("a", 1), ok("b", 1)], first, second).changes["imgt->re"]
    assert (change.n, change.from_, change.delta, change.ci95, change.both) == (
        0,
        None,
        None,
        None,
        None,
    )
    twin = labels("twin", {image_id: ids for image_id, ids in IMGT.labels.items()})
    change = run(ROWS, IMGT, twin).changes["imgt->twin"]
    assert (change.delta, change.ci95, change.p_mcnemar) == (0.0, (0.0, 0.0), 1.0)


def test_compare_is_the_table_that_a_loop_counts() -> None:
    found = compare(Side("a", "cw", ROWS), Side("b", "cw", OTHER_ROWS[::-1]), IMGT)
    one, two = PREDICTED == TRUE, OTHER == TRUE
    assert found.n == N
    assert (found.both_right, found.only_a) == ((one & two).sum(), (one & ~two).sum())
    assert (found.only_b, found.both_wrong) == ((two & ~one).sum(), (~one & ~two).sum())
    assert found.accuracy_a == pytest.approx(100 * one.mean())
    assert found.accuracy_b == pytest.approx(100 * two.mean())
    assert found.delta == pytest.approx(100 * (one.mean() - two.mean()))
    table = [[0, found.only_a], [found.only_b, 0]]
    assert found.p_mcnemar == pytest.approx(reference_mcnemar(table, exact=True).pvalue)
    assert found.ci95 == pytest.approx(class_bootstrap(100.0 * one - 100.0 * two, TRUE, Draws()))


def test_compare_leaves_out_what_is_not_in_both() -> None:
    truth = labels("re", {"a": [1], "b": [1], "c": [1], "d": []})
    left = [ok("a", 1), ok("b", 1), row("c", Status.ERROR), ok("d", 1)]
    right = [ok("a", 2), ok("c", 1), ok("d", 1), ok("e", 1)]
    for one, two in ((left, right), (right, left)):
        found = compare(Side("x", "cw", one), Side("y", "cw", two), truth)
        assert (found.n, found.n_left_out, found.only_a + found.only_b) == (1, 4, 1)
    assert found.only_b == 1


def test_compare_counts_by_the_protocol_of_each_side() -> None:
    truth = labels("imgt", {"a": [1], "b": [2]})
    rows = [ok("a", 1), row("b", Status.OOP, class_id=2, rule="mapped")]
    found = compare(Side("cw", "cw", rows), Side("cw_plus", "cw_plus", rows), truth)
    assert (found.both_right, found.only_b, found.delta) == (1, 1, -50.0)


def test_compare_merges_and_files_under_the_original() -> None:
    truth = labels("re", {"a": [1], "b": [1]})
    original = labels("imgt", {"a": [5], "b": [6]})
    sides = Side("x", "cw", [ok("a", 2), ok("b", 3)]), Side("y", "cw", [ok("a", 1), ok("b", 1)])
    same = Equivalences.from_groups("mine", [[1, 2]])
    found = compare(*sides, truth, same, original, Draws(500))
    assert (found.equivalences, found.both_right, found.only_b) == ("mine", 1, 1)
    assert found.ci95 == (-100.0, 0.0)
    assert compare(*sides, truth, same).ci95 is None


def test_compare_of_runs_without_a_common_image() -> None:
    truth = labels("imgt", {"a": [1], "b": [2]})
    found = compare(Side("x", "cw", [ok("a", 1)]), Side("y", "cw", [ok("b", 2)]), truth)
    assert (found.n, found.delta, found.p_mcnemar) == (0, None, 1.0)


def test_compare_refuses_two_rows_of_an_image_and_names_the_run() -> None:
    twice = Side("twice", "cw", [ok("a", 1), ok("a", 2)])
    truth = labels("imgt", {"a": [1]})
    with pytest.raises(DataError, match="predictions of twice"):
        compare(Side("x", "cw", [ok("a", 1)]), twice, truth)


def test_holm_over_several_comparisons() -> None:
    truth = labels("imgt", {str(i): [1] for i in range(12)})
    best = Side("best", "cw", [ok(str(i), 1) for i in range(12)])
    others = [
        Side(f"{k}", "cw", [ok(str(i), 1 if i < k else 2) for i in range(12)]) for k in (2, 5, 11)
    ]
    found = with_holm([compare(best, other, truth) for other in others])
    raw = [item.p_mcnemar for item in found]
    expected = multipletests(raw, method="holm")[1]
    assert [item.p_holm for item in found] == pytest.approx(list(expected))
    assert found[0].p_holm == pytest.approx(3 * raw[0])
    assert set(found[0].to_json()) >= {"a", "b", "n", "both_right", "delta", "ci95", "p_holm"}


def test_the_class_list_is_not_needed_to_compare() -> None:
    truth = labels("imgt", {"a": [99]})
    found = compare(Side("x", "cw", [ok("a", 99)]), Side("y", "cw", [ok("a", 99)]), truth)
    assert found.both_right == 1
