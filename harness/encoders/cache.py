"""Embeddings kept on disk by encoder digest and text, so that a text is embedded once for good."""

import hashlib
import logging
import os
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from harness.encoders.base import Pieces, TextEncoder, Vectors, is_literal, pieces_of

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
        self._last_pieces: tuple[tuple[str, ...], list[Pieces] | None] = ((), [])

    @property
    def name(self) -> str:
        """Name of the encoder's spec."""
        return self._encoder.name

    @property
    def digest(self) -> str:
        """Digest of the encoder behind the cache."""
        return self._encoder.digest

    @property
    def path(self) -> Path:
        """The file with this encoder's embeddings."""
        return (self._folder or cache_folder()) / f"{self.digest}.sqlite"

    @property
    def literal(self) -> bool:
        """Whether the encoder behind the cache counts pieces."""
        return is_literal(self._encoder)

    def pieces(self, texts: Sequence[str]) -> list[Pieces] | None:
        """Give the pieces that the encoder behind the cache makes of each text; what was asked for
        last is kept, as the names of a class list are looked at in several ways.
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
                return self._with_file(action)
            except (sqlite3.OperationalError, OSError) as error:  # locked, full, read-only
                _LOG.warning("going on without the embeddings in %s: %s", self.path, error)
                return otherwise
            except sqlite3.DatabaseError as error:
                _LOG.warning("%s is damaged and is begun anew: %s", self.path, error)
                self.path.unlink(missing_ok=True)
        return otherwise

    def _with_file(self, action: Callable[[sqlite3.Connection], T]) -> T:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # A connection a call: nothing to share over forks and threads, nothing left open.
        with closing(sqlite3.connect(self.path, timeout=_WAIT_S)) as file, file:
            file.execute(_TABLE)
            return action(file)


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
