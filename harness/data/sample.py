"""Which images a task asks about where it is not all of them, and in which order."""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from harness.data.image_ids import fault_of, ids_in_file_name, written_id
from harness.data.labels.files import LabelFile, lines_of, parse_lines, read_text
from harness.errors import DataError, Problem
from harness.limits import MOST_PROBLEMS
from harness.specs.task import TaskSpec
from harness.specs.task_parts import SampleSpec
from harness.words import counted, listed


class Sample(BaseModel):
    """What part of its data set a run is of."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    n: int = Field(gt=0)
    """Images that were drawn; those without a question (multiple choice) are among them."""
    of: int
    """Images of the data set, more than n."""
    seed: int | None
    """Null, as `stratify`, for images that a file names: those were not drawn at random."""
    stratify: bool | None

    @model_validator(mode="after")
    def _is_a_part(self) -> Self:
        if self.n >= self.of:
            raise ValueError("a sample has fewer images than its data set")
        return self

    @property
    def how(self) -> str:
        """How the images were chosen, in words."""
        if self.seed is None:
            return "by a list of ids"
        return f"seed {self.seed}" + (", as many of each class" if self.stratify else "")


def sample_of(task: TaskSpec, n: int, of: int) -> Sample | None:
    """Say what part n images are of the data set's; None for all, and for a task without part."""
    if n >= of or n == 0 or (task.sample is None and task.ids is None):
        return None
    drawn = task.sample
    return Sample(
        n=n,
        of=of,
        seed=drawn.seed if drawn else None,
        stratify=drawn.stratify if drawn else None,
    )


def chosen_rows(
    task: TaskSpec, ids: Sequence[str], original: Mapping[str, int], *, from_files: bool = False
) -> frozenset[int] | None:
    """Give the rows of the data set that a task's `sample` or `ids` choose; None for all. Where the
    ids are made `from_files`, the file may name images as lists of data sets do (`_meant`).

    Raises DataError for ids that the data set does not have, or has twice in the file, for a file
    that cannot be read, and for `stratify` without original labels.
    """
    if task.sample is not None:
        return frozenset(_drawn(task, task.sample, ids, original)[: task.sample.n])
    if task.ids is None:
        return None
    rows = {image_id: row for row, image_id in enumerate(ids)}
    path = task.resolve(task.ids, "ids")
    named = list(ids_in(path))
    if from_files and any(each not in rows for each in named):
        named = _meant(named, rows, path)
    unknown = [each for each in named if each not in rows]
    if unknown:
        what = f"of {counted(len(named), 'id')}, {len(unknown)} of no image of the data set"
        fix = f"write ids such as {_listed(ids)}"
        raise DataError(Problem(str(path), what, _listed(unknown), fix=fix))
    return frozenset(rows[each] for each in named)


def _meant(named: Sequence[str], rows: Mapping[str, int], path: Path) -> list[str]:
    """Give the ids that lines mean which name files, by a path or a name, with a suffix or without;
    where every line has several words, as a list of images and labels, by the first. What means no
    image, or several, stays as it is. Raises DataError where two lines mean one image.
    """
    words = [each.split() for each in named]
    texts = [each[0] for each in words] if all(len(each) > 1 for each in words) else named
    found = []
    for line, text in zip(named, texts, strict=True):
        ids = {line, *ids_in_file_name(text.lstrip("/"))} & rows.keys()
        found.append(ids.pop() if len(ids) == 1 else line)
    _refuse_twice(path, "image", [each for each, count in Counter(found).items() if count > 1])
    return found


def _refuse_twice(path: Path, what: str, ids: Sequence[str]) -> None:
    if ids:
        what, fix = f"{counted(len(ids), what)} more than once", "name each image once"
        raise DataError(Problem(str(path), what, _listed(ids), fix=fix))


