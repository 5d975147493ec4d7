"""A CSV: its header and rows; of one of labels also its columns and what its cells say."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.data.labels.files import LabelFile
from harness.errors import DataError, Problem
from harness.limits import MOST_DIGITS

IDS = ("id", "image_id")
FILES = ("image_name", "file_name", "filename", "image", "image_path", "path", "file")
"""Columns that name an image by its id, and by its file."""
PROPOSED = "proposed_labels"
LABELS = (
    PROPOSED, "labels", "label", "label_name", "label_id", "class", "class_name", "class_id",
    "category",
)  # fmt: skip
"""Columns of labels; the first goes before the others."""
BETWEEN = ",;\t"
"""What may stand between cells; the earliest of those that make the most columns of a header."""
NOTHING = ("", "nan", "none")
"""Cells that are no label."""
_APART = re.compile(r"[\s,;|]+")
_WHOLE = re.compile(rf"[+-]?\d{{1,{MOST_DIGITS}}}(?:\.0*)?")
_DECIMAL = re.compile(rf"[+-]?\d{{1,{MOST_DIGITS}}},0+")
_QUOTED = re.compile(r"""'([^']*)'|"([^"]*)\"""")
Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A file whose header was read."""

    file: LabelFile
    header: tuple[str, ...]
    """What its columns are called in the rows."""
    delimiter: str = ","
    too_wide: str = 'write several labels in quotes: "1, 2"'
    """What to do about a row with more cells than the header has."""
    too_narrow: str = "write a cell for each column"
    """What to do about one with fewer."""

    def rows(self) -> Iterator[tuple[str, Cells] | Problem]:
        """Give `file:line` and the cells of each row, or a problem."""
        table = csv.DictReader(
            io.StringIO(self.file.text, newline=""), strict=True, delimiter=self.delimiter
        )
        try:
            _ = table.fieldnames  # reads the header
            table.fieldnames = list(self.header)
            for row in table:
                where = f"{self.file.path}:{table.line_num}"
                if None in row or None in row.values():
                    wide = "more" if None in row else "fewer"
                    fix = self.too_wide if None in row else self.too_narrow
                    yield Problem(where, f"{wide} cells than the header has", fix=fix)
                else:
                    yield where, row
        except csv.Error as error:
            where = f"{self.file.path}:{table.reader.line_num}"
            yield _not_csv(where, error)


def header_of(file: LabelFile) -> tuple[str, ...]:
    """Give the header with commas as it stands; none of a file that is empty or no CSV."""
    try:
        return tuple(next(csv.reader(io.StringIO(file.text, newline=""), strict=True), ()))
    except csv.Error:
        return ()


def open_csv(file: LabelFile) -> CsvTable:
    """Read the header of a CSV of labels, in lower case and bare. Raises DataError for no CSV."""
    widest = ("", [""])
    for sign in BETWEEN:
        try:
            header = next(csv.reader(io.StringIO(file.text, newline=""), delimiter=sign), [])
        except csv.Error as error:
            raise DataError(_not_csv(f"{file.path}:1", error)) from error
        if not widest[0] or len(header) > len(widest[1]):
            widest = (sign, header)
    return CsvTable(file, tuple(name.strip().lower() for name in widest[1]), widest[0])


def _not_csv(where: str, error: csv.Error) -> Problem:
    return Problem(where, "not CSV; is the file cut off?", str(error), fix="get the file again")


def image_columns(header: Sequence[str]) -> list[str]:
    """List the columns of a header that may name the image; there should be one. An id goes before
    a file's name, but for `image_name`, which is as good.
    """
    ids = [name for name in IDS if name in header]
    files = [name for name in FILES if name in header]
    return [*ids, *files[:1]] if ids and FILES[0] in files else ids or files


def label_columns(header: Sequence[str]) -> list[str]:
    """List the columns of a header that may hold the labels; there should be one."""
    found = [name for name in LABELS if name in header]
    return found[:1] if PROPOSED in found else found


def refuse_decimal_commas(cells: Iterable[str], where: str) -> None:
    """Raise DataError where all cells with a label are numbers like `3,0`: decimals as they are
    written in many countries, of which each would be read as its own class and class 0.
    """
    written = [cell.strip() for cell in cells if cell.strip().lower() not in NOTHING]
    if written and all(map(_DECIMAL.fullmatch, written)):
        what = "labels that may be decimals with a comma, or two classes each"
        fix = "write whole numbers; where class 0 is meant too, `[3, 0]`"
        raise DataError(Problem(where, what, ", ".join(map(repr, written[:3])), fix=fix))


def labels_in(cell: str) -> list[int | str]:
    """Read a cell of labels: class ids, written `[1, 2]`, `1, 2`, `1 2` or `1;2`, or else names,
    several between `;` or `|`, or each in quotes; nothing is no label.

    >>> labels_in("[1, 2]"), labels_in("polar bear"), labels_in("cat; dog"), labels_in("['a, b']")
    ([1, 2], ['polar bear'], ['cat', 'dog'], ['a, b'])
    """
    inner = cell.strip().strip("[](){}").strip()
    if inner.lower() in NOTHING:
        return []
    words = _APART.split(inner)
    if all(_WHOLE.fullmatch(word) for word in words):
        return [int(word.partition(".")[0]) for word in words]
    bare = cell.strip()
    if bare[0] + bare[-1] in ("[]", "{}"):
        bare = bare[1:-1].strip()
    quoted = _QUOTED.findall(bare) if bare[0] in "'\"" else []
    parts = [one or other for one, other in quoted] or re.split(r"[;|]", bare)
    return [_label(part.strip()) for part in parts if part.strip()]


def _label(text: str) -> int | str:
    return int(text.partition(".")[0]) if _WHOLE.fullmatch(text) else text
