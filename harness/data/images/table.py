"""A data set that the package `datasets` reads: hub id, its folders, parquet, JSONL or CSV."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import datasets
import pyarrow as pa
from PIL import Image

from harness.data.image_ids import ROW_NUMBER, ids_of_files, ids_of_texts
from harness.data.images.local import open_local
from harness.data.images.pixels import ImageError, decode_image
from harness.data.images.source import Source
from harness.errors import DataError, Problem, first_line, nearest
from harness.specs.task import TaskSpec


def open_table(task: TaskSpec, location: Path | str, columns: Sequence[str]) -> Source:
    """Open a data set. `location` is a path, or a hub id; `columns` are the label columns wanted.

    Raises DataError when it cannot be loaded, or lacks the split or a column.
    """
    where = f"task `{task.task}`"
    local, wanted = None, (task.doc_to_visual, *columns)
    with read_errors(location, where):
        if isinstance(location, Path):
            local = open_local(task, location, wanted, where)
        loaded = local.data if local else _load_from_hub(task, str(location))
    data = _split_of(loaded, task.test_split, where)
    has_images = task.doc_to_visual in data.column_names
    if has_images:
        data = _as_images(data, task.doc_to_visual, where)
    if task.doc_to_id == ROW_NUMBER and ROW_NUMBER not in data.column_names:
        ids = tuple(f"{row:06}" for row in range(len(data)))
    elif task.doc_to_id is not None:
        ids = ids_of_texts(_written(data, task.doc_to_id, where), where)
    elif has_images:
        ids = ids_of_files(_file_names(data, task.doc_to_visual, where), where)
    else:
        raise _neither(task, where, data.features)
    for column in columns:
        if column not in data.column_names:
            raise _no_column(where, "column", column, data.column_names)
    root = local.root if local else Path()
    beside = _beside(data, task.doc_to_visual, root) if local and has_images else []
    return Source(
        ids=ids,
        read=_reader(data, task.doc_to_visual, ids, root) if has_images else None,
        columns={column: _values(data, column, where) for column in columns},
        column_names=_names_of(data, columns),
        fingerprint=local.fingerprint(beside) if local else str(data._fingerprint),
        location=str(location),
        passed_over=local.passed_over(beside) if local else {},
        ids_from_files=task.doc_to_id is None,
    )


ColumnKind = Literal["image", "classes", "text", "number", "other"]
"""What a column holds: `classes` are numbers that have names in the data set."""


def columns_of(task: TaskSpec, path: Path) -> Mapping[str, ColumnKind]:
    """Give the columns of a local split, and what they hold. Raises DataError as `open_table`."""
    where = f"task `{task.task}`"
    with read_errors(path, where):
        local = open_local(task, path, (), where)
    features = _split_of(local.data, task.test_split, where).features
    return {str(name): _kind(feature) for name, feature in features.items()}


def _kind(feature: Any) -> ColumnKind:
    if isinstance(feature, datasets.ClassLabel):
        return "classes"
    if isinstance(feature, datasets.Image) or (
        isinstance(feature, dict) and {"bytes", "path"} <= feature.keys()
    ):
        return "image"
    written = str(getattr(feature, "dtype", ""))
    if written in ("string", "large_string"):
        return "text"
    return "number" if written.startswith(("int", "uint")) else "other"


_LONGEST = 300
_UNREADABLE = (
    OSError, ValueError, RecursionError, pa.ArrowException, datasets.exceptions.DatasetsError,
)  # fmt: skip


@contextmanager
def read_errors(location: Path | str, where: str) -> Iterator[None]:
    """Raise as DataError what reading a data set raises."""
    try:
        yield
    except _UNREADABLE as error:
        fix = "check the name, log in with `hf auth login` if it is gated, or point to a local copy"
        fix += " with `--set dataset_path=DIR`"
        if isinstance(location, Path):
            fix = "get its files again, whole, all with the same columns, or name others with "
            fix += "`--set dataset_path=DIR`"
        has_failed = isinstance(error, datasets.exceptions.DatasetGenerationError)
        cause = (error.__cause__ if has_failed else None) or error  # the error says no more
        got = first_line(cause)
        if isinstance(cause, RecursionError):
            got = "folders inside of each other, too deep for `datasets`"
            fix = "move those out of the folder that hold none of its files"
        elif isinstance(location, Path):
            got = " ".join(str(cause).split())[:_LONGEST] or got
        got = f"{location}: {got}"
        raise DataError(Problem(where, "its data set cannot be loaded", got, fix=fix)) from error


def _load_from_hub(task: TaskSpec, name: str) -> Any:
    found = load_split(task, name)
    if task.doc_to_id in (None, ROW_NUMBER) or found.info.builder_name != "csv":
        return found
    # Else `007` is 7, and `NA` nothing.
    return load_split(task, name, converters={task.doc_to_id: str}, na_filter=False)


def load_split(task: TaskSpec, name: str, **more: Any) -> Any:
    """Load the split of a task from the hub; `more` is for `load_dataset`."""
    return datasets.load_dataset(
        name,
        task.dataset_name,
        data_files={task.test_split: task.data_files} if task.data_files else None,
        split=task.test_split,
        revision=task.revision,
        **more,
    )


def _split_of(loaded: Any, split: str, where: str) -> Any:
    if not isinstance(loaded, datasets.DatasetDict):
        return loaded
    if split not in loaded:
        known, fix = ", ".join(loaded), "set `test_split`"
        raise DataError(Problem(where, "no such split", split, known, fix))
    return loaded[split]


def _as_images(data: Any, column: str, where: str) -> Any:
    """Give the data with a column as undecoded images. Raises DataError where it holds none."""
    try:
        return data.cast_column(column, datasets.Image(decode=False))
    except (pa.ArrowException, TypeError, ValueError) as error:
        what, got = f"the column `{column}` holds no images", str(data.features[column])[:200]
        expected = "encoded images (a struct of `bytes` and `path`, or bytes), or paths of files"
        fix = "name the column of the images in `doc_to_visual`"
        raise DataError(Problem(where, what, got, expected, fix)) from error


def _written(data: Any, column: str, where: str) -> list[str]:
    """Give the texts of the id column. Raises DataError where they were read as something else."""
    if column not in data.column_names:
        raise _no_column(where, "doc_to_id", column, data.column_names)
    kind = str(getattr(data.features[column], "dtype", data.features[column]))
    if kind not in ("string", "large_string", "null") and not kind.startswith(("int", "uint")):
        what, expected = f"the ids in the column `{column}` are no texts", "texts or whole numbers"
        fix = "write them as texts: in JSONL in quotes, in parquet as strings"
        raise DataError(Problem(where, what, kind, expected, fix))
    return ["" if value is None else str(value) for value in _values(data, column, where)]


def _values(data: Any, column: str, where: str) -> list[Any]:
    try:
        return list(data[column][:])
    except UnicodeDecodeError as error:
        what, fix = f"the column `{column}` holds what is no Unicode text", "write it as UTF-8"
        raise DataError(Problem(where, what, str(error), fix=fix)) from error


def _file_names(data: Any, column: str, where: str) -> list[str]:
    """Give the file names inside the image column without reading the pixels."""
    struct = data.data.table.column(column)
    flat = [value for chunk in struct.chunks for value in chunk.field("path").to_pylist()]
    if data._indices is not None:
        flat = [flat[index] for index in data._indices.column(0).to_pylist()]
    if not all(flat):
        fix = f"name a column of unique ids in `doc_to_id`, or `doc_to_id={ROW_NUMBER}`"
        raise DataError(Problem(where, "images have neither an id column nor a file name", fix=fix))
    return [str(name) for name in flat]


def _beside(data: Any, column: str, root: Path) -> list[Path]:
    """Give the files of images that stand beside the table, and not in it."""
    found = []
    for chunk in data.data.table.column(column).chunks:
        held = chunk.field("bytes").is_valid().to_pylist()
        names = chunk.field("path").to_pylist()
        pairs = zip(names, held, strict=True)
        found += [root / name for name, is_held in pairs if name and not is_held]
    return found


def _reader(data: Any, column: str, ids: Sequence[str], root: Path) -> Any:
    def read(row: int) -> Image.Image:
        record: Mapping[str, Any] = data[row][column]
        if record is None or (record.get("bytes") is None and not record.get("path")):
            raise ImageError(f"{ids[row]}: the row holds no image")
        source = record["bytes"]
        return decode_image(root / record["path"] if source is None else source, ids[row])

    return read


def _names_of(data: Any, columns: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Give the names of the numbers in columns of classes."""
    features = {column: data.features[column] for column in columns}
    return {
        column: tuple(feature.names)
        for column, feature in features.items()
        if isinstance(feature, datasets.ClassLabel) and feature.names
    }


def _neither(task: TaskSpec, where: str, features: Mapping[str, Any]) -> DataError:
    """Say that there are no images, and that nothing shows which column has the ids."""
    pictures = [name for name, kind in features.items() if isinstance(kind, datasets.Image | dict)]
    guess, ids = nearest(task.doc_to_visual, pictures), nearest("image_id", list(features))
    fix = f"did you mean `{guess}`?" if guess else f"`doc_to_id: {ids or 'COLUMN'}`"
    what = f"its data set has no column `{task.doc_to_visual}` of images, and `doc_to_id` names "
    what += "no column of ids"
    expected = "`doc_to_visual` for images; for ids alone, of answers that exist already, "
    expected += "`doc_to_id`"
    return DataError(Problem(where, what, "the columns " + ", ".join(features), expected, fix))


def _no_column(where: str, key: str, got: str, known: Sequence[str]) -> DataError:
    what = f"`{key}` names a column that the data set does not have"
    return DataError(Problem(where, what, got=got).among(got, known))
