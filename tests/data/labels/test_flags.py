"""True and false in label files: one strict reading, in CSV and JSON alike."""

import json
from pathlib import Path

import pytest

from harness.data.classes import Class, ClassList
from harness.data.labels.files import read_flag
from harness.data.labels.label_set import LabelSet
from harness.data.labels.load import load_label_set
from harness.errors import DataError
from harness.specs.label_set import LabelSetSpec

TEN = ClassList("ten", "clean", tuple(Class(i, f"class {i}") for i in range(10)))
TRUE = ["True", "true", "TRUE", " true ", "t", "T", "yes", "Yes", "y", "Y", "1", "1.0", '"True"']
FALSE = ["False", "false", "f", "F", "no", "No", "n", "N", "0", "0.0", "", "  ", "'False'"]
NEITHER = ["maybe", "2", "-1", "0.5", "nan", "None", "null", "tru", "x", "truefalse", "[]"]


@pytest.mark.parametrize("text", TRUE)
def test_words_for_true(text: str) -> None:
    assert read_flag(text) is True


@pytest.mark.parametrize("text", FALSE)
def test_words_for_false(text: str) -> None:
    assert read_flag(text) is False


@pytest.mark.parametrize("text", NEITHER)
def test_everything_else_is_neither(text: str) -> None:
    assert read_flag(text) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), (False, False), (1, True), (0, False), (1.0, True), (0.0, False), (None, False),
     (2, None), ([], None), ({}, None), ([True], None)],
)  # fmt: skip
def test_json_values(value: object, expected: bool | None) -> None:
    assert read_flag(value) is expected


def load(tmp_path: Path, name: str, text: str) -> LabelSet:
    (tmp_path / name).write_text(text, encoding="utf-8")
    spec = {"label_set": "x", "format": "multilabel", "class_list": "ten", "path": name}
    return load_label_set(LabelSetSpec.model_validate({**spec, "directory": tmp_path}), TEN)


@pytest.mark.parametrize("word", ["1", "yes", "T", "True", '"True"'])
@pytest.mark.parametrize("heading", ["is_problematic", "Is_Problematic"])
def test_problematic_images_of_a_table_are_left_out(
    tmp_path: Path, word: str, heading: str
) -> None:
    found = load(tmp_path, "m.csv", f"id,proposed_labels,{heading}\na,1,0\nb,2,{word}\nc,3,\n")
    assert (dict(found.labels), found.notes) == ({"a": {1}, "c": {3}}, {"problematic": 1})


@pytest.mark.parametrize("value", [True, 1, "True", "yes"])
def test_problematic_images_of_an_object_are_left_out(tmp_path: Path, value: object) -> None:
    entries = {
        "a": {"correct_multi_labels": [1], "is_problematic": "False"},
        "b": {"correct_multi_labels": [2], "is_problematic": value},
    }
    found = load(tmp_path, "m.json", json.dumps(entries))
    assert (dict(found.labels), found.notes) == ({"a": {1}}, {"problematic": 1})


def test_a_value_that_is_neither_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"m\.csv:3: `is_problematic` of image `b`\n  got: maybe"):
        load(tmp_path, "m.csv", "id,proposed_labels,is_problematic\na,1,0\nb,2,maybe\n")
    entry = {"correct_multi_labels": [2], "is_problematic": "maybe"}
    with pytest.raises(DataError, match=r"`b`: `is_problematic` is neither.*\n  got: 'maybe'"):
        load(tmp_path, "m.json", json.dumps({"b": entry}))


def test_a_column_that_stands_twice_is_no_header(tmp_path: Path) -> None:
    text = "id,proposed_labels,is_problematic,Is_Problematic\na,1,False,True\n"
    with pytest.raises(DataError, match="stand twice in the header"):
        load(tmp_path, "m.csv", text)
