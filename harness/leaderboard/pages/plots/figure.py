"""A figure as a page shows it: texts, drawing, the table of its numbers; and scales of axes."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar
from xml.etree.ElementTree import Element, tostring

from markupsafe import Markup

from harness.leaderboard.numbers.site_model import ScoredEntry
from harness.leaderboard.pages import typeset
from harness.leaderboard.pages.plots import drawing

_Area = tuple[float, float, float]
"""The left, upper and right bounds of names."""
_Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""
_STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 25.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear axis from `low` at position `start` to `high` at `end`."""

    low: float
    high: float
    start: float
    end: float
    step: float
    """Between ticks."""

    def __call__(self, value: float) -> float:
        """Give the position of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    @property
    def ticks(self) -> tuple[float, ...]:
        """Values to mark, ascending."""
        first = math.ceil(self.low / self.step - 1e-9)
        last = math.floor(self.high / self.step + 1e-9)
        return tuple(number * self.step for number in range(first, last + 1))

    def tick_text(self, value: float) -> str:
        """Write a tick with as many decimals as its step needs."""
        return f"{value:.0f}" if self.step >= 1 else f"{value:.1f}"


def percent_scale(values: Iterable[float], start: float, end: float, ticks: int = 6) -> Scale:
    """Give an axis that holds all values and ends on ticks, within 0 to 100."""
    found = list(values) or [0.0, 100.0]
    low, high = max(0.0, min(found)), min(100.0, max(found))
    span = max(high - low, 1.0)
    step = next((step for step in _STEPS if span / step <= ticks), _STEPS[-1])
    low = max(0.0, math.floor((low - 0.02 * span) / step) * step)
    high = min(100.0, math.ceil((high + 0.02 * span) / step) * step)
    return Scale(low, max(high, low + step), start, end, step)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move positions as little as possible (in squares) so that neighbours are `gap` apart.

    Positions keep their order and stay within `low` and `high` when there is room. By pooling
    adjacent violators: Barlow et al., "Statistical Inference under Order Restrictions", 1972.
    """
    order = sorted(range(len(wanted)), key=lambda place: (wanted[place], place))
    pools: list[tuple[float, int]] = []
    for number, place in enumerate(order):
        mean, size = wanted[place] - number * gap, 1
        while pools and pools[-1][0] > mean:
            before, count = pools.pop()
            mean, size = (mean * size + before * count) / (size + count), size + count
        pools.append((mean, size))
    highest = high - (len(wanted) - 1) * gap
    flat = [max(low, min(mean, highest)) for mean, size in pools for _ in range(size)]
    placed = [0.0] * len(wanted)
    for number, place in enumerate(order):
        placed[place] = flat[number] + number * gap
    return placed


MOST_MODELS = 40
"""Models that a figure shows at most; the table beside says so."""


