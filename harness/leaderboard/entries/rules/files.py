"""Rules on the files of an entry, before any of them is understood."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from harness.leaderboard.entries.card import MAX_CARD
from harness.leaderboard.entries.finding import Finding
from harness.leaderboard.entries.manifest import CARD, MANIFEST, MAX_FILE, MAX_MANIFEST, SLUG

MAX_FILES = 200
_IN_RUNS = rf"runs/{SLUG[1:-1]}"
_FILE = re.compile(rf"{MANIFEST}|{CARD}|{_IN_RUNS}/(predictions|prompts)\.jsonl\.gz")
_FOLDER = re.compile(rf"runs|{_IN_RUNS}")
_MOST = {MANIFEST: MAX_MANIFEST, CARD: MAX_CARD}


def check_files(folder: Path) -> Iterator[Finding]:
    """Give what is wrong with the names, kinds and sizes of all that lies in a folder (E101, E102,
    E104). Nothing is opened and no link is followed.
    """
    if folder.is_symlink() or not folder.is_dir():
        yield Finding("E102", ".", "is no folder")
        return
    for number, (name, status) in enumerate(_walk(folder, "")):
        if number == MAX_FILES:
            yield Finding("E104", ".", f"more than {MAX_FILES} files and folders")
            return
        yield from _check_file(name, status)


def is_inside(path: str) -> bool:
    """Whether a path that a manifest names can only lead to something inside of the entry."""
    parts = path.split("/")
    return not ({"", ".", ".."} & set(parts) or re.search(r"[\\:\x00-\x1f]", path))


def _walk(folder: Path, under: str) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as found:
        for each in sorted(found, key=lambda entry: entry.name):
            name = f"{under}{each.name}"
            yield name, each.stat(follow_symlinks=False)
            if each.is_dir(follow_symlinks=False) and _FOLDER.fullmatch(name):
                yield from _walk(folder / each.name, f"{name}/")


def _check_file(name: str, status: os.stat_result) -> Iterator[Finding]:
    if stat.S_ISDIR(status.st_mode):
        if not _FOLDER.fullmatch(name):
            yield Finding("E101", name, "a folder that no entry has")
    elif not stat.S_ISREG(status.st_mode):
        yield Finding("E102", name, "is a link or no plain file")
    elif not _FILE.fullmatch(name):
        yield Finding("E101", name, f"is none of {MANIFEST}, {CARD}, runs/<task>/…")
    elif status.st_size > (most := _MOST.get(name, MAX_FILE)):
        yield Finding("E104", name, f"{status.st_size} bytes; at most {most}")
