"""From the spec of a label set to the label set in memory."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from harness.data.classes import ClassList
from harness.data.labels import readers
from harness.data.labels.column import BY_NUMBER, column_ids
from harness.data.labels.csv_text import read_csv
from harness.data.labels.equivalences import read_groups
from harness.data.labels.label_set import LabelSet
from harness.data.labels.row import Collected, LabelRow, collect
from harness.data.labels.source import LabelFile, joint_digest, open_config, open_labels
from harness.errors import DataError, Problem, unknown_name
from harness.specs.label_set import LabelFormat, LabelSetSpec

log = logging.getLogger("harness")
Reader = Callable[[LabelFile], Iterator[LabelRow | Problem]]
_READERS: Mapping[str, Reader] = {
    "imgt": readers.read_imgt,
    "jsonl": readers.read_jsonl,
    "real": readers.read_real,
    "regt": readers.read_regt,
    "csv": read_csv,
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
    found = _collected(
        _Read(spec.format, file.path, file.digest, class_list.digest, file, class_list)
    )
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


@dataclass(frozen=True, slots=True)
class _Read:
    """What decides what a label file means, and the file and the classes themselves."""

    form: LabelFormat
    path: Path
    digest: str
    classes: str
    file: LabelFile = field(compare=False)
    class_list: ClassList = field(compare=False)


@lru_cache(maxsize=4)  # the runs of an entry, and the tasks of a command, share label sets
def _collected(read: _Read) -> Collected:
    is_table = read.form == "multilabel" and read.path.suffix.lower() == ".csv"
    rows = (read_csv if is_table else _READERS[read.form])(read.file)
    return collect(rows, read.class_list, str(read.path))


def _from_column(
    spec: LabelSetSpec, class_list: ClassList, columns: Mapping[str, Mapping[str, object]]
) -> LabelSet:
    where = f"label set `{spec.label_set}`"
    if spec.column is None:
        raise DataError(Problem(where, "its YAML names no `column`"))
    if spec.column not in columns:
        raise DataError(unknown_name(where, "column of the data set", spec.column, [*columns]))
    source = f"column `{spec.column}`"
    joined = column_ids(columns[spec.column], class_list, f"{where}, {source}")
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
