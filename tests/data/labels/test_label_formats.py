"""Every label format, from a small file to a label set."""

import hashlib
import json
from pathlib import Path

import pytest

from harness.data.class_lists import load_class_list
from harness.data.classes import Class, ClassList
from harness.data.labels.label_set import LabelSet
from harness.data.labels.load import load_label_set
from harness.specs.catalogue import Catalogue
from harness.specs.label_set import LabelFormat, LabelSetSpec
from harness.specs.load import load_class_list_spec, load_label_set_spec

TEN = ClassList("ten", "clean", tuple(Class(i, f"class {i}") for i in range(10)))
A, B, C = (f"ILSVRC2012_val_{number:08d}" for number in (1, 2, 3))


def read(
    tmp_path: Path, form: LabelFormat, text: str, name: str = "labels.txt", **more: object
) -> LabelSet:
    (tmp_path / name).write_text(text, encoding="utf-8")
    spec = {"label_set": "x", "format": form, "class_list": "ten", "path": name, **more}
    return load_label_set(LabelSetSpec.model_validate({**spec, "directory": tmp_path}), TEN)


def labels(label_set: LabelSet) -> dict[str, set[int]]:
    return {image_id: set(ids) for image_id, ids in label_set.labels.items()}


def test_imgt_drops_the_extension(tmp_path: Path) -> None:
    found = read(tmp_path, "imgt", json.dumps({f"{A}.JPEG": 3, f"n01/{B}_n01.JPEG": 0}))
    assert labels(found) == {A: {3}, B: {0}}


def test_imgt_of_the_package_has_fifty_thousand_images() -> None:
    thousand = ClassList("k", "clean", tuple(Class(i, str(i)) for i in range(1000)))
    spec = LabelSetSpec(label_set="imgt", format="imgt", class_list="k", original=True)
    found = load_label_set(spec, thousand)
    assert (len(found.labels), found.original) == (50_000, True)
    assert found.labels["ILSVRC2012_val_00000001"] == {65}
    assert len(found.digest) == 64


def test_real_is_a_list_in_the_order_of_the_images(tmp_path: Path) -> None:
    assert labels(read(tmp_path, "real", "[[], [7, 5], [2]]")) == {A: set(), B: {5, 7}, C: {2}}


def test_regt_lines(tmp_path: Path) -> None:
    rows = [
        {"image_name": f"{A}.JPEG", "original_class": 1, "reannotated_labels": [1, 2, -1]},
        {"image_name": f"{B}.JPEG", "original_class": 1, "reannotated_labels": []},
        {"image_name": f"{C}.JPEG", "original_class": 1, "reannotated_labels": [-1]},
        {"file_path": "n1/cat 1.jpg", "reannotated_labels": [4]},
    ]
    found = read(tmp_path, "regt", "\n".join(map(json.dumps, rows)))
    # -1 alone leaves no valid label, as in the paper's evaluator; the notes keep it apart.
    assert labels(found) == {A: {1, 2}, B: set(), C: set(), "cat 1": {4}}
    assert found.notes == {"not_sure_dropped": 1, "only_not_sure": 1}


def test_regt_as_one_object(tmp_path: Path) -> None:
    entry = {"annotation_labels": [4], "ground_truth": [1], "SigLip_2_prediction": [-1]}
    found = read(tmp_path, "regt", json.dumps({f"{A}.JPEG": entry}), name="old.json")
    assert labels(found) == {A: {4}}


@pytest.mark.parametrize(
    "config",
    [
        {"eq_classes": {"notebook": [1, 2], "maillot": [3, 4]}},
        {"equivalent_classes": [[1, 2], [3, 4]]},
        [[1, 2], [3, 4]],
    ],
)
def test_regt_config_brings_equivalences(tmp_path: Path, config: object) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    row = json.dumps({"image_name": f"{A}.JPEG", "reannotated_labels": [1]})
    found = read(tmp_path, "regt", row, config="config.json")
    assert found.equivalence_groups == (frozenset({1, 2}), frozenset({3, 4}))
    assert found.digest != read(tmp_path, "regt", row).digest


def test_regt_config_is_looked_for_beside_the_users_labels(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "config.json").write_text('{"equivalent_classes": [[5, 6]]}')
    (own / "mine.jsonl").write_text(json.dumps({"image_name": A, "reannotated_labels": [1]}))
    spec = {"label_set": "regt", "format": "regt", "class_list": "ten", "config": "config.json"}
    spec |= {"path": str(own / "mine.jsonl"), "directory": tmp_path}
    found = load_label_set(LabelSetSpec.model_validate(spec), TEN)
    assert found.equivalence_groups == (frozenset({5, 6}),)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ('"[1, 2]"', {1, 2}),
        ('"1, 2"', {1, 2}),
        ("1 2", {1, 2}),
        ("1;2", {1, 2}),
        ("[1]", {1}),
        ("3", {3}),
        ("3.0", {3}),
        ("", set()),
        ("[]", set()),
        ("nan", set()),
    ],
)
def test_csv_cells(tmp_path: Path, cell: str, expected: set[int]) -> None:
    found = read(tmp_path, "csv", f"id,original_label,proposed_labels\n{A}.JPEG,9,{cell}\n")
    assert labels(found) == {A: expected}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_with_a_byte_order_mark(tmp_path: Path, end: str) -> None:
    text = end.join(["\ufeffid,proposed_labels", f"{A}.JPEG,1", f"photos/{B}.JPEG,2", ""])
    (tmp_path / "x.csv").write_bytes(text.encode())
    spec = LabelSetSpec(
        label_set="x", format="csv", class_list="ten", path="x.csv", directory=tmp_path
    )
    assert labels(load_label_set(spec, TEN)) == {A: {1}, B: {2}}


