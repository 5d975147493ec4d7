"""One annotator's answer file as a server appends to it: an answer is on disk before it counts."""

import os
import threading
from pathlib import Path

from harness.errors import DataError, Problem
from harness.review.answers import SUFFIX, AnswerRow, Key, is_json, rows_of
from harness.review.queue import ANSWERS, Queue
from harness.store.lines import mend_last_line, writing


class AnswerLog:
    """The rows of `answers/NAME.jsonl`. Several threads may add to it; no other process may.

    A last line that a killed server has torn was never acknowledged: it is cut off. Raises
    DataError, as `read_answers`, where anything else is wrong with the file, and changes nothing.
    """

    def __init__(self, queue: Queue, folder: Path, name: str) -> None:
        self._queue = queue
        self._path = folder / ANSWERS / f"{name}{SUFFIX}"
        self._lock, self._name = threading.Lock(), name
        found = list(rows_of(queue, self._path)) if self._path.exists() else []
        problems = [each for each in found if isinstance(each, Problem)]
        if problems:
            raise DataError(problems)
        rows = [each for each in found if isinstance(each, AnswerRow)]
        self._rows: dict[AnswerRow, None] = dict.fromkeys(rows)
        """Each once, in the order of the file."""
        self._latest: dict[Key, AnswerRow] = {row.key: row for row in rows}
        with writing(self._path):
            self.was_torn = mend_last_line(self._path, is_json)

    @property
    def rows(self) -> tuple[AnswerRow, ...]:
        """All rows, each once, in the order of the file."""
        with self._lock:
            return tuple(self._rows)

    def has_first(self, image_id: str) -> bool:
        """Whether the blind answer to an image is on disk."""
        with self._lock:
            return (self._name, image_id, "blind") in self._latest

    def add(self, row: AnswerRow) -> Problem | None:
        """Put a row on disk, or say why it can not be an answer any more.

        A row that is there already is not added again. One that is older than the answer that
        counts, as from a machine that was offline, does not take its place: that answer follows it
        once more. Raises RunError when the disk does not take it; the file is then as before.
        """
        with self._lock:
            if row in self._rows:
                return None
            problem = self._locked(row)
            if problem is not None:
                return problem
            newest = self._latest.get(row.key)
            lines = row.line()
            if newest is not None and newest.time and row.time and newest.time > row.time:
                lines += newest.line()
            else:
                newest = row
            self._append(lines.encode())
            self._rows[row] = None
            self._latest[row.key] = newest
            return None

    def _locked(self, row: AnswerRow) -> Problem | None:
        """Say what keeps a row of a mode with two passes out."""
        if len(self._queue.passes) < 2:
            return None
        has_first = (row.annotator, row.image_id, "blind") in self._latest
        where = f"answer to `{row.image_id}`"
        if row.pass_ == "blind" and has_first:
            fix = "go on with the next image"
            return Problem(
                where, "the first answer is there already, and stays as it was given", fix=fix
            )
        if row.pass_ == "shown" and not has_first:
            fix = "answer the image without the sources first"
            return Problem(where, "the answer without the sources must come first", fix=fix)
        return None

    def _append(self, data: bytes) -> None:
        with writing(self._path):
            is_new = not self._path.exists()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab", buffering=0) as file:
                size = file.tell()
                try:
                    if file.write(data) != len(data):
                        raise OSError("only a part of the line could be written")
                    os.fsync(file.fileno())
                except OSError:
                    file.truncate(size)
                    raise
            if is_new:
                _sync_folder(self._path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the names of a folder's new files last, where the system can."""
    if os.name == "posix":
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
