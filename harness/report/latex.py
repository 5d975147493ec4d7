"""Tables in LaTeX with booktabs, to be pasted into a paper: no text in them is a command."""

import re
from collections.abc import Mapping, Sequence

from harness.report.table import NONE, Cell, Number, Probability, Table
from harness.report.terminal import on_one_line, shown

_NEEDS = "% In the preamble: \\usepackage{booktabs}"
_ALSO = ", \\usepackage{graphicx}"
_ACTS: Mapping[str, str] = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    "[": "{[}",  # behind the end of a row `[` and `*` would be its options
    "*": "{*}",
    "--": "-{}-",  # and not a dash
    NONE: "--",
    **{character: f"\\{character}" for character in "_%&#${}"},
}
_WIDE, _LONG = 80, (30, 40)
"""Characters of a row above which a table is scaled to the width of the text; rows above which its
type is smaller, and smaller again."""
_ACTING = re.compile("|".join(map(re.escape, sorted(_ACTS, key=len, reverse=True))))


def latex_text(text: str) -> str:
    r"""Give a text on one line that LaTeX sets as it is.

    >>> latex_text("a_b 5 % {x} \\y")
    'a\\_b 5 \\% \\{x\\} \\textbackslash{}y'
    """
    line = on_one_line(text)
    return _ACTING.sub(lambda found: _ACTS[found[0]], line)


def to_latex(tables: Sequence[Table], notes: Sequence[str]) -> str:
    """Give a `table` environment for each table, the best of peers in bold; notes are comments."""
    needs = _NEEDS + (_ALSO if any(map(_is_wide, tables)) else "")
    found = [needs, *(f"% {on_one_line(each)}" for each in notes)]
    return "\n".join(found) + "\n\n" + "\n\n".join(map(_environment, tables)) + "\n"


def _environment(table: Table) -> str:
    columns = table.for_people
    kinds = "".join("l" if column.is_name else "r" for _, column in columns)
    best = table.best()
    heading = " & ".join(latex_text(column.heading) for _, column in columns)
    rows = [
        " & ".join(_cell(row[place], (number, place) in best) for place, _ in columns)
        for number, row in enumerate((*table.rows, *table.references))
    ]
    caption = latex_text(f"{table.title}. {table.caption}".strip())
    label = re.sub("[^a-z0-9]+", "-", "-".join([table.name, *table.about.values()]).lower())
    wide = _is_wide(table)
    lines = [
        r"\begin{table}[t]",
        f"  \\centering{_size(table)}",
        f"  \\caption{{{caption}}}",
        f"  \\label{{tab:{label.strip('-')}}}",
        *([r"  \resizebox{\linewidth}{!}{%"] if wide else []),
        f"  \\begin{{tabular}}{{{kinds}}}",
        r"    \toprule",
        f"    {heading} \\\\",
        r"    \midrule",
        *(f"    {row} \\\\" for row in rows),
        r"    \bottomrule",
        r"  \end{tabular}" + ("}" if wide else ""),
        r"\end{table}",
    ]
    return "\n".join(lines)


def _size(table: Table) -> str:
    """Give the size of type in which a table of many rows fits a page; none for that around it."""
    rows = len(table.rows)
    if rows > _LONG[1]:
        return r"\scriptsize"
    return r"\footnotesize" if rows > _LONG[0] else ""


def _is_wide(table: Table) -> bool:
    return (
        sum(
            max([len(column.heading), *(_width(row[place]) for row in table.rows)])
            for place, column in table.for_people
        )
        > _WIDE
    )


def _width(cell: Cell) -> int:
    if isinstance(cell, Number):
        return sum(len(each) for each in (cell.shown(), cell.ends(), cell.counts()))
    return len(cell.shown()) if isinstance(cell, Probability) else len(shown(str(cell)))


def _cell(cell: Cell, best: bool) -> str:
    if isinstance(cell, Probability):
        return _probability(cell)
    if not isinstance(cell, Number):
        return latex_text(str(cell))
    value = _signed(cell.shown(), cell.mark)
    ends = re.sub(r"[-+][\d.]+", lambda found: _signed(found[0]), cell.ends())
    rest = " ".join(each for each in (ends, cell.counts()) if each)
    value = f"\\textbf{{{value}}}" if best else value
    return f"{value} {{\\footnotesize {rest}}}" if rest else value


def _signed(number: str, mark: str = "") -> str:
    """Give a number whose sign is a minus or a plus, and no hyphen, with a mark raised behind."""
    raised = f"^{{{mark}}}" if mark else ""
    if number[:1] in "+-":
        return f"${number}{raised}$"
    return f"{'--' if number == NONE else number}{f'${raised}$' if mark else ''}"


def _probability(cell: Probability) -> str:
    if not cell.value:
        return "$<10^{-300}$"
    digits, _, power = cell.shown().partition("e")
    return f"${digits} \\times 10^{{{int(power)}}}$" if power else digits
