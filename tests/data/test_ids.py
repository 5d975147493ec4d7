"""An id is the text that stands there, whatever reads it; both sides are in normal form C."""

import csv
import json
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from harness.data.image_ids import image_id_of, written_id
from harness.data.images.source import Source, open_source
from harness.errors import DataError
from harness.specs.task import TaskSpec

ODD = (
    "007", "0001", "7", "NA", "N/A", "nan", "null", "None", "1e5", "1.0", "-0", "0x10", "1_000",
    "True", "2020-01-01", "2020-01-01T00:00:00Z", "12:30", "cat/1", "dog/1", "a.jpg", "a.png",
    "b\\c", " x", "x ", "a,b", 'q"q', "l\nm", "l\r\nm", "x\u2028y", "x\x85y", "x\x0by", "#c",
    "\ufeffz", "猫", "é", "-",
)  # fmt: skip


def opened(path: Path, **more: object) -> Source:
    values: dict[str, object] = {
        "task": "t", "protocol": "classify", "dataset_path": str(path), "class_list": "c",
        "label_sets": ["l"], "metadata": {"version": 0}, "doc_to_id": "key",
    }  # fmt: skip
    return open_source(TaskSpec.model_validate(values | more), ["label"])


def write_csv(path: Path, names: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([names, *rows])
    return path


def write_jsonl(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def as_csv_file(folder: Path, ids: Sequence[str]) -> Path:
    return write_csv(folder / "x.csv", ["key", "label"], [[each, 1] for each in ids])


def as_csv_folder(folder: Path, ids: Sequence[str]) -> Path:
    write_csv(folder / "d" / "train.csv", ["key", "label"], [["other", 1]])
    return write_csv(folder / "d" / "test.csv", ["key", "label"], [[i, 1] for i in ids]).parent


def as_jsonl_file(folder: Path, ids: Sequence[str]) -> Path:
    return write_jsonl(folder / "x.jsonl", [{"key": each, "label": 1} for each in ids])


def as_jsonl_folder(folder: Path, ids: Sequence[str]) -> Path:
    rows = [{"key": each, "label": 1} for each in ids]
    return write_jsonl(folder / "d" / "test.jsonl", rows).parent


def as_json_list(folder: Path, ids: Sequence[str]) -> Path:
    path = folder / "x.json"
    path.write_text(json.dumps([{"key": each, "label": 1} for each in ids], indent=1))
    return path


def as_parquet(folder: Path, ids: Sequence[str]) -> Path:
    table = pa.table({"key": list(ids), "label": [1] * len(ids)})
    pq.write_table(table, folder / "x.parquet")
    return folder / "x.parquet"


def as_saved(folder: Path, ids: Sequence[str]) -> Path:
    rows = {"key": list(ids), "label": [1] * len(ids)}
    datasets.Dataset.from_dict(rows).save_to_disk(str(folder / "saved"))
    return folder / "saved"


def as_image_folder(folder: Path, ids: Sequence[str]) -> Path:
    rows = [[f"{number}.png", each, 1] for number, each in enumerate(ids)]
    write_csv(folder / "d" / "test" / "metadata.csv", ["file_name", "key", "label"], rows)
    for number in range(len(ids)):
        Image.new("RGB", (2, 2), (number, 0, 0)).save(folder / "d" / "test" / f"{number}.png")
    return folder / "d"


def as_image_folder_jsonl(folder: Path, ids: Sequence[str]) -> Path:
    as_image_folder(folder, ids)
    (folder / "d" / "test" / "metadata.csv").unlink()
    rows = [{"file_name": f"{n}.png", "key": each, "label": 1} for n, each in enumerate(ids)]
    return write_jsonl(folder / "d" / "test" / "metadata.jsonl", rows).parent.parent


FORMS = (
    as_csv_file, as_csv_folder, as_jsonl_file, as_jsonl_folder, as_json_list, as_parquet, as_saved,
    as_image_folder, as_image_folder_jsonl,
)  # fmt: skip


@pytest.mark.parametrize("write", FORMS)
def test_an_id_column_is_read_as_it_is_written(tmp_path: Path, write: Any) -> None:
    source = opened(write(tmp_path, ODD))
    assert source.ids == ODD
    assert list(source.columns["label"]) == [1] * len(ODD)
    if source.read is not None:
        assert source.read(3).getpixel((0, 0)) == (3, 0, 0)


@pytest.mark.parametrize("write", FORMS)
@pytest.mark.parametrize("ids", [("007", "008"), ("2020-01-01", "2020-01-02"), ("1e5", "NA")])
def test_a_column_that_looks_like_one_type_stays_text(
    tmp_path: Path, write: Any, ids: tuple[str, ...]
) -> None:
    assert opened(write(tmp_path, ids)).ids == ids


@pytest.mark.parametrize("write", FORMS)
def test_ids_are_in_normal_form_c(tmp_path: Path, write: Any) -> None:
    assert opened(write(tmp_path, ["cafe\u0301", "b"])).ids == ("café", "b")


@pytest.mark.parametrize("write", FORMS)
def test_two_ids_that_are_one_in_normal_form_c_are_one_clear_error(
    tmp_path: Path, write: Any
) -> None:
    with pytest.raises(DataError, match="stand for more than one image") as caught:
        opened(write(tmp_path, ["cafe\u0301", "café"]))
    (problem,) = caught.value.problems
    assert "'caf\\xe9' and 'cafe\\u0301'" in str(problem)


@pytest.mark.parametrize("write", FORMS)
def test_an_id_that_is_missing_is_told_with_its_row(tmp_path: Path, write: Any) -> None:
    with pytest.raises(DataError, match=r"the id of row 2 \(from 1\) is empty"):
        opened(write(tmp_path, ["a", "", "c"]))


def test_numbers_of_json_are_the_text_that_stands_there(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    rows = ["7", "1e5", "1.0", '"a"', str(10**25)]
    path.write_text("".join(f'{{"key": {each}, "label": 1}}\n' for each in rows))
    assert opened(path).ids == ("7", "1e5", "1.0", "a", str(10**25))


@pytest.mark.parametrize(
    ("value", "told"),
    [("true", "is no id"), ('["a"]', "is no id"), ("{}", "is no id"), ("null", "is empty")],
)
def test_what_is_no_text_is_no_id(tmp_path: Path, value: str, told: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(f'{{"key": {value}, "label": 1}}\n')
    with pytest.raises(DataError, match=f"row 1 .*{told}"):
        opened(path)


def test_half_of_a_surrogate_pair_is_no_id(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"key": "a\\ud800", "label": 1}\n')
    with pytest.raises(DataError, match="no Unicode text"):
        opened(path)


@pytest.mark.parametrize(
    "values", [pa.array([1.5]), pa.array([1], pa.timestamp("s")), pa.array([True])]
)
def test_typed_columns_of_other_kinds_are_refused(tmp_path: Path, values: pa.Array) -> None:
    pq.write_table(pa.table({"key": values, "label": [1]}), tmp_path / "x.parquet")
    with pytest.raises(DataError, match="are no texts"):
        opened(tmp_path / "x.parquet")


def test_whole_numbers_of_parquet_are_ids(tmp_path: Path) -> None:
    pq.write_table(pa.table({"key": [7, 8], "label": [1, 1]}), tmp_path / "x.parquet")
    assert opened(tmp_path / "x.parquet").ids == ("7", "8")


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1", "20"], [1, 20]),
        (["1", ""], [1, None]),
        (["007", "8"], ["007", "8"]),
        (["NA", "null"], ["NA", "null"]),
        (["1e5", "1.0"], ["1e5", "1.0"]),
        (["2020-01-01", "2020-01-02"], ["2020-01-01", "2020-01-02"]),
    ],
)
def test_label_columns_of_csv(tmp_path: Path, cells: list[str], values: list[object]) -> None:
    rows = [[f"i{number}", cell] for number, cell in enumerate(cells)]
    source = opened(write_csv(tmp_path / "x.csv", ["key", "label"], rows))
    assert list(source.columns["label"]) == values


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("x.csv", "key,label\na\n", r"x\.csv:2: fewer cells"),
        ("x.csv", "key,label\na,1,2\n", r"x\.csv:2: more cells"),
        ("x.csv", "key,key\na,1\n", "a column stands twice"),
        ("x.csv", 'key,label\n"a,1\n', "is the file cut off"),
        ("x.csv", "key,label\n", "is empty"),
        ("x.csv", "", "is empty"),
        ("x.jsonl", '{"key": "a", "label": 1}\n[1]\n', r"x\.jsonl:2: not a JSON object"),
        ("x.jsonl", '{"key": "a", "label": 1\n', r"x\.jsonl:1: the line is not JSON"),
        ("x.jsonl", f'{{"key": {"9" * 5000}}}\n', r"x\.jsonl:1: the line is not JSON"),
        ("x.json", '[{"key": "a"}, 3]', "entry 1 .* is no object"),
        ("x.jsonl", '{"key": "a", "label": 1}\n{"key": "b", "label": "x"}\n', "not of one type"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, text: str, told: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=told):
        opened(tmp_path / name)


def test_a_column_that_nobody_asks_for_may_hold_anything(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "x.jsonl", [
        {"key": "a", "label": 1, "more": 1}, {"key": "b", "label": 1, "more": {"x": []}},
    ])  # fmt: skip
    assert opened(path).ids == ("a", "b")


def test_the_fingerprint_of_a_text_file_is_of_what_is_in_it(tmp_path: Path) -> None:
    first = opened(as_jsonl_file(tmp_path, ["a", "b"])).fingerprint
    again = opened(as_jsonl_file(tmp_path, ["a", "b"])).fingerprint
    other = opened(as_jsonl_file(tmp_path, ["a", "c"])).fingerprint
    assert first == again != other


def paint(path: Path, level: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (2, 2), (level, 0, 0)).save(path)


def of_folder(path: Path) -> Source:
    values = {
        "task": "t", "protocol": "classify", "dataset_path": str(path), "class_list": "c",
        "label_sets": ["l"], "metadata": {"version": 0},
    }  # fmt: skip
    return open_source(TaskSpec.model_validate(values))


@pytest.mark.parametrize("twice", [False, True])
def test_ids_of_file_names_are_in_normal_form_c(tmp_path: Path, twice: bool) -> None:
    paint(tmp_path / "cafe\u0301" / "u\u0308.png", 1)
    paint(tmp_path / "tea" / ("u\u0308.png" if twice else "x.png"), 2)
    ids = of_folder(tmp_path).ids
    assert set(ids) == ({"café/ü", "tea/ü"} if twice else {"ü", "x"})


def test_two_files_of_one_name_in_two_normal_forms(tmp_path: Path) -> None:
    paint(tmp_path / "u\u0308.png", 1)
    paint(tmp_path / "ü.png", 2)
    with pytest.raises(DataError, match="stand for more than one image"):
        of_folder(tmp_path)


@pytest.mark.parametrize("text", ODD)
def test_an_id_is_the_same_after_it_was_read_again(text: str) -> None:
    assert written_id(text) == text == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("text", "written", "of_file"),
    [
        ("ILSVRC2012_val_00000293", "ILSVRC2012_val_00000293", "ILSVRC2012_val_00000293"),
        ("val/ILSVRC2012_val_00000293.JPEG", "ILSVRC2012_val_00000293", "ILSVRC2012_val_00000293"),
        ("ILSVRC2012_val_00000293_n01440764.JPEG", "ILSVRC2012_val_00000293",
         "ILSVRC2012_val_00000293"),
        ("ILSVRC2012_val_00000293_crop_1", "ILSVRC2012_val_00000293_crop_1",
         "ILSVRC2012_val_00000293"),
        ("cat/1.jpg", "cat/1.jpg", "1"),
        ("cat/v1.5 final", "cat/v1.5 final", "v1.5 final"),
        ("cafe\u0301.jpg", "café.jpg", "café"),
    ],
)  # fmt: skip
def test_only_ids_of_file_names_lose_folder_and_suffix(
    text: str, written: str, of_file: str
) -> None:
    assert (written_id(text), image_id_of(text)) == (written, of_file)
