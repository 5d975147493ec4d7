"""Parquet tables of typed columns, written in batches: predictions, labels, classes, scores."""

import types
import typing
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from harness.data.classes import ClassList
from harness.data.labels.label_set import Equivalences, LabelSet
from harness.errors import DataError, Problem
from harness.export.hf.runs import ExportRun, unused
from harness.store.directory import RunDirectory
from harness.store.lines import read_predictions
from harness.store.prediction import Prediction

_TOGETHER = 5000
"""Rows in one group, so that memory does not grow with their number."""
_TYPES: Mapping[type, pa.DataType] = {
    bool: pa.bool_(), float: pa.float64(), int: pa.int64(), str: pa.string()
}  # fmt: skip


_RUN_COLUMNS = ("model", "task", "protocol", "class_list")
"""What stands before the fields of a prediction, the same in all rows of a run."""


@dataclass(frozen=True, slots=True)
class LabelRow:
    """An image under a label set; no class at all means that none of the list is right."""

    label_set: str
    class_list: str
    original: bool
    image_id: str
    class_ids: tuple[int, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A class of a class list."""

    class_list: str
    name_set: str
    class_id: int
    name: str
    aliases: tuple[str, ...]
    wnid: str | None
    counts_as: int | None
    """Lowest id of the classes that count as one with it; None where that may not be told."""


def write_predictions(folder: Path, run: ExportRun) -> int:
    """Write a run's predictions and give their number.

    Raises DataError when they are not those that the results were computed from.
    """
    results = run.results
    names = (results.model, results.task, results.protocol, results.class_list.name)
    same = dict(zip(_RUN_COLUMNS, names, strict=True))
    tally: Counter[str] = Counter()
    path = folder / f"{run.file_name}.parquet"
    write_table(path, prediction_schema(), _counted(run, tally), same)
    expected = {status: n for status, n in results.counts.items() if n}
    if dict(tally) != expected:
        what = "its results are not of its predictions"
        fix = f"harness score {run.path}"
        raise DataError(Problem(str(run.path), what, str(dict(tally)), str(expected), fix))
    return tally.total()


def write_labels(path: Path, labels: LabelSet, classes: ClassList) -> None:
    """Write a label set, sorted by image id, with the names that the class list has in use."""
    rows = (
        LabelRow(
            label_set=labels.name,
            class_list=classes.name,
            original=labels.original,
            image_id=image_id,
            class_ids=tuple(sorted(ids)),
            names=tuple(classes.by_id[each].name for each in sorted(ids)),
        )
        for image_id, ids in sorted(labels.labels.items())
    )
    write_table(path, schema_of(LabelRow), rows)


def write_classes(path: Path, classes: ClassList, equivalences: Equivalences | None) -> None:
    """Write a class list; without `equivalences`, which may not be told, `counts_as` is null."""
    rows = (
        ClassRow(
            class_list=classes.name,
            name_set=classes.name_set,
            class_id=each.id,
            name=each.name,
            aliases=each.aliases,
            wnid=each.wnid,
            counts_as=equivalences.merge(each.id) if equivalences else None,
        )
        for each in classes.classes
    )
    write_table(path, schema_of(ClassRow), rows)


def write_table(
    path: Path, schema: pa.Schema, rows: Iterable[Any], same: Mapping[str, str] | None = None
) -> None:
    """Write rows as parquet, a batch at a time; the columns are attributes of the rows, or `same`
    in all of them. Raises UserError when the file is there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    left, same = iter(rows), same or {}
    with pq.ParquetWriter(unused(path), schema) as writer:
        while part := list(islice(left, _TOGETHER)):
            columns = [
                pa.repeat(same[field.name], len(part))
                if field.name in same
                else _array([getattr(row, field.name) for row in part], field.type)
                for field in schema
            ]
            writer.write_table(pa.table(columns, schema=schema))


def prediction_schema() -> pa.Schema:
    """Give the columns of a prediction, but for those that no row of a complete run has."""
    about = schema_of(Prediction)
    kept = [field for field in about if field.name not in ("error", "attempt")]
    return pa.schema([*((name, pa.string()) for name in _RUN_COLUMNS), *kept])


def schema_of(kind: type) -> pa.Schema:
    """Give the columns that the fields of a dataclass are."""
    hints = typing.get_type_hints(kind)
    return pa.schema([pa.field(each.name, _arrow(hints[each.name])) for each in fields(kind)])


def _arrow(hint: Any) -> pa.DataType:
    if typing.get_origin(hint) is tuple:
        return pa.list_(_arrow(typing.get_args(hint)[0]))
    if typing.get_origin(hint) is types.UnionType:
        hint = next(each for each in typing.get_args(hint) if each is not types.NoneType)
    return next(arrow for known, arrow in _TYPES.items() if issubclass(hint, known))


def _counted(run: ExportRun, tally: Counter[str]) -> Iterator[Prediction]:
    for row in read_predictions(RunDirectory(run.path).predictions):
        tally[row.status.value] += 1
        yield row


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    """Give a column. Parquet has no place for half a pair of surrogates, as a model may write."""
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:
        return pa.array([_without_halves(each) for each in values], kind)


def _without_halves(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return [_without_halves(each) for each in value] if isinstance(value, tuple) else value
