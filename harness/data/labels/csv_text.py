"""Reader of label files in CSV: `id,proposed_labels` and whatever columns stand beside them."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence

from harness.data.image_ids import image_id_of, written_id
from harness.data.labels.flags import FLAG_WORDS, read_flag
from harness.data.labels.named_original import ORIGINAL_KEYS, named_original
from harness.data.labels.row import LabelRow
from harness.data.labels.source import LabelFile
from harness.errors import DataError, Problem
from harness.limits import MOST_DIGITS

_ID, _FILE, _LABELS, _PROBLEMATIC = "id", "image_name", "proposed_labels", "is_problematic"
_READ = (_ID, _FILE, _LABELS, _PROBLEMATIC, *ORIGINAL_KEYS)
_BETWEEN = re.compile(r"[\s,;|]+")
_WHOLE = re.compile(rf"[+-]?\d{{1,{MOST_DIGITS}}}(?:\.0*)?")


def read_csv(file: LabelFile) -> Iterator[LabelRow | Problem]:
    """Read rows whose labels are written `[1, 2]`, `"1, 2"`, `1 2` or `1;2`; nothing is no label.

    An image stands in the column `id` by its id, or in `image_name` by its file's name. The
    Cleaner-validation file and its kin (Kisel et al., "Flaws of ImageNet", 2025). Where there
    is a column `is_problematic`, images for which it is true are left out and counted as
    `problematic`; a cell that is neither true nor false is a problem of the file.
    """
    table = csv.DictReader(io.StringIO(file.text, newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in table.fieldnames or ()]
        table.fieldnames = header
        _check_header(file, header)
        for row in table:
            yield _row(f"{file.path}:{table.line_num}", row)
    except csv.Error as error:
        yield Problem(
            f"{file.path}:{table.reader.line_num}",
            "not CSV; is the file cut off?",
            got=str(error),
            fix="get the file again",
        )


def _check_header(file: LabelFile, header: Sequence[str]) -> None:
    """Raise DataError for a header without the two columns, or with one of the read ones twice."""
    where, expected = f"{file.path}:1", f"a header with {_ID},{_LABELS}"
    fix = f"file names stand in a column `{_FILE}` in place of `{_ID}`"
    if _LABELS not in header or not {_ID, _FILE} & set(header):
        got = ", ".join(header) or "an empty file"
        raise DataError(
            Problem(where, f"no column `{_ID}` or no column `{_LABELS}`", got, expected, fix)
        )
    if {_ID, _FILE} <= set(header):
        raise DataError(Problem(where, "two columns name the image", f"{_ID}, {_FILE}", expected))
    twice = [name for name in _READ if header.count(name) > 1]
    if twice:
        what = "columns that stand twice in the header"
        raise DataError(Problem(where, what, ", ".join(twice), expected))


def _row(where: str, row: Mapping[str | None, str | list[str] | None]) -> LabelRow | Problem:
    column = _ID if _ID in row else _FILE
    name, cell = row.get(column), row.get(_LABELS)
    if None in row or not isinstance(name, str) or not isinstance(cell, str):
        wide = "more" if None in row else "fewer"
        fix = 'write several labels in quotes: "1, 2"' if None in row else None
        return Problem(where, f"{wide} cells than the header has", fix=fix)
    if not name:
        return Problem(where, f"the column `{column}` is empty")
    image_id = written_id(name) if column == _ID else image_id_of(name)
    original = named_original(row)
    problematic = read_flag(row.get(_PROBLEMATIC))
    if problematic is None:
        got = str(row[_PROBLEMATIC])
        return Problem(where, f"`{_PROBLEMATIC}` of image `{image_id}`", got, FLAG_WORDS)
    if problematic:
        return LabelRow(where, image_id, None, ("problematic",), original)
    inner = cell.strip().strip("[](){}").strip()
    words = [] if inner.lower() in ("", "nan", "none") else _BETWEEN.split(inner)
    wrong = [word for word in words if not _WHOLE.fullmatch(word)]
    if wrong:
        expected = "class ids, written `[1, 2]`, `1 2` or `1;2`"
        return Problem(where, f"`{_LABELS}` of image `{image_id}`", got=cell, expected=expected)
    ids = [int(word.partition(".")[0]) for word in words]
    return LabelRow(where, image_id, ids, original=original)
