"""Parquet tables of typed columns, written in batches: predictions, labels, classes, scores."""

import types
import typing
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from harness.answers.mapping.vectors import well_formed
from harness.data.classes import ClassList
from harness.data.labels.label_set import Equivalences, LabelSet
from harness.errors import DataError, Problem
from harness.export.hf.answers import NAMES, Beside, PromptRow, correct
from harness.export.hf.runs import ExportRun, unused
from harness.scores.long_form import Figure, figures_of
from harness.specs.field_docs import field_docs
from harness.store.directory import RunDirectory
from harness.store.lines import read_predictions
from harness.store.prediction import Prediction

_TOGETHER = 5000
"""Rows in one group, so that memory does not grow with their number."""
_TYPES: Mapping[type, pa.DataType] = {
    bool: pa.bool_(), float: pa.float64(), int: pa.int64(), str: pa.string()
}  # fmt: skip


_RUN_COLUMNS: Mapping[str, str] = {
    "model": "Name of the model",
    "task": "Name of the task",
    "protocol": "How the task asks: `ow`, `mc`, `cw`, `cw_plus` or `classify`",
    "class_list": "The classes that ids are of; see config `classes`",
}
"""What stands before the fields of a prediction, the same in all rows of a run."""
_NEVER = ("error", "attempt")
"""Fields of a prediction that no row of a complete run has."""


@dataclass(frozen=True, slots=True)
class LabelRow:
    """An image under a label set; no class at all means that none of the list is right."""

    label_set: str
    """Name of the label set."""
    class_list: str
    """The classes that ids are of."""
    original: bool
    """Whether these are the data set's own labels."""
    image_id: str
    """As in `predictions`."""
    class_ids: tuple[int, ...]
    """Every valid class; empty where none of the list is."""
    names: tuple[str, ...]
    """The names of `class_ids`."""


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A class of a class list."""

    class_list: str
    """Name of the class list."""
    name_set: str
    """Which of its sets of names is in use."""
    class_id: int
    """The id."""
    name: str
    """The name that prompts and answers use."""
    aliases: tuple[str, ...]
    """Other names."""
    wnid: str | None
    """WordNet id."""
    counts_as: int | None
    """Lowest id of the classes that count as one with it; null where that may not be known here."""


def write_predictions(folder: Path, run: ExportRun, beside: Beside) -> int:
    """Write a run's predictions, with what stands beside them, and give their number.

    Raises DataError when they are not those that the results were computed from.
    """
    results = run.results
    names = (results.model, results.task, results.protocol, results.class_list.name)
    same = dict(zip(_RUN_COLUMNS, names, strict=True))
    counts: Counter[str] = Counter()
    path = folder / f"{run.file_name}.parquet"
    schema = prediction_schema(beside.label_sets)
    write_table(path, schema, _counted(run, counts), same, beside.columns)
    expected = {status: n for status, n in results.counts.items() if n}
    if dict(counts) != expected:
        what = "its results are not of its predictions"
        fix = f"harness score {run.path}"
        raise DataError(Problem(str(run.path), what, str(dict(counts)), str(expected), fix))
    return counts.total()


def write_prompts(path: Path, prompts: Mapping[str, str]) -> None:
    """Write prompts, SHA-256 to text, sorted by it."""
    rows = (PromptRow(*each) for each in sorted(prompts.items()))
    write_table(path, schema_of(PromptRow), rows)


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
    """Write a class list; `counts_as` is null without `equivalences`, if they stay private."""
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


def write_scores(path: Path, runs: Iterable[ExportRun]) -> int:
    """Write every figure of the runs' results with where it comes from, and give their number."""
    rows = [figure for run in runs for figure in _figures(run)]
    write_table(path, schema_of(Figure), rows)
    return len(rows)


