"""Every way in which a task may name its data, offline."""

import json
from pathlib import Path

import datasets
import pytest
from PIL import Image

from harness.data.image_ids import image_id_of
from harness.data.images.source import open_source
from harness.errors import DataError
from harness.specs.task import TaskSpec
from support.tasks import task_over


def paint(path: Path, level: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (4, 4), (level, 0, 0)).save(path)


@pytest.fixture
def table(tmp_path: Path) -> datasets.Dataset:
    for number in range(3):
        paint(tmp_path / "made" / f"ILSVRC2012_val_0000000{number}.png", number)
    rows = {
        "image": [str(path) for path in sorted((tmp_path / "made").iterdir())],
        "key": ["a", "b", "c"],
        "label": [5, 6, 7],
    }
    return datasets.Dataset.from_dict(rows).cast_column("image", datasets.Image())


def red(source_task: TaskSpec) -> list[int]:
    source = open_source(source_task)
    assert source.read is not None
    return [source.read(row).getpixel((0, 0))[0] for row in range(len(source))]  # type: ignore[index]


def test_flat_folder(tmp_path: Path) -> None:
    for level, name in enumerate(["b.png", "a.JPG", "c.txt"]):
        paint(tmp_path / name if name != "c.txt" else tmp_path / "c.png", level)
    source = open_source(task_over(tmp_path))
    assert source.ids == ("a", "b", "c")
    assert source.read is not None and source.read(1).getpixel((0, 0)) == (0, 0, 0)


def test_folders_of_classes_and_names_that_come_twice(tmp_path: Path) -> None:
    paint(tmp_path / "cat" / "1.png", 1)
    paint(tmp_path / "dog" / "2.png", 2)
    assert open_source(task_over(tmp_path)).ids == ("1", "2")
    paint(tmp_path / "dog" / "1.png", 3)
    assert open_source(task_over(tmp_path)).ids == ("cat/1", "dog/1", "dog/2")


def test_imagenet_ids_are_seen_in_any_file_name(tmp_path: Path) -> None:
    paint(tmp_path / "n01440764" / "ILSVRC2012_val_00000293_n01440764.JPEG", 1)
    assert open_source(task_over(tmp_path)).ids == ("ILSVRC2012_val_00000293",)
    assert image_id_of("v1.5 final") == "v1.5 final"


def test_saved_to_disk(tmp_path: Path, table: datasets.Dataset) -> None:
    table.save_to_disk(str(tmp_path / "saved"))
    source = open_source(task_over(tmp_path / "saved", doc_to_id="key"), ["label"])
    assert source.ids == ("a", "b", "c")
    assert list(source.columns["label"]) == [5, 6, 7]
    assert red(task_over(tmp_path / "saved", doc_to_id="key")) == [0, 1, 2]


def test_parquet_file_and_repository_folder(tmp_path: Path, table: datasets.Dataset) -> None:
    folder = tmp_path / "repository"
    (folder / "data").mkdir(parents=True)
    table.to_parquet(str(folder / "data" / "validation-00000-of-00001.parquet"))
    parquet = folder / "data" / "validation-00000-of-00001.parquet"
    assert red(task_over(parquet)) == [0, 1, 2]
    assert open_source(task_over(parquet)).ids[0] == "ILSVRC2012_val_00000000"
    assert red(task_over(folder, test_split="validation")) == [0, 1, 2]
    with pytest.raises(DataError, match="cannot be loaded"):
        open_source(task_over(folder, test_split="tets"))


def test_the_order_of_a_filtered_set_is_kept(tmp_path: Path, table: datasets.Dataset) -> None:
    table.select([2, 0]).save_to_disk(str(tmp_path / "s"))
    assert open_source(task_over(tmp_path / "s")).ids == (
        "ILSVRC2012_val_00000002",
        "ILSVRC2012_val_00000000",
    )


def test_rows_of_ids_without_images(tmp_path: Path) -> None:
    path = tmp_path / "ids.jsonl"
    path.write_text("".join(json.dumps({"image_id": f"x{n}"}) + "\n" for n in range(2)))
    source = open_source(task_over(path, doc_to_id="image_id"))
    assert source.ids == ("x0", "x1") and source.read is None


def test_a_hub_id_is_tried_and_its_failure_explained() -> None:
    with pytest.raises(DataError, match="cannot be loaded") as caught:
        open_source(task_over("nobody/nothing-here"))
    assert "--set dataset_path=DIR" in str(caught.value)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"doc_to_visual": "imgae"}, "did you mean `image`"),
        ({"doc_to_id": "kee"}, "did you mean `key`"),
    ],
)
def test_wrong_columns_are_named(
    tmp_path: Path, table: datasets.Dataset, more: dict[str, object], message: str
) -> None:
    table.save_to_disk(str(tmp_path / "saved"))
    with pytest.raises(DataError, match=message):
        open_source(task_over(tmp_path / "saved", **more))


def test_ids_that_come_twice_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "ids.jsonl"
    path.write_text('{"image_id": "x"}\n{"image_id": "x"}\n')
    with pytest.raises(DataError, match="more than one image"):
        open_source(task_over(path, doc_to_id="image_id"))


@pytest.mark.parametrize("name", ["./gone", "gone/a/b"])
def test_a_path_to_nothing(name: str) -> None:
    with pytest.raises(DataError, match="points to nothing"):
        open_source(task_over(name))


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="neither images nor"):
        open_source(task_over(tmp_path))
