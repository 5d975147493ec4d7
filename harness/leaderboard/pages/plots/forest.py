"""Accuracies with their intervals, line by line: models of a board, or boards of a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from harness.leaderboard.numbers.site_model import Before, Board, ScoredEntry
from harness.leaderboard.pages import typeset
from harness.leaderboard.pages.plots import drawing, figure
from harness.leaderboard.pages.plots.figure import Figure
from harness.leaderboard.pages.typeset import PROTOCOLS
from harness.scores.results import Score

_WIDTH, _TOP, _ROW = 640.0, 34.0, 26.0
_LEFT, _RIGHT = 190.0, 530.0
_AXIS = 34.0


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the plot."""

    label: str
    row: ScoredEntry
    tier: int | None
    """Lines of every second tier are shaded."""

    @property
    def headline(self) -> Score:
        return self.row.headline

    @property
    def before(self) -> Before | None:
        """By the original labels, where these are the images that the headline labels score."""
        before = self.row.before
        return before if before and before.n == self.headline.n else None

    def values(self) -> list[float]:
        """Give all the numbers that the axis must hold."""
        scores = (self.headline, self.before) if self.before else (self.headline,)
        means = [score.accuracy for score in scores if score.accuracy is not None]
        return means + [end for score in scores if score.ci95 for end in score.ci95]


def forest(board: Board, most: int = figure.MOST_MODELS) -> Figure | None:
    """Draw the best models of a board with Wilson's intervals; None without a model."""
    if not board.rows:
        return None
    lines = [
        _Line(row.model, row, place.tier if (place := board.place(row.name)) else None)
        for row in board.rows[:most]
    ]
    return Figure(
        id=f"forest-{board.slug}",
        title=f"Accuracy by {board.headline}, with intervals",
        caption=f"{_markers(board, lines)} Bands are tiers; overlapping intervals do not make a "
        "tie, nor does a gap decide one."
        f"{figure.shown(len(board.rows), most)}",
        root=_draw(lines, _references(board)),
        table=_table("Model", lines, board),
    )


def protocols(boards: Sequence[tuple[Board, ScoredEntry]]) -> Figure | None:
    """Draw one model on the boards of one benchmark side by side; None for fewer than two."""
    if len(boards) < 2:
        return None
    first = boards[0][0]
    lines = [
        _Line(f"{PROTOCOLS[board.protocol].short} · {board.task}", row, None)
        for board, row in boards
    ]
    return Figure(
        id=f"protocols-{first.benchmark}",
        title=f"The same model under {len(boards)} protocols of {first.benchmark}",
        caption=f"{_markers(first, lines)} The numbers are not comparable with each other as "
        "ranks: each protocol asks another question.",
        root=_draw(lines, ()),
        table=_table("Protocol and task", lines, first),
    )


def _markers(board: Board, lines: Sequence[_Line]) -> str:
    accuracy = f"accuracy (%) by {board.headline} with Wilson’s 95\N{NO-BREAK SPACE}% interval."
    hollow = f" Hollow: by {board.original}, on the same images."
    return f"Filled: {accuracy}{hollow if any(line.before for line in lines) else ''}"


def _references(board: Board) -> list[tuple[str, float]]:
    found = ((item.name, item.accuracy.get(board.headline)) for item in board.references)
    return [(name, value) for name, value in found if value is not None]


def _table(first: str, lines: Sequence[_Line], board: Board) -> figure.DataTable:
    """Give the numbers; the original labels have columns only where a line has them."""
    has_before = board.original is not None and any(line.before for line in lines)
    rows = []
    for line in lines:
        cells = [line.label]
        for score in (line.headline, line.before) if has_before else (line.headline,):
            cells.append(typeset.fixed(score.accuracy if score else None))
            cells.append(typeset.between(score.ci95 if score else None) or typeset.BLANK)
        rows.append((*cells, typeset.count(line.headline.n)))
    names = (board.headline, board.original) if has_before else (board.headline,)
    headings = [heading for name in names for heading in (str(name), "95 % interval")]
    return figure.DataTable((first, *headings, "n"), tuple(rows))


def _draw(lines: Sequence[_Line], references: Sequence[tuple[str, float]]) -> Element:
    bottom = _TOP + _ROW * len(lines)
    root = drawing.drawing(_WIDTH, bottom + _AXIS)
    values = [value for line in lines for value in line.values()]
    scale = figure.percent_scale(values, _LEFT, _RIGHT)
    for number, line in enumerate(lines):
        if line.tier and line.tier % 2 == 0:
            drawing.rectangle(root, "band", (0, _TOP + _ROW * number), (_WIDTH, _ROW))
    figure.draw_axes(root, figure.Axis(scale, (_TOP, bottom)))
    _draw_references(root, references, scale, bottom)
    for number, line in enumerate(lines):
        _draw_line(root, line, scale, _TOP + _ROW * (number + 0.5))
        if line.tier and (number == 0 or lines[number - 1].tier != line.tier):
            place = (_WIDTH - 4, _TOP + _ROW * (number + 0.5))
            drawing.text(root, "note end", place, f"tier {line.tier}")
    return root


def _draw_references(
    root: Element, references: Sequence[tuple[str, float]], scale: figure.Scale, bottom: float
) -> None:
    """Mark the reference rows that lie on the axis; one off it must not squeeze the models."""
    taken = -1e9
    for name, value in sorted(references, key=lambda item: (item[1], item[0])):
        if not scale.low <= value <= scale.high:
            continue
        drawing.line(root, "reference", (scale(value), _TOP - 8), (scale(value), bottom))
        half = drawing.width_of(typeset.cut(name, 28)) / 2
        if scale(value) - half > taken:
            drawing.text(root, "note middle", (scale(value), _TOP - 18), name, 28)
            taken = scale(value) + half + 8


def _draw_line(root: Element, line: _Line, scale: figure.Scale, y: float) -> None:
    part = drawing.group(root, f"model k-{line.row.kind}")
    drawing.text(part, "name end", (_LEFT - 12, y), line.label, 24)
    low = y + 5 if line.before else y
    if line.before:
        _draw_score(part, "before", line, scale, y - 5)
    _draw_score(part, "after", line, scale, low)
    drawing.text(part, "value", (_RIGHT + 12, y), typeset.fixed(line.headline.accuracy))


def _draw_score(parent: Element, css: str, line: _Line, scale: figure.Scale, y: float) -> None:
    score = line.before if css == "before" else line.headline
    if score is None or score.accuracy is None:
        return
    part = drawing.group(parent, css)
    if score.ci95:
        drawing.line(part, "whisker", (scale(score.ci95[0]), y), (scale(score.ci95[1]), y))
    drawing.marker(part, "mark", line.row.kind, (scale(score.accuracy), y), 4.0)
