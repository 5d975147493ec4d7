"""Accuracy by text encoder and templates: a heat map, with the accuracy in each cell."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.report.drawing import INK, SMALL, SOFT, short
from harness.studies.figures.levels import MAPPING
from harness.studies.figures.look import Figure, folded, words
from harness.studies.results import FactorEffect, LevelEffect, StudyResults

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

_LEVEL = re.compile(r"(?P<encoder>.+), class (?P<of_class>.+), answer (?P<of_answer>.+)", re.DOTALL)
_ROW, _BLOCK, _REST = 0.2, 0.06, 0.62
"""Inches: a row of cells, what is between two encoders, and what is above and below a map."""
_ON_PALE, _ON_DEEP = "#111111", "#fefefe"
"""The type in cells: on the page it does not turn with the paper, as cells do not."""


@dataclass(frozen=True, slots=True)
class _Map:
    """The levels of one model: by (encoder, template of classes), then by template of answers."""

    effect: FactorEffect
    rows: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    cells: Mapping[tuple[str, str, str], LevelEffect]
    others: tuple[LevelEffect, ...]
    """Levels that name no encoder and templates."""

    @property
    def height(self) -> float:
        blocks = len({encoder for encoder, _ in self.rows})
        return _ROW * len(self.rows) + _BLOCK * blocks + _REST + 0.12 * len(self.others)


def encoders(found: StudyResults) -> Figure | None:
    """Give a heat map a model; None where the study does not vary the mapping."""
    effects = [
        each
        for each in found.factors
        if each.factor == MAPPING and each.label_set == found.headline and each.range is not None
    ]
    maps = [each for each in map(_map, effects) if each.cells]
    if not maps:
        return None
    cells = [level for each in maps for level in each.cells.values()]
    values = [each.accuracy for each in cells if each.accuracy is not None]
    scale = min(values), max(values)

    def draw(canvas: "Canvas") -> None:
        panels = canvas.subplots(
            len(maps), 1, squeeze=False, height_ratios=[each.height for each in maps]
        )
        for axes, each in zip(panels[:, 0], maps, strict=True):
            _draw(axes, each, scale)

    reading = (
        "Rows: text encoder and the template of class names; columns: the template of answers. "
        "Accuracy in percent, darker is higher; framed: the baseline."
    )
    title, height = "Accuracy by text encoder and templates", sum(each.height for each in maps)
    return Figure("encoders", title, reading, (MAPPING,), height, draw)


def _map(effect: FactorEffect) -> _Map:
    cells: dict[tuple[str, str, str], LevelEffect] = {}
    others = []
    for level in effect.levels:
        parts = _LEVEL.fullmatch(level.level)
        if parts:
            cells[parts["encoder"], parts["of_class"], parts["of_answer"]] = level
        else:
            others.append(level)
    names = list(dict.fromkeys(encoder for encoder, _, _ in cells))
    rows = sorted(
        dict.fromkeys((one, two) for one, two, _ in cells), key=lambda r: names.index(r[0])
    )
    columns = dict.fromkeys(each for _, _, each in cells)
    return _Map(effect, tuple(rows), tuple(columns), cells, tuple(others))


def _draw(axes: "Axes", found: _Map, scale: tuple[float, float]) -> None:
    y, last = 0.0, None
    aside = -5 - 3.7 * max(len(short(of_class, 12)) for _, of_class in found.rows)
    for encoder, of_class in found.rows:
        if last is not None and encoder != last:
            y += _BLOCK / _ROW
        for x, of_answer in enumerate(found.columns):
            _cell(axes, (x, y), found.cells.get((encoder, of_class, of_answer)), scale)
        _beside(axes, y + 0.5, short(of_class, 12), -3)
        if encoder != last:
            _beside(axes, y + 0.5, short(encoder, 16), aside)
        y, last = y + 1, encoder
    axes.set_xlim(-0.02, len(found.columns) + 0.02)
    axes.set_ylim(y + 0.05, -0.05)
    texts = [folded(each, max(5, 36 // len(found.columns))) for each in found.columns]
    axes.set_xticks([x + 0.5 for x in range(len(texts))], texts, parse_math=False)
    axes.set_yticks([])
    axes.tick_params(length=0, labelsize=SMALL, pad=1, top=False, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    title = f"{short(found.effect.model)}: class template (rows), answer template"
    if found.effect.held:
        title = f"{short(found.effect.model)} ({short(found.effect.title, 36)})"
    axes.set_title(title, fontsize=SMALL, color=SOFT, loc="left", pad=3, parse_math=False)
    count = max(level.n for level in found.effect.levels)
    rest = [f"{short(each.level)}: {each.accuracy:.1f}" for each in found.others if each.accuracy]
    axes.set_xlabel("\n".join([f"accuracy (%), n = {count} images", *rest]), parse_math=False)


def _beside(axes: "Axes", y: float, text: str, aside: float) -> None:
    """Write a name `aside` points from the left edge of the cells."""
    axes.annotate(
        text, (0, y), (aside, 0), textcoords="offset points", ha="right", va="center",
        fontsize=SMALL, color=INK, parse_math=False,
    )  # fmt: skip


def _cell(
    axes: "Axes", at: tuple[float, float], level: LevelEffect | None, scale: tuple[float, float]
) -> None:
    """Draw a cell in a shade of blue; none where no level is."""
    import matplotlib
    from matplotlib.patches import Rectangle

    if level is None or level.accuracy is None:
        words(axes, at[0] + 0.5, at[1] + 0.5, "–", ha="center", va="center", color=SOFT)
        return
    low, high = scale
    depth = (level.accuracy - low) / (high - low) if high > low else 0.5
    shade = matplotlib.colormaps["Blues"](0.08 + 0.82 * depth)
    axes.add_patch(Rectangle(at, 1, 1, facecolor=shade, edgecolor="none", lw=0))
    colour = _ON_DEEP if _is_dark(shade) else _ON_PALE
    where = {"ha": "center", "va": "center_baseline", "color": colour}
    words(axes, at[0] + 0.5, at[1] + 0.5, f"{level.accuracy:.1f}", fontsize=7, **where)
    if level.is_baseline:
        for width, edge in ((2.4, _ON_DEEP), (1.1, _ON_PALE)):  # seen on pale and on deep cells
            where_inside, size = (at[0] + 0.02, at[1] + 0.07), (0.96, 0.86)
            axes.add_patch(
                Rectangle(where_inside, *size, fill=False, edgecolor=edge, lw=width, zorder=4)
            )


def _is_dark(shade: Sequence[float]) -> bool:
    """Whether white type is read better than black on a colour (WCAG 2, relative luminance)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shade[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return luminance < 0.18
