"""The figure of a study: how far each factor moves the accuracy, the widest range first."""

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.report.drawing import INK, SMALL, SOFT, images, short, with_ends
from harness.scores.results import Interval
from harness.studies.effects import BLANK, FOR_SCALE, LABELS, effects_of, gaps_of
from harness.studies.figures import look
from harness.studies.figures.look import Figure, Mark
from harness.studies.results import FactorEffect, ModelGap, StudyResults

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

_LINE, _GAP, _REST = 0.135, 0.09, 0.52
"""Inches: the height of a bar, what is between two rows, and what is above and below all rows."""
_MOST_GAPS = 3
_MANY = 6
"""More levels have smaller markers."""
_LONGEST = 20


@dataclass(frozen=True, slots=True)
class _Bar:
    """A range with the accuracies in it; the hollow one is the baseline."""

    mark: Mark
    size: float
    ends: Interval | None
    points: tuple[tuple[float, bool], ...]
    n: int


@dataclass(frozen=True, slots=True)
class _Row:
    """A name, what is below it in small type, and a bar a model."""

    name: str
    more: str
    bars: tuple[_Bar, ...]
    is_scale: bool

    @property
    def lines(self) -> int:
        return max(len(self.bars), 2 if self.more else 1)


def ranges(found: StudyResults) -> Figure | None:
    """Give the figure; None where no factor has a range."""
    rows = _rows(found)
    if not rows:
        return None
    models = _models(found)
    inches = sum(_LINE * each.lines + _GAP for each in rows)
    height = _REST + look.key_height(len(models)) + inches

    def draw(canvas: "Canvas") -> None:
        look.key(canvas, models, [_mark(found, each) for each in models])
        _draw(canvas.add_subplot(), rows)

    reading = (
        "A row a factor, the widest range first. A marker is the accuracy of a level, the hollow "
        "one the baseline's; beside it the range with its 95 % interval."
    )
    scale = ", ".join(each.name for each in rows if each.is_scale)
    if scale:
        reading += f" In grey, for scale: {scale}."
    return Figure("ranges", "How far each factor moves the accuracy", reading, (), height, draw)


def _models(found: StudyResults) -> list[str]:
    drawn = {each.model for each in effects_of(found)}
    return [each for each in found.models if each in drawn]


def _mark(found: StudyResults, model: str) -> Mark:
    return look.mark_of(found.models.index(model) if model in found.models else 0)


def _rows(found: StudyResults) -> list[_Row]:
    """Give the factors by their widest range over models, then what is for scale."""
    groups: dict[tuple[str, str], list[FactorEffect]] = defaultdict(list)
    for each in effects_of(found):  # the widest first, and so the first of each group
        groups[each.factor, each.held].append(each)
    own: list[_Row] = []
    scale: list[_Row] = []
    for (factor, held), effects in groups.items():
        order = sorted(effects, key=lambda each: _models(found).index(each.model))
        is_scale = factor in FOR_SCALE
        bars = tuple(_bar(each, _mark(found, each.model)) for each in order)
        name = {LABELS: "other labels", BLANK: "grey pictures"}.get(factor, factor)
        row = _Row(short(name, _LONGEST), short(held, _LONGEST + 4), bars, is_scale)
        (scale if is_scale else own).append(row)
    return [*own, *scale, *map(_gap_row, gaps_of(found)[:_MOST_GAPS])]


def _bar(effect: FactorEffect, mark: Mark) -> _Bar:
    levels = [each for each in effect.levels if each.accuracy is not None]
    points = tuple((each.accuracy or 0.0, each.is_baseline) for each in levels)
    return _Bar(mark, effect.range or 0.0, effect.range_ci95, points, levels[0].n)


def _gap_row(gap: ModelGap) -> _Row:
    values = (gap.accuracy_a, gap.accuracy_b)
    points = tuple((each, False) for each in values if each is not None)
    bar = _Bar(look.GREY, gap.size, gap.size_ci95, points, gap.n)
    names = " – ".join(short(each, _LONGEST // 2) for each in (gap.b, gap.a))
    return _Row("another model", names, (bar,), True)


def _draw(axes: "Axes", rows: list[_Row]) -> None:
    """Draw the rows from the top; a unit of y is an inch."""
    y = 0.0
    labels: list[tuple[float, str]] = []
    for row, before in zip(rows, [None, *rows], strict=False):
        if row.is_scale and (before is None or not before.is_scale):
            axes.axhline(y, color=SOFT, lw=0.5, ls=(0, (4, 2)))
        middle = y + (_LINE * row.lines + _GAP) / 2
        above = middle - (_LINE / 2 if row.more else 0)
        colour = SOFT if row.is_scale else INK
        look.named(axes, (above, row.name), (middle + _LINE / 2, row.more), colour)
        first = middle - _LINE * (len(row.bars) - 1) / 2
        for place, bar in enumerate(row.bars):
            _bar_at(axes, first + _LINE * place, bar, row.is_scale)
            labels.append((first + _LINE * place, with_ends(bar.size, bar.ends)))
        y += _LINE * row.lines + _GAP
    axes.set_ylim(y, 0)
    axes.set_yticks([])
    right = axes.twinx()
    right.set_ylim(y, 0)
    right.set_yticks([at for at, _ in labels], [text for _, text in labels], parse_math=False)
    right.tick_params(axis="y", length=0, labelsize=SMALL, pad=2, labelcolor=INK)
    axes.set_title("range [95 %]", loc="right", fontsize=SMALL, color=SOFT, x=1.0, ha="left", pad=2)
    counts = [bar.n for row in rows for bar in row.bars]
    axes.set_xlabel(f"accuracy (%), {images(counts)}", parse_math=False)
    look.frame(axes, grid="x")


def _bar_at(axes: "Axes", y: float, bar: _Bar, is_scale: bool) -> None:
    if not bar.points:
        return
    values = [value for value, _ in bar.points]
    mark = Mark(SOFT, bar.mark.marker) if is_scale else bar.mark
    axes.plot(
        (min(values), max(values)), (y, y), color=mark.colour, lw=3.5, alpha=0.35,
        solid_capstyle="butt", zorder=1,
    )  # fmt: skip
    size = 4 if len(values) <= _MANY else 2.6
    for value, is_baseline in bar.points:
        look.point(axes, (value, y), mark, hollow=is_baseline, size=size)
