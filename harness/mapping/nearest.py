"""The class nearest to an answer, with how near it is and how far the next one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from harness.classes import ClassList, normalize_name
from harness.encoders.base import TextEncoder, Vectors
from harness.mapping.templates import embed

_CHUNK = 1024  # answers compared with all classes at once: 4 MB of cosines per 1,000 classes
_TIE = 1e-6  # cosines this close are one: float32 rounding differs between machines and batches


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


@dataclass(frozen=True)
class ClassVectors:
    """The class names of a list, embedded: one row for each different normalized name."""

    groups: tuple[tuple[int, ...], ...]
    """For each row the class ids that share it, ascending; the rows ascend by their first id."""
    matrix: Vectors
    """Unit rows, float32 [len(groups), d]."""


def embed_classes(encoder: TextEncoder, class_list: ClassList, template: str) -> ClassVectors:
    """Embed the names of a class list; of classes of one normalized name, the lowest id's.

    Raises SpecError for an unknown template.
    """
    groups = tuple(sorted(class_list.by_normalized.values()))
    names = [class_list.by_id[ids[0]].name for ids in groups]
    return ClassVectors(groups, embed(encoder, names, template))


def nearest_classes(vectors: Vectors, classes: ClassVectors) -> list[Mapped]:
    """Give for each row of `vectors` (unit rows, [n, d]) the class of the highest cosine.

    Cosines within 1e-6 of the highest are ties, which go to the lowest class id.
    """
    cosines = vectors @ classes.matrix.T
    tied = cosines >= cosines.max(axis=1, keepdims=True) - _TIE
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
    class_template: str = "raw",
    answer_template: str = "raw",
) -> list[Mapped | None]:
    """Map each answer to the nearest class of the list; None for an answer that names nothing.

    An answer names nothing when only white space and punctuation are in it. Each different answer
    is embedded once, and memory grows only with the number of results. Raises SpecError for an
    unknown template.
    """
    classes = embed_classes(encoder, class_list, class_template)
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
    unique = [text for text in dict.fromkeys(stripped) if normalize_name(text)]
    found: list[dict[str, Mapped]] = [{} for _ in targets]
    for part in _chunks(unique):
        vectors = embed(encoder, part, answer_template)
        for known, classes in zip(found, targets, strict=True):
            known.update(zip(part, nearest_classes(vectors, classes), strict=True))
    return [[known.get(text) for text in stripped] for known in found]


def _chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(texts), _CHUNK):
        yield texts[start : start + _CHUNK]
