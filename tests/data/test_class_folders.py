"""Folders that are named by classes are names that stand in the data."""

import json
import logging
from pathlib import Path

import pytest
from PIL import Image

from harness.data.opened import open_task
from harness.errors import DataError
from harness.prompts.plan import Plan, make_plan
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task

NAMES = ("red", "green", "blue", "grey")


def write(folder: Path, folders: list[str], labels: list[int] | None) -> Catalogue:
    """Write eight images into folders, and their labels into a file, or none for a column."""
    rows = []
    for number in range(8):
        path = folder / "images" / folders[number % len(folders)] / f"i{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (2, 2)).save(path)
        rows.append({"image_id": f"i{number}", "labels": [labels[number] if labels else 0]})
    (folder / "file.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    classes = "".join(f"  - {{id: {10 * n}, name: {name}}}\n" for n, name in enumerate(NAMES))
    (folder / "classes.yaml").write_text(f"class_list: c\nclasses:\n{classes}")
    (folder / "column.yaml").write_text(
        "label_set: folders\nformat: column\ncolumn: label\nclass_list: c\noriginal: true\n"
    )
    (folder / "task.yaml").write_text(
        "task: t\nprotocol: classify\ndataset_path: images\nclass_list: c\nmetadata: {version: 1}\n"
        f"label_sets: [{'file.jsonl' if labels else 'folders'}]\n"
    )
    return Catalogue((folder,))


def opened(catalogue: Catalogue) -> Plan:
    return make_plan(open_task(catalogue, load_task(catalogue, "t")))


def test_the_folders_are_a_column_of_labels(tmp_path: Path) -> None:
    plan = opened(write(tmp_path, ["grey", "Red", "green", "blue"], None))
    assert {key: set(ids) for key, ids in plan.opened.labels.sets[0].labels.items()} == {
        f"i{number}": {(30, 0, 10, 20)[number % 4]} for number in range(8)
    }


@pytest.mark.parametrize("folders", [["red", "mauve"], ["."], ["red", "."]])
def test_folders_that_are_no_classes_are_no_column_of_labels(
    folders: list[str], tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"mauve|no such column"):
        opened(write(tmp_path, folders, None))


RIGHT = [0, 10, 20, 30] * 2


def test_labels_that_agree_are_silent(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        opened(write(tmp_path, list(NAMES), RIGHT))
    assert not caplog.records


def test_corrected_labels_are_told_and_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        opened(write(tmp_path, list(NAMES), [10, *RIGHT[1:]]))
    assert "1 of 8 images lie in the folder of another class than label set `file`" in caplog.text


@pytest.mark.parametrize("labels", [RIGHT[1:] + RIGHT[:1], [30, 20, 10, 0] * 2])
def test_labels_of_other_images_or_in_another_order_stop_it(
    labels: list[int], tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="8 of 8 images lie in the folder of another class"):
        opened(write(tmp_path, list(NAMES), labels))


@pytest.mark.parametrize("folders", [["a", "b"], ["0", "10"], ["red"], ["red", "b"], ["."]])
def test_folders_of_other_names_say_nothing(
    folders: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        opened(write(tmp_path, folders, [30, 20, 10, 0] * 2))
    assert not caplog.records
