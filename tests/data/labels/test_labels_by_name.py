"""Label files whose labels are names of classes."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.data.classes import Class, ClassList
from harness.data.labels.load import load_label_set
from harness.errors import DataError
from harness.specs.label_set import LabelFormat, LabelSetSpec

CLASSES = ClassList(
    "animals",
    "clean",
    (
        Class(0, "polar bear", ("ice bear",), "n02134084"),
        Class(1, "crane", ("tower crane",)),
        Class(2, "crane", ("common crane",)),
        Class(3, "cat"),
        Class(4, "7"),
    ),
)


def read(
    folder: Path, text: str, form: LabelFormat = "jsonl", classes: ClassList = CLASSES
) -> Mapping[str, frozenset[int]]:
    path = folder / f"labels.{form}"
    path.write_text(text, encoding="utf-8")
    spec = LabelSetSpec(label_set="own", format=form, class_list=classes.name, path=str(path))
    return load_label_set(spec, classes).labels


@pytest.mark.parametrize(
    "word", ["polar bear", "Polar_Bear", "ice bear", "n02134084", "n02134084-polar_bear"]
)
def test_a_name_an_alias_and_a_wordnet_id_mean_their_class(tmp_path: Path, word: str) -> None:
    text = f'{{"image_id": "a", "labels": ["{word}"]}}\n{{"image_id": "b", "labels": ["cat"]}}\n'
    assert read(tmp_path, text) == {"a": {0}, "b": {3}}
    table = f"file_name,label\nx/a.jpg,{word}\nb.jpg,cat\n"
    assert read(tmp_path, table, "csv") == {"a": {0}, "b": {3}}


@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("header", ["filename class", "image category", "path label_name"])
def test_a_csv_has_other_headers_and_signs(tmp_path: Path, header: str, sign: str) -> None:
    lines = [header.upper().split(), ["a.jpg", "cat"], ["b.png", "polar bear"]]
    text = "".join(sign.join(line) + "\n" for line in lines)
    assert read(tmp_path, text, "csv") == {"a": {3}, "b": {0}}


def test_one_class_may_be_written_in_several_ways(tmp_path: Path) -> None:
    text = "file_name,label\na.jpg,cat\nb.jpg,Cat\nc.jpg,ice bear\nd.jpg,polar_bear\n"
    assert read(tmp_path, text, "csv") == {"a": {3}, "b": {3}, "c": {0}, "d": {0}}


@pytest.mark.parametrize("cell", ["cat; ice bear", "cat|polar bear", "\"['cat', 'ice bear']\""])
def test_a_cell_of_several_names(tmp_path: Path, cell: str) -> None:
    assert read(tmp_path, f"id,label\na,{cell}\nb,\n", "csv") == {"a": {0, 3}, "b": set()}


def test_a_number_is_an_id_and_a_quoted_one_a_name(tmp_path: Path) -> None:
    text = '{"image_id": "a", "labels": [3]}\n'
    assert read(tmp_path, text) == {"a": {3}}
    assert read(tmp_path, text.replace("3", '"7"')) == {"a": {4}}
    with pytest.raises(DataError, match="without quotes"):
        read(tmp_path, text.replace("3", '"3"'))
    assert read(tmp_path, "id,label\na,3\n", "csv") == {"a": {3}}


def test_a_number_of_two_meanings_stops(tmp_path: Path) -> None:
    classes = ClassList("digits", "clean", (Class(0, "7"), Class(7, "0")))
    with pytest.raises(DataError, match="`7` is a class id of `digits`, and the name of class 0"):
        read(tmp_path, "id,label\na,7\n", "csv", classes)
    same = ClassList("digits", "clean", (Class(0, "0"), Class(7, "7")))
    assert read(tmp_path, "id,label\na,7\n", "csv", same) == {"a": {7}}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            '{"image_id": "a", "labels": ["dog"]}',
            "jsonl:1: image `a` has a label that is no",
        ),
        ('{"image_id": "a", "labels": ["catt"]}', "did you mean `cat`"),
        ('{"image_id": "a", "labels": ["crane"]}', "names several classes of `animals`"),
        (
            '{"image_id": "a", "labels": ["cat"]}\n{"image_id": "b", "labels": [3]}',
            "ids and names of classes in one file",
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(DataError, match=what):
        read(tmp_path, text)


def test_two_columns_that_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="two columns may hold the labels\n  got: label, class"):
        read(tmp_path, "id,label,class\na,1,cat\n", "csv")
    proposed = "id,category,proposed_labels\na,cat,3\n"  # as published files have it
    assert read(tmp_path, proposed, "csv") == {"a": {3}}
