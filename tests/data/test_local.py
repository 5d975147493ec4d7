"""A path means the file of that name, and no file of a data set is left out or replaced unseen."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from harness.data.images.pixels import ImageError
from harness.data.images.source import Source, open_source
from harness.errors import DataError
from support.nested import nested
from support.tasks import task_over

ODD = ["val[1]", "a*b", "a?b", "[ab]", "x#y", "p%20q", "{a,b}", "~q", "a b", "**", "ü", "!z"]


def picture(level: int) -> Image.Image:
    return Image.new("RGB", (4, 4), (level, 0, 0))


def parquet(path: Path, levels: list[int], start: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = {
        "image": [picture(level) for level in levels],
        "key": [f"i{start + number}" for number in range(len(levels))],
    }
    features = datasets.Features({"image": datasets.Image(), "key": datasets.Value("string")})
    with path.open("wb") as file:  # as a stream, for `to_parquet` takes a path for a pattern too
        datasets.Dataset.from_dict(rows, features=features).to_parquet(file)


def opened(path: Path, split: str = "test") -> Source:
    return open_source(task_over(path, doc_to_id="key", test_split=split))


def reds(source: Source) -> list[int]:
    assert source.read is not None
    return [source.read(row).getpixel((0, 0))[0] for row in range(len(source))]  # type: ignore[index]


@pytest.mark.parametrize("name", ODD)
def test_signs_of_a_pattern_in_a_file_name_mean_themselves(name: str, tmp_path: Path) -> None:
    for other in ("val1", "aXb", "a", "b", "x", "q"):
        parquet(tmp_path / f"{other}.parquet", [1])
    parquet(tmp_path / f"{name}.parquet", [7])
    assert reds(opened(tmp_path / f"{name}.parquet")) == [7]


@pytest.mark.parametrize("name", ["set[1]", "set*", "se?", "[st]et"])
@pytest.mark.parametrize("file", ["data/test-00000-of-00001.parquet", "test.jsonl"])
def test_signs_of_a_pattern_in_a_folder_name_mean_themselves(
    name: str, file: str, tmp_path: Path
) -> None:
    write: Callable[[Path, int], None] = (
        write_jsonl if file.endswith("jsonl") else lambda path, level: parquet(path, [level])
    )
    for folder, level in (("set1", 1), ("set", 2), ("sex", 3), ("tet", 4), (name, 7)):
        write(tmp_path / folder / file, level)
    assert reds(opened(tmp_path / name)) == [7]
    (tmp_path / "link").symlink_to(name)
    assert reds(opened(tmp_path / "link")) == [7]


def write_jsonl(path: Path, level: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(level).save(path.parent / "one.png")
    path.write_text(json.dumps({"key": "a", "image": "one.png"}) + "\n")


def test_a_folder_of_images_with_signs_of_a_pattern(tmp_path: Path) -> None:
    for folder, level in (("set1", 1), ("set[1]", 7)):
        (tmp_path / folder).mkdir()
        picture(level).save(tmp_path / folder / "x[1].png")
    source = open_source(task_over(tmp_path / "set[1]"))
    assert source.ids == ("x[1]",) and reds(source) == [7]


def test_a_saved_data_set_with_signs_of_a_pattern(tmp_path: Path) -> None:
    rows = datasets.Dataset.from_dict({"image": [picture(7)], "key": ["a"]})
    rows.save_to_disk(str(tmp_path / "s[1]"))
    assert reds(opened(tmp_path / "s[1]")) == [7]


def test_what_cannot_be_a_name_is_refused_and_not_taken_for_another(tmp_path: Path) -> None:
    (tmp_path / "a::b.parquet").write_bytes(b"")
    with pytest.raises(DataError, match="with `::` in it"):
        opened(tmp_path / "a::b.parquet")


def test_images_of_a_table_of_text_lie_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_jsonl(tmp_path / "set" / "rows.jsonl", 7)
    (tmp_path / "elsewhere").mkdir()
    picture(1).save(tmp_path / "elsewhere" / "one.png")
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert reds(opened(tmp_path / "set" / "rows.jsonl")) == [7]


def replace_in_place(path: Path, write: Callable[[Path], None]) -> None:
    """Write a file anew, and put its date back."""
    about = path.stat()
    write(path)
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


def test_a_file_of_the_same_name_and_date_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "test.parquet"
    parquet(path, [1, 2])
    first = opened(path)
    assert reds(first) == [1, 2]
    replace_in_place(path, lambda place: parquet(place, [8, 9]))
    again = opened(path)
    assert reds(again) == [8, 9] and again.fingerprint != first.fingerprint
    folder = opened(tmp_path)
    replace_in_place(path, lambda place: parquet(place, [3, 4]))
    assert reds(opened(tmp_path)) == [3, 4]
    assert opened(tmp_path).fingerprint != folder.fingerprint


def test_the_images_beside_a_table_are_part_of_its_state(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "rows.jsonl", 1)
    first = opened(tmp_path / "rows.jsonl").fingerprint
    assert opened(tmp_path / "rows.jsonl").fingerprint == first
    replace_in_place(tmp_path / "one.png", lambda place: picture(2).save(place))
    assert opened(tmp_path / "rows.jsonl").fingerprint != first


def test_a_saved_data_set_is_known_by_its_files_and_not_by_its_state_file(tmp_path: Path) -> None:
    rows = datasets.Dataset.from_dict({"image": [picture(7)], "key": ["a"]})
    rows.save_to_disk(str(tmp_path / "s"))
    first = opened(tmp_path / "s").fingerprint
    (file,) = (tmp_path / "s").glob("*.arrow")
    kept = file.read_bytes()

    def write(place: Path) -> None:
        place.write_bytes(kept)

    replace_in_place(file, write)
    assert opened(tmp_path / "s").fingerprint != first


def test_other_splits_and_files_of_a_folder_are_counted(tmp_path: Path) -> None:
    parquet(tmp_path / "data" / "test-00000-of-00002.parquet", [1])
    parquet(tmp_path / "data" / "test-00001-of-00002.parquet", [2], 1)
    parquet(tmp_path / "data" / "train-00000-of-00001.parquet", [3])
    picture(1).save(tmp_path / "logo.png")
    (tmp_path / "README.md").write_text("# a set\n")
    (tmp_path / ".gitattributes").touch()
    source = opened(tmp_path)
    assert reds(source) == [1, 2]
    assert source.passed_over == {
        "of split train": 1, "hidden": 1, "suffix .md": 1, "suffix .png": 1,
    }  # fmt: skip


def test_a_file_of_several_that_is_missing_stops_it(tmp_path: Path) -> None:
    parquet(tmp_path / "data" / "test-00000-of-00003.parquet", [1])
    parquet(tmp_path / "data" / "test-00002-of-00003.parquet", [2], 1)
    with pytest.raises(DataError, match=r"1 of the 3 files .*\n.*test-00001-of-00003\.parquet"):
        opened(tmp_path)


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_images_that_the_metadata_do_not_name_are_counted(suffix: str, tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / "test" / "cat").mkdir(parents=True, exist_ok=True)
        picture(number).save(tmp_path / "test" / "cat" / f"{number}.png")
    (tmp_path / "test" / "cat" / "._0.png").touch()
    rows = [{"file_name": f"cat/{number}.png", "key": f"i{number}"} for number in (2, 0)]
    lines = [json.dumps(row) for row in rows]
    if suffix == "csv":
        lines = ["file_name,key", *(",".join(row.values()) for row in rows)]
    (tmp_path / "test" / f"metadata.{suffix}").write_text("\n".join(lines) + "\n")
    source = opened(tmp_path)
    assert source.ids == ("i2", "i0") and reds(source) == [2, 0]
    assert source.passed_over == {"images without a row": 2, "hidden": 1}


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, 2]),
        pa.array([True, False]),
        pa.array([1, 2], pa.timestamp("s")),
        pa.array([{"bytes": 1, "path": 2}] * 2),
        pa.array([[{"bytes": b"", "path": ""}]] * 2),
    ],
    ids=["numbers", "bools", "times", "other structs", "lists"],
)
def test_a_column_that_holds_no_images(tmp_path: Path, column: pa.Array) -> None:
    pq.write_table(pa.table({"image": column, "key": ["a", "b"]}), tmp_path / "test.parquet")
    with pytest.raises(DataError, match="the column `image` holds no images") as caught:
        opened(tmp_path)
    assert "fix: name the column of the images in `doc_to_visual`" in str(caught.value)


@pytest.mark.parametrize("column", ["key", "label"])
def test_a_column_that_is_no_unicode_text(tmp_path: Path, column: str) -> None:
    texts = {"key": pa.array(["a", "b"]), "label": pa.array(["a", "b"])}
    texts[column] = pa.array([b"\xff\xfe", b"b"]).view(pa.string())
    images = [{"bytes": b"", "path": "a"}] * 2
    pq.write_table(pa.table({"image": images, **texts}), tmp_path / "test.parquet")
    with pytest.raises(DataError, match=f"the column `{column}` holds what is no Unicode text"):
        open_source(task_over(tmp_path, doc_to_id="key"), ["label"])


def test_why_a_local_table_cannot_be_read_and_what_mends_it(tmp_path: Path) -> None:
    """Not "an error occurred while generating the dataset", nor to log in to the hub."""
    parquet(tmp_path / "test-00000-of-00002.parquet", [1, 2])
    second = tmp_path / "test-00001-of-00002.parquet"
    pq.write_table(pa.table({"image": ["a"], "other": [1]}), second)
    with pytest.raises(DataError, match="column names don't match") as caught:
        opened(tmp_path)
    assert "get its files again, whole" in str(caught.value)
    assert "hf auth login" not in str(caught.value)


def test_folders_that_are_too_deep_for_the_reader_of_tables(tmp_path: Path) -> None:
    parquet(tmp_path / "data" / "test.parquet", [1, 2])
    with nested(tmp_path / "data"), pytest.raises(DataError, match="too deep") as caught:
        opened(tmp_path / "data")
    assert "fix: move those out of the folder" in str(caught.value)


def test_a_name_of_an_image_that_can_be_none(tmp_path: Path) -> None:
    rows = '{"file_name": "a\\u0000.png", "key": "a"}\n{"file_name": "b.png", "key": "b"}\n'
    (tmp_path / "metadata.jsonl").write_text(rows)
    picture(7).save(tmp_path / "b.png")
    source = opened(tmp_path, "train")
    assert source.read is not None and source.read(1).getpixel((0, 0)) == (7, 0, 0)
    with pytest.raises(ImageError, match="a: no such file"):
        source.read(0)
