"""The options of every question of a multiple-choice task, and the confusion matrices of a
reference model that they may be chosen by.
"""

import csv
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.data.classes import ClassList
from harness.data.labels.label_set import Equivalences, Labels
from harness.data.opened import OpenTask
from harness.encoders.registry import open_encoder
from harness.errors import DataError, Problem
from harness.limits import MOST_TEXT, is_file
from harness.prompts.distractors import (
    OptionRule,
    choose_options,
    interchangeable,
    rank_at_random,
    rank_by_confusion,
    rank_by_similarity,
    true_option,
)
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_encoder_spec
from harness.specs.task import TaskSpec
from harness.specs.task_parts import DistractorSpec

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
        raise _error(
            path,
            f"{len(absent)} of the task's {len(class_ids)} classes are not in the matrix",
            got="without " + ", ".join(map(str, absent[:10])),
            fix="use the matrix of a model that was run on these classes",
        )
    row = {class_id: place for place, class_id in enumerate(ids)}
    places = [row[class_id] for class_id in class_ids]
    return matrix[np.ix_(places, places)]


def _read_npz(path: Path, class_ids: Sequence[int]) -> tuple[list[int], NDArray[np.float64]]:
    try:
        with zipfile.ZipFile(path) as packed:
            _check_size(path, sum(each.file_size for each in packed.infolist()))
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        matrix = np.asarray(arrays["confusion"], dtype=np.float64)
        ids = [int(item) for item in arrays.get("class_ids", sorted(class_ids))]
    except KeyError as error:
        got = ", ".join(arrays) or "no arrays"
        raise _error(path, "no array `confusion`", got=got, expected=_SHAPE) from error
    except _BROKEN as error:
        raise _error(path, "not a readable .npz of numbers", got=str(error)) from error
    return ids, matrix


def _read_csv(path: Path, _: Sequence[int]) -> tuple[list[int], NDArray[np.float64]]:
    try:
        _check_size(path, path.stat().st_size)
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [line for line in csv.reader(file) if line]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _error(path, "not a readable CSV file", got=str(error)) from error
    if not lines:
        raise _error(path, "the file is empty", expected="a header of class ids")
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
        raise _error(path, "rows and columns are not of the same classes", expected=_SHAPE)
    order = np.argsort(row_ids, kind="stable")[np.argsort(np.argsort(ids, kind="stable"))]
    return ids, matrix[order, 1:]


def _check_size(path: Path, size: int) -> None:
    if size > MOST_TEXT:
        raise _error(path, "the file is too large", f"{size} bytes", f"at most {MOST_TEXT} bytes")


def _check(path: Path, ids: Sequence[int], matrix: NDArray[np.float64]) -> None:
    n = len(ids)
    if n == 0 or matrix.shape not in ((n, n), (n, n + 1)):
        got = f"{list(matrix.shape)} for {n} classes"
        raise _error(path, "a matrix of the wrong shape", got=got, expected=_SHAPE)
    if len(set(ids)) != n:
        twice = sorted(class_id for class_id, count in Counter(ids).items() if count > 1)
        raise _error(path, "class ids stand there twice", got=", ".join(map(str, twice[:10])))
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
    return DataError(Problem(f"confusion matrix {path}", what, got, expected, fix))


CONFUSION_FILE = "confusion.npz"
"""Name of the confusion matrix in a run directory."""
Ranking = Callable[[str, int], Iterable[int]]
"""Image id and true class id to candidate class ids, hardest first."""


@dataclass(frozen=True, slots=True)
class Options:
    """Options by image id, and the images without a question: no label of theirs is valid."""

    by_image: Mapping[str, tuple[int, ...]]
    without_label: tuple[str, ...]


def options_of(opened: OpenTask, image_ids: Sequence[str]) -> Options:
    """Choose the options of each image.

    The true option comes from the label sets that the task names, in their order: the original
    label where the most trusted set (the last that knows the image) holds it valid, else that set's
    first label. No class that any label set, also one that was added, holds valid is a distractor.
    Raises DataError when a pool is too
    small, or the confusion matrix does not fit.
    """
    task, classes, labels = opened.task, opened.classes, opened.labels
    assert task.distractors is not None
    same = interchangeable(classes, labels.equivalences)
    rule = OptionRule(task.distractors.n_options, task.distractors.rank, task.distractors.seed)
    ranking = _ranking(opened.catalogue, task, task.distractors, classes)
    chosen: dict[str, tuple[int, ...]] = {}
    without: list[str] = []
    for image_id in image_ids:
        true_id = true_option_of(image_id, labels, same)
        if true_id is None:
            without.append(image_id)
            continue
        valid = {each for known in labels.sets for each in known.labels.get(image_id, ())}
        ranked = ranking(image_id, true_id)
        chosen[image_id] = choose_options(image_id, true_id, valid, ranked, same, rule)
    return Options(chosen, tuple(without))


def true_option_of(image_id: str, labels: Labels, same: Equivalences) -> int | None:
    """Give the class id of an image's right option, as `options_of` says; None: no question."""
    original = labels.original
    first = original.labels.get(image_id, frozenset()) if original else frozenset()
    knowing = [each for each in labels.named if image_id in each.labels]
    valid = knowing[-1].labels[image_id] if knowing else frozenset()
    return true_option(first, valid, same)


def _ranking(
    catalogue: Catalogue, task: TaskSpec, how: DistractorSpec, classes: ClassList
) -> Ranking:
    if how.strategy == "random":
        return lambda image_id, _: rank_at_random(image_id, classes.ids, how.seed)
    if how.strategy == "embedding":
        encoder = open_encoder(load_encoder_spec(catalogue, how.encoder))
        vectors = encoder.encode(classes.names)
        table = rank_by_similarity(vectors @ vectors.T, classes.ids)
    else:
        matrix = read_confusion(confusion_path(task, how), classes.ids)
        table = rank_by_confusion(matrix, classes.ids)
    rows = dict(zip(classes.ids, np.asarray(table).tolist(), strict=True))
    return lambda _, true_id: rows[true_id]


def confusion_path(task: TaskSpec, how: DistractorSpec) -> Path:
    """Give the file of the confusion matrix that a task names."""
    path = task.resolve(how.source or "", "distractors.source")
    return path / CONFUSION_FILE if path.is_dir() else path
