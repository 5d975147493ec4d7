"""From the spec of a label set to the label set in memory, and the classes that count as one."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.data.classes import ClassList
from harness.data.labels import readers
from harness.data.labels.column import BY_NAMED_NUMBER, BY_NUMBER, column_ids, join_names
from harness.data.labels.files import (
    LabelFile,
    joint_digest,
    open_config,
    open_labels,
    parse_json,
    read_text,
)
from harness.data.labels.label_set import Equivalences, LabelSet
from harness.data.labels.listed import from_zero, read_list
from harness.data.labels.rows import Collected, LabelRow, class_range, collect, without_problems
from harness.errors import DataError, Problem, unknown_name
from harness.limits import is_file
from harness.specs.label_set import LabelFormat, LabelSetSpec

log = logging.getLogger("harness")

_SHAPE = '{"eq_classes": {name: [ids]}}, {"equivalent_classes": [[id, id], …]} or a list of groups'


def load_equivalences(path: Path, class_list: ClassList | None = None) -> Equivalences:
    """Read `--equivalences FILE`, a ReGT `class_update_config.json`. Raises DataError when it is
    missing, has no known shape, or holds an id that is no class of `class_list` (when given).
    """
    if not is_file(path):
        fix = "give a JSON file, or `none`"
        raise DataError(Problem("--equivalences", "there is no such file", str(path), _SHAPE, fix))
    groups = read_groups(read_text(path), class_list)
    return Equivalences.from_groups(str(path), groups)


def equivalences_of(label_sets: Iterable[LabelSet]) -> Equivalences:
    """Merge the groups of the label sets' own configs, if any; `source` names these sets."""
    bringing = [item for item in label_sets if item.equivalence_groups]
    if not bringing:
        return Equivalences.none()
    source = ", ".join(f"label set {item.name}" for item in bringing)
    groups = [group for item in bringing for group in item.equivalence_groups]
    return Equivalences.from_groups(source, groups)


def read_groups(file: LabelFile, class_list: ClassList | None) -> tuple[frozenset[int], ...]:
    """Give the groups of a config in the order of the file. Raises DataError as above."""
    fix = f"write {class_range(class_list) if class_list else 'a list of class ids'}"
    found = (
        frozenset(group)
        if (wrong := _wrong(group, class_list)) is None
        else Problem(where, "not a group of class ids", wrong, fix=fix)
        for where, group in _groups(file, parse_json(file))
    )
    return without_problems(found, str(file.path))


def _wrong(group: object, class_list: ClassList | None) -> str | None:
    if not isinstance(group, list):
        return repr(group)[:60]
    for item in group:
        if type(item) is not int or (class_list is not None and item not in class_list.by_id):
            return repr(item)[:60]
    return None


def _groups(file: LabelFile, value: Any) -> Iterator[tuple[str, Any]]:
    parts = value if isinstance(value, dict) else {"equivalent_classes": value}
    named, listed = parts.get("eq_classes"), parts.get("equivalent_classes")
    if not isinstance(named, dict | None) or not isinstance(listed, list | None):
        raise DataError(Problem(str(file.path), "not of a known shape", fix=f"write {_SHAPE}"))
    if named is None and listed is None:
        what, got = "no groups of classes in it", ", ".join(parts) or "an empty object"
        raise DataError(Problem(str(file.path), what, got, fix=f"write {_SHAPE}"))
    for name, group in (named or {}).items():
        yield f"{file.path}: eq_classes `{name}`", group
    for index, group in enumerate(listed or ()):
        yield f"{file.path}: equivalent_classes[{index}]", group


Reader = Callable[[LabelFile], Iterator[LabelRow | Problem]]
_READERS: Mapping[str, Reader] = {
    "imgt": readers.read_imgt,
    "jsonl": readers.read_jsonl,
    "real": readers.read_real,
    "regt": readers.read_regt,
    "csv": readers.read_csv,
    "multilabel": readers.read_multilabel,
}


def load_label_set(
    spec: LabelSetSpec,
    class_list: ClassList,
    columns: Mapping[str, Mapping[str, object]] | None = None,
) -> LabelSet:
    """Read a label set: image id to class ids of `class_list`, of which none means no valid class.

    `columns` are the data set's columns, name to image id to class id or name, for format `column`.
    A `multilabel` file may be the CSV of "Flaws of ImageNet" too. Raises DataError with every
    problem of the file (ten in full) when it is missing, is another file than the spec's hash
    says, cannot be read, has an image twice, or a label that is no class of the list.
    """
    if spec.format == "column":
        return _from_column(spec, class_list, columns or {})
    file = open_labels(spec)
    found = _collected(spec.format, file, class_list)
    config = open_config(spec, file)
    return LabelSet(
        name=spec.label_set,
        labels=found.labels,
        equivalence_groups=read_groups(config, class_list) if config else (),
        original=spec.original,
        source=str(file.path),
        digest=joint_digest([item.digest for item in (file, config) if item]),
        notes=dict(sorted(found.notes.items())),
        named_originals=found.named_originals,
    )


@lru_cache(maxsize=4)  # the runs of an entry, and the tasks of a command, share label sets
def _collected(form: LabelFormat, file: LabelFile, class_list: ClassList) -> Collected:
    if form == "multilabel" and file.path.suffix.lower() == ".csv":
        form = "csv"
    where = str(file.path)
    rows: Iterable[LabelRow | Problem] = (
        from_zero(read_list(file), class_list, where) if form == "list" else _READERS[form](file)
    )
    named = join_names(rows, class_list, where, all_text=form in ("csv", "list"))
    return collect(named, class_list, where)


def _from_column(
    spec: LabelSetSpec, class_list: ClassList, columns: Mapping[str, Mapping[str, object]]
) -> LabelSet:
    where = f"label set `{spec.label_set}`"
    if spec.column is None:
        fix = "add `column`, the name of the column that holds the labels"
        raise DataError(Problem(where, "its YAML names no `column`", fix=fix))
    if spec.column not in columns:
        raise DataError(unknown_name(where, "column of the data set", spec.column, [*columns]))
    source = f"column `{spec.column}`"
    joined = column_ids(columns[spec.column], class_list, f"{where}, {source}")
    if spec.by_name and joined.how in (BY_NUMBER, BY_NAMED_NUMBER):
        raise DataError(_nameless(f"{where}, {source}", class_list))
    if joined.warning:
        log.warning(joined.warning)
    rows = (
        LabelRow(f"{where}, {source}", image_id, [value])
        for image_id, value in joined.by_image.items()
    )
    labels = collect(rows, class_list, f"{where}, {source}").labels
    pairs = json.dumps(sorted((key, min(ids)) for key, ids in labels.items()))
    return LabelSet(
        name=spec.label_set,
        labels=labels,
        original=spec.original,
        source=source if joined.how == BY_NUMBER else f"{source}, joined {joined.how}",
        digest=hashlib.sha256(pairs.encode()).hexdigest(),
    )


def _nameless(where: str, classes: ClassList) -> Problem:
    return Problem(
        where,
        f"numbers without names, and nothing says that they are the class ids of `{classes.name}`",
        expected="names of the classes: a `ClassLabel`, a column of texts, folders named by them",
        fix="name a column of names by `--set doc_to_target=COLUMN`, or a label file",
    )
