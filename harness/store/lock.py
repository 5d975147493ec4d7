"""One run at a time in a directory: a lock that the system drops when its process dies."""

import contextlib
import fcntl
import glob
import json
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from harness.errors import Problem, RunError, UserError


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
def locked(directory: Path, shard: Shard) -> Iterator[None]:
    """Hold the directory of a run, or one slice of it.

    A whole run holds it against everyone; a slice against whole runs, against the same slice and
    against slices of another count. The lock files lie beside the directory, which may be moved
    aside. Raises RunError naming the process that holds it, UserError for a place that cannot be
    written. The lock of a process that died is free.
    """
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(_no_place(directory.parent, error)) from error
    whole = directory.with_name(f".{directory.name}.lock")
    with contextlib.ExitStack() as stack:
        stack.enter_context(_held(whole, shared=not shard.is_whole))
        if not shard.is_whole:
            for path in _slices(whole):
                if not path.name.endswith(f"-of-{shard.count}"):
                    with _held(path, shared=False):
                        pass
            own = whole.with_name(f"{whole.name}-{shard.index + 1}-of-{shard.count}")
            stack.enter_context(_held(own, shared=False))
        yield


def _slices(whole: Path) -> list[Path]:
    return sorted(whole.parent.glob(f"{glob.escape(whole.name)}-*-of-*"))


@contextlib.contextmanager
def _held(path: Path, *, shared: bool) -> Iterator[None]:
    file = _taken(path, shared=shared)
    try:
        if not shared:
            file.truncate(0)
            file.write(json.dumps(_this_process()) + "\n")
            file.flush()
        yield
    finally:
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody else shares it: the last one
            path.unlink(missing_ok=True)
        file.close()


def _taken(path: Path, *, shared: bool) -> IO[str]:
    while True:
        try:
            file = path.open("a+", encoding="utf-8")
        except OSError as error:
            raise UserError(_no_place(path.parent, error)) from error
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(path)
            file.close()
            raise RunError(str(_in_use(path, holder))) from None
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                return file
        file.close()  # its last holder removed it in between


def _holder(path: Path) -> str:
    """Tell who holds a lock, from the lock files beside it where slices share it."""
    told = []
    for each in (path, *_slices(path)):
        with contextlib.suppress(OSError, ValueError, KeyError):
            who = json.loads(each.read_text(encoding="utf-8"))
            told.append(f"process {who['pid']} on {who['host']} since {who['since']}")
    return told[0] if told else "another process"


def _in_use(path: Path, holder: str) -> Problem:
    return Problem(
        str(path.parent / path.name.partition(".lock")[0].removeprefix(".")),
        "another run writes into this directory",
        got=holder,
        fix="wait for it, stop it, or choose another --output",
    )


def _no_place(folder: Path, error: OSError) -> Problem:
    fix = "choose another --output"
    return Problem(str(folder), "no run can be written there", got=str(error), fix=fix)


def _this_process() -> dict[str, object]:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return {"pid": os.getpid(), "host": platform.node(), "since": since}
