"""The other entries of a folder, opened once each, with what their answers are compared by."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.leaderboard.entries.manifest import EntryRun
from harness.leaderboard.entries.read import Entry
from harness.store.prediction import Prediction

Ints = NDArray[np.int64]
NOTHING = -1
"""Stands for no class, and for no text."""


@dataclass(frozen=True, slots=True)
class Given:
    """What was said of n images, in 24 bytes each."""

    images: Ints
    """[n] hashes of the image ids, ascending."""
    classes: Ints
    """[n] class ids."""
    texts: Ints
    """[n] hashes of the verbatim answers."""


def given_by(rows: Iterable[Prediction]) -> Given:
    """Give what rows say."""
    found = {_hash(row.image_id): (row.class_id, row.answer) for row in rows}
    images = sorted(found)
    classes, texts = zip(*(found[each] for each in images), strict=True) if images else ((), ())
    return Given(
        np.array(images, dtype=np.int64),
        np.array([NOTHING if each is None else each for each in classes], dtype=np.int64),
        np.array([NOTHING if each is None else _hash(each) for each in texts], dtype=np.int64),
    )


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


@dataclass(frozen=True)
class Neighbours:
    """Entries that copies are looked for among; their files are read when they are asked for, and
    once.
    """

    entries: tuple[Entry, ...] = ()
    _known: dict[tuple[str, str], Given | None] = field(default_factory=dict)

    def of(self, name: str, task: str) -> Iterator[tuple[str, Given]]:
        """Give the other entries with a run of a task, and what it says; one that cannot be read is
        passed over, as its own check tells why.
        """
        for entry in self.entries:
            for run in entry.manifest.runs:
                if entry.name != name and run.task == task:
                    given = self._read(entry, run)
                    if given is not None:
                        yield entry.name, given

    def _read(self, entry: Entry, run: EntryRun) -> Given | None:
        key = (entry.name, run.task)
        if key not in self._known:
            try:
                self._known[key] = given_by(entry.rows(run))
            except DataError:
                self._known[key] = None
        return self._known[key]
