"""What became of the answers when the labels changed: five shares of the common images, stacked."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from harness.leaderboard.numbers.site_model import Board, Decomposition
from harness.leaderboard.pages import typeset
from harness.leaderboard.pages.plots import drawing
from harness.leaderboard.pages.plots.figure import MOST_MODELS, DataTable, Figure, Model, shown
from harness.leaderboard.pages.plots.scale import Scale

_WIDTH, _TOP, _ROW, _BAR = 640.0, 42.0, 24.0, 16.0
_LEFT, _RIGHT = 190.0, 624.0
_PARTS = (
    ("right-right", "right, right"),
    ("wrong-right", "wrong → right"),
    ("right-wrong", "right → wrong"),
    ("wrong-wrong", "wrong, wrong"),
    ("no-class", "no class"),
)
_LEAST = 30.0
"""Width under which a part has no room for its number."""


def decomposition(board: Board, models: Sequence[Model]) -> Figure | None:
    """Draw a bar a model; None when no model has a decomposition."""
    found = [
        (model, model.row.decomposition)
        for model in models
        if model.row.decomposition and model.row.decomposition.n
    ]
    if not found:
        return None
    drawn, figure = found[:MOST_MODELS], f"decomposition-{board.slug}"
    bottom = _TOP + _ROW * len(drawn)
    root = drawing.drawing(_WIDTH, bottom + 30, figure)
    scale = Scale(0, 100, _LEFT, _RIGHT, 20)
    _draw_key(root)
    for tick in scale.ticks:
        drawing.line(root, "grid", (scale(tick), _TOP), (scale(tick), bottom))
        drawing.text(root, "tick middle", (scale(tick), bottom + 14), scale.tick_text(tick))
    for number, (model, parts) in enumerate(drawn):
        _draw_bar(root, model.name, parts, scale, _TOP + _ROW * (number + 0.5))
    return Figure(
        id=figure,
        title="What the change of labels does to the answers",
        caption=f"Percent of the images that both label sets score: under {board.original}, then "
        f"under {board.headline}. No class: no class was named (out of prompt, unparsed, refused, "
        f"empty).{shown(len(found))}",
        svg=drawing.markup(root),
        table=DataTable(
            ("Model", *(label for _, label in _PARTS), "n"),
            tuple(
                (
                    model.name,
                    *(_share_text(found, parts.n) for found in _counts(parts)),
                    typeset.count(parts.n),
                )
                for model, parts in drawn
            ),
        ),
    )


def _counts(parts: Decomposition) -> tuple[int, ...]:
    return (
        parts.right_right,
        parts.wrong_right,
        parts.right_wrong,
        parts.wrong_wrong,
        parts.no_class,
    )


def _share_text(found: int, n: int) -> str:
    return f"{typeset.fixed(100 * found / n)} ({typeset.count(found)})"


def _draw_key(root: Element) -> None:
    x = 16.0
    for css, label in _PARTS:
        drawing.rectangle(root, f"part {css}", (x, 10), (12, 12))
        drawing.text(root, "note", (x + 17, 16), label)
        x += 17 + drawing.width_of(label) + 16


def _draw_bar(root: Element, name: str, parts: Decomposition, scale: Scale, y: float) -> None:
    drawing.text(root, "name end", (_LEFT - 12, y), name, 24)
    before = 0
    for (css, label), found in zip(_PARTS, _counts(parts), strict=True):
        if not found:
            continue
        share = 100 * found / parts.n
        start, end = scale(100 * before / parts.n), scale(100 * (before + found) / parts.n)
        corner = (start, y - _BAR / 2)
        bar = drawing.rectangle(root, f"part {css}", corner, (end - start, _BAR))
        drawing.tooltip(bar, f"{name}, {label}: {_share_text(found, parts.n)}")
        if end - start >= _LEAST:
            middle = ((start + end) / 2, y)
            drawing.text(root, f"on-{css} middle", middle, typeset.fixed(share, 1))
        before += found
