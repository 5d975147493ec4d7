"""Rows and labels that do not fit: one clear error each, before anything is computed."""

import pytest

from harness.answers.outcome import Status
from harness.errors import DataError
from harness.store.prediction import Prediction
from scores.score_builders import classes, labels, ok, row, run

IMGT = labels("imgt", {"a": [1], "b": [2]}, original=True)


def told(*rows: Prediction) -> list[str]:
    with pytest.raises(DataError) as caught:
        run(rows, IMGT)
    return [str(problem) for problem in caught.value.problems]


def test_two_rows_of_one_image() -> None:
    (found,) = told(ok("a", 1), ok("b", 1), ok("a", 1))
    assert "image `a`" in found
    assert "2 rows for one image" in found


@pytest.mark.parametrize(
    "wrong",
    [
        ok("a", 10),
        ok("a", 1, 10),
        ok("a", 1, top=(1, 10)),
        ok("a", 1, options=(1, 10)),
        ok("a", 1, top=(1, -1)),
    ],
)
def test_class_ids_that_are_none_of_the_list(wrong: Prediction) -> None:
    (found,) = told(wrong, ok("b", 1))
    assert "image `a`" in found
    assert "10 class ids, 0 to 9" in found


def test_all_mistakes_at_once_ten_in_full() -> None:
    rows = [ok(f"i{i}", 50) for i in range(30)]
    found = told(ok("a", 1), ok("a", 1), *rows)
    assert len(found) == 11
    assert "2 rows" in found[0]
    assert "and 21 more" in found[-1]


def test_labels_of_another_data_set() -> None:
    pets = labels("pets", {"pug_1": [1]})
    with pytest.raises(DataError) as caught:
        run([ok("a", 1)], IMGT, pets)
    text = str(caught.value)
    for part in ("label set `pets`", "pug_1", "another data set", "--label_set pets=PATH"):
        assert part in text


def test_imagenet_rows_outside_a_small_label_set_are_no_mistake() -> None:
    sets = labels("regt", {"ILSVRC2012_val_00000009": [1]})
    results = run([ok("ILSVRC2012_val_00000001", 1)], sets)
    assert (results.scores["cw"]["regt"].n, results.label_sets["regt"].n_common) == (0, 0)


@pytest.mark.parametrize(("n_images", "is_error"), [(None, True), (1, True), (2, False)])
def test_rows_of_a_part_of_the_data_may_be_outside_a_label_set(
    n_images: int | None, is_error: bool
) -> None:
    sets = labels("few", {"b": [1]})
    if is_error:
        with pytest.raises(DataError, match="another data set"):
            run([ok("a", 1)], sets, n_images=n_images)
    else:
        assert run([ok("a", 1)], sets, n_images=n_images).scores["cw"]["few"].n == 0


def test_all_of_imagenet_outside_a_label_set_is_a_mistake() -> None:
    sets = labels("regt", {"ILSVRC2012_val_00000009": [1]})
    with pytest.raises(DataError, match="another data set"):
        run([ok("ILSVRC2012_val_00000001", 1)], sets, n_images=1)


def test_ids_that_differ_by_folder_and_suffix_are_told() -> None:
    with pytest.raises(DataError, match=r"write its ids .* `a`, not `x/a\.jpg`"):
        run([ok("a", 1)], labels("files", {"x/a.jpg": [1]}))


def test_two_label_sets_of_one_name() -> None:
    with pytest.raises(DataError, match="two of one name"):
        run([ok("a", 1)], IMGT, IMGT)


def test_class_ids_of_rows_with_errors_are_checked_too() -> None:
    assert "got: 77" in told(row("a", Status.ERROR, class_id=77))[0]


def test_a_list_with_gaps() -> None:
    few = classes()
    gaps = type(few)("few", "clean", (few.by_id[1], few.by_id[5]))
    with pytest.raises(DataError, match="with gaps"):
        run([ok("a", 2)], IMGT, class_list=gaps)
