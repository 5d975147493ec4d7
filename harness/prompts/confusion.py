"""The confusion matrix of a reference model, by which distractors may be chosen."""

import csv
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError, Problem
from harness.limits import MOST_TEXT, is_file
from harness.words import listed

CONFUSION_FILE = "confusion.npz"
"""Name of the confusion matrix in a run directory."""
_BROKEN = (
    OSError, EOFError, MemoryError, OverflowError, ValueError, TypeError, NotImplementedError,
    SyntaxError, struct.error, zlib.error, zipfile.BadZipFile,
)  # fmt: skip
"""What NumPy and the modules below it say of a file that is no array; NotImplementedError is of
`zipfile`, for a way of packing that it does not know."""
_SHAPE = "[n, n], or [n, n + 1] with out-of-prompt answers last"


def read_confusion(path: Path, class_ids: Sequence[int]) -> NDArray[np.float64]:
    """Read how often each class of a task was taken for each other: float64 [n, n], >= 0.

    Rows are true classes, columns predicted ones, both in the order of `class_ids`; what the file
    knows beyond them, and a last column of out-of-prompt answers, is left out. Two formats:

    - `.npz` with an array `confusion`, [m, m] or [m, m + 1], and the classes' ids in `class_ids`
      (without it the file must be of the task's classes, in ascending order);
    - CSV with a header of class ids and a row of numbers for each true class. A first header cell
      that is not a number says that each row begins with its class id (else rows go as the
      header); a last one (`oop`) is the out-of-prompt column. A byte-order mark is no matter.

    Raises DataError for a file that cannot be read or does not fit.
    """
    if not is_file(path):
        raise _error(path, "there is no such file", fix="give a .npz or .csv file")
    read = _read_npz if path.suffix == ".npz" else _read_csv
    ids, matrix = read(path, class_ids)
    _check(path, ids, matrix)
    absent = sorted(set(class_ids) - set(ids))
    if absent:
        what = f"{len(absent)} of the task's {len(class_ids)} classes are not in the matrix"
        got, fix = listed(absent, 10), "use the matrix of a model that was run on these classes"
        raise _error(path, what, got=f"without {got}", fix=fix)
    row = {class_id: place for place, class_id in enumerate(ids)}
    places = [row[class_id] for class_id in class_ids]
    return matrix[np.ix_(places, places)]


def _read_npz(path: Path, class_ids: Sequence[int]) -> tuple[list[int], NDArray[np.float64]]:
    arrays = read_arrays(path, "confusion matrix")
    if "confusion" not in arrays:
        got = ", ".join(arrays) or "no arrays"
        raise _error(path, "no array `confusion`", got=got)
    try:
        matrix = np.asarray(arrays["confusion"], dtype=np.float64)
        ids = [int(item) for item in arrays.get("class_ids", sorted(class_ids))]
    except _BROKEN as error:
        raise _error(path, "not a readable .npz of numbers", got=str(error)) from error
    return ids, matrix


def read_arrays(path: Path, kind: str) -> dict[str, NDArray[Any]]:
    """Read a .npz file, which holds `kind`. Raises DataError where it is none, or is too large."""
    try:
        with zipfile.ZipFile(path) as packed:
            _check_size(path, sum(each.file_size for each in packed.infolist()))
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except _BROKEN as error:
        what, fix = "not a readable .npz of numbers", "write the file again"
        raise DataError(Problem(f"{kind} {path}", what, str(error), fix=fix)) from error


def _read_csv(path: Path, _: Sequence[int]) -> tuple[list[int], NDArray[np.float64]]:
    try:
        _check_size(path, path.stat().st_size)
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [line for line in csv.reader(file) if line]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _error(path, "not a readable CSV file", got=str(error)) from error
    if not lines:
        raise _error(path, "the file is empty")
    header, rows = lines[0], lines[1:]
    named = not _is_int(header[0])
    columns = header[1:] if named else header
    ids = _integers(path, columns if not columns or _is_int(columns[-1]) else columns[:-1])
    values = [_numbers(path, number, row, len(header)) for number, row in enumerate(rows, 2)]
    matrix = np.array(values, dtype=np.float64).reshape(len(values), len(header))
    if not named:
        return ids, matrix
    row_ids = _integers(path, [row[0] for row in rows])
    if sorted(row_ids) != sorted(ids):
        raise _error(path, "rows and columns are not of the same classes")
    order = np.argsort(row_ids, kind="stable")[np.argsort(np.argsort(ids, kind="stable"))]
    return ids, matrix[order, 1:]


def _check_size(path: Path, size: int) -> None:
    if size > MOST_TEXT:
        raise _error(path, "the file is too large", f"{size} bytes", f"at most {MOST_TEXT} bytes")


def _check(path: Path, ids: Sequence[int], matrix: NDArray[np.float64]) -> None:
    n = len(ids)
    if n == 0 or matrix.shape not in ((n, n), (n, n + 1)):
        got = f"{list(matrix.shape)} for {n} classes"
        raise _error(path, "a matrix of the wrong shape", got=got)
    if len(set(ids)) != n:
        twice = sorted(class_id for class_id, count in Counter(ids).items() if count > 1)
        raise _error(path, "class ids stand there twice", got=listed(twice, 10))
    if not (np.isfinite(matrix).all() and (matrix >= 0).all()):
        raise _error(path, "counts that are negative or no numbers", expected="numbers >= 0")


def _is_int(cell: str) -> bool:
    return cell.strip().isdecimal()


def _integers(path: Path, cells: Iterable[str]) -> list[int]:
    try:
        return [int(cell) for cell in cells]
    except ValueError as error:
        expected = "class ids; only the first and the last cell of the header may be words"
        raise _error(path, "a cell is no class id", str(error), expected) from error


def _numbers(path: Path, line: int, row: Sequence[str], width: int) -> list[float]:
    if len(row) != width:
        what, got = f"line {line}: not as wide as the header", f"{len(row)} cells"
        raise _error(path, what, got=got, expected=f"{width} cells")
    try:
        return [float(cell) for cell in row]
    except ValueError as error:
        raise _error(path, f"line {line}: a cell is no number", got=str(error)) from error


def _error(
    path: Path,
    what: str,
    got: str | None = None,
    expected: str | None = None,
    fix: str | None = None,
) -> DataError:
    fix = fix or f"write a .npz with `confusion`, or a CSV with a header of class ids: {_SHAPE}"
    return DataError(Problem(f"confusion matrix {path}", what, got, expected, fix))
