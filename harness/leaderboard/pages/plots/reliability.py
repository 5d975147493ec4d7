"""How often answers of a run are right against how probable the model said they are."""

from xml.etree.ElementTree import Element

from markupsafe import Markup

from harness.leaderboard.numbers.site_model import Board, ScoredEntry
from harness.leaderboard.pages import typeset
from harness.leaderboard.pages.plots import drawing
from harness.leaderboard.pages.plots.figure import (
    Axis,
    Figure,
    Scale,
    draw_axes,
    table_of,
)
from harness.scores.calibration_parts import Calibration, ReliabilityBin
from harness.scores.confidence import Signal

_SIDE, _LEFT, _TOP = 340.0, 64.0, 12.0
_BOTTOM, _RIGHT = _TOP + _SIDE, _LEFT + _SIDE
_WIDTH, _HEIGHT = 640.0, 402.0


def reliability(board: Board, row: ScoredEntry) -> Figure | None:
    """Draw the reliability curve of a run under the headline's labels; None where its answers have
    no probabilities.
    """
    signals = row.results.calibration.get(board.protocol, {}).get(board.headline, {})
    found = signals.get(Signal.PROBABILITY)
    if found is None or found.ece is None:
        return None
    figure = f"reliability-{board.slug}"
    return Figure(
        id=figure,
        title="Reliability",
        caption=f"Accuracy (%) under {board.headline} by the model's probability (%) of its "
        "answer, in bins of equal mass, with Wilson's 95 % interval. On the diagonal answers are "
        "right as often as the model says; below it, it is too sure.",
        svg=_draw(figure, row, found, found.ece.bins),
        table=table_of(
            found.ece.bins,
            (
                ("Probability", lambda each: typeset.fixed(each.confidence)),
                ("Accuracy", lambda each: typeset.fixed(each.accuracy)),
                ("95 %", lambda each: typeset.between(each.ci95)),
                ("Images", lambda each: typeset.count(each.n)),
            ),
        ),
    )


def _draw(
    figure: str, row: ScoredEntry, found: Calibration, bins: tuple[ReliabilityBin, ...]
) -> Markup:
    root = drawing.drawing(_WIDTH, _HEIGHT, figure)
    across, up = Scale(0, 100, _LEFT, _RIGHT, 20), Scale(0, 100, _BOTTOM, _TOP, 20)
    draw_axes(
        root,
        Axis(across, (_TOP, _BOTTOM), away=16),
        Axis(up, (_LEFT, _RIGHT), upright=True, away=8),
    )
    drawing.line(root, "diagonal", (_LEFT, _BOTTOM), (_RIGHT, _TOP))
    drawing.text(root, "head middle", (_LEFT + _SIDE / 2, _BOTTOM + 38), "probability")
    turned = drawing.text(root, "head middle", (0, 0), "accuracy")
    turned.set("transform", f"translate(16 {_TOP + _SIDE / 2:.0f}) rotate(-90)")
    part = drawing.group(root, f"model k-{row.kind}")
    points = [(across(each.confidence), up(each.accuracy)) for each in bins]
    for (x, _), each in zip(points, bins, strict=True):
        low, high = each.ci95
        drawing.line(part, "whisker", (x, up(low)), (x, up(high)))
    drawing.line(part, "slope", *points)
    for point, each in zip(points, bins, strict=True):
        mark = drawing.marker(part, "mark", row.kind, point)
        drawing.tooltip(mark, f"{typeset.fixed(each.accuracy)} of {typeset.count(each.n)} images")
    _write_error(root, found)
    return drawing.markup(root)


def _write_error(root: Element, found: Calibration) -> None:
    if found.ece is None:
        return
    lines = (
        ("head", f"ECE {typeset.fixed(found.ece.ece)} {typeset.between(found.ece.ci95)}"),
        ("note", f"{typeset.fixed(found.ece.expected)} if calibrated, by chance"),
        ("note", f"accuracy {typeset.fixed(found.accuracy)}"),
        ("note", f"n = {typeset.count(found.n)} images"),
    )
    for place, (css, text) in enumerate(lines):
        drawing.text(root, css, (_RIGHT + 24, _TOP + 16 + 20 * place), text)
