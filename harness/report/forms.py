"""The forms of a table: Markdown and CSV; a terminal and LaTeX have modules of their own."""

import re
from collections.abc import Iterator, Sequence
from typing import Literal, get_args

from harness.errors import Problem, UserError
from harness.report.csv_text import csv_text
from harness.report.latex import to_latex
from harness.report.table import NONE, Cell, Column, Number, Probability, Table
from harness.report.terminal import on_one_line

Form = Literal["table", "markdown", "csv", "latex", "json"]
FORMS: tuple[Form, ...] = get_args(Form)


def form_of(text: str | None, as_json: bool, table: str | None = None) -> Form:
    """Read `--format`, of which `--json` is the short form for `json`. Raises UserError for a name
    that is none, where the two contradict each other, and for one `table` of JSON, which has all.
    """
    if text is None:
        text = "json" if as_json else "table"
    found = next((each for each in FORMS if each == text), None)
    if found is None:
        raise UserError(Problem("--format", "is no format", text).among(text, FORMS))
    if as_json and found != "json":
        what = "are two formats"
        raise UserError(Problem(f"--json and --format {text}", what, fix="give one of them"))
    if table is not None and found == "json":
        raise UserError(Problem("--table", "is for the other formats", fix="leave it out"))
    return found


def written(tables: Sequence[Table], notes: Sequence[str], form: Form) -> str:
    """Write tables, and lines about them, in one of the forms that are files for other programs.
    CSV takes tables of one name, whose rows stand below each other, and no notes.
    """
    if form == "csv":
        return to_csv(tables)
    if form == "latex":
        return to_latex(tables, notes)
    lines = [f"- {_markdown(each)}" for each in notes]
    return "\n\n".join([*map(to_markdown, tables), *(["\n".join(lines)] if lines else [])]) + "\n"


def plain(cell: Cell) -> str:
    """Write a cell as text: `48.59 [45.86, 51.33]`, `7.19 (92/1280)`."""
    if isinstance(cell, Number):
        return f"{cell.shown()}{cell.mark} {cell.beside()}".rstrip()
    return cell.shown() if isinstance(cell, Probability) else str(cell)


def to_markdown(table: Table) -> str:
    """Give the table in Markdown as GitHub reads it; the best of peers in bold."""
    columns = table.for_people
    best = table.best()
    lines = [
        [_markdown(column.heading) for _, column in columns],
        ["---" if column.is_name else "---:" for _, column in columns],
    ]
    lines += [
        [_markdown_cell(row[place], (number, place) in best) for place, _ in columns]
        for number, row in enumerate((*table.rows, *table.references))
    ]
    rows = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    parts = [f"**{_markdown(table.title)}**", rows]
    return "\n\n".join([*parts, *([_markdown(table.caption)] if table.caption else [])])


def _markdown_cell(cell: Cell, best: bool) -> str:
    if best and isinstance(cell, Number):
        mark = cell.mark.replace("*", r"\*")
        return f"**{cell.shown()}**{mark} {cell.beside()}".rstrip()
    return _markdown(plain(cell))


_ACTS = re.compile(r"[\\`*|~#<>&]|(?<![^\W_])_|_(?![^\W_])|\[(?![-+\d])|://")


def _markdown(text: str) -> str:
    """Give a text on one line that Markdown shows as it is, without markup or links."""
    line = on_one_line(text)
    html = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "://": ":\\//"}
    return _ACTS.sub(lambda found: html.get(found[0], f"\\{found[0]}"), line)


def to_csv(tables: Sequence[Table]) -> str:
    """Give the rows of tables of one name as CSV: one value a column, every digit, nothing for what
    there is not. What only the title says has columns of its own, before the others.
    """
    lines = [line for table in tables for line in records(table)]
    heading: dict[str, None] = {}
    for table in tables:
        heading |= dict.fromkeys(table.about)
        for column in table.columns:
            heading |= dict.fromkeys(_keys(column))
    return csv_text(list(heading), lines)


def _keys(column: Column) -> list[str]:
    return [column.key, *(f"{column.key}_{part}" for part in column.parts)]


def records(table: Table) -> Iterator[dict[str, object]]:
    """Give each row as CSV and JSON have it: one value a key, every digit, None for none."""
    for row in table.rows:
        line: dict[str, object] = dict(table.about)
        for column, cell in zip(table.columns, row, strict=True):
            line |= _values(column, cell)
        yield line


def _values(column: Column, cell: Cell) -> dict[str, object]:
    if isinstance(cell, Probability):
        return {column.key: cell.value}
    if not isinstance(cell, Number):
        return {column.key: None if cell == NONE else cell}
    low, high = cell.ci95 or (None, None)
    parts: dict[str, object] = {"lower": low, "upper": high, "count": cell.count, "n": cell.n}
    own = {f"{column.key}_{each}": parts[each] for each in column.parts}
    return {column.key: cell.value, **own}
