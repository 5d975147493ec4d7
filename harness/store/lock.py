"""One writer at a time in a directory: locks of `filelock`, free when their process dies; and what
commands that were killed have left.

Where this system or the file system has no locks, a lock is a file that names its process, and is
free when no such process is on this machine any more.
"""

import contextlib
import errno
import glob
import json
import os
import platform
import re
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout, UnixFileLock, has_fcntl

from harness.errors import Problem, RunError, UserError
from harness.store.lines import TEMPORARY

MERGED_PARTS = ".merged-parts"
"""The parts of a run whose rows are in its final file."""
_UNFINISHED = r"\.(importing|exporting|building)-[^/]*"
_REPLACED = r"\.replaced-[^/]*"
_ASIDE = re.compile(rf"\..+({_UNFINISHED}|{_REPLACED})|.+\.old-\d+", re.DOTALL)


def is_aside(name: str) -> bool:
    """Whether a folder of this name is no run: not whole yet, or moved aside."""
    return _ASIDE.fullmatch(name) is not None


def remove_leftovers(directory: Path) -> None:
    """Take away what killed commands have left of a directory; an older one comes back when it was
    moved aside and no newer took its place.

    Whoever calls must have the directory for itself (`harness.store.lock`).
    """
    own = re.escape(f".{directory.name}")
    for name, keeps in ((_REPLACED, True), (_UNFINISHED, False)):
        for path in _named(directory.parent, re.compile(own + name, re.DOTALL)):
            if keeps and not directory.exists():
                with contextlib.suppress(OSError):
                    path.rename(directory)
            else:
                shutil.rmtree(path, ignore_errors=True)
    shutil.rmtree(directory / MERGED_PARTS, ignore_errors=True)
    remove_unfinished(directory)


def remove_unfinished(folder: Path) -> None:
    """Take away the files of a folder that killed commands were writing."""
    for path in _named(folder, re.compile(rf"\..*{re.escape(TEMPORARY)}", re.DOTALL)):
        with contextlib.suppress(OSError):
            path.unlink()


def _named(folder: Path, pattern: re.Pattern[str]) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if pattern.fullmatch(path.name))


_NATIVE = has_fcntl or sys.platform == "win32"
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)
_SOFT, _NOTE = ".soft", ".by"
_SLICE = re.compile(r"\.lock-\d+-of-\d+$")
_GRACE, _PATIENCE = 0.2, 60.0  # seconds to wait for a holder that stays, and for one that looks in
_PAUSE = 0.02


@dataclass(frozen=True, slots=True)
class Shard:
    """One slice of a run that is done without any word to the others; `index` is from 0."""

    index: int = 0
    count: int = 1

    @property
    def is_whole(self) -> bool:
        """Whether this is no slice but everything."""
        return self.count == 1

    def __str__(self) -> str:
        """Give `i/n` as the command line has it, i from 1."""
        return f"{self.index + 1}/{self.count}"


WHOLE = Shard()


@contextlib.contextmanager
def locked(directory: Path, shard: Shard = WHOLE) -> Iterator[None]:
    """Hold the directory of a run, one slice of it, or a folder that is being made.

    A whole holds it against everyone, and first takes away what killed commands have left there; a
    slice holds it against wholes, against the same slice and against slices of another count. The
    lock files lie beside the directory, which may be moved aside. Raises RunError naming the
    process that holds it, UserError for a place that cannot be written.
    """
    directory = directory.resolve()
    door = _door(directory)
    with contextlib.ExitStack() as stack:
        entrance = stack.enter_context(contextlib.ExitStack())
        entrance.enter_context(_held(door, brief=not shard.is_whole))
        for other in _slices(door):
            if shard.is_whole or not other.name.endswith(f"-of-{shard.count}"):
                with _held(other, brief=True):
                    pass
        if shard.is_whole:
            remove_leftovers(directory)
        else:
            own = door.with_name(f"{door.name}-{shard.index + 1}-of-{shard.count}")
            stack.enter_context(_held(own, brief=False))
            entrance.close()
        yield


@contextlib.contextmanager
def reading(directories: Iterable[Path]) -> Iterator[None]:
    """Hold runs against writers while their files are read; other readers wait for it.

    Raises RunError as `locked`. Where no lock can be written, as on a read-only disk, there is no
    lock.
    """
    with contextlib.ExitStack() as stack:
        for directory in sorted({each.resolve() for each in directories}):
            with contextlib.suppress(UserError):
                stack.enter_context(_held(_door(directory), brief=True))
        yield


def _door(directory: Path) -> Path:
    """Give the lock that a whole holds all along, and a slice only while it enters."""
    return directory.with_name(f".{directory.name}.lock")


def _slices(door: Path) -> list[Path]:
    """List the locks of slices, whoever may hold them."""
    found = door.parent.glob(f"{glob.escape(door.name)}-*-of-*")
    names = {each.name.removesuffix(_NOTE).removesuffix(_SOFT) for each in found}
    return [door.with_name(name) for name in sorted(names) if _SLICE.search(name)]


@contextlib.contextmanager
def _held(path: Path, *, brief: bool) -> Iterator[None]:
    """Hold a lock, with a note beside it of who does; `brief` where others may wait for its end."""
    note = path.with_name(path.name + _NOTE)
    lock = _taken(path, note)
    try:
        with contextlib.suppress(OSError):  # a full disk: the holder has no name then
            note.write_text(json.dumps(_this_process() | {"brief": brief}) + "\n", encoding="utf-8")
        yield
    finally:
        with contextlib.suppress(OSError):
            note.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            if isinstance(lock, UnixFileLock):  # the others remove their file themselves
                path.unlink(missing_ok=True)
        lock.release()


def _taken(path: Path, note: Path) -> BaseFileLock:
    """Take a lock, waiting for holders that look in only."""
    began = time.monotonic()
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = _attempt(path)
        except OSError as error:
            what, fix = "nothing can be written there", "choose another --output"
            raise UserError(Problem(str(path.parent), what, str(error), fix=fix)) from error
        if lock is not None:
            return lock
        holder = _holder(note)
        stays = holder.get("brief") is False
        if time.monotonic() - began > (_GRACE if stays else _PATIENCE):
            raise RunError(str(_in_use(path, holder)))
        time.sleep(_PAUSE)


def _attempt(path: Path) -> BaseFileLock | None:
    """Take a lock at once, or give None. Raises OSError where no file can be written."""
    if _NATIVE:
        native = FileLock(path, fallback_to_soft=False)
        try:
            native.acquire(blocking=False)
            return native
        except Timeout:
            return None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            path.unlink(missing_ok=True)
    soft = SoftFileLock(path.with_name(path.name + _SOFT))
    try:
        soft.acquire(blocking=False)
    except Timeout:
        return None
    return soft


def _holder(note: Path) -> dict[str, object]:
    with contextlib.suppress(OSError, ValueError):
        who = json.loads(note.read_text(encoding="utf-8"))
        return who if isinstance(who, dict) else {}
    return {}


def _in_use(path: Path, holder: dict[str, object]) -> Problem:
    got = "another process"
    if holder:
        got = f"process {holder.get('pid')} on {holder.get('host')} since {holder.get('since')}"
    fix = "wait for it, stop it, or choose another --output"
    if path.with_name(path.name + _SOFT).exists():
        fix += f"; if it is dead on another machine, remove {path.name}{_SOFT} beside the directory"
    directory = path.parent / path.name.partition(".lock")[0].removeprefix(".")
    return Problem(str(directory), "another command writes into this directory", got, fix=fix)


def _this_process() -> dict[str, object]:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return {"pid": os.getpid(), "host": platform.node(), "since": since}
