"""Original against headline accuracy, with the diagonal on which nothing changes."""

from collections.abc import Sequence

from markupsafe import Markup

from harness.leaderboard.numbers.site_model import Board, ScoredEntry
from harness.leaderboard.pages import typeset
from harness.leaderboard.pages.plots import drawing
from harness.leaderboard.pages.plots.figure import (
    MOST_MODELS,
    Axis,
    Figure,
    draw_axes,
    draw_models,
    ends_of,
    percent_scale,
    shown,
    table_of,
)

_SIDE, _LEFT, _TOP = 480.0, 64.0, 16.0
_BOTTOM, _RIGHT = _TOP + _SIDE, _LEFT + _SIDE
_WIDTH, _HEIGHT = 640.0, 556.0


def scatter(board: Board) -> Figure | None:
    """Draw a marker a model, by its accuracies on the images that both label sets score; None when
    no model has both.
    """
    points = [(row, ends) for row in board.rows if (ends := ends_of(row))]
    if not points:
        return None
    drawn = points[:MOST_MODELS]
    figure = f"scatter-{board.slug}"
    return Figure(
        id=figure,
        title=f"{board.original} against {board.headline}",
        caption="Accuracy (%) on the images that both label sets score. On the diagonal both say "
        "the same; above it the model gains. A marker without room for its name has it as tooltip."
        f"{shown(len(points))}",
        svg=_draw(figure, board, drawn),
        table=table_of(
            drawn,
            (
                ("Model", lambda each: each[0].model),
                (str(board.original), lambda each: typeset.fixed(each[1][0])),
                (board.headline, lambda each: typeset.fixed(each[1][1])),
                ("Difference", lambda each: typeset.signed(each[1][1] - each[1][0])),
            ),
        ),
    )


def _draw(
    figure: str, board: Board, points: Sequence[tuple[ScoredEntry, tuple[float, float]]]
) -> Markup:
    root = drawing.drawing(_WIDTH, _HEIGHT, figure)
    values = [end for _, ends in points for end in ends]
    across, up = percent_scale(values, _LEFT, _RIGHT), percent_scale(values, _BOTTOM, _TOP)
    draw_axes(
        root,
        Axis(across, (_TOP, _BOTTOM), away=16),
        Axis(up, (_LEFT, _RIGHT), upright=True, away=8),
    )
    drawing.line(root, "diagonal", (_LEFT, _BOTTOM), (_RIGHT, _TOP))
    drawing.text(root, "head middle", (_LEFT + _SIDE / 2, _BOTTOM + 40), str(board.original), 40)
    turned = drawing.text(root, "head middle", (0, 0), board.headline, 40)
    turned.set("transform", f"translate(16 {_TOP + _SIDE / 2:.0f}) rotate(-90)")
    models = [
        (row, (across(before), up(after)), f"{typeset.fixed(before)} → {typeset.fixed(after)}")
        for row, (before, after) in points
    ]
    draw_models(root, (_LEFT, _TOP, _WIDTH), models)
    return drawing.markup(root)
