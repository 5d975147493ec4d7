"""How often answers of a run are right against how probable the model said they are."""

from xml.etree.ElementTree import Element

from harness.leaderboard.numbers.site_model import Board, ScoredEntry
from harness.leaderboard.pages import typeset
from harness.leaderboard.pages.plots import drawing
from harness.leaderboard.pages.plots.figure import Figure, Scale, draw_square, table_of
from harness.scores.confidence import Signal
from harness.scores.result_parts import Calibration, CalibrationError

_SIDE, _LEFT, _TOP = 340.0, 64.0, 12.0
_BOTTOM, _RIGHT = _TOP + _SIDE, _LEFT + _SIDE
_WIDTH, _HEIGHT = 640.0, 402.0


def reliability(board: Board, row: ScoredEntry) -> Figure | None:
    """Draw how often answers are right by their probability; None where they have none."""
    signals = row.results.calibration.get(board.protocol, {}).get(board.headline, {})
    found = signals.get(Signal.PROBABILITY)
    if found is None or found.ece is None:
        return None
    return Figure(
        id=f"reliability-{board.slug}",
        title="Reliability",
        caption=f"Accuracy (%) under {board.headline} by the model's probability (%) of its "
        "answer, in bins of equal mass, with Wilson's 95 % interval. On the diagonal answers are "
        "right as often as the model says; below it, it is too sure.",
        root=_draw(row, found, found.ece),
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


def _draw(row: ScoredEntry, found: Calibration, error: CalibrationError) -> Element:
    root, bins = drawing.drawing(_WIDTH, _HEIGHT), error.bins
    across, up = Scale(0, 100, _LEFT, _RIGHT, 20), Scale(0, 100, _BOTTOM, _TOP, 20)
    draw_square(root, across, up, ("probability", "accuracy"), 38)
    part = drawing.group(root, f"model k-{row.kind}")
    points = [(across(each.confidence), up(each.accuracy)) for each in bins]
    for (x, _), each in zip(points, bins, strict=True):
        low, high = each.ci95
        drawing.line(part, "whisker", (x, up(low)), (x, up(high)))
    drawing.line(part, "slope", *points)
    for point, each in zip(points, bins, strict=True):
        mark = drawing.marker(part, "mark", row.kind, point)
        drawing.tooltip(mark, f"{typeset.fixed(each.accuracy)} of {typeset.count(each.n)} images")
    lines = (
        ("head", f"ECE {typeset.fixed(error.ece)} {typeset.between(error.ci95)}"),
        ("note", f"{typeset.fixed(error.expected)} if calibrated, by chance"),
        ("note", f"accuracy {typeset.fixed(found.accuracy)}"),
        ("note", f"n = {typeset.count(found.n)} images"),
    )
    for place, (css, text) in enumerate(lines):
        drawing.text(root, css, (_RIGHT + 24, _TOP + 16 + 20 * place), text)
    return root
