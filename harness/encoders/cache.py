"""What is kept on disk of a model: embeddings by encoder digest and text, so that a text is
embedded once for good, and the SHA-256 of its files.
"""

import contextlib
import hashlib
import json
import logging
import os
import re
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np

from harness.encoders.base import Pieces, TextEncoder, Vectors, is_literal, pieces_of
from harness.errors import DataError, Problem
from harness.limits import below

log = logging.getLogger("harness")

_LOG = logging.getLogger(__name__)
_APART = 500  # parameters of one SQL statement; SQLite's old limit is 999
_TOGETHER = 4096  # texts embedded between two writes, so that a stopped run keeps its work
_WAIT_S = 60.0
_TABLE = """
CREATE TABLE IF NOT EXISTS embedding (text BLOB PRIMARY KEY, crc INTEGER, vector BLOB) WITHOUT ROWID
"""
T = TypeVar("T")


def cache_folder() -> Path:
    """Give the folder of the embeddings: `$HARNESS_CACHE/embeddings`, by default under
    `~/.cache/mllm-classification-harness`.
    """
    root = os.environ.get("HARNESS_CACHE") or "~/.cache/mllm-classification-harness"
    return Path(root).expanduser() / "embeddings"


class CachedEncoder:
    """Another encoder, asked only for texts it has not embedded before on this machine.

    When every text is known, its weights are never loaded. Safe with several processes. A damaged
    file is begun anew and a damaged row embedded again; where the folder cannot be written, all
    works without it and the log says so.
    """

    def __init__(self, encoder: TextEncoder, folder: Path | None = None) -> None:
        """Put a cache in `folder` (default: `cache_folder()`) before `encoder`."""
        self._encoder = encoder
        self._folder = folder
        self.name, self.literal = encoder.name, is_literal(encoder)
        self._last_pieces: tuple[tuple[str, ...], list[Pieces] | None] = ((), [])

    @property
    def digest(self) -> str:
        """Digest of the encoder behind the cache."""
        return self._encoder.digest

    @property
    def path(self) -> Path:
        """The file with this encoder's embeddings."""
        return (self._folder or cache_folder()) / f"{self.digest}.sqlite"

    def pieces(self, texts: Sequence[str]) -> list[Pieces] | None:
        """Give the encoder's pieces of each text; those that were asked for last are kept, as the
        names of a class list are looked at in several ways.
        """
        if self._last_pieces[0] != tuple(texts):
            self._last_pieces = (tuple(texts), pieces_of(self._encoder, texts))
        return self._last_pieces[1]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed `texts` to unit rows [n, d]; each different text at most once."""
        if not texts:
            return self._encoder.encode(())
        place = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        keys = {text: _key(text) for text in place}
        nothing: dict[bytes, bytes] = {}
        known = self._try(partial(_read, keys=list(keys.values())), nothing)
        missing = [text for text in place if keys[text] not in known]
        for start in range(0, len(missing), _TOGETHER):
            part = missing[start : start + _TOGETHER]
            rows = [row.astype("<f4").tobytes() for row in self._encoder.encode(part)]
            fresh = dict(zip((keys[text] for text in part), rows, strict=True))
            self._try(partial(_write, fresh=fresh), None)
            known |= fresh
        table = np.frombuffer(b"".join(known[keys[text]] for text in place), dtype="<f4")
        rows_of = [place[text] for text in texts]
        return table.reshape(len(place), -1)[rows_of].astype(np.float32)

    def _try(self, action: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        for _ in range(2):
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                # A connection a call: nothing to share over forks and threads, nothing left open.
                with closing(sqlite3.connect(self.path, timeout=_WAIT_S)) as file, file:
                    file.execute(_TABLE)
                    return action(file)
            except (sqlite3.OperationalError, OSError) as error:  # locked, full, read-only
                _LOG.warning("going on without the embeddings in %s: %s", self.path, error)
                return otherwise
            except sqlite3.DatabaseError as error:
                _LOG.warning("%s is damaged and is begun anew: %s", self.path, error)
                self.path.unlink(missing_ok=True)
        return otherwise


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _read(file: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for start in range(0, len(keys), _APART):
        part = keys[start : start + _APART]
        marks = ",".join("?" * len(part))
        query = f"SELECT text, crc, vector FROM embedding WHERE text IN ({marks})"
        rows: Iterable[tuple[bytes, object, bytes]] = file.execute(query, part)
        found |= {key: vector for key, crc, vector in rows if _whole(vector, crc)}
    return found


def _whole(vector: object, crc: object) -> bool:
    return isinstance(vector, bytes) and len(vector) > 0 and zlib.crc32(vector) == crc


def _write(file: sqlite3.Connection, fresh: dict[bytes, bytes]) -> None:
    rows = ((key, zlib.crc32(vector), vector) for key, vector in fresh.items())
    file.executemany("INSERT OR REPLACE INTO embedding VALUES (?, ?, ?)", rows)


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
            known = _read_digests(files)
            newest = max((state[3] for state in states.values()), default=0)
            if time.time_ns() - newest > _SETTLED_NS:
                _keep(kept, known)
    except OSError as error:
        where = str(error.filename or next(iter(files.values())))
        fix = "see that the file is there and may be read"
        raise DataError(Problem(where, "cannot be read", got=str(error), fix=fix)) from error
    return known


def folder_digest(folder: Path | None, beginning: str) -> str:
    """Give one SHA-256 of a text and the names and contents of all files in a folder, if any."""
    found = hashlib.sha256(beginning.encode())
    paths = sorted(each for each in below(folder) if each.is_file()) if folder else []
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


def _read_digests(files: Mapping[str, Path]) -> dict[str, str]:
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
    """Write the digests; without a cache all works, only slower."""
    try:
        write_whole(path, lambda file: file.write(json.dumps(known).encode()))
    except OSError as error:
        log.debug("digests are not kept in %s: %s", path, error)


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file of the cache whole or not at all. Raises OSError where that is not possible."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with part.open("wb") as file:
            write(file)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
