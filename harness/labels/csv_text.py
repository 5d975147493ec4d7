"""Reader of label files in CSV: `id,proposed_labels` and whatever columns stand beside them."""

import csv
import io
import re
from collections.abc import Iterator, Mapping

from harness.errors import DataError, Problem
from harness.image_ids import image_id_of
from harness.labels.row import LabelRow
from harness.labels.source import LabelFile

_ID, _LABELS, _PROBLEMATIC = "id", "proposed_labels", "is_problematic"
_BETWEEN = re.compile(r"[\s,;|]+")
_WHOLE = re.compile(r"[+-]?\d+(?:\.0*)?")


def read_csv(file: LabelFile) -> Iterator[LabelRow | Problem]:
    """Read rows whose labels are written `[1, 2]`, `"1, 2"`, `1 2` or `1;2`; nothing is no label.

    The Cleaner-validation file and its kin (Kisel et al., "Flaws of ImageNet", 2025). Where there
    is a column `is_problematic`, images with `True` are left out and counted as `problematic`.
    """
    table = csv.DictReader(io.StringIO(file.text, newline=""), strict=True)
    try:
        header = [name.strip() for name in table.fieldnames or ()]
        table.fieldnames = header
        if not {_ID, _LABELS} <= set(header):
            raise DataError(
                Problem(
                    f"{file.path}:1",
                    f"no column `{_ID}` or no column `{_LABELS}`",
                    got=", ".join(header) or "an empty file",
                    expected=f"a header with {_ID},{_LABELS}",
                )
            )
        for row in table:
            yield _row(f"{file.path}:{table.line_num}", row)
    except csv.Error as error:
        yield Problem(
            f"{file.path}:{table.reader.line_num}",
            "not CSV; is the file cut off?",
            got=str(error),
            fix="get the file again",
        )


def _row(where: str, row: Mapping[str | None, str | list[str] | None]) -> LabelRow | Problem:
    name, cell = row.get(_ID), row.get(_LABELS)
    if None in row or not isinstance(name, str) or not isinstance(cell, str):
        wide = "more" if None in row else "fewer"
        fix = 'write several labels in quotes: "1, 2"' if None in row else None
        return Problem(where, f"{wide} cells than the header has", fix=fix)
    if not name.strip():
        return Problem(where, f"the column `{_ID}` is empty")
    image_id = image_id_of(name.strip())
    if str(row.get(_PROBLEMATIC)).strip().lower() == "true":
        return LabelRow(where, image_id, None, ("problematic",))
    inner = cell.strip().strip("[](){}").strip()
    words = [] if inner.lower() in ("", "nan", "none") else _BETWEEN.split(inner)
    wrong = [word for word in words if not _WHOLE.fullmatch(word)]
    if wrong:
        expected = "class ids, written `[1, 2]`, `1 2` or `1;2`"
        return Problem(where, f"`{_LABELS}` of image `{image_id}`", got=cell, expected=expected)
    return LabelRow(where, image_id, [int(word.partition(".")[0]) for word in words])
