"""The sentences that a name is put into before a text encoder reads it."""

from collections.abc import Sequence

import numpy as np

from harness.encoders.base import TextEncoder, Vectors, unit_rows
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
    raise SpecError(unknown_name("mapping", "template", template, tuple(TEMPLATES)))


def embed(encoder: TextEncoder, texts: Sequence[str], template: str) -> Vectors:
    """Embed each text in each sentence of the template, average, and normalise again.

    Gives float32 [n, d]: rows of length 1, or 0 where the encoder finds nothing in the text.
    Raises SpecError for an unknown template.
    """
    forms = sentences(template)
    clean = [_well_formed(text) for text in texts]
    rows = encoder.encode([form.replace("{}", text) for text in clean for form in forms])
    # One sentence: the rows are unit already, and rounding them anew would gain nothing.
    if len(forms) == 1:
        return rows
    return unit_rows(
        rows.reshape(len(clean), len(forms), rows.shape[1]).mean(axis=1, dtype=np.float64)
    )


def _well_formed(text: str) -> str:
    # JSON may bring half of a surrogate pair, which no tokenizer takes.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
