"""Commands in forked processes that are killed, or find the disk full, at a chosen file event.

A process that is killed runs no handler and no `finally`, so that nothing is tidied up.
"""

import os
import resource
import select
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from errno import ENOSPC
from pathlib import Path
from typing import Literal

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_EVENTS = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.utime", "os.link")
_SECONDS = 60
_GRACE = 5
Kind = Literal["none", "kill", "full", "kill in a write", "full in a write", "kill at an answer"]


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and when."""

    kind: Kind
    at: int = 0
    """The number of the file event, of the byte in a file, or of the call of the model."""

    def __str__(self) -> str:
        return self.kind if self.kind == "none" else f"{self.kind} {self.at}"


NO_FAULT = Fault("none")


@dataclass(frozen=True)
class Ended:
    """How the processes of a command ended."""

    codes: tuple[int, ...]
    said: str

    @property
    def was_killed(self) -> bool:
        return any(code < 0 for code in self.codes)


class _Asking:
    """Counts the calls of the model in this process."""

    kill_at = 0
    calls = 0


def asked() -> None:
    """To be called by the adapter of a test whenever it is asked."""
    _Asking.calls += 1
    if _Asking.calls == _Asking.kill_at:
        os.kill(os.getpid(), signal.SIGKILL)


def run_forked(action: Callable[[int], int], faults: Sequence[Fault], folder: Path) -> Ended:
    """Do `action` in one process for each fault; `action` is given the process's number and gives
    the exit code. When one is killed, so are the others, as a launcher does; when one fails, soon.

    Events count that change something below `folder`.
    """
    children = [_start(action, number, fault, folder) for number, fault in enumerate(faults)]
    said: dict[int, bytes] = {reading: b"" for _, reading in children}
    codes: dict[int, int] = {}
    deadline = time.monotonic() + _SECONDS
    open_ends = set(said)
    while open_ends or len(codes) < len(children):
        for reading in select.select(sorted(open_ends), [], [], 0.02)[0]:
            some = os.read(reading, 65536)
            said[reading] += some
            if not some:
                open_ends.remove(reading)
                os.close(reading)
        for pid, _ in children:
            if pid not in codes and (status := os.waitpid(pid, os.WNOHANG))[0]:
                codes[pid] = os.waitstatus_to_exitcode(status[1])
        failed = any(codes.values())
        deadline = min(deadline, time.monotonic() + _GRACE) if failed else deadline
        late = time.monotonic() > deadline
        if late or not set(codes.values()) <= {0, 1}:
            for pid in {pid for pid, _ in children} - codes.keys():
                os.kill(pid, signal.SIGKILL)
        assert failed or not late, f"hung: {b''.join(said.values()).decode(errors='replace')}"
    text = b"".join(said.values()).decode(errors="replace")
    return Ended(tuple(codes[pid] for pid, _ in children), text)


def _start(
    action: Callable[[int], int], number: int, fault: Fault, folder: Path
) -> tuple[int, int]:
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads that a fork leaves behind
        pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    code = 99
    try:
        os.close(reading)
        for stream in (1, 2):
            os.dup2(writing, stream)
        sys.stdout = os.fdopen(1, "w", closefd=False)
        sys.stderr = os.fdopen(2, "w", closefd=False)
        _break(fault, str(folder))
        code = action(number)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001  # told to the parent by the exit code
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _break(fault: Fault, folder: str) -> None:
    """Let this process meet a fault. Nothing of it can be taken back: it ends with the process."""
    if fault.kind in ("kill in a write", "full in a write"):
        # The system writes what still fits: the row is torn at any byte.
        how = signal.SIG_DFL if fault.kind == "kill in a write" else signal.SIG_IGN
        signal.signal(signal.SIGXFSZ, how)
        resource.setrlimit(resource.RLIMIT_FSIZE, (fault.at, fault.at))
    if fault.kind == "kill at an answer":
        _Asking.kill_at = fault.at
    if fault.kind in ("kill", "full"):
        sys.addaudithook(_hook(fault, folder))


def _hook(fault: Fault, folder: str) -> Callable[[str, tuple[object, ...]], None]:
    seen = 0

    def hook(event: str, given: tuple[object, ...]) -> None:
        nonlocal seen
        if not _changes(event, given, folder):
            return
        seen += 1
        if seen < fault.at:
            return
        if fault.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif event not in ("os.remove", "os.rmdir"):  # a full disk lets things go
            raise OSError(ENOSPC, os.strerror(ENOSPC), str(given[0]))

    return hook


def _changes(event: str, given: tuple[object, ...], folder: str) -> bool:
    """Tell whether an audit event is of a change below the folder."""
    if event == "ctypes.dlsym":  # the one way to a system call that Python has not
        return given[1] == "renameat2"
    path = given[0] if given else None
    if event == "open":
        flags = given[2]
        if not (isinstance(flags, int) and flags & _WRITING):
            return False
    elif event not in _EVENTS:
        return False
    return isinstance(path, (str, bytes, os.PathLike)) and os.fsdecode(path).startswith(folder)
