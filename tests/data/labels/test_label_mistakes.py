"""Label files that are wrong: one clear error each, with the place, and every mistake at once."""

import json
from pathlib import Path

import pytest

from harness.data.classes import Class, ClassList
from harness.data.labels.label_set import LabelSet
from harness.data.labels.load import load_label_set
from harness.errors import DataError
from harness.specs.label_set import LabelFormat, LabelSetSpec

TEN = ClassList("ten", "clean", tuple(Class(i, f"class {i}") for i in range(10)))
GOOD = '{"image_id": "a", "labels": [1]}'


def load(tmp_path: Path, form: LabelFormat, **more: object) -> LabelSet:
    spec = {"label_set": "mine", "format": form, "class_list": "ten", "directory": tmp_path}
    return load_label_set(LabelSetSpec.model_validate({**spec, **more}), TEN)


def problems(tmp_path: Path, form: LabelFormat, text: str, name: str = "f.txt") -> list[str]:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load(tmp_path, form, path=name)
    return [str(problem) for problem in caught.value.problems]


def test_class_id_out_of_range_says_line_and_range(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "jsonl", GOOD + '\n{"image_id": "b", "labels": [2, 10]}\n')
    assert f"{tmp_path / 'f.txt'}:2: " in found
    assert "got: 10" in found
    assert "10 class ids, 0 to 9" in found


def test_a_list_with_gaps_says_so(tmp_path: Path) -> None:
    (tmp_path / "f").write_text(GOOD)
    spec = LabelSetSpec(label_set="x", format="jsonl", class_list="c", path="f", directory=tmp_path)
    few = ClassList("few", "clean", (Class(0, "a"), Class(7, "b")))
    with pytest.raises(DataError, match="2 class ids, 0 to 7, with gaps"):
        load_label_set(spec, few)


@pytest.mark.parametrize("label", ["true", '"1"', "1.0", "-1", "null"])
def test_labels_that_are_no_class_ids(tmp_path: Path, label: str) -> None:
    (found,) = problems(tmp_path, "jsonl", f'{{"image_id": "b", "labels": [{label}]}}')
    assert "no class of `ten`" in found


def test_duplicate_image_names_both_rows(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "jsonl", f"{GOOD}\n{GOOD}\n")
    assert "f.txt:2: a second row for image `a`" in found
    assert "f.txt:1" in found


@pytest.mark.parametrize(
    ("written", "what"), [("", "the id of the image is empty"), ("\\ud800", "no Unicode text")]
)
def test_what_can_be_no_id(tmp_path: Path, written: str, what: str) -> None:
    assert what in problems(tmp_path, "jsonl", f'{{"image_id": "{written}", "labels": [1]}}')[0]


def test_two_ids_that_are_one_in_normal_form_c(tmp_path: Path) -> None:
    rows = [{"image_id": each, "labels": [1]} for each in ("café", "cafe\u0301")]
    (found,) = problems(tmp_path, "jsonl", "\n".join(map(json.dumps, rows)))
    assert "f.txt:2: a second row" in found
    assert "normal form C" in found


def test_two_file_names_of_one_image(tmp_path: Path) -> None:
    text = json.dumps({"ILSVRC2012_val_00000001.JPEG": 1, "n0/ILSVRC2012_val_00000001.png": 1})
    assert "second row" in problems(tmp_path, "imgt", text)[0]


def test_a_key_twice_in_an_object(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "imgt", '{"a.jpg": 1, "a.jpg": 2}')
    assert "more than once" in found
    assert "a.jpg" in found


def test_truncated_lines(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "jsonl", GOOD + '\n{"image_id": "b", "lab')
    assert "f.txt:2: " in found
    assert "cut off" in found
    (found,) = problems(tmp_path, "jsonl", '{"image_id": "b", "lab\n' + GOOD + "\n")
    assert "f.txt:1: " in found
    assert "cut off" not in found


def test_truncated_json(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "real", "[[1],\n [2], [")
    assert "f.txt:2: not JSON" in found


def test_truncated_csv(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "csv", 'id,proposed_labels\na,"1, 2')
    assert "f.txt:2: not CSV" in found


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("name,labels\na,1\n", "f.txt:1: no column `id`"),
        ("id,proposed_labels\na,1, 2\n", "f.txt:2: more cells"),
        ("id,other,proposed_labels\na,1\n", "f.txt:2: fewer cells"),
        ("id,proposed_labels\na,cat\n", "got: 'cat'"),
        ("id,proposed_labels\n,1\n", "f.txt:2: the column `id` is empty"),
        ("id,image_name,proposed_labels\na,a,1\n", "two columns name the image"),
        ("", "an empty file"),
    ],
)
def test_csv_mistakes(tmp_path: Path, text: str, what: str) -> None:
    assert what in "\n".join(problems(tmp_path, "csv", text))


