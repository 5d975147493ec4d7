"""The embeddings of class names in their prompts: one for each class, computed once."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from harness.data.class_lists import list_of_names
from harness.data.class_sentences import read_class_sentences
from harness.data.classes import normalize_name
from harness.encoders.base import TextEncoder, Vectors, ensembles, sentences, unit_rows
from harness.encoders.cache import CachedEncoder
from harness.errors import Problem, SpecError

_TIE = 1e-6
"""Cosines this close are one: float32 rounding differs between batches."""
_CHUNK = 1024  # names compared with all others at once
_SHOWN = 5


class ClassPrompts:
    """Embeds class names in the sentences of a template, or the sentences that a file has for each
    class, with the text tower of a dual encoder.

    See `ensembles`. A run's classes are kept in memory, and sentences on disk by the digest of the
    tower.
    """

    def __init__(self, tower: TextEncoder, template: str, file: Path | None = None) -> None:
        """Take a template, or a file of sentences instead. SpecError for an unknown template."""
        self._tower = CachedEncoder(tower)
        self.source = f"of {file.name}" if file else template
        self._forms = sentences(template)
        self._file = file
        self._names: Sequence[str] | None = None
        self._vectors: Vectors | None = None

    def vectors(self, names: Sequence[str]) -> Vectors:
        """Give float32 [classes, d], rows of length 1, in the order of `names`.

        Raises SpecError for different names that have one vector: images of either would all be
        taken for the first; DataError for a file that has not the sentences of each, by name.
        """
        if self._vectors is None or self._names != names:
            texts = self._sentences(names)
            rows = unit_rows(self._tower.encode([text for own in texts for text in own]))
            vectors = ensembles(rows, [len(own) for own in texts])
            self._refuse_shared(names, vectors)
            self._names, self._vectors = names, vectors
        return self._vectors

    def _sentences(self, names: Sequence[str]) -> list[tuple[str, ...]]:
        if self._file is None:
            return [tuple(form.replace("{}", name) for form in self._forms) for name in names]
        # The ids of the task's classes are not known here, so that no key is read as one.
        found = read_class_sentences(self._file, list_of_names(names), by_number=False).by_id
        return [found[place] for place in range(len(names))]

    def _refuse_shared(self, names: Sequence[str], vectors: Vectors) -> None:
        pairs = list(_shared(names, vectors))
        if not pairs:
            return
        what = f"its text tower has one vector for {len(pairs)} pairs of different class names"
        got = "; ".join(f"`{one}` and `{other}`" for one, other in pairs[:_SHOWN])
        got += "; …" if len(pairs) > _SHOWN else ""
        expected = "names that its tokenizer reads, and that differ before they are cut off"
        fix = "choose another name set (`--set name_set=…`) or another model"
        raise SpecError(Problem(f"model `{self._tower.name}`", what, got, expected, fix))


def _shared(names: Sequence[str], vectors: Vectors) -> Iterator[tuple[str, str]]:
    """Yield each name with the first one before it that has its vector and is another name."""
    same = [normalize_name(name) for name in names]
    for start in range(0, len(names), _CHUNK):
        part = slice(start, start + _CHUNK)
        for place, other in np.argwhere(vectors[part] @ vectors.T >= 1 - _TIE).tolist():
            if other < place + start and same[other] != same[place + start]:
                yield names[other], names[place + start]
