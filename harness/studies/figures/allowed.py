"""Which figures a study has; of what other labels change it is that of `harness plot`."""

from functools import partial

from harness.report.change_plot import draw_on, notes_of
from harness.studies.effects import LABELS
from harness.studies.figures.encoders import encoders
from harness.studies.figures.granularity import granularity
from harness.studies.figures.levels import hardness, images_per_prompt, levels
from harness.studies.figures.look import Figure
from harness.studies.figures.places import places
from harness.studies.figures.ranges import ranges
from harness.studies.figures.seeds import seeds
from harness.studies.label_changes import shifts_of_study
from harness.studies.results import StudyResults


def label_changes(found: StudyResults) -> Figure | None:
    """Give the figure; None where the study does not vary the labels."""
    shifts = shifts_of_study(found)
    if shifts is None:
        return None
    reading = (
        "A row a run of a task as it is, the highest first; hollow the accuracy under the one "
        "label set, filled that under the other, on the images that have a label in both; the "
        "marker says the protocol. At the right the change with its 95 % interval (classes "
        "redrawn)."
    )
    notes = "".join(f" Note: {each}." for each in notes_of(shifts))
    title, drawn = "What other labels change", partial(draw_on, shifts)
    return Figure("label_changes", title, reading + notes, (LABELS,), shifts.height, drawn)


_ALL = (
    ranges, label_changes, granularity, images_per_prompt, places, seeds, hardness, encoders,
    levels,
)  # fmt: skip
NAMES = tuple(each.__name__ for each in _ALL)
"""All names that a figure of a study may have, in the order of the page."""


def study_figures(found: StudyResults) -> list[Figure]:
    """Give the figures that the data allow, in order. Only `Figure.write` needs matplotlib."""
    return [figure for figure in (each(found) for each in _ALL) if figure is not None]