def _drawn(
    task: TaskSpec, how: SampleSpec, ids: Sequence[str], original: Mapping[str, int]
) -> list[int]:
    """Give all rows in the order in which they come into the sample, so that samples are nested.

    `stratify` takes one image of each class, then the second of each that has one, and so on;
    images without an original label come last.
    """
    place = {image_id: _place("sample", how.seed, image_id) for image_id in ids}
    rows = sorted(range(len(ids)), key=lambda row: place[ids[row]])
    if not how.stratify:
        return rows
    if original.keys().isdisjoint(ids):
        where = task.file.origin(("sample", "stratify")) if task.file else f"task `{task.task}`"
        what = "`sample.stratify` needs the original labels, and the task has none of its images"
        raise DataError(Problem(where, what, fix="leave it out: a sample of all images is drawn"))
    taken: Counter[int | None] = Counter()
    rounds: dict[int, tuple[bool, int]] = {}
    for row in rows:
        class_id = original.get(ids[row])
        rounds[row] = (class_id is None, taken[class_id])
        taken[class_id] += 1
    return sorted(rows, key=lambda row: rounds[row])  # stable: by hash inside of a round


def _place(*key: str | int) -> bytes:
    return hashlib.sha256(json.dumps(key).encode()).digest()


def ids_in(path: Path) -> dict[str, str]:
    """Read a file of ids: one a line, or rows with `image_id` where its name ends in `.jsonl`.
    Gives each id, in the order of the file, with the file and line where it stands.

    Raises DataError when it cannot be read, is empty, has an id twice, or a line that is none.
    """
    file = read_text(path)
    read = _of_rows(file) if path.suffix == ".jsonl" else _of_lines(file)
    ids: dict[str, str] = {}
    twice: list[str] = []
    problems: list[Problem] = []
    for where, text in read:
        fault = fault_of(text) if isinstance(text, str) else "is no text"
        if isinstance(text, Problem):
            problems.append(text)
        elif fault is not None:
            fix = "mend the id in that line"
            problems.append(Problem(where, f"no image id: it {fault}", ascii(text)[:80], fix=fix))
        elif (image_id := written_id(str(text))) in ids:
            twice.append(image_id)
        else:
            ids[image_id] = where
    if problems:
        raise DataError(problems[:MOST_PROBLEMS])
    _refuse_twice(path, "id", list(dict.fromkeys(twice)))
    if not ids:
        raise DataError(Problem(str(path), "no ids in it", fix="write one image id a line"))
    return ids


def _of_lines(file: LabelFile) -> Iterator[tuple[str, object]]:
    for number, line in enumerate(lines_of(file.text), 1):
        if line.strip(" \t"):
            yield f"{file.path}:{number}", line.strip(" \t")


def _of_rows(file: LabelFile) -> Iterator[tuple[str, object]]:
    for line in parse_lines(file):
        if isinstance(line, Problem):
            yield "", line
        else:
            yield line[0], line[1].get("image_id")


def _listed(ids: Sequence[str]) -> str:
    return listed([f"`{each}`" for each in ids])


ORDERS: Mapping[str, int] = {"shuffled": 2, "class_sorted": 2}
"""Version of an order of images, which rises when it would be another; the others are at 1. 2: the
first n images do not depend on n."""


def row_order(
    task: TaskSpec, ids: Sequence[str], original: Mapping[str, int], *, from_files: bool = False
) -> list[int]:
    """Give the rows in the order of the task's `image_order`, of which `limit` takes the first,
    and `sample` and `ids` some.

    So the first n rows, and the groups that they are asked in, are the same whatever the limit.
    `shuffled` sorts by a hash of `order_seed` and the image's id; `class_sorted` by the original
    label (images without one last), and keeps the data set's order inside a class. Raises DataError
    as `chosen_rows`.
    """
    rows = list(range(len(ids)))
    if task.image_order == "shuffled":
        rows.sort(key=lambda row: _place(task.order_seed, ids[row]))
    elif task.image_order == "class_sorted":
        rows.sort(key=lambda row: (ids[row] not in original, original.get(ids[row], 0)))
    chosen = chosen_rows(task, ids, original, from_files=from_files)
    if chosen is not None:
        rows = [row for row in rows if row in chosen]
    return rows[: limit_of(task, len(ids))]


def limit_of(task: TaskSpec, n: int) -> int | None:
    """Give how many of n images the task's `limit` takes, a share rounded up; None without one."""
    if task.limit is None or task.limit >= 1:
        return None if task.limit is None else int(task.limit)
    return math.ceil(Fraction(str(task.limit)) * n)
