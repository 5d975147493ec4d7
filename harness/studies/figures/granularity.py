"""How general the answers of runs are: a bar a run, of what they are to the labels."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from harness.report.drawing import BLUE, GREEN, ORANGE, SKY, bar, images, parts_key, short
from harness.scores.metrics import percent
from harness.scores.result_parts import RELATIONS, Relation
from harness.scores.statistics import wilson
from harness.studies.figures.look import Figure, Mark, frame, whisker
from harness.studies.results import RunGranularity, StudyResults

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

_ROW, _REST = 0.2, 0.95
"""Inches: a row, and what stands above and below the rows."""
_KEY_COLUMNS = 3
_INTERVAL = Mark("black", "")
_LOOKS: Mapping[Relation, Mapping[str, Any]] = {
    Relation.EXACT: {"facecolor": BLUE},
    Relation.GENERIC: {"facecolor": SKY, "hatch": "////"},
    Relation.SPECIFIC: {"facecolor": GREEN},
    Relation.SIBLING: {"facecolor": ORANGE, "hatch": "////"},
    Relation.WRONG: {"facecolor": "0.85"},
    Relation.NONE: {"facecolor": "1.0", "hatch": "xxxx"},
}
"""Neighbours differ in shade or hatch, so that they need no colour."""


def granularity(found: StudyResults) -> Figure | None:
    """Give the figure; None where no two runs of tasks as they are have a hierarchy."""
    own = [each for each in found.granularity if each.label_set == found.headline]
    runs = sorted(own, key=lambda each: -each.relations[Relation.EXACT].n / each.n)
    if not runs:
        return None

    def draw(canvas: "Canvas") -> None:
        axes = canvas.subplots()
        for place, run in enumerate(runs):
            _bar(axes, place, run)
        axes.set_yticks(range(len(runs)), list(map(short, _names(runs))), parse_math=False)
        axes.set_ylim(len(runs) - 0.4, -0.6)
        axes.set_xlim(0, 100)
        n = images([each.n for each in runs], "scored images")
        axes.set_xlabel(f"answers (%), {n}\nlabels: {short(found.headline)}", parse_math=False)
        frame(axes, grid="x")
        axes.tick_params(axis="y", length=0)
        parts_key(canvas, {name: _LOOKS[each] for each, name in RELATIONS.items()}, _KEY_COLUMNS)

    reading = (
        "A row a run of a task as it is, with the most exact answers first; its parts are what the "
        "answers are to the labels in the hierarchy of the classes, and sum to all scored images. "
        "A line is the 95 % interval (Wilson's) of the share of all that stands to its left."
    )
    height = _REST + _ROW * len(runs)
    return Figure("granularity", "How general the answers are", reading, (), height, draw)


def _names(runs: Sequence[RunGranularity]) -> list[str]:
    """Name a run by its model and protocol, with its task where another one has both too."""
    counts = Counter((each.model, each.protocol) for each in runs)
    return [
        f"{each.model} {each.task if counts[each.model, each.protocol] > 1 else each.protocol}"
        for each in runs
    ]


def _bar(axes: "Axes", place: int, run: RunGranularity) -> None:
    counts = [run.relations[relation].n for relation in RELATIONS]
    widths = [percent(n, run.n) or 0.0 for n in counts]
    bar(axes, place, zip(widths, (_LOOKS[each] for each in RELATIONS), strict=True))
    for n, until in zip(counts, accumulate(counts), strict=True):
        if n and until < run.n:
            whisker(axes, wilson(until, run.n), place, _INTERVAL, flat=True)
