"""An encoder without a model: hashed character n-grams, the same on every machine."""

import zlib
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from harness.data.classes import normalize_name
from harness.encoders.base import Pieces, Vectors, unit_rows
from harness.encoders.weights import digest_of
from harness.specs.model import EncoderSpec

DIMENSION = 4096
"""Length of a vector. N-grams share buckets; their signs make what that adds zero on average."""

_MASK = DIMENSION - 1
_SIGN = 1 << 31


class LexicalEncoder:
    """Counts of the character n-grams of a text's words, in buckets by CRC-32.

    Names are compared in their normalized form, each word with a space at both ends (as the
    analyzer `char_wb` of scikit-learn). The top bit of the CRC gives the sign, the low ones the
    bucket (the hashing trick, Weinberger et al. 2009). A text without letters gives zeros.
    """

    literal = True

    def __init__(self, spec: EncoderSpec) -> None:
        """Take prompt and n-gram lengths from `spec`."""
        self._spec = spec
        self.name = spec.encoder

    @cached_property
    def digest(self) -> str:
        """Give the SHA-256 of the spec's fields that matter."""
        return digest_of(self._spec)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed `texts` to float32 [n, 4096]; rows of length 1, or 0 for a text without letters."""
        counts = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        prompt = self._spec.prompt or ""
        for row, text in zip(counts, texts, strict=True):
            for gram in _ngrams(prompt + text, *self._spec.ngram_range):
                code = zlib.crc32(gram.encode("utf-8", "surrogatepass"))
                row[code & _MASK] += -1 if code & _SIGN else 1
        return unit_rows(counts)

    def pieces(self, texts: Sequence[str]) -> list[Pieces]:
        """Give the n-grams of each text, sorted, as their order is not embedded."""
        return [tuple(sorted(_ngrams(text, *self._spec.ngram_range))) for text in texts]


def _ngrams(text: str, low: int, high: int) -> Iterator[str]:
    for word in normalize_name(text).split():
        padded = f" {word} "
        for size in range(low, min(high, len(padded)) + 1):
            for start in range(len(padded) - size + 1):
                yield padded[start : start + size]


def load_lexical(spec: EncoderSpec) -> LexicalEncoder:
    """Make the encoder; it needs no files."""
    return LexicalEncoder(spec)
