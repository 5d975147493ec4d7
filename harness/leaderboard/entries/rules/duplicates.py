"""A suspicion about copies: answers that are those of another entry."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from harness.errors import DataError
from harness.leaderboard.entries.entry import Entry, RunCase
from harness.leaderboard.entries.finding import Finding
from harness.leaderboard.entries.format import EntryRun
from harness.scores.answers import Ints
from harness.store.prediction import Prediction

EQUAL = 0.99
_NOTHING = -1
"""Stands for no class, and for no text."""


@dataclass(frozen=True, slots=True)
class _Given:
    """The answers to n images, in 24 bytes each."""

    images: Ints
    """[n] hashes of the image ids, ascending."""
    classes: Ints
    """[n] class ids."""
    texts: Ints
    """[n] hashes of the verbatim answers."""


def _given_by(rows: Iterable[Prediction]) -> _Given:
    found = {_hash(row.image_id): (row.class_id, row.answer) for row in rows}
    images = sorted(found)
    classes, texts = zip(*(found[each] for each in images), strict=True) if images else ((), ())
    return _Given(
        np.array(images, dtype=np.int64),
        np.array([_NOTHING if each is None else each for each in classes], dtype=np.int64),
        np.array([_NOTHING if each is None else _hash(each) for each in texts], dtype=np.int64),
    )


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


@dataclass(frozen=True)
class Neighbours:
    """Entries that copies are looked for among; files are read when asked for, and once."""

    entries: tuple[Entry, ...] = ()
    _known: dict[tuple[str, str], _Given | None] = field(default_factory=dict)

    def of(self, name: str, task: str) -> Iterator[tuple[str, _Given]]:
        """Give other entries' answers to a task; what cannot be read is their own check's."""
        for entry in self.entries:
            for run in entry.manifest.runs:
                if entry.name != name and run.task == task:
                    given = self._read(entry, run)
                    if given is not None:
                        yield entry.name, given

    def _read(self, entry: Entry, run: EntryRun) -> _Given | None:
        key = (entry.name, run.task)
        if key not in self._known:
            try:
                self._known[key] = _given_by(entry.rows(run))
            except DataError:
                self._known[key] = None
        return self._known[key]


def check_copies(case: RunCase, others: Neighbours) -> Iterator[Finding]:
    """No other entry has nearly the same answers to a task: above 99 % equal classes, or equal
    texts, of the images for which both have one (W605). Two good models agree on what is easy:
    the texts say more than the classes.
    """
    mine = _given_by(case.rows)
    for name, theirs in others.of(case.entry, case.run.task):
        classes, texts = _shares(mine, theirs)
        if max(classes, texts) > EQUAL:
            text = f"`{name}`: {100 * classes:.2f} % equal classes, {100 * texts:.2f} % texts"
            yield Finding("W605", case.where, text)


def _shares(mine: _Given, theirs: _Given) -> tuple[float, float]:
    _, here, there = np.intersect1d(
        mine.images, theirs.images, assume_unique=True, return_indices=True
    )
    return (
        _equal(mine.classes[here], theirs.classes[there]),
        _equal(mine.texts[here], theirs.texts[there]),
    )


def _equal(one: Ints, other: Ints) -> float:
    both = (one != _NOTHING) & (other != _NOTHING)
    return float((one == other)[both].mean()) if both.any() else 0.0
