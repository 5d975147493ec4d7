"""A data set that the package `datasets` reads: hub id, its folders, parquet, JSONL or CSV."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import datasets
from PIL import Image

from harness.data.images import ImageError, decode_image
from harness.data.source import Source
from harness.errors import DataError, Problem, nearest
from harness.image_ids import check_unique, image_id_of
from harness.spec.task import TaskSpec

_BUILDERS = {".parquet": "parquet", ".jsonl": "json", ".json": "json", ".csv": "csv"}
_SAVED = ("state.json", "dataset_dict.json")


def open_table(task: TaskSpec, location: Path | str, columns: Sequence[str]) -> Source:
    """Open a data set. `location` is a path, or a hub id; `columns` are the label columns wanted.

    Raises DataError when it cannot be loaded, or lacks the split or a column.
    """
    where = f"task `{task.task}`"
    data = _split_of(_load(task, location, where), task.test_split, where)
    has_images = task.doc_to_visual in data.column_names
    if not has_images and task.protocol != "classify" and task.doc_to_id is None:
        raise _no_column(where, "doc_to_visual", task.doc_to_visual, data.column_names)
    if has_images:
        data = data.cast_column(task.doc_to_visual, datasets.Image(decode=False))
    ids = _ids(task, data, has_images, where)
    for column in columns:
        if column not in data.column_names:
            raise _no_column(where, "column", column, data.column_names)
    return Source(
        ids=ids,
        read=_reader(data, task.doc_to_visual, ids) if has_images else None,
        columns={column: data[column] for column in columns},
        fingerprint=str(data._fingerprint),
        location=str(location),
    )


def _load(task: TaskSpec, location: Path | str, where: str) -> Any:
    try:
        if isinstance(location, Path):
            return _load_local(task, location)
        files = {task.test_split: task.data_files} if task.data_files else None
        return datasets.load_dataset(
            location,
            task.dataset_name,
            data_files=files,
            split=task.test_split,
            revision=task.revision,
        )
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        fix = "check the name, log in with `hf auth login` if it is gated, or point to a local copy"
        fix += " with `--set dataset_path=DIR`"
        got = f"{location}: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
        raise DataError(Problem(where, "its data set cannot be loaded", got, fix=fix)) from error


def _load_local(task: TaskSpec, path: Path) -> Any:
    if path.is_file():
        builder = _BUILDERS.get(path.suffix.lower())
        if builder is None:
            raise ValueError(f"a data file ends in {', '.join(_BUILDERS)}, not {path.suffix}")
        return datasets.load_dataset(builder, data_files=str(path), split="train")
    if any((path / name).is_file() for name in _SAVED):
        return datasets.load_from_disk(str(path))
    return datasets.load_dataset(str(path), task.dataset_name, split=task.test_split)


def _split_of(loaded: Any, split: str, where: str) -> Any:
    if not isinstance(loaded, datasets.DatasetDict):
        return loaded
    if split not in loaded:
        raise DataError(
            Problem(where, "no such split", split, ", ".join(loaded), "set `test_split`")
        )
    return loaded[split]


def _ids(task: TaskSpec, data: Any, has_images: bool, where: str) -> tuple[str, ...]:
    if task.doc_to_id is not None:
        if task.doc_to_id not in data.column_names:
            raise _no_column(where, "doc_to_id", task.doc_to_id, data.column_names)
        ids = tuple(image_id_of(str(value)) for value in data[task.doc_to_id])
    elif has_images:
        ids = tuple(_id_in(record, where) for record in _paths(data, task.doc_to_visual))
    else:
        raise _no_column(where, "doc_to_id", "image_id", data.column_names)
    check_unique(ids, where)
    return ids


def _paths(data: Any, column: str) -> list[Any]:
    """Give the file names inside the image column without reading the pixels."""
    struct = data.data.table.column(column)
    flat = [value for chunk in struct.chunks for value in chunk.field("path").to_pylist()]
    if data._indices is None:
        return flat
    return [flat[index] for index in data._indices.column(0).to_pylist()]


def _id_in(path: Any, where: str) -> str:
    if not path:
        fix = "name a column of unique ids in `doc_to_id`"
        raise DataError(Problem(where, "images have neither an id column nor a file name", fix=fix))
    return image_id_of(str(path))


def _reader(data: Any, column: str, ids: Sequence[str]) -> Any:
    def read(row: int) -> Image.Image:
        record: Mapping[str, Any] = data[row][column]
        if record is None or (record.get("bytes") is None and not record.get("path")):
            raise ImageError(f"{ids[row]}: the row holds no image")
        source = record["bytes"]
        return decode_image(Path(record["path"]) if source is None else source, ids[row])

    return read


def _no_column(where: str, key: str, got: str, known: Sequence[str]) -> DataError:
    guess = nearest(got, known)
    return DataError(
        Problem(
            where,
            f"`{key}` names a column that the data set does not have",
            got=got,
            expected="one of " + ", ".join(known),
            fix=f"did you mean `{guess}`?" if guess else None,
        )
    )
