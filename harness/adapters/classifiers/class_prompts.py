"""The embeddings of class names in their prompts: one for each class, computed once."""

from collections.abc import Iterator, Sequence

import numpy as np

from harness.data.classes import normalize_name
from harness.encoders.base import TextEncoder, Vectors, sentences, unit_rows
from harness.encoders.cache import CachedEncoder
from harness.errors import Problem, SpecError

_TIE = 1e-6
"""Cosines this close are one: float32 rounding differs between batches."""
_CHUNK = 1024  # names compared with all others at once
_SHOWN = 5


class ClassPrompts:
    """Embeds class names in the sentences of a template with the text tower of a dual encoder.

    The ensemble is CLIP's (Radford et al., 2021): normalise each sentence, average, normalise
    again. A run's classes are kept in memory, and sentences on disk by the digest of the tower.
    """

    def __init__(self, tower: TextEncoder, template: str) -> None:
        """Take the text tower and a template. Raises SpecError for an unknown template."""
        self._tower = CachedEncoder(tower)
        self.template = template
        self._forms = sentences(template)
        self._names: Sequence[str] | None = None
        self._vectors: Vectors | None = None

    def vectors(self, names: Sequence[str]) -> Vectors:
        """Give float32 [classes, d], rows of length 1, in the order of `names`.

        Raises SpecError for different names that have one vector: images of either would all be
        taken for the first.
        """
        if self._vectors is None or self._names != names:
            texts = [form.replace("{}", name) for name in names for form in self._forms]
            rows = unit_rows(self._tower.encode(texts))
            means = rows.reshape(len(names), len(self._forms), -1).mean(axis=1, dtype=np.float64)
            vectors = unit_rows(means)
            self._refuse_shared(names, vectors)
            self._names, self._vectors = names, vectors
        return self._vectors

    def _refuse_shared(self, names: Sequence[str], vectors: Vectors) -> None:
        pairs = list(_shared(names, vectors))
        if not pairs:
            return
        shown = "; ".join(f"`{one}` and `{other}`" for one, other in pairs[:_SHOWN])
        raise SpecError(
            Problem(
                f"model `{self._tower.name}`",
                f"its text tower has one vector for {len(pairs)} pairs of different class names",
                got=shown + ("; …" if len(pairs) > _SHOWN else ""),
                expected="names that its tokenizer reads, and that differ before they are cut off",
                fix="choose another name set (`--set name_set=…`) or another model",
            )
        )


def _shared(names: Sequence[str], vectors: Vectors) -> Iterator[tuple[str, str]]:
    """Yield each name with the first one before it that has its vector and is another name."""
    same = [normalize_name(name) for name in names]
    for start in range(0, len(names), _CHUNK):
        part = slice(start, start + _CHUNK)
        for place, other in np.argwhere(vectors[part] @ vectors.T >= 1 - _TIE).tolist():
            if other < place + start and same[other] != same[place + start]:
                yield names[other], names[place + start]
