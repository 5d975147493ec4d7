"""Rows as JSON lines: appended one at a time, read back even after a crash, replaced whole."""

import codecs
import contextlib
import json
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import jsonlines

from harness.errors import DataError, Problem, RunError
from harness.limits import (
    MOST_RECORD,
    OF_RECORDS,
    each_key_once,
    parse_json_text,
    read_bounded_bytes,
)
from harness.store.prediction import Prediction

TEMPORARY = ".tmp"
"""How the names of files end that are not whole yet."""
_HALF = re.compile("[\ud800-\udfff]")


class Appender:
    """Appends predictions, which bear the run's `mark`, each on disk before the next batch begins.

    A torn last line is cut off first. Raises RunError when the file cannot be written.
    """

    def __init__(self, path: Path, mark: str | None = None) -> None:
        self._mark = mark
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            mend_last_line(path, _is_prediction)
            self._file = path.open("a", encoding="utf-8")
        self._writer = jsonlines.Writer(self._file, dumps=_dumps)

    def write(self, rows: Iterable[Prediction]) -> None:
        """Append rows and flush them. Raises RunError when the disk takes no more."""
        with writing(Path(self._file.name)):
            for row in rows:
                self._writer.write(replace(row, mark=self._mark).to_json())
            self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close the file. What a full disk did not take is no second error."""
        with contextlib.suppress(*((RunError,) if error else ())), writing(Path(self._file.name)):
            try:
                self._writer.close()
            finally:
                self._file.close()


def read_predictions(path: Path, *, torn: bool = False) -> Iterator[Prediction]:
    """Read rows in the order of the file.

    Raises DataError naming the line that is not a prediction. With `torn`, a last line that has no
    end and is no row, as a kill or a full disk leaves it, is passed over whatever its bytes are.
    """
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise DataError(Problem(str(path), "is no file", fix="give the path of a file"))
    try:
        with path.open("rb") as file:
            for number, line in enumerate(_bounded_lines(file), start=1):
                text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
                try:
                    if text.strip():
                        yield _prediction(text, f"{path}:{number}")
                except DataError:
                    if not torn or line.endswith(b"\n"):
                        raise
    except OSError as error:
        fix = "see that the file is there and that you may read it"
        raise DataError(Problem(str(path), "cannot be read", got=str(error), fix=fix)) from error


def _bounded_lines(file: BinaryIO) -> Iterator[bytes]:
    """Give lines, of one that is too long only its beginning and its end."""
    for line in iter(lambda: file.readline(MOST_RECORD + 1), b""):
        end = line
        while len(end) > MOST_RECORD and not end.endswith(b"\n"):
            end = file.readline(MOST_RECORD + 1) or b" "
        yield line if end is line else line + end[-1:]


def write_predictions(path: Path, rows: Iterable[Prediction]) -> None:
    """Write rows to a file that appears whole or not at all."""
    with replacing(path) as temporary, jsonlines.open(temporary, "w", dumps=_dumps) as writer:
        for row in rows:
            writer.write(row.to_json())


def write_text(path: Path, text: str) -> None:
    """Write a text file, with the same bytes on every system, that appears whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file that appears whole or not at all."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    with replacing(path) as temporary:
        temporary.write_text(_escaped(text), encoding="utf-8")


def read_json(path: Path, most: int = MOST_RECORD) -> Any:
    """Read JSON. Raises DataError where it is none, repeats a key, or is over `most` bytes."""
    try:
        data = read_bounded_bytes(path, most)
        return parse_json_text(data.decode("utf-8"), _RECORDS)
    except ValueError as error:
        fix = "put the file back from where it was whole, or take it away"
        what, got = "cannot be read as JSON", str(error)
        raise DataError(Problem(str(path), what, got, fix=fix)) from error


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; rename it onto `path` when all went well.

    Raises RunError when the disk does not take it. What a kill leaves is taken away by the next
    command that has the folder for itself (`harness.store.lock`).
    """
    # Not the process's number: slices on several machines may have the same.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY}")
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            with temporary.open("r+b") as file:
                os.fsync(file.fileno())  # what it was made of may go as soon as it has its name
            temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise RunError where the disk does not take what is done to `path`."""
    try:
        yield
    except OSError as error:
        fix = "make room or mend it, and give the same command: what is on disk is kept"
        problem = Problem(str(path), "cannot be written", got=str(error), fix=fix)
        raise RunError(str(problem)) from error


def _dumps(row: dict[str, Any]) -> str:
    return _escaped(_ROW.encode(row))


def _escaped(text: str) -> str:
    """Escape halves of surrogate pairs: models emit them, and file names that are not UTF-8."""
    return _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def _prediction(line: bytes, where: str) -> Prediction:
    if len(line) > MOST_RECORD:
        what, fix = "the line is too long", f"take it out: a line has at most {MOST_RECORD} bytes"
        raise DataError(Problem(where, what, fix=fix))
    try:
        return Prediction.from_json(parse_json_text(line.decode("utf-8"), _ROWS))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        shown = line.strip().decode("utf-8", "backslashreplace")[:120]
        got = f"{shown} ({type(error).__name__}: {error})"
        expected = '{"image_id": …, "status": …, …}, one on each line, each key once'
        fix = "take the line out, and run again, which asks what is missing"
        raise DataError(Problem(where, "is not a prediction", got, expected, fix)) from error


_ROW = json.JSONEncoder(ensure_ascii=False)
_ROWS = json.JSONDecoder(object_pairs_hook=each_key_once)
_RECORDS = json.JSONDecoder(object_pairs_hook=each_key_once, **OF_RECORDS)


def mend_last_line(path: Path, is_row: Callable[[bytes], bool]) -> bool:
    """End a last line that is a row without its end; else cut it off, and give whether it was."""
    data = path.read_bytes() if path.is_file() else b""
    if not data or data.endswith(b"\n"):
        return False
    whole = data.rfind(b"\n") + 1
    is_torn = not is_row(data[whole:])
    with path.open("r+b") as file:
        if is_torn:
            file.truncate(whole)
        else:
            file.seek(0, os.SEEK_END)
            file.write(b"\n")
        file.flush()
        os.fsync(file.fileno())
    return is_torn


def _is_prediction(line: bytes) -> bool:
    try:
        _prediction(line, "")
    except DataError:
        return False
    return True
