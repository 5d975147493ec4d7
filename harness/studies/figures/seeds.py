"""Accuracy of runs that differ in a seed alone: a dot a seed, their mean and its t-interval."""

from typing import TYPE_CHECKING

from harness.report.drawing import INK, SOFT, images, short, with_ends
from harness.studies.figures.look import Figure, Mark, frame, mark_of, named, words
from harness.studies.results import FactorEffect, SeedSpread, StudyResults

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

_ROW = 0.42
"""Inches: the dots of a factor and the interval below them."""
_MEAN = Mark(INK, "D")


def seeds(found: StudyResults) -> Figure | None:
    """Give the figure; None where the study varies no seed."""
    effects = [
        (each, each.seeds)
        for each in found.factors
        if each.label_set == found.headline and each.seeds and each.model in found.models
    ]
    if not effects:
        return None
    several = len({effect.held for effect, _ in effects}) > 1

    def draw(canvas: "Canvas") -> None:
        axes = canvas.add_subplot()
        for row, (effect, spread) in enumerate(effects):
            of = ", ".join([effect.model, *([effect.held] if several and effect.held else [])])
            named(axes, (row - 0.12, short(effect.factor, 20)), (row + 0.2, short(of, 24)))
            _row(axes, row, effect, spread, mark_of(found.models.index(effect.model)))
        axes.set_ylim(len(effects) - 0.4, -0.5)
        axes.set_yticks([])
        counts = [each.n for effect, _ in effects for each in effect.levels]
        axes.set_xlabel(f"accuracy (%), {images(counts)}", parse_math=False)
        top = {"transform": axes.get_yaxis_transform(), "color": SOFT}
        words(axes, 1.02, -0.5, "mean [95 %], deviation", va="bottom", **top)
        frame(axes, grid="x")

    reading = (
        "A dot a seed. Below the dots the mean of the seeds with the 95 % interval of the mean "
        "(Student's t), at the right its value and the deviation of the accuracies."
    )
    factors = tuple(dict.fromkeys(effect.factor for effect, _ in effects))
    height = 0.65 + _ROW * len(effects)
    return Figure("seeds", "Accuracy by seed", reading, factors, height, draw)


def _row(axes: "Axes", row: int, effect: FactorEffect, spread: SeedSpread, mark: Mark) -> None:
    values = sorted(each.accuracy for each in effect.levels if each.accuracy is not None)
    above = (place - values.index(value) for place, value in enumerate(values))
    heights = [row - 0.12 - 0.09 * n for n in above]  # equal dots would hide each other
    axes.plot(
        values, heights, mark.marker, ms=3.5, mfc="none", mec=mark.colour, mew=0.8, ls="", zorder=3
    )
    low = row + 0.2
    axes.plot(spread.mean, low, _MEAN.marker, ms=3.5, color=_MEAN.colour, zorder=3)
    if spread.ci95:
        axes.plot(spread.ci95, (low, low), color=_MEAN.colour, lw=1, marker="|", ms=4, zorder=2)
    size = with_ends(spread.mean, spread.ci95)
    size += f", {spread.deviation:.2f}" if spread.deviation is not None else ""
    right = {"transform": axes.get_yaxis_transform(), "va": "center"}
    words(axes, 1.02, low, size, **right)
