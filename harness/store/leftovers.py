"""What commands that were killed have left: files and folders that were not whole yet."""

import contextlib
import re
import shutil
from pathlib import Path

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
