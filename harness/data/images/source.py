"""The images of a task as a sequence: ids first, and pixels only when asked for."""

import hashlib
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from harness.data.labels.column import LabelColumn
from harness.errors import DataError, Problem
from harness.heavy import no_collection
from harness.limits import below
from harness.specs.task import TaskSpec

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, slots=True)
class Source:
    """An opened data set. Rows keep the data set's order; ids are unique."""

    ids: tuple[str, ...]
    read: "Callable[[int], Image.Image] | None"
    """Decodes the image of a row to RGB; raises ImageError. None where there are no images."""
    columns: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """The label columns that the task's label sets ask for, row by row."""
    column_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For columns of numbers that have names in the data set, the names from 0."""
    fingerprint: str = ""
    """Changes when the data may have changed (of local files: size, times, place on the disk)."""
    location: str = ""
    """What was opened, for people."""
    passed_over: Mapping[str, int] = field(default_factory=dict)
    """How many files of a folder were not taken, by kind (`hidden`, `suffix .txt`, …)."""
    folders: tuple[str, ...] | None = None
    """For images that all lie in folders of a plain folder, the name of each one's."""
    ids_from_files: bool = False
    """Whether the ids are made from file names, so that a file's name means its image."""
    files: tuple[str, ...] | None = None
    """For a plain folder of images, the path of each inside it."""

    def __len__(self) -> int:
        return len(self.ids)

    def label_columns(self) -> Mapping[str, LabelColumn]:
        """Give the label columns by image id."""
        return {
            name: LabelColumn(dict(zip(self.ids, values, strict=True)), self.column_names.get(name))
            for name, values in self.columns.items()
        }

    @property
    def ids_sha256(self) -> str:
        """SHA-256 of the ids in their order."""
        return hashlib.sha256("\n".join(self.ids).encode("utf-8", "surrogatepass")).hexdigest()


_MACHINES = frozenset(
    {"__MACOSX", "@eaDir", "#recycle", "#snapshot", "$RECYCLE.BIN", "lost+found"}
    | {"System Volume Information"}
)
"""Folders in which systems and network drives keep what is theirs: forks, thumbnails, bins."""
_MOST_KINDS = 9
HIDDEN, LOOP, READ_ALREADY = "hidden", "links in a loop", "links to a folder that is read already"


@dataclass(frozen=True, slots=True)
class Scan:
    """The files below a folder."""

    folder: Path
    names: tuple[str, ...]
    """Paths inside the folder, with slashes, of files not hidden and not a system's own; sorted."""
    unseen: Mapping[str, int]
    """How many others there are, by kind."""

    def passed_over(self, taken: Iterable[str]) -> dict[str, int]:
        """Count the files that are not `taken` by kind: `hidden`, `suffix .txt`; the most first."""
        left = set(self.names) - set(taken)
        found = Counter(dict(self.unseen)) + Counter(_kind(name) for name in left)
        kinds = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
        rest = sum(count for _, count in kinds[_MOST_KINDS:])
        return dict(kinds[:_MOST_KINDS]) | ({"other kinds": rest} if rest else {})


def scan(folder: Path) -> Scan:
    """List the files below a folder. Links are followed, and every folder is read once: where it
    lies before where a link to it stands; a link back to where it comes from is no folder.

    Raises DataError for a folder that may not be read.
    """
    names: list[str] = []
    unseen: Counter[str] = Counter()
    read: set[tuple[int, int]] = set()
    above = {folder.resolve(), *folder.resolve().parents}
    waiting, links = deque([""]), deque[str]()
    while waiting or links:
        inside = waiting.popleft() if waiting else links.popleft()
        here = folder / inside
        place, entries = _entries(here)
        if place in read:
            unseen[READ_ALREADY] += 1
            continue
        read.add(place)
        for entry in entries:
            name = f"{inside}/{entry.name}".removeprefix("/")
            kind = _unseen_kind(entry)
            if kind is not None:
                unseen[kind] += _files_below(Path(entry.path))
            elif not _is_folder(entry):
                names.append(name)
            elif not entry.is_symlink():
                waiting.append(name)
            elif Path(entry.path).resolve() in {*above, here.resolve(), *here.resolve().parents}:
                unseen[LOOP] += 1
            else:
                links.append(name)
    return Scan(folder, tuple(sorted(names)), {kind: n for kind, n in unseen.items() if n})


