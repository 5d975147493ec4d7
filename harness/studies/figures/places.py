"""Accuracy at each place in the prompt, where several images share one."""

from collections import defaultdict
from typing import TYPE_CHECKING

from harness.report.drawing import SMALL, images, short
from harness.studies.figures.look import Figure, frame, key, key_height, mark_of, point, whisker
from harness.studies.results import PlaceEffect, StudyResults

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

_HIGH = 1.8
_ASIDE = 0.09
"""Of a place: how far the marks of two lines are beside each other."""


def places(found: StudyResults) -> Figure | None:
    """Give a panel a model; None where no prompt had several images."""
    models: dict[str, dict[tuple[int, str], list[PlaceEffect]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for each in found.places:
        if each.label_set == found.headline and each.accuracy is not None:
            models[each.model][each.images_per_prompt, each.run].append(each)
    if not models:
        return None
    sizes = sorted({size for lines in models.values() for size, _ in lines})

    def draw(canvas: "Canvas") -> None:
        key(canvas, [f"{n} images" for n in sizes], [mark_of(i) for i in range(len(sizes))])
        panels = canvas.subplots(len(models), 1, squeeze=False, sharex=True)
        for axes, (model, lines) in zip(panels[:, 0], models.items(), strict=True):
            for (size, _), line in lines.items():
                _line(axes, line, sizes.index(size), len(sizes))
            if len(models) > 1:
                axes.set_title(short(model), fontsize=SMALL, loc="left", parse_math=False)
            axes.set_ylabel("accuracy (%)")
            axes.set_xticks(range(1, sizes[-1] + 1, max(1, sizes[-1] // 12)))
            frame(axes, grid="y")
        counts = [each.n for lines in models.values() for line in lines.values() for each in line]
        panels[-1, 0].set_xlabel(f"place in the prompt, {images(counts)} a place")

    reading = (
        "A line a number of images in the prompt; accuracy of the images at each place with its "
        "95 % interval (classes redrawn). Other images are at each place, so that lines rise and "
        "fall by chance too."
    )
    height = 0.15 + key_height(len(sizes)) + _HIGH * len(models)
    return Figure("places", "Accuracy by place in the prompt", reading, (), height, draw)


def _line(axes: "Axes", line: list[PlaceEffect], place: int, n: int) -> None:
    mark = mark_of(place)
    aside = _ASIDE * (place - (n - 1) / 2)
    known = sorted(line, key=lambda each: each.place)
    xs = [each.place + aside for each in known]
    axes.plot(xs, [each.accuracy or 0.0 for each in known], color=mark.colour, lw=0.8, alpha=0.6)
    for x, each in zip(xs, known, strict=True):
        whisker(axes, each.ci95, x, mark, flat=False)
        point(axes, (x, each.accuracy or 0.0), mark)
