"""Open the data set of a task, whatever `dataset_path` means."""

from collections.abc import Sequence
from pathlib import Path

from harness.data.images.scan import Scan, scan
from harness.data.images.source import Source
from harness.errors import DataError, Problem
from harness.heavy import no_collection
from harness.specs.task import TaskSpec

_TABLES = (".parquet", ".arrow", "/dataset_dict.json", "/metadata.jsonl", "/metadata.csv")
_ROWS = (".jsonl", ".csv")  # beside images these are labels, and the images are the data


def dataset_location(task: TaskSpec) -> Path | str:
    """Give the local path that `dataset_path` means if there is one, else the hub id as it is.

    A path is relative to the YAML file in which it was written. Raises DataError for a path that
    does not exist (a hub id holds at most one slash and no leading dot).
    """
    written = task.dataset_path
    path = task.resolve(written, "dataset_path")
    if path.exists():
        return path
    looks_local = written.startswith((".", "/", "~")) or written.count("/") > 1
    if looks_local:
        raise DataError(
            Problem(
                f"task `{task.task}`",
                "`dataset_path` points to nothing",
                got=written,
                expected=f"a file or folder at {path}",
                fix="correct it, or say where the data is with `--set dataset_path=DIR`",
            )
        )
    return written


def open_source(task: TaskSpec, columns: Sequence[str] = ()) -> Source:
    """Open the data set of a task, with the label columns that its label sets ask for.

    Raises DataError when it cannot be opened or holds no rows.
    """
    location = dataset_location(task)
    source = _open(task, location, columns)
    if len(source) == 0:
        raise DataError(Problem(f"task `{task.task}`", "its data set is empty", str(location)))
    return source


def _open(task: TaskSpec, location: Path | str, columns: Sequence[str]) -> Source:
    from harness.data.images.folder import image_names, open_folder  # imports Pillow

    found = scan(location) if isinstance(location, Path) and location.is_dir() else None
    if found is not None and not _holds(found, _TABLES):
        names = image_names(found)
        if names:
            return open_folder(found, names, columns)
        if not _holds(found, _ROWS):
            others = ", ".join(f"{n} {kind}" for kind, n in found.passed_over(()).items())
            got = f"{location} holds neither images nor parquet/JSONL files"
            got += f" ({others})" if others else ""
            raise DataError(Problem(f"task `{task.task}`", "nothing to open", got))
    with no_collection():
        from harness.data.images.table import open_table  # imports `datasets`: a second

    return open_table(task, location, columns)


def _holds(found: Scan, endings: tuple[str, ...]) -> bool:
    return any(f"/{name}".lower().endswith(endings) for name in found.names)
