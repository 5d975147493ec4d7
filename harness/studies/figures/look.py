"""What the figures of a study share: how models and accuracies are marked, and what a figure is."""

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from harness.report import drawing
from harness.scores.results import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

ENDINGS = ("svg", "pdf")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that the data allow."""

    name: str
    title: str
    help: str
    """How to read it, in a sentence."""
    factors: tuple[str, ...]
    """Whose levels it shows; none where it shows something else than levels."""
    height: float
    """Inches."""
    draw: "Callable[[Canvas], None]"

    def write(self, folder: Path) -> list[Path]:
        """Write it as SVG and PDF, whole or not at all; the same bytes from the same numbers.
        Raises MissingPackageError without matplotlib, RunError where the disk does not take it.
        """
        files = [folder / f"{self.name}.{ending}" for ending in ENDINGS]
        drawing.save(files, self.height, self.draw, "the figures of a study")
        return files


@dataclass(frozen=True, slots=True)
class Mark:
    """How one of several models (or other series) is drawn: never told by its colour alone."""

    colour: str
    marker: str


_MARKS = tuple(map(Mark, (*drawing.RUN_COLOURS, drawing.INK), "os^DvPX"))
GREY = Mark(drawing.SOFT, "d")
"""Of what is shown for scale."""


def mark_of(place: int) -> Mark:
    """Give the mark of the model at a place; after seven they begin again."""
    return _MARKS[place % len(_MARKS)]


def point(
    axes: "Axes", at: tuple[float, float], mark: Mark, *, hollow: bool = False, size: float = 4
) -> None:
    """Draw a marker; the hollow ones are baselines, and above the others."""
    fill, edge = (drawing.PAPER, mark.colour) if hollow else (mark.colour, drawing.PAPER)
    axes.plot(
        *at, mark.marker, mfc=fill, mec=edge, ms=size if hollow else size + 0.6,
        mew=0.9 if hollow else 0.4, zorder=4 if hollow else 3,
    )  # fmt: skip


def whisker(axes: "Axes", ends: Interval | None, at: float, mark: Mark, *, flat: bool) -> None:
    """Draw an interval, flat or upright."""
    if ends is not None:
        x, y = (ends, (at, at)) if flat else ((at, at), ends)
        axes.plot(x, y, color=mark.colour, lw=0.8, solid_capstyle="butt", zorder=2)


def frame(axes: "Axes", *, grid: Literal["x", "y"]) -> None:
    """Give axes a quiet grid and ticks in small type, and put both behind what is drawn."""
    drawing.frame(axes, grid=grid)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=drawing.SMALL)


def key(canvas: "Canvas", names: Sequence[str], marks: Sequence[Mark]) -> None:
    """Say above the figure whose marker is which, where there are several."""
    from matplotlib.lines import Line2D

    if len(names) < 2:
        return
    handles = [Line2D([], [], ls="", color=mark.colour, marker=mark.marker, ms=4) for mark in marks]
    texts = [drawing.short(each) for each in names]
    drawing.key(
        canvas, handles, texts, ncols=min(3, len(names)), handlelength=1.0, columnspacing=1.0
    )


def key_height(n: int) -> float:
    """Give the inches that the key of n names takes."""
    return 0.0 if n < 2 else 0.08 + 0.13 * -(-n // 3)


def words(axes: "Axes", x: float, y: float, text: str, **more: Any) -> None:
    """Write a text in which nothing is mathematics."""
    look: dict[str, Any] = {"fontsize": drawing.SMALL, "color": drawing.INK}
    axes.text(x, y, text, parse_math=False, **(look | more))


def named(
    axes: "Axes", name: tuple[float, str], more: tuple[float, str], colour: str = drawing.INK
) -> None:
    """Write what a row is at its left, each text at its y: a name, and in small type more."""
    left: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center"}
    words(axes, -0.02, *name, color=colour, fontsize=7, **left)
    if more[1]:
        words(axes, -0.02, *more, color=drawing.SOFT, **left)


def folded(text: str, width: int) -> str:
    """Give a name on at most two lines of about `width` characters."""
    lines = textwrap.wrap(drawing.short(text, 2 * width), width)
    return "\n".join(
        lines if len(lines) < 3 else [lines[0], drawing.short(" ".join(lines[1:]), width)]
    )
