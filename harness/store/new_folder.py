"""Make a folder that appears whole or not at all."""

import contextlib
import ctypes
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from harness.data.image_ids import fault_of
from harness.errors import Problem, UserError
from harness.store.lock import locked

_HERE = -100 if sys.platform == "linux" else -2  # AT_FDCWD: a relative path is of this folder
_SWAP = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS
_NAMES = {"linux": "renameat2", "darwin": "renameatx_np"}


def refuse_full(folder: Path) -> None:
    """Raise UserError where `folder` is a file, or a folder with something in it."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        fix = "choose another folder, or remove it"
        raise UserError(Problem(str(folder), "is there already, and is not empty", fix=fix))


def refuse_name(folder: Path) -> None:
    """Raise UserError for a path that is not UTF-8: libraries that write parquet take none."""
    fault = fault_of(str(folder))
    if fault is not None:
        raise UserError(Problem(f"the folder {folder}", fault, fix="choose another name"))


@contextlib.contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a hidden folder beside `folder`, which takes its name when all went well.

    Raises UserError as `refuse_full`, and where it cannot be written; RunError where another
    command makes the same. After an error nothing is left, and after a kill nothing that the next
    command for the same folder does not take away.
    """
    folder = folder.resolve()
    refuse_full(folder)
    with _hidden(folder, "exporting") as hidden:
        yield hidden
        if folder.exists():
            folder.rmdir()
        hidden.rename(folder)


@contextlib.contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """Give a hidden folder beside `folder` that takes its place when all went well.

    Whatever happens, there is the old one or the new one. Where the system cannot exchange two
    folders in one step (Windows, some network disks), a kill between two renames leaves the old one
    under a hidden name, from which the next command for the same folder brings it back. Raises
    as `new_folder`.
    """
    folder = folder.resolve()
    with _hidden(folder, "building") as hidden:
        yield hidden
        if not folder.exists():
            hidden.rename(folder)
        elif not exchange(hidden, folder):
            _rename_twice(hidden, folder)


@contextlib.contextmanager
def _hidden(folder: Path, verb: str) -> Iterator[Path]:
    hidden = folder.with_name(f".{folder.name}.{verb}-{os.getpid()}")
    with locked(folder):
        try:
            hidden.mkdir(parents=True)
            yield hidden
        except OSError as error:
            what, fix = "cannot be written", "make room, or choose another folder"
            raise UserError(Problem(str(folder), what, got=str(error), fix=fix)) from error
        finally:
            shutil.rmtree(hidden, ignore_errors=True)


def _rename_twice(new: Path, folder: Path) -> None:
    aside = folder.with_name(f".{folder.name}.replaced-{os.getpid()}")
    folder.rename(aside)
    try:
        new.rename(folder)
    except OSError:
        aside.rename(folder)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def exchange(one: Path, other: Path) -> bool:
    """Swap the names of two paths at once. False, with nothing done, where this cannot be."""
    name = _NAMES.get(sys.platform)
    call = getattr(ctypes.CDLL(None), name, None) if name else None
    if call is None:
        return False
    call.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    return bool(call(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _SWAP) == 0)
