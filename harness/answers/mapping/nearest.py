"""The class nearest to an answer, with how near it is and how far the next one; and all encoders
and pairs of templates, chosen on one half of the images, scored on the other.

Choosing and reporting on the same images would favour whichever combination fits them by luck.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from harness.answers.mapping.vectors import (
    TIE,
    ClassSide,
    ClassVectors,
    embed,
    embed_classes,
    is_read,
    names_something,
    well_formed,
)
from harness.data.classes import ClassList
from harness.encoders.base import Pieces, TextEncoder, Vectors, pieces_of

_CHUNK = 1024  # answers compared with all classes at once: 4 MB of cosines per 1,000 classes


@dataclass(frozen=True, slots=True)
class Mapped:
    """The class an answer was mapped to; the fields are those of a prediction's row."""

    class_id: int
    """Lowest id of the nearest class name."""
    also: tuple[int, ...]
    """Other ids of the same normalized name."""
    similarity: float
    """Cosine between answer and class name, -1 to 1."""
    margin: float | None
    """Similarity less that of the nearest class of another name; None when there is no other."""

    @property
    def class_ids(self) -> tuple[int, ...]:
        """All ids that the answer stands for."""
        return (self.class_id, *self.also)


def nearest_classes(vectors: Vectors, classes: ClassVectors) -> list[Mapped]:
    """Give for each row of `vectors` (unit rows, [n, d]) the class of the highest cosine.

    Cosines within 1e-6 of the highest are ties, which go to the lowest class id. There must be a
    class.
    """
    cosines = vectors @ classes.matrix.T
    tied = cosines >= cosines.max(axis=1, keepdims=True) - TIE
    best = tied.argmax(axis=1)
    rows = np.arange(len(cosines))
    similarity = cosines[rows, best]
    cosines[rows, best] = -np.inf
    margins = np.maximum(similarity - cosines.max(axis=1), 0)
    return [
        Mapped(
            class_id=classes.groups[group][0],
            also=classes.groups[group][1:],
            similarity=float(cosine),
            margin=float(margin) if len(classes.groups) > 1 else None,
        )
        for group, cosine, margin in zip(best, similarity, margins, strict=True)
    ]


def map_answers(
    encoder: TextEncoder,
    answers: Sequence[str],
    class_list: ClassList,
    side: ClassSide = "raw",
    answer_template: str = "raw",
) -> list[Mapped | None]:
    """Map each answer to the nearest class of the list; None for an answer that is near to none.

    That is one with nothing in it but white space and punctuation; one of whose pieces the encoder
    does not know more than half (see `is_read`), for to the encoder it is the same as any other
    such; and, where an embedding counts nothing but pieces, one that shares none with the name, for
    its cosine is chance. Each different answer is embedded once, and memory grows only with the
    number of results. Raises SpecError for an unknown template.
    """
    classes = embed_classes(encoder, class_list, side)
    return map_to_each(encoder, answers, [classes], answer_template)[0]


def map_to_each(
    encoder: TextEncoder,
    answers: Sequence[str],
    targets: Sequence[ClassVectors],
    answer_template: str,
) -> list[list[Mapped | None]]:
    """Do as `map_answers` for several embeddings of the classes, embedding the answers once.

    Gives one list for each target, aligned with `answers`. Raises SpecError for an unknown
    template.
    """
    stripped = [answer.strip() for answer in answers]
    unique = [text for text in dict.fromkeys(stripped) if names_something(text)]
    found: list[dict[str, Mapped]] = [{} for _ in targets]
    for texts, pieces in _read(encoder, unique):
        vectors = embed(encoder, texts, answer_template)
        for known, classes in zip(found, targets, strict=True):
            known.update(_near(texts, pieces, vectors, classes))
    return [[known.get(text) for text in stripped] for known in found]


