"""What became of the answers when the labels changed: five shares of the common images, stacked."""

from dataclasses import astuple
from xml.etree.ElementTree import Element

from harness.leaderboard.numbers.gallery import Decomposition
from harness.leaderboard.numbers.site_model import Board
from harness.leaderboard.pages import typeset
from harness.leaderboard.pages.plots import drawing, figure
from harness.leaderboard.pages.plots.figure import Figure

_WIDTH, _TOP, _ROW, _BAR = 640.0, 42.0, 24.0, 16.0
_LEFT, _RIGHT = 190.0, 624.0
_PARTS = (
    ("right-right", "right, right"),
    ("wrong-right", "wrong → right"),
    ("right-wrong", "right → wrong"),
    ("wrong-wrong", "wrong, wrong"),
    ("no-class", "no class"),
)
"""CSS class and label of the parts, in the order of `Decomposition`."""
_LEAST = 30.0
"""Width under which a part has no room for its number."""


def decomposition(board: Board) -> Figure | None:
    """Draw a bar a model; None when no model has a decomposition."""
    pairs = ((row.model, row.decomposition) for row in board.rows)
    found = [(name, parts) for name, parts in pairs if parts and parts.n]
    if not found:
        return None
    drawn = found[: figure.MOST_MODELS]
    bottom = _TOP + _ROW * len(drawn)
    root = drawing.drawing(_WIDTH, bottom + 30)
    scale = figure.Scale(0, 100, _LEFT, _RIGHT, 20)
    figure.draw_key(root, 10, 16, [(f"part {css}", label) for css, label in _PARTS])
    figure.draw_axes(root, figure.Axis(scale, (_TOP, bottom)))
    for number, (name, parts) in enumerate(drawn):
        _draw_bar(root, name, parts, scale, _TOP + _ROW * (number + 0.5))
    return Figure(
        id=f"decomposition-{board.slug}",
        title="What the change of labels does to the answers",
        caption=f"Percent of the images that both label sets score: under {board.original}, then "
        f"under {board.headline}. No class: no class was named (out of prompt, unparsed, refused, "
        f"empty).{figure.shown(len(found))}",
        root=root,
        table=figure.DataTable(
            ("Model", *(label for _, label in _PARTS), "n"),
            tuple(
                (name, *(_share(n, parts) for n in _counts(parts)), typeset.count(parts.n))
                for name, parts in drawn
            ),
        ),
    )


def _counts(parts: Decomposition) -> tuple[int, ...]:
    return astuple(parts)[1:]


def _share(found: int, parts: Decomposition) -> str:
    return f"{typeset.fixed(100 * found / parts.n)} ({typeset.count(found)})"


def _draw_bar(
    root: Element, name: str, parts: Decomposition, scale: figure.Scale, y: float
) -> None:
    drawing.text(root, "name end", (_LEFT - 12, y), name, 24)
    before = 0
    for (css, label), found in zip(_PARTS, _counts(parts), strict=True):
        if not found:
            continue
        start, end = scale(100 * before / parts.n), scale(100 * (before + found) / parts.n)
        corner = (start, y - _BAR / 2)
        bar = drawing.rectangle(root, f"part {css}", corner, (end - start, _BAR))
        drawing.tooltip(bar, f"{name}, {label}: {_share(found, parts)}")
        if end - start >= _LEAST:
            number = typeset.fixed(100 * found / parts.n, 1)
            drawing.text(root, f"on-{css} middle", ((start + end) / 2, y), number)
        before += found