def state_of(files: Iterable[tuple[str, Path]]) -> str:
    """Digest names and what the file system says of the files: size, times, place on the disk.

    Another content under the same name, size and date changes it too (POSIX keeps the time of the
    last change itself); so does a copy of the folder, whose images are then compared by pixels.
    """
    digest = hashlib.sha256()
    for name, path in files:
        try:
            about = path.stat()
        except (OSError, ValueError):  # an error row of the run, and no reason for it not to start
            facts = "cannot be read"
        else:
            facts = f"{about.st_size} {about.st_mtime_ns} {about.st_ctime_ns} {about.st_ino}"
        digest.update(f"{name}\0{facts}\0".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _entries(folder: Path) -> tuple[tuple[int, int], list[os.DirEntry[str]]]:
    """Give what the folder is on its disk, and what lies in it, sorted by name."""
    try:
        about = folder.stat()
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        fix = "see that the folder is there and that you may read it"
        what, got = "the folder cannot be read", str(error)
        raise DataError(Problem(str(folder), what, got, fix=fix)) from error
    return (about.st_dev, about.st_ino), entries


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return Path(entry.path).is_dir() if entry.is_symlink() else entry.is_dir()


def _unseen_kind(entry: os.DirEntry[str]) -> str | None:
    """Give the kind of what is passed over unseen; None for a folder and for a file to read."""
    if entry.name.startswith("."):
        return HIDDEN
    if _is_folder(entry):
        return f"in a folder {entry.name}" if entry.name in _MACHINES else None
    if entry.is_symlink():
        return None if Path(entry.path).is_file() else "broken links"
    return None if entry.is_file() else "no files"


def _files_below(path: Path) -> int:
    """Count a file as one and a folder as the files in it, links not followed."""
    if path.is_symlink() or not path.is_dir():
        return 1
    return sum(not each.is_dir() for each in below(path))


def _kind(name: str) -> str:
    suffix = PurePosixPath(name).suffix.lower().encode("utf-8", "backslashreplace").decode()
    return f"suffix {suffix}" if suffix else "no suffix"


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
        what, expected = "`dataset_path` points to nothing", f"a file or folder at {path}"
        fix = "correct it, or say where the data is with `--set dataset_path=DIR`"
        raise DataError(Problem(f"task `{task.task}`", what, written, expected, fix))
    return written


def open_source(task: TaskSpec, columns: Sequence[str] = ()) -> Source:
    """Open a task's data set, with label columns. Raises DataError for no data set and no rows."""
    location = dataset_location(task)
    source = _open(task, location, columns)
    if len(source) == 0:
        fix = "name a data set, a folder or a split that holds images"
        what, got = "its data set is empty", str(location)
        raise DataError(Problem(f"task `{task.task}`", what, got, fix=fix))
    return source


def _open(task: TaskSpec, location: Path | str, columns: Sequence[str]) -> Source:
    from harness.data.images.folder import image_names, open_folder  # imports Pillow

    found = scan(location) if isinstance(location, Path) and location.is_dir() else None
    if found is not None and not is_table(found):
        names = image_names(found)
        if names:
            return open_folder(found, names, columns)
        if not _holds(found, _ROWS):
            others = ", ".join(f"{n} {kind}" for kind, n in found.passed_over(()).items())
            got = f"{location} holds neither images nor parquet/JSONL files"
            got += f" ({others})" if others else ""
            fix = "give the task `dataset_path`"
            raise DataError(Problem(f"task `{task.task}`", "nothing to open", got, fix=fix))
    with no_collection():
        from harness.data.images.table import open_table  # imports `datasets`: a second

    return open_table(task, location, columns)


def is_table(found: Scan) -> bool:
    """Whether a folder is read as rows by `datasets`, and not as a plain folder of images."""
    return _holds(found, _TABLES)


def _holds(found: Scan, endings: tuple[str, ...]) -> bool:
    return any(f"/{name}".lower().endswith(endings) for name in found.names)