def _read(
    encoder: TextEncoder, texts: Sequence[str]
) -> Iterator[tuple[Sequence[str], Sequence[Pieces]]]:
    """Yield the texts that the encoder can read, in chunks, with their pieces (none if unknown)."""
    for start in range(0, len(texts), _CHUNK):
        part = texts[start : start + _CHUNK]
        pieces = pieces_of(encoder, [well_formed(text) for text in part])
        if pieces is None:
            yield part, ()
            continue
        read = [place for place, each in enumerate(pieces) if is_read(each)]
        if read:
            yield [part[place] for place in read], [pieces[place] for place in read]


def _near(
    texts: Sequence[str], pieces: Sequence[Pieces], vectors: Vectors, classes: ClassVectors
) -> Iterator[tuple[str, Mapped]]:
    """Yield the texts that are near to a class, with it."""
    if not classes.groups:
        return
    found = zip(texts, nearest_classes(vectors, classes), strict=True)
    if classes.pieces is None:
        yield from found
        return
    names = {ids[0]: own for ids, own in zip(classes.groups, classes.pieces, strict=True)}
    for (text, mapped), own in zip(found, pieces, strict=True):
        if not names[mapped.class_id].isdisjoint(own):
            yield text, mapped


Right = Callable[[Sequence[tuple[int, ...]]], NDArray[np.bool_]]
"""Scorer: for each image, in the order of the answers, the class ids that its answer stands for
(none when it was not mapped), to a boolean array [n]: whether any of them is right."""


@dataclass(frozen=True, slots=True)
class Count:
    """`k` right of `n` images; the caller makes the interval."""

    k: int
    n: int

    @property
    def accuracy(self) -> float | None:
        """Share of right ones, 0 to 1; None when there are no images."""
        return self.k / self.n if self.n else None


@dataclass(frozen=True, slots=True)
class GridRow:
    """One combination, and how it did on the half that chooses and on the half that is reported."""

    encoder: str
    digest: str
    class_template: str
    answer_template: str
    choosing: Count
    reporting: Count
    chosen: bool = False
    """Whether this is the best of the grid on the choosing half."""


def is_reporting(image_id: str) -> bool:
    """Whether an image is in the half to report on: the lowest bit of a hash of its id."""
    return bool(hashlib.sha256(f"mapping half|{image_id}".encode()).digest()[0] & 1)


def grid(
    encoders: Sequence[TextEncoder],
    answers: Mapping[str, str],
    class_list: ClassList,
    class_templates: Sequence[str],
    answer_templates: Sequence[str],
    right: Right,
) -> list[GridRow]:
    """Map `answers` (image id to text) in every combination, and count the right ones.

    Rows come in the order given: encoders, then class templates, then answer templates. The
    combination with most right on the choosing half is `chosen`, the first of equals. Images that
    must not count (say, without a label) are to be left out of `answers`; an answer that cannot be
    mapped counts as whatever `right` says of no class. Raises SpecError for an unknown template.
    """
    texts = list(answers.values())
    reporting = np.array([is_reporting(image_id) for image_id in answers], dtype=bool)
    rows: list[GridRow] = []
    for encoder in encoders:
        targets = [embed_classes(encoder, class_list, name) for name in class_templates]
        # Answer templates outside: the answers are many and embedded once for each.
        counts = [
            [
                _count(right([item.class_ids if item else () for item in found]), reporting)
                for found in map_to_each(encoder, texts, targets, name)
            ]
            for name in answer_templates
        ]
        rows += [
            GridRow(encoder.name, encoder.digest, class_name, answer_name, *counts[j][i])
            for i, class_name in enumerate(class_templates)
            for j, answer_name in enumerate(answer_templates)
        ]
    return _choose(rows)


def _count(right: NDArray[np.bool_], reporting: NDArray[np.bool_]) -> tuple[Count, Count]:
    halves = (right[~reporting], right[reporting])
    choosing, scored = (Count(int(np.count_nonzero(half)), len(half)) for half in halves)
    return choosing, scored


def _choose(rows: list[GridRow]) -> list[GridRow]:
    best = max(range(len(rows)), key=lambda i: (rows[i].choosing.k, -i), default=None)
    return [replace(row, chosen=i == best) for i, row in enumerate(rows)]
