"""All encoders and pairs of templates: chosen on one half of the images, scored on the other.

Choosing and reporting on the same images would favour whichever combination fits them by luck.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from harness.answers.mapping.nearest import embed_classes, map_to_each
from harness.data.classes import ClassList
from harness.encoders.base import TextEncoder

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
