"""What a text encoder is, the arithmetic that all of them share, and the sentences that it reads a
name or an answer in.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from harness.errors import SpecError, unknown_name

_CLIP_SEVEN = (
    "itap of a {}.",
    "a bad photo of the {}.",
    "a origami {}.",
    "a photo of the large {}.",
    "a {} in a video game.",
    "art of the {}.",
    "a photo of the small {}.",
)

TEMPLATES = {
    "raw": ("{}",),
    "photo": ("a photo of a {}.",),
    "avg": _CLIP_SEVEN,
    "avg_raw": (*_CLIP_SEVEN, "{}"),
}
"""Name of a template to its sentences. `avg` is the seven that OpenAI's CLIP notebook
`Prompt_Engineering_for_ImageNet` chose for ImageNet by forward selection."""


def sentences(template: str) -> tuple[str, ...]:
    """Give the sentences of a template by its name; a text with `{}` in it is its own template.

    Raises SpecError for a name that is not known.
    """
    if template in TEMPLATES:
        return TEMPLATES[template]
    if "{}" in template:
        return (template,)
    raise SpecError(unknown_name("names", "template", template, tuple(TEMPLATES)))


Vectors = NDArray[np.float32]
"""One embedding a row: float32 [n, d], rows of length 1 (or 0, for a text with nothing in it)."""

Pieces = tuple[int | str | None, ...]
"""What an encoder cuts a text into; None for a piece that it does not know."""


class TextEncoder(Protocol):
    """Embeds texts. Constructing one reads no weights; the first `encode` does."""

    @property
    def name(self) -> str:
        """Name of the encoder's spec."""

    @property
    def digest(self) -> str:
        """SHA-256 of all that an embedding depends on: weights, tokenizer, kind, prompt, limits."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed `texts` to float32 [n, d], rows L2-normalised, in the order given.

        A row depends on its own text only, up to float32 rounding (about 1e-6): padding is masked
        or of fixed length, so what shares the batch does not matter.
        """


@runtime_checkable
class Tokenizing(Protocol):
    """A text encoder that can show what it reads of a text."""

    @property
    def literal(self) -> bool:
        """Whether an embedding is nothing but counts of the pieces, so that a cosine between texts
        without a common piece is chance.
        """

    def pieces(self, texts: Sequence[str]) -> list[Pieces] | None:
        """Cut each text into pieces as before it is embedded, without the prompt.

        Texts of the same pieces have the same embedding. No weights are read. None when they
        are not known.
        """


def pieces_of(encoder: TextEncoder, texts: Sequence[str]) -> list[Pieces] | None:
    """Give the pieces of each text; None where the encoder cannot show them. See `Tokenizing`."""
    return encoder.pieces(texts) if isinstance(encoder, Tokenizing) else None


def is_literal(encoder: TextEncoder) -> bool:
    """Whether embeddings are counts of pieces; see `Tokenizing`."""
    return isinstance(encoder, Tokenizing) and encoder.literal


def unit_rows(values: NDArray[np.floating]) -> Vectors:
    """Divide each row of [n, d] by its L2 norm, as float32; rows of zeros stay zeros."""
    exact = values.astype(np.float64)
    norms = np.linalg.norm(exact, axis=1, keepdims=True)
    return (exact / np.where(norms == 0, 1, norms)).astype(np.float32)


def ensembles(rows: Vectors, sizes: Sequence[int]) -> Vectors:
    """Average the unit rows of the sentences that stand for each text, and normalise again: CLIP's
    ensemble (Radford et al., 2021).

    `rows` is [sum of sizes, d], the sentences of a text behind each other; gives [len(sizes), d].
    """
    if not sizes:
        return rows
    if len(set(sizes)) == 1:
        parts = rows.reshape(len(sizes), sizes[0], rows.shape[1])
        return unit_rows(parts.mean(axis=1, dtype=np.float64))
    of_each = np.split(rows, np.cumsum(sizes)[:-1])
    return unit_rows(np.stack([part.mean(axis=0, dtype=np.float64) for part in of_each]))


def batches_by_length(texts: Sequence[str], size: int) -> Iterator[NDArray[np.intp]]:
    """Yield index arrays of at most `size`, longest texts first, so that little is padding."""
    order = np.argsort([-len(text) for text in texts], kind="stable")
    for start in range(0, len(order), size):
        yield order[start : start + size]


def pick_device() -> str:
    """Give the torch device encoders run on: `cuda` where there is one, else `cpu`."""
    import torch  # here, for this module is imported where no torch is

    return "cuda" if torch.cuda.is_available() else "cpu"
