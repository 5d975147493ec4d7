"""All formats by name."""

from collections.abc import Mapping
from typing import Final

from harness.errors import Problem, UserError
from harness.review.formats.answers_csv import CROWDKIT, LONG, WIDE
from harness.review.formats.base import Format
from harness.review.formats.fiftyone import FIFTYONE
from harness.review.formats.label_sets import PROPOSED, REIMAGENET
from harness.review.formats.label_studio import LABEL_STUDIO

FORMATS: Final[Mapping[str, Format]] = {
    each.name: each for each in (LABEL_STUDIO, FIFTYONE, LONG, CROWDKIT, WIDE, REIMAGENET, PROPOSED)
}


def format_named(name: str) -> Format:
    """Give a format by its name. Raises UserError for a name that is none."""
    found = FORMATS.get(name)
    if found is None:
        raise UserError(Problem("--format", "is no format", name).among(name, list(FORMATS)))
    return found