@pytest.mark.parametrize(
    ("form", "text", "what"),
    [
        ("imgt", "[1]", "not an object"),
        ("real", "{}", "not a list"),
        ("real", "[1]", "entry 0"),
        ("regt", '{"reannotated_labels": [1]}', "no `image_name`"),
        ("regt", '{"image_name": "a.jpg"}', "`reannotated_labels` is not a list"),
        ("multilabel", '{"a.jpg": [1]}', "not an object"),
        (
            "multilabel",
            '{"initial_annots": {"a.jpg": {}}}',
            "`problematic_images` is not an object",
        ),
        (
            "multilabel",
            '{"initial_annots": {"a.jpg": 1}, "problematic_images": {}}',
            "not an object",
        ),
        (
            "multilabel",
            '{"initial_annots": {"a.jpg": {"right": ["n01440764"]}}, "problematic_images": {}}',
            "`correct_multi_labels` is not a list",
        ),
        ("multilabel", '{"a.jpg": {}}', "`correct_multi_labels` is not a list"),
        ("jsonl", '{"labels": [1]}', "no `image_id`"),
        ("jsonl", "[1]", "not a JSON object"),
        ("jsonl", "", "no labels in it"),
    ],
)
def test_files_of_another_shape(tmp_path: Path, form: LabelFormat, text: str, what: str) -> None:
    assert what in "\n".join(problems(tmp_path, form, text))


def test_ten_problems_and_a_count(tmp_path: Path) -> None:
    rows = "\n".join(f'{{"image_id": "i{i}", "labels": [99]}}' for i in range(25))
    found = problems(tmp_path, "jsonl", rows)
    assert len(found) == 11
    assert "f.txt:10" in found[9]
    assert "and 15 more problems" in found[10]


def test_missing_file_says_who_has_it(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load(tmp_path, "regt", path="no.jsonl", homepage="https://example.org/x", revision="r1")
    text = str(caught.value)
    assert str(tmp_path / "no.jsonl") in text
    assert "https://example.org/x" in text
    assert "--label_set mine=PATH" in text
    assert "r1" in text


def test_no_path_at_all(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--label_set mine=PATH"):
        load(tmp_path, "real")


def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder"):
        load(tmp_path, "real", path=".")


def test_another_hash(tmp_path: Path) -> None:
    (tmp_path / "f").write_text(GOOD)
    with pytest.raises(DataError, match="not the file that label set `mine`"):
        load(tmp_path, "jsonl", path="f", sha256="0" * 64)


def test_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes("id,proposed_labels\nä,1".encode("utf-16"))
    with pytest.raises(DataError, match="is not UTF-8"):
        load(tmp_path, "csv", path="f")


def test_missing_config(tmp_path: Path) -> None:
    (tmp_path / "f").write_text('{"image_name": "a.jpg", "reannotated_labels": [1]}')
    with pytest.raises(DataError, match=r"put it beside the labels"):
        load(tmp_path, "regt", path="f", config="class_update_config.json")


def test_columns(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="names no `column`"):
        load(tmp_path, "column")
    spec = LabelSetSpec(label_set="x", format="column", class_list="ten", column="lable")
    with pytest.raises(DataError, match="did you mean `label`"):
        load_label_set(spec, TEN, {"label": {"a": 1}})
    spec = spec.model_copy(update={"column": "label"})
    with pytest.raises(DataError, match="got: -1"):
        load_label_set(spec, TEN, {"label": {"a": -1}})


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ('{"image_id": "b", "labels": [2], "labels": [1]}', "labels"),
        ('{"image_id": "c", "image_id": "b", "labels": [2]}', "image_id"),
    ],
)
def test_a_row_that_says_one_thing_twice(tmp_path: Path, row: str, key: str) -> None:
    """Python keeps the last value and loses the first."""
    (found,) = problems(tmp_path, "jsonl", f"{GOOD}\n{row}\n")
    assert "f.txt:2: " in found and f"more than one value for '{key}'" in found
    assert "each key once" in found


def test_an_id_that_is_a_number_is_there_and_no_text(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "jsonl", '{"image_id": 7, "labels": [2]}')
    assert "`image_id` is no text\n  got: 7" in found


@pytest.mark.parametrize("text", ["id;label\na;3,0\nb;\nc;0,0\n", 'id,label\na,"3,0"\nb,\n'])
def test_decimals_with_a_comma_are_no_lists_of_class_0(tmp_path: Path, text: str) -> None:
    """As pandas writes a column of numbers with gaps: `3,0` would be class 3 and class 0."""
    (found,) = problems(tmp_path, "csv", text, "f.csv")
    assert "column `label`: labels that may be decimals with a comma" in found
    assert "got: '3,0'" in found


def test_lists_that_hold_class_0_are_read(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("id;label\na;3,0\nb;1\n")
    assert load(tmp_path, "csv", path="f.csv").labels == {"a": {3, 0}, "b": {1}}
    (tmp_path / "f.csv").write_text("id;label\na;3, 0\nb;[1,0]\n")
    assert load(tmp_path, "csv", path="f.csv").labels == {"a": {3, 0}, "b": {1, 0}}
