"""Tables in LaTeX with booktabs, to be pasted into a paper: no text in them is a command."""

import re
from collections.abc import Mapping, Sequence

from harness.report.table import NONE, Cell, Number, Probability, Table
from harness.report.terminal import shown

_NEEDS = "% In the preamble: \\usepackage{booktabs}"
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
_ACTING = re.compile("|".join(map(re.escape, sorted(_ACTS, key=len, reverse=True))))


def latex_text(text: str) -> str:
    r"""Give a text on one line that LaTeX sets as it is.

    >>> latex_text("a_b 5 % {x} \\y")
    'a\\_b 5 \\% \\{x\\} \\textbackslash{}y'
    """
    line = " ".join(shown(text).split())
    return _ACTING.sub(lambda found: _ACTS[found[0]], line)


def to_latex(tables: Sequence[Table], notes: Sequence[str]) -> str:
    """Give a `table` environment for each table, the best of peers in bold; notes are comments."""
    found = [_NEEDS, *(f"% {' '.join(shown(each).split())}" for each in notes)]
    return "\n".join(found) + "\n\n" + "\n\n".join(map(_environment, tables)) + "\n"


def _environment(table: Table) -> str:
    columns = table.for_people
    kinds = "".join("l" if column.is_name else "r" for _, column in columns)
    best = table.best()
    heading = " & ".join(latex_text(column.heading) for _, column in columns)
    rows = [
        " & ".join(_cell(row[place], (number, place) in best) for place, _ in columns)
        for number, row in enumerate(table.rows)
    ]
    caption = latex_text(f"{table.title}. {table.caption}".strip())
    label = re.sub("[^a-z0-9]+", "-", "-".join([table.name, *table.about.values()]).lower())
    lines = [
        r"\begin{table}[t]",
        r"  \centering",
        f"  \\caption{{{caption}}}",
        f"  \\label{{tab:{label.strip('-')}}}",
        f"  \\begin{{tabular}}{{{kinds}}}",
        r"    \toprule",
        f"    {heading} \\\\",
        r"    \midrule",
        *(f"    {row} \\\\" for row in rows),
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines)


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