def _figures(run: ExportRun) -> Iterator[Figure]:
    results, manifest = run.results, run.manifest
    is_part = run.chosen is not None
    drawn = results.sample.n if results.sample else manifest.limit
    for figure in figures_of(results):
        labels = results.label_sets.get(figure.label_set or "")
        yield replace(
            figure,
            sample=run.chosen,
            sample_n=drawn if is_part else None,
            sample_of=manifest.data.n if is_part else None,
            label_set_sha256=labels.digest if labels else None,
            class_list_sha256=results.class_list.digest,
            data_fingerprint=manifest.data.images_sha256 or manifest.data.fingerprint,
            harness_version=manifest.harness_version,
            git_commit=manifest.git.get("commit"),
        )


def write_table(
    path: Path,
    schema: pa.Schema,
    rows: Iterable[Any],
    same: Mapping[str, str] | None = None,
    beside: Callable[[Sequence[Any]], Mapping[str, list[Any]]] | None = None,
) -> None:
    """Write rows as parquet, a batch at a time; the columns are attributes of the rows, `same` in
    all of them, or what `beside` gives for a batch. Raises UserError when the file is there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    left, same = iter(rows), same or {}
    with pq.ParquetWriter(unused(path), schema) as writer:
        while part := list(islice(left, _TOGETHER)):
            own = beside(part) if beside else {}
            columns = [
                pa.repeat(same[field.name], len(part))
                if field.name in same
                else _array(
                    own.get(field.name) or [getattr(row, field.name) for row in part], field.type
                )
                for field in schema
            ]
            writer.write_table(pa.table(columns, schema=schema))


def prediction_schema(label_sets: Sequence[str]) -> pa.Schema:
    """Give the columns of a prediction, but for those that no row of a complete run has; then names
    and what is right under each label set.
    """
    kept = [field for field in schema_of(Prediction) if field.name not in _NEVER]
    lists = {"option_names", "top_names"}
    texts = pa.list_(pa.string())
    names = [(name, texts if name in lists else pa.string()) for name in NAMES]
    right = [(correct(name), pa.bool_()) for name in label_sets]
    return pa.schema([*((name, pa.string()) for name in _RUN_COLUMNS), *kept, *names, *right])


def schema_of(kind: type) -> pa.Schema:
    """Give the columns that the fields of a dataclass are."""
    hints = typing.get_type_hints(kind)
    return pa.schema([pa.field(each.name, _arrow(hints[each.name])) for each in fields(kind)])


def columns(label_sets: Sequence[str]) -> dict[str, dict[str, str]]:
    """Give config to column to what it means, in the order of the columns."""
    prediction = {k: v for k, v in field_docs(Prediction).items() if k not in _NEVER}
    meaning = "Whether it is right under `{}`, by the protocol; null where that is not scored"
    right = {correct(name): meaning.format(name) for name in label_sets}
    return {
        "predictions": {**_RUN_COLUMNS, **prediction, **NAMES, **right},
        "prompts": field_docs(PromptRow),
        "labels": field_docs(LabelRow),
        "classes": field_docs(ClassRow),
        "scores": field_docs(Figure),
    }


def _arrow(hint: Any) -> pa.DataType:
    if typing.get_origin(hint) is tuple:
        return pa.list_(_arrow(typing.get_args(hint)[0]))
    if typing.get_origin(hint) is types.UnionType:
        hint = next(each for each in typing.get_args(hint) if each is not types.NoneType)
    return next(arrow for known, arrow in _TYPES.items() if issubclass(hint, known))


def _counted(run: ExportRun, counts: Counter[str]) -> Iterator[Prediction]:
    for row in read_predictions(RunDirectory(run.path).predictions):
        counts[row.status.value] += 1
        yield row


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    """Give a column. Parquet has no place for half a pair of surrogates, as a model may write."""
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:
        return pa.array([_without_halves(each) for each in values], kind)


def _without_halves(value: Any) -> Any:
    if isinstance(value, str):
        return well_formed(value)
    return [_without_halves(each) for each in value] if isinstance(value, tuple) else value
