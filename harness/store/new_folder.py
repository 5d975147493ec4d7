"""Make a folder that appears whole or not at all."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from harness.errors import Problem, UserError
from harness.image_ids import fault_of


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

    Raises UserError as `refuse_full`, and where it cannot be written. After an error nothing is
    left.
    """
    refuse_full(folder)
    hidden = folder.with_name(f".{folder.name}.exporting-{os.getpid()}")
    try:
        hidden.mkdir(parents=True)
        yield hidden
        if folder.exists():
            folder.rmdir()
        hidden.rename(folder)
    except OSError as error:
        what, fix = "cannot be written", "make room, or choose another folder"
        raise UserError(Problem(str(folder), what, got=str(error), fix=fix)) from error
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
