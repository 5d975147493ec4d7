"""`harness new` on the 400 photos of ../shared/data/images, in four forms."""

import csv
from pathlib import Path

import datasets
import pytest

from harness.checks.before import check_task
from harness.data.class_lists import load_class_list
from harness.data.opened import open_task
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_class_list_spec, load_task
from support.command import harness


@pytest.fixture
def photos(shared_data: Path) -> Path:
    return shared_data / "images"


def names_by_image(specs: Path) -> dict[str, set[str]]:
    """Give image id to the names of its classes; the check must be green."""
    catalogue = Catalogue((specs,))
    assert [each for each in check_task(catalogue, "photos_cw") if each.level == "error"] == []
    opened = open_task(catalogue, load_task(catalogue, "photos_cw"))
    by_id = opened.classes.by_id
    (labels,) = opened.labels.sets
    return {image: {by_id[each].name for each in ids} for image, ids in labels.labels.items()}


@pytest.mark.slow
def test_four_forms_say_the_same(photos: Path, tmp_path: Path) -> None:
    classes = load_class_list(load_class_list_spec(Catalogue(), "imagenet1k"))
    rows = list(csv.DictReader((photos / "metadata.csv").read_text().splitlines()))
    names = tmp_path / "names.txt"
    names.write_text("".join(f"{each.name}\n" for each in classes.classes))
    beside = tmp_path / "beside"
    beside.mkdir()
    folders = tmp_path / "folders"
    lines: list[str] = []
    columns: dict[str, list[str]] = {"image": [], "label": []}
    for row in rows:
        file = photos / row["file_name"]
        each = classes.by_id[int(row["label"])]
        place = folders / str(each.wnid) / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(file)
        (beside / file.name).symlink_to(file)
        lines.append(f"{file.name};{each.name}")
        columns["image"].append(str(file))
        columns["label"].append(each.name)
    (beside / "labels.csv").write_text("\n".join(["file_name;label", *lines]))
    table = datasets.Dataset.from_dict(columns).cast_column("image", datasets.Image())
    table.to_parquet(tmp_path / "table.parquet")
    expected = {row["image_id"]: {classes.by_id[int(row["label"])].name} for row in rows}
    for form, words in (
        ("folders", [folders]),
        ("beside", [beside]),
        ("metadata", [photos, "--names", names]),
        ("table", [tmp_path / "table.parquet"]),
    ):
        specs = tmp_path / f"specs_{form}"
        said = harness("new", *words, "-o", specs, "--name", "photos")
        assert said.code == 0, said.text
        assert names_by_image(specs) == expected, form
