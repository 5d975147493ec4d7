"""Texts in the sentences of a template, as a text encoder sees them."""

from collections.abc import Sequence

import numpy as np

from harness.encoders.base import TextEncoder, Vectors, unit_rows
from harness.encoders.templates import sentences


def embed(encoder: TextEncoder, texts: Sequence[str], template: str) -> Vectors:
    """Embed each text in each sentence of the template, average, and normalise again.

    Gives float32 [n, d]: rows of length 1, or 0 where the encoder finds nothing in the text.
    Raises SpecError for an unknown template.
    """
    forms = sentences(template)
    clean = [well_formed(text) for text in texts]
    rows = encoder.encode([form.replace("{}", text) for text in clean for form in forms])
    # One sentence: the rows are unit already, and rounding them anew would gain nothing.
    if len(forms) == 1:
        return rows
    return unit_rows(
        rows.reshape(len(clean), len(forms), rows.shape[1]).mean(axis=1, dtype=np.float64)
    )


def well_formed(text: str) -> str:
    """Replace halves of surrogate pairs, which JSON may bring and no tokenizer takes."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
