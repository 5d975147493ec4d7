"""Slopes from the original to the headline labels, as in the paper's Figure 3."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from harness.leaderboard.numbers.site_model import Board
from harness.leaderboard.pages import typeset
from harness.leaderboard.pages.plots import drawing
from harness.leaderboard.pages.plots.figure import MOST_MODELS, DataTable, Figure, Model, shown
from harness.leaderboard.pages.plots.scale import percent_scale, spread

_WIDTH, _TOP, _BOTTOM = 640.0, 44.0, 16.0
_LEFT, _RIGHT, _GAP = 96.0, 392.0, 15.0


def slope(board: Board, models: Sequence[Model], most: int = MOST_MODELS) -> Figure | None:
    """Draw a line a model, from original to headline accuracy on the images that both label sets
    score; None when no model has both.
    """
    both = [model for model in models if _ends(model) is not None]
    if not both:
        return None
    drawn = both[:most]
    figure = f"slope-{board.slug}"
    height = _TOP + _BOTTOM + max(220.0, 1.2 * _GAP * len(drawn) + 40)
    root = drawing.drawing(_WIDTH, height, figure)
    for x, name, end in ((_LEFT, str(board.original), "end"), (_RIGHT, board.headline, "start")):
        drawing.line(root, "axis", (x, _TOP - 6), (x, height - _BOTTOM))
        drawing.text(root, f"head {end}", (x, 16), name, 32)
    _lines(root, drawn, height)
    return Figure(
        id=figure,
        title=f"From {board.original} to {board.headline}",
        caption="Accuracy (%) by the original and by the headline labels, on the images that both "
        f"score. Lines that cross are ranks that change.{shown(len(both), most)}",
        svg=drawing.markup(root),
        table=DataTable(
            ("Model", str(board.original), board.headline, "Rank before", "Rank after", "n"),
            tuple(
                (
                    model.name,
                    *(typeset.fixed(end) for end in _ends(model) or ()),
                    typeset.count(model.row.rank_original),
                    typeset.count(model.row.rank_on_common),
                    typeset.count(model.row.change.n if model.row.change else None),
                )
                for model in drawn
            ),
        ),
    )


def _ends(model: Model) -> tuple[float, float] | None:
    change = model.row.change
    if change is None or change.from_ is None or change.to is None:
        return None
    return change.from_, change.to


def _lines(root: Element, drawn: Sequence[Model], height: float) -> None:
    ends = [_ends(model) or (0.0, 0.0) for model in drawn]
    scale = percent_scale((end for pair in ends for end in pair), height - _BOTTOM, _TOP)
    room = (_TOP, height - _BOTTOM)
    left = spread([scale(before) for before, _ in ends], _GAP, *room)
    right = spread([scale(after) for _, after in ends], _GAP, *room)
    for model, (before, after), low, high in zip(drawn, ends, left, right, strict=True):
        y, end = scale(before), scale(after)
        part = drawing.group(root, f"model k-{model.entry.card.kind}")
        drawing.line(part, "slope", (_LEFT, y), (_RIGHT, end))
        for x, place in ((_LEFT, y), (_RIGHT, end)):
            drawing.marker(part, "mark", model.entry.card.kind, (x, place), 3.5)
        drawing.line(part, "leader", (_LEFT - 6, y), (_LEFT - 20, low))
        drawing.line(part, "leader", (_RIGHT + 6, end), (_RIGHT + 20, high))
        drawing.text(part, "value end", (_LEFT - 24, low), typeset.fixed(before))
        drawing.text(part, "value", (_RIGHT + 24, high), typeset.fixed(after))
        drawing.text(part, "name", (_RIGHT + 66, high), model.name, 24)
