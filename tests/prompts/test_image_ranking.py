"""Distractors by what a model ranks highest for each image: of a run, and of a file of features."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.data.opened import OpenTask, open_task
from harness.errors import DataError
from harness.prompts.image_ranking import read_image_ranking
from harness.prompts.options import options_of
from harness.prompts.plan import make_plan
from harness.runner.identity import identity_of
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.specs.model import ModelSpec
from support.embedded_runs import embedded_run

MODEL = ModelSpec(model="any", adapter="support.colours:ColourAdapter")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return embedded_run(tmp_path_factory.mktemp("runs"), "mini_dual", "mini_classify")


def opened_with(source: Path, extra: str = "", limit: int = 300) -> OpenTask:
    rule = f"distractors={{strategy: image_embedding, source: {source}{extra}}}"
    task = load_task(Catalogue(), "mini_mc_random", (rule, f"limit={limit}"))
    return open_task(Catalogue(), task, images="ids")


def wrong_by_hand(opened: OpenTask, image_id: str, ranked: list[int]) -> list[int]:
    """Give the classes that are right by no label set, equivalent ones and namesakes left out."""
    same, names = opened.labels.equivalences, opened.classes.by_normalized
    groups = [set(ids) for ids in names.values()]
    found: list[int] = []
    taken = {each for known in opened.labels.sets for each in known.labels.get(image_id, ())}
    for each in ranked:
        alike = {
            other
            for other in opened.classes.ids
            if same.merge(other) == same.merge(each)
            or any(each in group and other in group for group in groups)
        }
        if not alike & (taken | set(found)):
            found.append(each)
    return found


def test_the_wrong_options_are_those_that_the_run_scores_highest(run: Path) -> None:
    opened = opened_with(run, ", n_options: 3")
    rows = {}
    for line in (run / "predictions.jsonl").read_text().splitlines():
        row = json.loads(line)
        by_score = sorted(zip(row["top_scores"], row["top"], strict=True), reverse=True)
        rows[row["image_id"]] = [class_id for _, class_id in by_score]
    found = options_of(opened, opened.image_ids)
    assert len(found.by_image) + len(found.without_label) == 300
    for image_id, options in found.by_image.items():
        valid = {each for k in opened.labels.sets for each in k.labels.get(image_id, ())}
        merged = opened.labels.equivalences.merge_all(valid)
        wrong = {each for each in options if opened.labels.equivalences.merge(each) not in merged}
        assert wrong == set(wrong_by_hand(opened, image_id, rows[image_id])[:2]), image_id
    places = [own.index(min(own)) for own in found.by_image.values()]
    assert set(places) == {0, 1, 2}


def features(folder: Path, opened: OpenTask, **others: Any) -> tuple[Path, Mapping[str, Any]]:
    generator = np.random.default_rng(0)
    ids = opened.source.ids
    order = generator.permutation(len(opened.classes))
    arrays: dict[str, Any] = {
        "image_ids": np.array(ids),
        "images": generator.normal(size=(len(ids), 8)).astype(np.float32),
        "class_ids": np.array(opened.classes.ids)[order],
        "classes": generator.normal(size=(len(order), 8)),
    }
    arrays |= others
    path = folder / "features.npz"
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    return path, arrays


def test_features_rank_all_classes_by_their_cosine(run: Path, tmp_path: Path) -> None:
    base = opened_with(run)
    path, arrays = features(tmp_path, base)
    opened = opened_with(path, ", n_options: 4, rank: [10, 12]", limit=40)
    found = options_of(opened, opened.image_ids)
    for image_id, options in found.by_image.items():
        image = arrays["images"][opened.source.ids.index(image_id)]
        cosines = {
            int(class_id): float(image @ each / np.linalg.norm(image) / np.linalg.norm(each))
            for class_id, each in zip(arrays["class_ids"], arrays["classes"], strict=True)
        }
        ranked = sorted(cosines, key=lambda class_id: -cosines[class_id])
        assert set(wrong_by_hand(opened, image_id, ranked)[9:12]) < set(options), image_id
    assert len(found.by_image) > 30


def test_the_run_is_part_of_the_identity(run: Path, tmp_path: Path) -> None:
    def identity(source: Path) -> Any:
        opened = opened_with(source, ", n_options: 2", limit=20)
        return identity_of(Catalogue(), make_plan(opened), MODEL).contents

    one = identity(run)
    assert one == identity(run)
    rows = (run / "predictions.jsonl").read_text().splitlines()
    other = tmp_path / "other"
    other.mkdir()
    (other / "manifest.json").write_bytes((run / "manifest.json").read_bytes())
    last = json.loads(rows[-1])
    last["top"][3:5] = last["top"][4], last["top"][3]
    (other / "predictions.jsonl").write_text("\n".join([*rows[:-1], json.dumps(last)]))
    changed = identity(other)
    assert one["distractors.source"]["mark"] == changed["distractors.source"]["mark"]
    assert one["distractors.source"]["ranking"] != changed["distractors.source"]["ranking"]


def test_what_the_run_cannot_give_is_one_clear_error(run: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="ranks 5 classes for an image, and `rank` goes to 9"):
        opened = opened_with(run, ", rank: [4, 9]")
        options_of(opened, opened.image_ids)
    with pytest.raises(DataError, match="too few distractors for 6 options"):
        opened = opened_with(run, ", n_options: 6")
        options_of(opened, opened.image_ids)
    few = embedded_run(tmp_path, "mini_dual", "mini_classify", limit=10)
    with pytest.raises(DataError, match="ranks no classes for 290 of 300 images"):
        opened = opened_with(few)
        options_of(opened, opened.image_ids)


Change = Callable[[dict[str, Any]], object]
BAD: Mapping[str, tuple[Change, str]] = {
    "protocol": (lambda it: it["identity"]["task"].update(protocol="ow"), "no run of a classifier"),
    "status": (lambda it: it.update(status="incomplete"), "not finished"),
    "classes": (lambda it: it["class_list"].update(sha256="0" * 64), "another class list"),
    "manifest": (lambda it: it.pop("identity"), "not the manifest of a run"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_run_of_something_else_is_refused(run: Path, tmp_path: Path, name: str) -> None:
    change, message = BAD[name]
    values = json.loads((run / "manifest.json").read_text())
    change(values)
    (tmp_path / "manifest.json").write_text(json.dumps(values))
    (tmp_path / "predictions.jsonl").write_bytes((run / "predictions.jsonl").read_bytes())
    with pytest.raises(DataError, match=message):
        read_image_ranking(tmp_path, opened_with(run).classes)


def test_rows_without_scores_and_wrong_paths_are_refused(run: Path, tmp_path: Path) -> None:
    classes = opened_with(run).classes
    (tmp_path / "manifest.json").write_bytes((run / "manifest.json").read_bytes())
    for row, message in (
        ('{"image_id": "a", "status": "error"}', r"jsonl:1: the row has no scores of classes"),
        ('{"image_id": "a", "rule": "scores", "top": [9999], "top_scores": [1]}', "is no class"),
    ):
        (tmp_path / "predictions.jsonl").write_text(row)
        with pytest.raises(DataError, match=message):
            read_image_ranking(tmp_path, classes)
    with pytest.raises(DataError, match="no such file or folder"):
        read_image_ranking(tmp_path / "nothing", classes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": None}, "not a file of features"),
        ({"images": np.ones((3, 8))}, "arrays that do not fit"),
        ({"classes": np.ones((2, 8))}, "arrays that do not fit"),
        ({"image_ids": np.array([1, 2])}, "arrays that do not fit"),
        ({"class_ids": np.array([1, 1]), "classes": np.ones((2, 8))}, "is of other classes"),
        ({"image_ids": np.array(["a", "a"]), "images": np.ones((2, 8))}, "more than one image"),
        ({"image_ids": np.array(["a"]), "images": np.zeros((1, 8))}, "all zero"),
        ({"image_ids": np.array(["a"]), "images": np.full((1, 8), np.nan)}, "no numbers"),
    ],
)
def test_bad_features_are_refused(
    run: Path, tmp_path: Path, change: Mapping[str, Any], message: str
) -> None:
    opened = opened_with(run)
    path, _ = features(tmp_path, opened, **change)
    with pytest.raises(DataError, match=message):
        read_image_ranking(path, opened.classes)
