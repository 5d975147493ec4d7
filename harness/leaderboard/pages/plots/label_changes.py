"""What the headline labels change for every model under every protocol, after the paper's Figure 3
and as `harness.report.change_plot` draws it: from hollow to filled, the marker is the protocol.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from harness.leaderboard.numbers.site_model import Board, ScoredEntry
from harness.leaderboard.pages import typeset
from harness.leaderboard.pages.plots import drawing, figure
from harness.leaderboard.pages.plots.figure import Figure
from harness.leaderboard.pages.typeset import KINDS, PROTOCOLS
from harness.report.drawn_runs import told_apart

_WIDTH, _TOP, _ROW, _GAP, _AXIS = 640.0, 8.0, 17.0, 5.0, 24.0
_NAME, _LABEL, _LEFT, _RIGHT = 150.0, 160.0, 262.0, 574.0
_RADIUS = 3.8
_MOST_LINES = 40
"""Models are left out where there would be more lines."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A model on a board, by both label sets on the same images."""

    board: Board
    row: ScoredEntry
    before: float
    after: float
    label: str
    """The protocol, with what tells its task from others under it."""

    @property
    def change(self) -> str:
        """Points from before to after."""
        return typeset.signed(self.after - self.before)


def label_changes(benchmark: str, boards: Sequence[Board]) -> Figure | None:
    """Draw a line for each model on each board of a benchmark, grouped by kind of model; None for
    fewer than two lines.

    Boards of one's own runs that are partial, or were asked otherwise than their task asks, are
    left out. Models are in the order of their names: protocols are not mixed in a rank.
    """
    whole = [board for board in boards if not board.note]
    labels = _labels(whole)
    models: dict[str, list[_Line]] = {}
    for board in whole:
        for row in board.rows:
            if ends := figure.ends_of(row):
                line = _Line(board, row, *ends, labels[board.slug])
                models.setdefault(row.name, []).append(line)
    drawn = _drawn(list(models.values()))
    lines = [line for model in drawn for line in model]
    if len(lines) < 2:
        return None
    first = lines[0].board
    words = [PROTOCOLS[each] for each in dict.fromkeys(line.board.protocol for line in lines)]
    left_out = (
        f" {len(drawn)} of {typeset.count(len(models))} models are shown, those that rank highest "
        "on any of the rankings."
        if len(drawn) < len(models)
        else ""
    )
    return Figure(
        id=f"label-changes-{benchmark}",
        title=f"What {first.headline} changes for each model",
        caption=f"Accuracy (%) by {first.original} (hollow) and by {first.headline} (filled), on "
        "the images that both score; on the right the change in points. Shapes are protocols, "
        "colours kinds of models. "
        f"{', '.join(f'{each.short}: {each.name.lower()}' for each in words)}. Protocols ask "
        f"different questions: compare models under the same one.{left_out}",
        root=_draw(drawn),
        table=_table(lines),
    )


def _labels(boards: Sequence[Board]) -> Mapping[str, str]:
    """Give by slug each board's protocol, and what tells its task from others under it."""
    found = {}
    for board in boards:
        tasks = {each.task for each in boards if each.protocol == board.protocol}
        own = f" {told_apart(board.task, tasks)}" if len(tasks) > 1 else ""
        found[board.slug] = PROTOCOLS[board.protocol].short + own
    return found


def _drawn(models: Sequence[Sequence[_Line]]) -> list[Sequence[_Line]]:
    """Give the models that rank highest anywhere, as many as have room, by kind and name."""
    kept: list[Sequence[_Line]] = []
    room = _MOST_LINES
    for model in sorted(models, key=lambda each: (min(map(_rank, each)), _key(each))):
        room -= len(model)
        if room < 0:
            break
        kept.append(model)
    return sorted(kept, key=_key)


def _rank(line: _Line) -> int:
    place = line.board.place(line.row.name)
    return place.rank if place else len(line.board.rows)


def _key(model: Sequence[_Line]) -> tuple[int, str, str]:
    row = model[0].row
    return list(KINDS).index(row.kind), row.model.casefold(), row.name


def _table(lines: Sequence[_Line]) -> figure.DataTable:
    board = lines[0].board
    return figure.table_of(
        lines,
        (
            ("Model", lambda each: each.row.model),
            ("Kind", lambda each: KINDS[each.row.kind]),
            ("Protocol", lambda each: each.label + (", claimed" if each.board.claimed else "")),
            (str(board.original), lambda each: typeset.fixed(each.before)),
            (board.headline, lambda each: typeset.fixed(each.after)),
            ("Change", lambda each: each.change),
            ("95 % interval", lambda each: _interval(each.row)),
            ("n", lambda each: typeset.count(each.row.change.n if each.row.change else None)),
        ),
    )


def _interval(row: ScoredEntry) -> str:
    return typeset.between_signed(row.change.ci95 if row.change else None) or typeset.BLANK


def _draw(models: Sequence[Sequence[_Line]]) -> Element:
    kinds = {model[0].row.kind for model in models}
    n_lines = sum(map(len, models))
    bottom = _TOP + _ROW * (n_lines + len(kinds)) + _GAP * len(models)
    root = drawing.drawing(_WIDTH, bottom + _AXIS)
    ends = [end for model in models for line in model for end in (line.before, line.after)]
    scale = figure.percent_scale(ends, _LEFT, _RIGHT)
    figure.draw_axes(root, figure.Axis(scale, (_TOP, bottom)))
    y, kind = _TOP - _ROW / 2, None
    for model in models:
        row = model[0].row
        if row.kind != kind:
            kind, y = row.kind, y + _ROW
            drawing.text(root, "head", (2, y), KINDS[kind])
        part = drawing.group(root, f"model k-{kind}")
        drawing.text(part, "name end", (_NAME, y + _ROW), row.model, 20)
        for line in model:
            y += _ROW
            _draw_line(part, line, scale, y)
        y += _GAP
    return root


def _draw_line(parent: Element, line: _Line, scale: figure.Scale, y: float) -> None:
    protocol = line.board.protocol
    start, end = scale(line.before), scale(line.after)
    drawing.text(parent, "note", (_LABEL, y), line.label, 15)
    drawing.line(parent, "slope", (start, y), (end, y))
    before = drawing.group(parent, "before")
    drawing.marker(before, "mark", protocol, (start, y), _RADIUS)
    mark = drawing.marker(parent, "mark", protocol, (end, y), _RADIUS)
    both = f"{typeset.fixed(line.before)} → {typeset.fixed(line.after)}"
    drawing.tooltip(mark, f"{line.row.model}, {line.label}: {both}")
    drawing.text(parent, "value end", (_WIDTH - 2, y), line.change)
