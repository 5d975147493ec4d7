"""A column of labels is joined with the classes by the names that stand in the data."""

import logging
from pathlib import Path

import datasets
import pytest

from harness.data.classes import Class, ClassList
from harness.data.images.source import open_source
from harness.data.labels.column import LabelColumn, column_ids
from harness.data.labels.label_set import LabelSet
from harness.data.labels.load import load_label_set
from harness.errors import DataError
from harness.specs.label_set import LabelSetSpec
from support.tasks import task_over

TWELVE = ClassList("twelve", "clean", tuple(Class(n, f"kind {n}") for n in range(12)))
PETS = ClassList(
    "pets", "clean",
    (Class(2, "cat"), Class(5, "dog", ("hound",)), Class(9, "cow", (), "n01887787")),
)  # fmt: skip
AS_FOLDERS = sorted(str(n) for n in range(12))
"""0, 1, 10, 11, 2, …: the order in which `datasets` numbers folders."""


def joined(names: list[str] | None, values: list[object], classes: ClassList) -> list[object]:
    column = LabelColumn({str(n): value for n, value in enumerate(values)}, names and tuple(names))
    return list(column_ids(column, classes, "here").by_image.values())


def test_folders_named_by_class_ids_are_in_the_order_of_text() -> None:
    values: list[object] = list(range(12))
    assert joined(AS_FOLDERS, values, TWELVE) == [int(name) for name in AS_FOLDERS]
    assert joined([f"class_{name}" for name in AS_FOLDERS], values, TWELVE)[2] == 10


@pytest.mark.parametrize(
    ("names", "values", "expected"),
    [
        (["cat", "cow", "dog"], [0, 1, 2, 1], [2, 9, 5, 9]),
        (["Cow", "HOUND", "the cat"], [0, 1, 2], [9, 5, 2]),
        (["n01887787", "cat"], [0, 1], [9, 2]),
        (["dog"], [0, 0], [5, 5]),
        (["cat", "dog", "unicorn"], [0, 1], [2, 5]),  # no image is of a unicorn
        (None, [2, 5, 9], [2, 5, 9]),
        (None, ["cow", "cat", "cow"], [9, 2, 9]),
        (None, ["9", "2"], [9, 2]),
        (["2", "5", "9"], [0, 2], [2, 9]),
        (["cat", "cow", "dog"], [0, -1], [2, -1]),  # told as no class id, below
        (["cat", "cow", "dog"], [0, None, True, 7], [2, None, True, 7]),
    ],
)
def test_columns(names: list[str] | None, values: list[object], expected: list[object]) -> None:
    assert joined(names, values, PETS) == expected


@pytest.mark.parametrize(
    ("names", "values", "got"),
    [
        (
            ["cat", "dog", "unicorn"],
            [0, 1, 2],
            "`unicorn`; `cat` is number 0 here and `cat`, 2, there",
        ),
        (["Katze", "Hund", "Kuh"], [0, 1, 2], "`Katze`, `Hund`, `Kuh`"),
        (["1", "2", "3"], [0, 1, 2], "`1`, `2`, `3`"),
        (["dog", "hound", "cat"], [0, 1, 2], "`dog`, `hound`"),
        (None, ["cat", "unicorn"], "`unicorn`"),
        (["cat", "dog", ""], [0, 2], "(no name)"),
    ],
)
def test_names_that_fit_no_class_stop_it(
    names: list[str] | None, values: list[object], got: str
) -> None:
    with pytest.raises(DataError) as caught:
        joined(names, values, PETS)
    assert str(caught.value.problems[0].got).startswith(got)
    assert "aliases" in str(caught.value)


def label_set(column: LabelColumn, classes: ClassList) -> LabelSet:
    spec = LabelSetSpec(label_set="x", format="column", class_list=classes.name, column="label")
    return load_label_set(spec, classes, {"label": column})


def test_the_same_order_is_silent_and_another_is_told(caplog: pytest.LogCaptureFixture) -> None:
    names = tuple(f"kind {n}" for n in range(12))
    same = label_set(LabelColumn({"a": 3}, names), TWELVE)
    assert (same.labels, same.source) == ({"a": {3}}, "column `label`, joined by name")
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        other = label_set(LabelColumn({"a": 3}, names[::-1]), TWELVE)
    assert other.labels == {"a": {8}} and "its numbers are not the class ids" in other.source
    assert "its numbers are not the class ids" in caplog.text
    assert same.digest != other.digest


def test_a_large_list_of_slightly_other_names_goes_by_its_numbers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    classes = ClassList("many", "clean", tuple(Class(n, f"kind {n}") for n in range(100)))
    names = tuple(f"kind {n}" if n % 2 else f"strange {n}" for n in range(100))
    found = label_set(LabelColumn({"a": 2, "b": 3}, names), classes)
    assert found.labels == {"a": {2}, "b": {3}}
    assert "by number, which 50 of 100 names confirm" in found.source
    assert "`strange 0`" in caplog.text
    with pytest.raises(DataError):  # one pair of names is exchanged
        label_set(
            LabelColumn({"a": 2}, (names[0], names[3], names[2], names[1], *names[4:])), classes
        )
    with pytest.raises(DataError):  # one name less confirms it
        label_set(LabelColumn({"a": 2}, ("x", "y", *names[2:])), classes)


def test_a_value_that_is_no_number_of_the_column_is_told() -> None:
    with pytest.raises(DataError, match="-1"):
        label_set(LabelColumn({"a": -1}, ("cat", "dog")), PETS)


@pytest.mark.parametrize("form", ["saved", "parquet"])
def test_the_names_are_read_from_every_form_of_a_data_set(form: str, tmp_path: Path) -> None:
    features = datasets.Features(
        {"image_id": datasets.Value("string"), "label": datasets.ClassLabel(names=AS_FOLDERS)}
    )
    rows = {"image_id": [f"i{n}" for n in range(12)], "label": list(range(12))}
    table = datasets.Dataset.from_dict(rows, features=features)
    path = tmp_path / f"data.{form}"
    if form == "parquet":
        table.to_parquet(str(path))
    else:
        table.save_to_disk(str(path))
    source = open_source(task_over(path, doc_to_id="image_id"), ["label"])
    spec = LabelSetSpec(label_set="x", format="column", class_list="twelve", column="label")
    labels = load_label_set(spec, TWELVE, source.label_columns()).labels
    assert labels == {f"i{n}": {int(AS_FOLDERS[n])} for n in range(12)}
