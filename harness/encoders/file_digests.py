"""SHA-256 of the files of a model, read once and kept by what the file system says of them."""

import contextlib
import hashlib
import json
import logging
import os
import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.encoders.cache import cache_folder
from harness.errors import DataError, Problem

log = logging.getLogger("harness")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SETTLED_NS = 2_000_000_000
"""A file that changed less than this before it was read may change again within one tick of the
file system's clock, and what was read is not kept."""
_MUCH = 1 << 30


def sha256_of(files: Mapping[str, Path]) -> dict[str, str]:
    """Give the SHA-256 of files by their names.

    All are read, by several threads, unless they were read before and the file system says that
    none of them has changed: by size, times and place on the disk. Raises DataError for one that
    cannot be read.
    """
    try:
        states = {name: _state(path) for name, path in files.items()}
        kept = _kept_at(states)
        known = _read_kept(kept)
        if known is None or known.keys() != files.keys():
            known = _read(files)
            newest = max((state[3] for state in states.values()), default=0)
            if time.time_ns() - newest > _SETTLED_NS:
                _keep(kept, known)
    except OSError as error:
        where = str(error.filename or next(iter(files.values())))
        raise DataError(Problem(where, "cannot be read", got=str(error))) from error
    return known


def folder_digest(folder: Path | None, beginning: str) -> str:
    """Give one SHA-256 of a text and the names and contents of all files in a folder, if any."""
    found = hashlib.sha256(beginning.encode())
    paths = sorted(each for each in folder.rglob("*") if each.is_file()) if folder else []
    digests = sha256_of({str(path): path for path in paths})
    for path in paths:
        found.update(path.name.encode() + bytes.fromhex(digests[str(path)]))
    return found.hexdigest()


def _state(path: Path) -> tuple[str, int, int, int, int, int]:
    about = path.stat()
    return (
        str(path.resolve()), about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino,
        about.st_dev,
    )  # fmt: skip


def _read(files: Mapping[str, Path]) -> dict[str, str]:
    size = sum(path.stat().st_size for path in files.values())
    if size > _MUCH:
        log.info("reading %.1f GB of weights once, to know them again", size / 1e9)
    with ThreadPoolExecutor(thread_name_prefix="digest") as pool:
        return dict(zip(files, pool.map(_sha256, files.values()), strict=True))


def _sha256(path: Path) -> str:
    target = path.resolve()
    # The hub's cache names each large file by its SHA-256.
    if target.parent.name == "blobs" and _SHA256.fullmatch(target.name):
        return target.name
    with target.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _kept_at(states: Mapping[str, tuple[str, int, int, int, int, int]]) -> Path:
    text = json.dumps(sorted(states.items()))
    name = hashlib.sha256(text.encode()).hexdigest()
    return cache_folder().parent / "digests" / f"{name}.json"


def _read_kept(path: Path) -> dict[str, str] | None:
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict) and all(_SHA256.fullmatch(str(each)) for each in found.values()):
            return found
    return None


def _keep(path: Path, known: Mapping[str, str]) -> None:
    """Write the digests whole or not at all; without a cache all works, only slower."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(known), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        log.debug("digests are not kept in %s: %s", path, error)