def test_multilabel_keeps_what_is_correct(tmp_path: Path) -> None:
    entries = {
        f"{A}.JPEG": {"correct_multi_labels": [1, 2], "unclear_multi_labels": [3]},
        f"{B}.JPEG": {"correct_multi_labels": [4], "is_problematic": True},
        f"{C}.JPEG": {"correct_multi_labels": [], "wrong_multi_labels": [5]},
    }
    found = read(tmp_path, "multilabel", json.dumps(entries))
    assert labels(found) == {A: {1, 2}, C: set()}
    assert found.notes == {"problematic": 1, "unclear_dropped": 1}


def test_multilabel_in_the_authors_own_file(tmp_path: Path) -> None:
    """Labels are WordNet ids; images of ImageNet-V2 have a hash for a name."""
    image = "0af3f1b55de791c4144e2fb6d7dfe96dfc22d3fc"
    content = {
        "initial_annots": {
            f"{A}.JPEG": {"correct": ["n01440764", "n01443537"], "unclear": ["n01484850"]},
            f"{B}.JPEG": {"correct": ["n01440764"], "wrong": ["n01443537"]},
            image: {"correct": ["n15075141"]},
            f"{C}.JPEG": {"wrong": ["n01440764"]},
        },
        "problematic_images": {f"{B}.JPEG": "a drawing"},
        "imagenet_m": [],
    }
    path = tmp_path / "human_accuracy.json"
    path.write_text(json.dumps(content))
    catalogue = Catalogue()
    spec = load_label_set_spec(catalogue, "imagenet_v2_multilabel")
    assert spec.sha256 and len(spec.sha256) == 64
    classes = load_class_list(load_class_list_spec(catalogue, spec.class_list))
    own = spec.model_copy(update={"path": str(path), "sha256": None})
    found = load_label_set(own, classes)
    assert labels(found) == {A: {0, 1}, image: {999}, C: set()}
    assert found.notes == {"problematic": 1, "unclear_dropped": 1}


def test_multilabel_as_csv(tmp_path: Path) -> None:
    text = f'id,proposed_labels,is_problematic\n{A}.JPEG,"1, 2",False\n{B}.JPEG,3,True\n'
    found = read(tmp_path, "multilabel", text, name="multilabel.csv")
    assert (labels(found), found.notes) == ({A: {1, 2}}, {"problematic": 1})


def test_own_lines_keep_their_ids(tmp_path: Path) -> None:
    rows = [{"image_id": "a/b.jpg", "labels": [1]}, {"image_id": f"{B}.JPEG", "labels": []}]
    text = "\n\n".join(map(json.dumps, rows)) + "\n"
    found = read(tmp_path, "jsonl", text)
    assert labels(found) == {"a/b.jpg": {1}, B: set()}
    assert found.digest == hashlib.sha256(text.encode()).hexdigest()
    assert found.source == str(tmp_path / "labels.txt")


def test_lines_may_hold_unicode_line_separators(tmp_path: Path) -> None:
    found = read(tmp_path, "jsonl", '{"image_id": "a\u2028b", "labels": [1]}\n')
    assert labels(found) == {"a\u2028b": {1}}


def test_column() -> None:
    spec = LabelSetSpec(
        label_set="x", format="column", class_list="ten", column="label", original=True
    )
    found = load_label_set(spec, TEN, {"label": {"a": 1, "b": 0}, "other": {}})
    assert (labels(found), found.original) == ({"a": {1}, "b": {0}}, True)
    again = load_label_set(spec, TEN, {"label": {"b": 0, "a": 1}})
    assert found.digest == again.digest
    assert found.digest != load_label_set(spec, TEN, {"label": {"a": 1, "b": 2}}).digest


def test_a_hash_that_agrees_is_accepted(tmp_path: Path) -> None:
    text = '{"image_id": "a", "labels": [1]}'
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    assert read(tmp_path, "jsonl", text, sha256=sha256.upper()).digest == sha256


@pytest.mark.parametrize("image_id", ["cat/1", "dog/1", "a.jpg", "007", "NA", " x", "x\u2028y"])
def test_an_id_of_a_label_file_is_the_text_that_stands_there(tmp_path: Path, image_id: str) -> None:
    lines = json.dumps({"image_id": image_id, "labels": [1]})
    assert labels(read(tmp_path, "jsonl", lines)) == {image_id: {1}}
    assert labels(read(tmp_path, "csv", f'id,proposed_labels\n"{image_id}",1\n')) == {image_id: {1}}


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("jsonl", '{"image_id": "cafe\u0301", "labels": [1]}\n'),
        ("csv", "id,proposed_labels\ncafe\u0301,1\n"),
        ("csv", "image_name,proposed_labels\nx/cafe\u0301.jpg,1\n"),
        ("imgt", '{"x/cafe\u0301.JPEG": 1}'),
        ("regt", '{"image_name": "cafe\u0301.jpg", "reannotated_labels": [1]}\n'),
        ("multilabel", '{"cafe\u0301.png": {"correct_multi_labels": [1]}}'),
    ],
)
def test_ids_are_in_normal_form_c(tmp_path: Path, form: LabelFormat, text: str) -> None:
    assert labels(read(tmp_path, form, text)) == {"café": {1}}
