"""Slopes from the original to the headline labels, as in the paper's Figure 3."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from harness.leaderboard.numbers.site_model import Board, ScoredEntry
from harness.leaderboard.pages import typeset
from harness.leaderboard.pages.plots import drawing, figure
from harness.leaderboard.pages.plots.figure import Figure

_WIDTH, _TOP, _BOTTOM = 640.0, 44.0, 16.0
_LEFT, _RIGHT, _GAP = 96.0, 392.0, 15.0
_Sloped = tuple[ScoredEntry, tuple[float, float]]


def slope(board: Board, most: int = figure.MOST_MODELS) -> Figure | None:
    """Draw a line a model, from original to headline accuracy; None when no model has both."""
    both = [(row, ends) for row in board.rows if (ends := figure.ends_of(row))]
    if not both:
        return None
    drawn = both[:most]
    height = _TOP + _BOTTOM + max(220.0, 1.2 * _GAP * len(drawn) + 40)
    root = drawing.drawing(_WIDTH, height)
    for x, name, end in ((_LEFT, str(board.original), "end"), (_RIGHT, board.headline, "start")):
        drawing.line(root, "axis", (x, _TOP - 6), (x, height - _BOTTOM))
        drawing.text(root, f"head {end}", (x, 16), name, 32)
    _lines(root, drawn, height)
    return Figure(
        id=f"slope-{board.slug}",
        title=f"From {board.original} to {board.headline}",
        caption="Accuracy (%) by the original and by the headline labels, on the images that both "
        f"score. Lines that cross are ranks that change.{figure.shown(len(both), most)}",
        root=root,
        table=figure.table_of(
            drawn,
            (
                ("Model", lambda each: each[0].model),
                (str(board.original), lambda each: typeset.fixed(each[1][0])),
                (board.headline, lambda each: typeset.fixed(each[1][1])),
                ("Rank before", lambda each: typeset.count(each[0].rank_original)),
                ("Rank after", lambda each: typeset.count(each[0].rank_on_common)),
                ("n", lambda each: typeset.count(each[0].change.n if each[0].change else None)),
            ),
        ),
    )


def _lines(root: Element, drawn: Sequence[_Sloped], height: float) -> None:
    scale = figure.percent_scale((end for _, ends in drawn for end in ends), height - _BOTTOM, _TOP)
    room = (_TOP, height - _BOTTOM)
    left = figure.spread([scale(before) for _, (before, _) in drawn], _GAP, *room)
    right = figure.spread([scale(after) for _, (_, after) in drawn], _GAP, *room)
    for (row, (before, after)), low, high in zip(drawn, left, right, strict=True):
        y, end = scale(before), scale(after)
        part = drawing.group(root, f"model k-{row.kind}")
        drawing.line(part, "slope", (_LEFT, y), (_RIGHT, end))
        for x, place in ((_LEFT, y), (_RIGHT, end)):
            drawing.marker(part, "mark", row.kind, (x, place), 3.5)
        drawing.line(part, "leader", (_LEFT - 6, y), (_LEFT - 20, low))
        drawing.line(part, "leader", (_RIGHT + 6, end), (_RIGHT + 20, high))
        drawing.text(part, "value end", (_LEFT - 24, low), typeset.fixed(before))
        drawing.text(part, "value", (_RIGHT + 24, high), typeset.fixed(after))
        drawing.text(part, "name", (_RIGHT + 66, high), row.model, 24)
