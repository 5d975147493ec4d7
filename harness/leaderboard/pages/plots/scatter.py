"""Original against headline accuracy, with the diagonal on which nothing changes."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from harness.leaderboard.numbers.site_model import Board, ScoredEntry
from harness.leaderboard.pages import typeset
from harness.leaderboard.pages.plots import drawing, figure
from harness.leaderboard.pages.plots.figure import Figure

_SIDE, _LEFT, _TOP = 480.0, 64.0, 16.0
_BOTTOM, _RIGHT = _TOP + _SIDE, _LEFT + _SIDE
_WIDTH, _HEIGHT = 640.0, 556.0


def scatter(board: Board) -> Figure | None:
    """Draw a marker a model, by its accuracy by both label sets; None when no model has both."""
    points = [(row, ends) for row in board.rows if (ends := figure.ends_of(row))]
    if not points:
        return None
    drawn = points[: figure.MOST_MODELS]
    return Figure(
        id=f"scatter-{board.slug}",
        title=f"{board.original} against {board.headline}",
        caption="Accuracy (%) on the images that both label sets score. On the diagonal both say "
        "the same; above it the model gains. A marker without room for its name has it as tooltip."
        f"{figure.shown(len(points))}",
        root=_draw(board, drawn),
        table=figure.table_of(
            drawn,
            (
                ("Model", lambda each: each[0].model),
                (str(board.original), lambda each: typeset.fixed(each[1][0])),
                (board.headline, lambda each: typeset.fixed(each[1][1])),
                ("Difference", lambda each: typeset.signed(each[1][1] - each[1][0])),
            ),
        ),
    )


def _draw(board: Board, points: Sequence[tuple[ScoredEntry, tuple[float, float]]]) -> Element:
    root = drawing.drawing(_WIDTH, _HEIGHT)
    values = [end for _, ends in points for end in ends]
    across = figure.percent_scale(values, _LEFT, _RIGHT)
    up = figure.percent_scale(values, _BOTTOM, _TOP)
    figure.draw_square(root, across, up, (str(board.original), board.headline), 40)
    models = [
        (row, (across(before), up(after)), f"{typeset.fixed(before)} → {typeset.fixed(after)}")
        for row, (before, after) in points
    ]
    figure.draw_models(root, (_LEFT, _TOP, _WIDTH), models)
    return root