@dataclass(frozen=True, slots=True)
class DataTable:
    """Numbers of a figure, set; the first cell of a row names it."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


T = TypeVar("T")


def table_of(items: Sequence[T], columns: Sequence[tuple[str, Callable[[T], str]]]) -> DataTable:
    """Give a row for each item; a column is its heading and the function of its cells."""
    rows = tuple(tuple(cell(item) for _, cell in columns) for item in items)
    return DataTable(tuple(heading for heading, _ in columns), rows)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure; `id` is unique in its page."""

    id: str
    title: str
    caption: str
    root: Element
    """The drawing."""
    table: DataTable

    @property
    def svg(self) -> Markup:
        """The drawing as text for a page, which title and caption of the figure describe."""
        self.root.set("aria-labelledby", f"{self.id}-title {self.id}-caption")
        return Markup(tostring(self.root, encoding="unicode"))


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis with a line through the drawing for each tick."""

    scale: Scale
    ends: tuple[float, float]
    """From where to where the lines run, across the axis."""
    upright: bool = False
    """Whether the scale runs from below to above."""
    below: float = 14.0
    """How far the numbers of an axis that is not upright are from the second end."""


def draw_axes(root: Element, *axes: Axis) -> None:
    """Draw lines and numbers of axes, which have as many ticks each, tick by tick."""
    for ticks in zip(*(axis.scale.ticks for axis in axes), strict=True):
        marked = [(axis, axis.scale(tick), tick) for axis, tick in zip(axes, ticks, strict=True)]
        for axis, at, _ in marked:
            points = [(end, at) if axis.upright else (at, end) for end in axis.ends]
            drawing.line(root, "grid", *points)
        for axis, at, tick in marked:
            place = (axis.ends[0] - 8, at) if axis.upright else (at, axis.ends[1] + axis.below)
            css = "tick end" if axis.upright else "tick middle"
            drawing.text(root, css, place, axis.scale.tick_text(tick))


def draw_square(
    root: Element, across: Scale, up: Scale, names: tuple[str, str], below: float
) -> None:
    """Draw two axes, their diagonal, and their names, of which the first is `below` the square."""
    left, right, bottom, top = across.start, across.end, up.start, up.end
    draw_axes(root, Axis(across, (top, bottom), below=16), Axis(up, (left, right), upright=True))
    drawing.line(root, "diagonal", (left, bottom), (right, top))
    drawing.text(root, "head middle", ((left + right) / 2, bottom + below), names[0], 40)
    turned = drawing.text(root, "head middle", (0, 0), names[1], 40)
    turned.set("transform", f"translate(16 {(top + bottom) / 2:.0f}) rotate(-90)")


def draw_key(root: Element, top: float, gap: float, parts: Sequence[tuple[str, str]]) -> None:
    """Draw boxes of CSS classes with what they mean; `cell …` is a group around its box."""
    x = 16.0
    for css, label in parts:
        if css.startswith("cell "):
            drawing.rectangle(drawing.group(root, css), "box", (x, top), (12, 12))
        else:
            drawing.rectangle(root, css, (x, top), (12, 12))
        drawing.text(root, "note", (x + 17, top + 6), label)
        x += 17 + drawing.width_of(label) + gap


def draw_models(
    root: Element,
    area: _Area,
    models: Sequence[tuple[ScoredEntry, drawing.Point, str]],
    steps: Sequence[drawing.Point] = (),
) -> None:
    """Draw a marker a model at its point, with what its tooltip says, and beside it its name where
    nothing is yet: neither a marker, nor a name, nor the line of upright and level `steps`.
    """
    taken = [(x - 5, y - 5, x + 5, y + 5) for _, (x, y), _ in models]
    for (a, b), (c, d) in pairwise(steps):
        taken.append((min(a, c), min(b, d) - 1, max(a, c) + 1, max(b, d) + 1))
    for row, point, told in models:
        part = drawing.group(root, f"model k-{row.kind}")
        mark = drawing.marker(part, "mark", row.kind, point, 4.5)
        drawing.tooltip(mark, f"{row.model}: {told}")
        _write_name(part, typeset.cut(row.model, 22), point, area, taken)


def _write_name(
    part: Element, name: str, marker: drawing.Point, area: _Area, taken: list[_Box]
) -> None:
    """Write a name on the first side of its marker that has room, and take that box."""
    (x, y), wide = marker, drawing.width_of(name)
    left, top, right = area
    for css, start, middle in (
        ("name", x + 8, y),
        ("name end", x - 8 - wide, y),
        ("name middle", x - wide / 2, y - 13),
        ("name middle", x - wide / 2, y + 13),
    ):
        end, above, below = start + wide, middle - 7, middle + 7
        is_inside = start >= left and end <= right and above >= top
        if is_inside and not any(
            start < c and a < end and above < d and b < below for a, b, c, d in taken
        ):
            taken.append((start, above, end, below))
            anchor = {"name": start, "name end": end}.get(css, x)
            drawing.text(part, css, (anchor, middle), name)
            break


def ends_of(row: ScoredEntry) -> tuple[float, float] | None:
    """Give the accuracies by the original and the headline labels on the images that both score."""
    change = row.change
    if change is None or change.from_ is None or change.to is None:
        return None
    return change.from_, change.to


def shown(total: int, most: int = MOST_MODELS) -> str:
    """Say how many of the models a figure shows, when it does not show all."""
    if total <= most:
        return ""
    return f" The best {most} of {typeset.count(total)} models are shown."
