"""The spec of a text encoder (`models/encoders/*.yaml`)."""

from typing import Literal

from pydantic import Field

from harness.specs.base import FileSpec, Name

EncoderKind = Literal["minilm", "sentence_transformers", "text_tower", "lexical"]


class EncoderSpec(FileSpec):
    """A text encoder by its kind and where its weights are."""

    encoder: Name
    kind: EncoderKind
    pretrained: str | None = None
    """Hub id or folder (relative to the YAML when it exists there); absent for packaged ones."""
    revision: str | None = None
    prompt: str | None = None
    """Text put before every input, for encoders trained with an instruction."""
    ngram_range: tuple[int, int] = (2, 4)
    """Lengths of the character n-grams, for `lexical`."""
    max_length: int | None = Field(default=None, gt=0)
    """Tokens kept of an input; the encoder's own limit when absent."""
