"""What lies in a folder: files to read, and files that are passed over, counted by kind."""

import hashlib
import os
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from harness.errors import DataError, Problem

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
    """Paths inside the folder, with slashes, of the files that are neither hidden nor a system's
    own; sorted."""
    unseen: Mapping[str, int]
    """How many others there are, by kind."""

    def passed_over(self, taken: Iterable[str]) -> dict[str, int]:
        """Count the files that are not `taken`, by kind: `hidden`, `suffix .txt`, …; the kind with
        the most files first.
        """
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
        except OSError:  # an error row of the run, and no reason for it not to start
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
        raise DataError(Problem(str(folder), "the folder cannot be read", str(error))) from error
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
    return sum(len(files) for _, _, files in os.walk(path))


def _kind(name: str) -> str:
    suffix = PurePosixPath(name).suffix.lower().encode("utf-8", "backslashreplace").decode()
    return f"suffix {suffix}" if suffix else "no suffix"
