"""Rows as CSV, in which a stranger's text is no formula, and no cell or row of its own."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

_SIGNS = "=+-@\N{MINUS SIGN}"
"""What begins a formula, once compatibility normalization has made full-width signs plain."""
_BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
"""Whatever a program takes for the end of a line, and tabs, which part cells."""
_PART = re.compile(r"([;|])")
"""Where a program that does not part cells by commas may begin another cell."""
_UNSEEN = ("Cc", "Cf", "Zs", "Zl", "Zp")
_MARKER = "\N{REPLACEMENT CHARACTER}"


def cell(text: str) -> str:
    r"""Give a text for a cell of a CSV file.

    Breaks of lines and tabs are spaces; characters that no file of text can hold have a visible
    mark. Where the cell would begin with a formula, an apostrophe stands before it, also behind
    blanks and characters that are not seen, and behind a semicolon or a bar in the text, where some
    programs begin a cell. (OWASP, "CSV Injection".)

    >>> cell("mini\r=1+1"), cell(" =A1"), cell("a;-b"), cell("a-b")
    ('mini =1+1', "' =A1", "a;'-b", 'a-b')
    """
    line = text
    if not text.isprintable():
        line = "".join(map(_held, _BREAKS.sub(" ", text)))
    return "".join(map(_inert, _PART.split(line)))


def _held(character: str) -> str:
    return _MARKER if unicodedata.category(character) in ("Cc", "Cs") else character


def _inert(part: str) -> str:
    first = next((each for each in part if unicodedata.category(each) not in _UNSEEN), "")
    return f"'{part}" if first and unicodedata.normalize("NFKC", first)[0] in _SIGNS else part


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Give a heading and a line for each of `rows`: text as of `cell`, numbers with all digits,
    None as an empty cell. Raises ValueError for a row of other columns.
    """
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {name: cell(each) if isinstance(each, str) else each for name, each in row.items()}
        )
    return file.getvalue()
