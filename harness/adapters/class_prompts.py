"""The embeddings of class names in their prompts: one for each class, computed once."""

from collections.abc import Sequence

import numpy as np

from harness.encoders.base import TextEncoder, Vectors, unit_rows
from harness.encoders.cache import CachedEncoder
from harness.name_templates import sentences


class ClassPrompts:
    """Embeds class names in the sentences of a template with the text tower of a dual encoder.

    The ensemble is CLIP's (Radford et al., 2021): normalise each sentence, average, normalise
    again. A run's classes are kept in memory, and sentences on disk by the digest of the tower.
    """

    def __init__(self, tower: TextEncoder, template: str) -> None:
        """Take the text tower and a template. Raises SpecError for an unknown template."""
        self._tower = CachedEncoder(tower)
        self._forms = sentences(template)
        self._names: Sequence[str] | None = None
        self._vectors: Vectors | None = None

    def vectors(self, names: Sequence[str]) -> Vectors:
        """Give float32 [classes, d], rows of length 1, in the order of `names`."""
        if self._vectors is None or self._names != names:
            texts = [form.replace("{}", name) for name in names for form in self._forms]
            rows = unit_rows(self._tower.encode(texts))
            means = rows.reshape(len(names), len(self._forms), -1).mean(axis=1, dtype=np.float64)
            self._names, self._vectors = names, unit_rows(means)
        return self._vectors
