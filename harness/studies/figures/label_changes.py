"""The paper's Figure 3 of a study: what other labels change, of all its models and protocols."""

from functools import partial

from harness.report.change_plot import draw_on, notes_of
from harness.studies.effects import LABELS
from harness.studies.figures.look import Figure
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
