"""Which figures a study has."""

from harness.studies.figures.encoders import encoders
from harness.studies.figures.granularity import granularity
from harness.studies.figures.label_changes import label_changes
from harness.studies.figures.levels import hardness, images_per_prompt, levels
from harness.studies.figures.look import Figure
from harness.studies.figures.places import places
from harness.studies.figures.ranges import ranges
from harness.studies.figures.seeds import seeds
from harness.studies.results import StudyResults

_ALL = (
    ranges, label_changes, granularity, images_per_prompt, places, seeds, hardness, encoders,
    levels,
)  # fmt: skip
NAMES = tuple(each.__name__ for each in _ALL)
"""All names that a figure of a study may have, in the order of the page."""


def study_figures(found: StudyResults) -> list[Figure]:
    """Give the figures that the data allow, in the order of the page. matplotlib is not needed to
    know them; `Figure.write` needs it.
    """
    return [figure for figure in (each(found) for each in _ALL) if figure is not None]
