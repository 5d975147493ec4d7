"""A table as text for a terminal, in which no name is broken and no figure is cut.

Where a table is wider than the terminal, these steps are taken, each only as far as it is needed:
what all rows have in common stands once above the table; the first names of a row stand on a line
above it; columns are left out, from the right, those marked `is_extra` first, and never names, the
first column of figures and those marked `stays`; at last every row becomes a list of its cells. A
line says what is left out. One name that alone is longer than a line is left to the terminal.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from rich.cells import cell_len

from harness.report.forms import plain
from harness.report.table import Column, Table
from harness.report.terminal import on_one_line, paragraph

_GAP, _INDENT = 2, 2
_PROSE = (80, 120)
"""Characters of a line of prose where there is no terminal: at least, and at most."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the columns of a table stand, by their places."""

    above: Sequence[int]
    """Once above the table."""
    stacked: Sequence[int]
    """On a line above the rows that share them."""
    columns: Sequence[int]


@dataclass(frozen=True, slots=True)
class _Grid:
    """The columns and cells that people read, as text."""

    columns: Sequence[Column]
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[int]

    def width(self, places: Sequence[int]) -> int:
        """Give the characters that columns take beside each other."""
        return sum(self.widths[each] for each in places) + _GAP * max(0, len(places) - 1)


def to_text(table: Table, width: int | None = None) -> str:
    """Give a table for a terminal of `width` characters; without, whole, each row on one line."""
    grid = _grid_of(table)
    every = range(len(grid.columns))
    layout = _Layout((), (), every) if width is None else _fit(grid, width)
    if layout is None:
        body, left_out = list(_records(grid, width or 0)), []
    else:
        body = list(_drawn(grid, layout, width))
        placed = {*layout.above, *layout.stacked, *layout.columns}
        left_out = [grid.headings[each] for each in every if each not in placed]
    prose = width or min(max(_PROSE[0], grid.width(every)), _PROSE[1])
    lines = [paragraph("", on_one_line(table.title), prose), *body]
    lines += [paragraph("", on_one_line(table.caption), prose)] if table.caption else []
    if left_out:
        note = f"No room for: {', '.join(left_out)}. With --wide, or in a pipe, all is shown."
        lines.append(paragraph("", note, prose))
    return "\n".join(lines) + "\n"


def _grid_of(table: Table) -> _Grid:
    places = [place for place, _ in table.for_people]
    columns = [column for _, column in table.for_people]
    headings = [on_one_line(column.heading) for column in columns]
    every = (*table.rows, *table.references)
    rows = [[on_one_line(plain(row[place])) for place in places] for row in every]
    widths = [max(map(cell_len, cells)) for cells in zip(headings, *rows, strict=True)]
    return _Grid(columns, headings, rows, widths)


def _fit(grid: _Grid, width: int) -> _Layout | None:
    """Find the layout that fits; None where only a list does."""
    every = range(len(grid.columns))
    if grid.width(every) <= width:
        return _Layout((), (), every)
    above = [
        place
        for place in every
        if grid.columns[place].is_name and len({row[place] for row in grid.rows}) == 1
    ]
    left = [place for place in every if place not in above]
    names = list(takewhile(lambda place: grid.columns[place].is_name, left))
    for stacked in range(len(names) + 1):
        room = width - (_INDENT if stacked else 0)
        columns = left[stacked:]
        while grid.width(columns) > room and (last := _least(grid, columns)) is not None:
            columns.remove(last)
        if columns and grid.width(columns) <= room:
            return _Layout(above, names[:stacked], columns)
    return None


def _least(grid: _Grid, places: Sequence[int]) -> int | None:
    """Give the column that is left out first; None where all stay."""
    figures = [each for each in places if not grid.columns[each].is_name]
    loose = [each for each in figures[1:] if not grid.columns[each].stays]
    return max(loose, key=lambda each: (grid.columns[each].is_extra, each), default=None)


def _drawn(grid: _Grid, layout: _Layout, width: int | None) -> Iterator[str]:
    for place in layout.above:
        yield paragraph("", f"{grid.headings[place]}: {grid.rows[0][place]}", width)
    indent = " " * _INDENT if layout.stacked else ""
    if layout.stacked:
        yield paragraph("", _joined(grid.headings, layout.stacked), width)
    yield indent + _row(grid, layout.columns, grid.headings)
    yield indent + "-" * grid.width(layout.columns)
    before = None
    for row in grid.rows:
        names = _joined(row, layout.stacked)
        if layout.stacked and names != before:
            yield paragraph("", names, width)
        before = names
        yield indent + _row(grid, layout.columns, row)


def _joined(row: Sequence[str], places: Sequence[int]) -> str:
    return ", ".join(row[place] for place in places if row[place])


def _row(grid: _Grid, places: Sequence[int], cells: Sequence[str]) -> str:
    padded = []
    for place in places:
        room = " " * (grid.widths[place] - cell_len(cells[place]))
        is_name = grid.columns[place].is_name
        padded.append(cells[place] + room if is_name else room + cells[place])
    return (" " * _GAP).join(padded).rstrip()


def _records(grid: _Grid, width: int) -> Iterator[str]:
    """Give each row as a list: its first names, then a line for every other cell."""
    every = range(len(grid.columns))
    names = list(takewhile(lambda place: grid.columns[place].is_name, every))
    others = every[len(names) :]
    widest = max((cell_len(grid.headings[each]) for each in others), default=0)
    yield "-" * width
    for row in grid.rows:
        yield paragraph("", _joined(row, names), width)
        for place in others:
            heading = grid.headings[place]
            lead = heading + " " * (widest - cell_len(heading) + _GAP)
            if _INDENT + cell_len(lead) + cell_len(row[place]) <= width:
                yield " " * _INDENT + lead + row[place]
            else:
                yield paragraph(" ", heading, width)
                yield paragraph("   ", row[place], width)
