"""From an encoder's spec to the encoder: the kinds there are, resolved when one is asked for; and
the one without a model, hashed character n-grams.
"""

import zlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import cast

import numpy as np

from harness.data.classes import normalize_name
from harness.encoders.base import Pieces, TextEncoder, Vectors, unit_rows
from harness.encoders.cache import CachedEncoder
from harness.encoders.weights import digest_of
from harness.errors import Problem, SpecError, unknown_name
from harness.specs.model import EncoderSpec
from harness.weights import cached_folder

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


KINDS = {
    "minilm": "harness.encoders.sentence:load_minilm",
    "sentence_transformers": "harness.encoders.sentence:SentenceEncoder",
    "text_tower": "harness.encoders.text_tower:TextTower",
    "lexical": "harness.encoders.registry:LexicalEncoder",
}
"""Kind of encoder to what makes it of an EncoderSpec."""

_WITH_WEIGHTS = ("sentence_transformers", "text_tower")


def load_encoder(spec: EncoderSpec) -> TextEncoder:
    """Make the encoder that `spec` describes, without a cache and without reading its weights yet.

    Raises SpecError for an unknown kind or fields that do not go with it, MissingPackageError for
    a package that is not installed, UserError for weights that are not on this machine and cannot
    be fetched.
    """
    where = f"encoder `{spec.encoder}`"
    if spec.kind not in KINDS:
        raise SpecError(unknown_name(where, "kind of encoder", spec.kind, tuple(KINDS)))
    problems = _misfits(spec, where)
    if problems:
        raise SpecError(problems)
    module, function = KINDS[spec.kind].split(":")
    return cast(TextEncoder, getattr(import_module(module), function)(spec))


def open_encoder(spec: EncoderSpec, cache: Path | None = None) -> TextEncoder:
    """Make the encoder with its cache on disk in the folder `cache` (default: see `cache_folder`).

    `lexical` stays uncached: computing it is faster than reading it. Raises as `load_encoder`.
    """
    encoder = load_encoder(spec)
    return encoder if spec.kind == "lexical" else CachedEncoder(encoder, cache)


def is_here(spec: EncoderSpec) -> bool:
    """Whether an encoder can be opened without fetching its weights."""
    if spec.kind not in _WITH_WEIGHTS or not spec.pretrained:
        return True
    cached = cached_folder(spec.pretrained, spec.revision)
    return spec.resolve(spec.pretrained).is_dir() or cached is not None


def _misfits(spec: EncoderSpec, where: str) -> list[Problem]:
    found = []
    needs = spec.kind in _WITH_WEIGHTS
    if needs and not spec.pretrained:
        fix = "add `pretrained: <hub id or folder>`"
        found.append(Problem(where, f"kind `{spec.kind}` needs `pretrained`", fix=fix))
    for key in ("pretrained", "revision"):
        if not needs and getattr(spec, key) is not None:
            what = f"kind `{spec.kind}` has no `{key}`"
            fix = f"remove `{key}`, or set `kind: sentence_transformers`"
            found.append(Problem(where, what, got=getattr(spec, key), fix=fix))
    low, high = spec.ngram_range
    if not 1 <= low <= high:
        what, fix = "`ngram_range` is not a range", "write [lo, hi] with 1 <= lo <= hi"
        found.append(Problem(where, what, got=str([low, high]), fix=fix))
    return found
