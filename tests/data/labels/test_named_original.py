"""Label files that name the original class of an image are held against the original labels."""

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from harness.data.class_lists import load_class_list
from harness.data.classes import Class, ClassList
from harness.data.labels.label_set import Equivalences, LabelSet
from harness.data.labels.load import load_label_set
from harness.data.labels.of_task import Overrides
from harness.data.labels.rows import OriginalReader, hold_against
from harness.data.opened import open_task
from harness.errors import DataError
from harness.prompts.plan import make_plan
from harness.specs.catalogue import Catalogue
from harness.specs.label_set import LabelSetSpec
from harness.specs.load import load_class_list_spec, load_label_set_spec, load_task

TEN = ClassList(
    "ten", "clean", tuple(Class(i, f"class {i}", (f"alias {i}",), f"n0{i}") for i in range(10))
)
NONE = Equivalences.none()
N = 60
ORIGINAL = {f"i{k:02d}": (7 * k + k // 10) % 10 for k in range(N)}
"""In no order; neighbours differ."""
SORTED = {f"i{k:02d}": k // 6 for k in range(N)}
"""Six images of each class, one class after the other."""


def label_set(named: dict[str, int]) -> LabelSet:
    originals = {image_id: frozenset({class_id}) for image_id, class_id in named.items()}
    return LabelSet("re", originals, source="re.jsonl", named_originals=originals)


def original(labels: dict[str, int]) -> LabelSet:
    sets = {image_id: frozenset({class_id}) for image_id, class_id in labels.items()}
    return LabelSet("imgt", sets, original=True)


def shifted(labels: dict[str, int], step: int) -> dict[str, int]:
    """Give every image the label of the one `step` rows further on."""
    ids, values = list(labels), list(labels.values())
    return {each: values[(place + step) % len(ids)] for place, each in enumerate(ids)}


def test_agreement_is_noted() -> None:
    found = hold_against(label_set(ORIGINAL), original(ORIGINAL), NONE)
    assert found.notes == {"original_compared": N, "original_contradicted": 0}


@pytest.mark.parametrize("wrong", [1, 3])
def test_few_contradictions_are_counted(wrong: int) -> None:
    named = ORIGINAL | {
        f"i{k:02d}": (ORIGINAL[f"i{k:02d}"] + 5) % 10 for k in range(10, 10 + wrong)
    }
    found = hold_against(label_set(named), original(ORIGINAL), NONE)
    assert found.notes["original_contradicted"] == wrong


def test_more_than_five_percent_stop() -> None:
    named = ORIGINAL | {f"i{k:02d}": (ORIGINAL[f"i{k:02d}"] + 5) % 10 for k in range(4)}
    with pytest.raises(DataError) as caught:
        hold_against(label_set(named), original(ORIGINAL), NONE)
    (problem,) = caught.value.problems
    assert problem.where == "re.jsonl"
    assert "than label set `imgt` for 4 of 60 images (6.67 %)" in problem.what
    assert problem.got is not None and problem.got.startswith("`i00`: 5 here, 0 there; ")
    assert "5 %" in (problem.expected or "")


@pytest.mark.parametrize("step", [1, -1])
@pytest.mark.parametrize("labels", [ORIGINAL, SORTED])
def test_rows_that_are_shifted_by_one_stop(labels: dict[str, int], step: int) -> None:
    with pytest.raises(DataError, match="one row away"):
        hold_against(label_set(shifted(labels, step)), original(labels), NONE)


def test_a_shift_stops_where_it_changes_few_originals() -> None:
    """A file sorted by class, fifty images a class: shifted, it contradicts 2 % of them."""
    labels = {f"i{k:04d}": k // 50 for k in range(500)}
    ids, values = list(labels), list(labels.values())
    moved = dict(zip(ids, [values[0], *values[:-1]], strict=True))
    assert sum(moved[each] != labels[each] for each in ids) == 9
    with pytest.raises(DataError, match=r"9 of 500 images .* one row away"):
        hold_against(label_set(moved), original(labels), NONE)


def test_scattered_contradictions_of_a_sorted_file_are_no_shift() -> None:
    labels = {f"i{k:04d}": k // 50 for k in range(500)}
    named = labels | {f"i{k:04d}": (labels[f"i{k:04d}"] + 3) % 10 for k in (7, 120, 260, 333)}
    found = hold_against(label_set(named), original(labels), NONE)
    assert found.notes["original_contradicted"] == 4


def test_equivalent_classes_do_not_contradict() -> None:
    named = {each: class_id ^ 1 for each, class_id in ORIGINAL.items()}
    same = Equivalences.from_groups("x", [(k, k + 1) for k in range(0, 10, 2)])
    assert hold_against(label_set(named), original(ORIGINAL), same).notes["original_compared"] == N


def test_images_that_only_one_side_knows_say_nothing() -> None:
    named = {**dict.fromkeys((f"x{k}" for k in range(50)), 3), "i00": ORIGINAL["i00"]}
    found = hold_against(label_set(named), original(ORIGINAL), NONE)
    assert found.notes == {"original_compared": 1, "original_contradicted": 0}
    alone = label_set({"x": 1})
    assert hold_against(alone, original(ORIGINAL), NONE) is alone


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, {3}), ([3], {3}), ([3, 4], {3, 4}), ("3", {3}), ("3.0", {3}), (3.0, {3}),
        ("[3]", {3}), ("3, 4", {3, 4}), ("n03", {3}), ("Class 3", {3}), ("alias_3", {3}),
        ("class 3, or so", {3}), (99, {99}),
        (None, set()), (-1, set()), ([-1], set()), ("", set()), ("nan", set()), ([], set()),
        ("a word", None), (True, None), ({}, None), ([3, "a word"], None), (2.5, None),
    ],
)  # fmt: skip
def test_what_is_read_as_an_original_class(value: object, expected: set[int] | None) -> None:
    assert OriginalReader(TEN).ids(value) == expected


def read(tmp_path: Path, form: str, name: str, text: str) -> LabelSet:
    (tmp_path / name).write_text(text, encoding="utf-8")
    spec = {"label_set": "x", "format": form, "class_list": "ten", "path": name}
    return load_label_set(LabelSetSpec.model_validate({**spec, "directory": tmp_path}), TEN)


def _object(key: str, labels: str) -> Callable[[dict[str, int]], str]:
    return lambda named: json.dumps({k: {labels: [1], key: v} for k, v in named.items()})


def _lines(key: str, name: str, labels: str) -> Callable[[dict[str, int]], str]:
    return lambda named: "\n".join(
        json.dumps({name: k, labels: [1], key: v}) for k, v in named.items()
    )


def _table(key: str) -> Callable[[dict[str, int]], str]:
    return lambda named: "\n".join(
        [f"image_name,{key},proposed_labels", *(f"{k}.jpg,{v},1" for k, v in named.items())]
    )


FORMS: Sequence[tuple[str, str, Callable[[dict[str, int]], str]]] = (
    ("regt", "r.jsonl", _lines("original_class", "image_name", "reannotated_labels")),
    ("regt", "r.json", _object("ground_truth", "annotation_labels")),
    ("multilabel", "m.json", _object("original_label", "correct_multi_labels")),
    ("multilabel", "m.csv", _table("original_label")),
    ("csv", "c.csv", _table("original_label")),
    ("csv", "d.csv", _table("Original_Class")),
    ("jsonl", "o.jsonl", _lines("original_label", "image_id", "labels")),
)


@pytest.mark.parametrize(("form", "name", "write"), FORMS)
def test_every_format_that_names_originals_is_compared(
    tmp_path: Path, form: str, name: str, write: Callable[[dict[str, int]], str]
) -> None:
    right = read(tmp_path, form, name, write(ORIGINAL))
    found = hold_against(right, original(ORIGINAL), NONE)
    assert found.notes["original_compared"] == N
    with pytest.raises(DataError, match="another original class"):
        moved = read(tmp_path, form, name, write(shifted(ORIGINAL, 1)))
        hold_against(moved, original(ORIGINAL), NONE)


def test_originals_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    rows = _lines("original_class", "image_name", "reannotated_labels")({"a": 1, "b": 2})
    found = read(tmp_path, "regt", "r.jsonl", rows.replace(": 2", ': "something"'))
    assert found.notes == {"original_unread": 1}
    assert dict(found.named_originals) == {"a": {1}}


def test_a_problematic_image_is_compared_too(tmp_path: Path) -> None:
    text = "id,original_label,proposed_labels,is_problematic\na,3,,True\n"
    found = read(tmp_path, "multilabel", "m.csv", text)
    assert (dict(found.labels), dict(found.named_originals)) == ({}, {"a": {3}})


def mini(tmp_path: Path, rows: Sequence[dict[str, object]]) -> Overrides:
    path = tmp_path / "reannotation.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    path.with_name("class_update_config.json").write_text('{"eq_classes": {}}')
    return Overrides({"mini_regt": path})


def test_a_task_stops_at_a_shifted_file_and_warns_of_few(
    tmp_path: Path, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = (root / "tasks" / "mini" / "labels" / "reannotation.jsonl").read_text()
    rows = [json.loads(line) for line in source.splitlines()]
    catalogue = Catalogue(())
    task = load_task(catalogue, "mini_cw")
    names = [row["image_name"] for row in rows]
    moved = [
        row | {"image_name": name} for row, name in zip(rows, names[1:] + names[:1], strict=True)
    ]
    with pytest.raises(DataError, match=r"for 1259 of 1280 images \(98.36 %\)"):
        make_plan(open_task(catalogue, task, mini(tmp_path, moved)))
    rows[5]["original_class"] = (rows[5]["original_class"] + 1) % 64
    with caplog.at_level(logging.WARNING, logger="harness"):
        plan = make_plan(open_task(catalogue, task, mini(tmp_path, rows)))
    assert "another original class than `mini_imgt` for 1 of 1280 images" in caplog.text
    (found,) = (each for each in plan.opened.labels.sets if each.name == "mini_regt")
    assert found.notes["original_contradicted"] == 1


def test_the_real_file_contradicts_nothing_and_stops_when_shifted(
    shared_data: Path, tmp_path: Path
) -> None:
    """The share that stops lies between these two: 0 and 1,897 of 1,918 images."""
    catalogue = Catalogue(())
    classes = load_class_list(load_class_list_spec(catalogue, "imagenet1k"))
    imgt = load_label_set(load_label_set_spec(catalogue, "imgt"), classes)
    spec = load_label_set_spec(catalogue, "regt").model_copy(update={"config": None})
    path = shared_data / "labels" / "regt_era_s_minus_1918.json"
    real = load_label_set(spec.model_copy(update={"path": str(path)}), classes)
    assert hold_against(real, imgt, NONE).notes == {
        "original_compared": 1918, "original_contradicted": 0,
    }  # fmt: skip
    entries = json.loads(path.read_text())
    names = list(entries)
    moved = dict(zip(names[1:] + names[:1], entries.values(), strict=True))
    (tmp_path / "moved.json").write_text(json.dumps(moved))
    spec = spec.model_copy(update={"path": str(tmp_path / "moved.json")})
    with pytest.raises(DataError, match="1897 of 1918 images"):
        hold_against(load_label_set(spec, classes), imgt, NONE)
