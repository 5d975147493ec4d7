"""Rows as JSON lines: appended one at a time, read back even after a crash, replaced whole."""

import contextlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import jsonlines

from harness.errors import DataError, Problem, RunError
from harness.store.prediction import Prediction

_HALF = re.compile("[\ud800-\udfff]")


class Appender:
    """Appends predictions to a file; every row is on disk before the next batch begins.

    A torn last line, left by a killed process, is cut off first.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        _cut_torn_line(path)
        self._file = path.open("a", encoding="utf-8")
        self._writer = jsonlines.Writer(self._file, dumps=_dumps)

    def write(self, rows: Iterable[Prediction]) -> None:
        """Append rows and flush them. Raises RunError when the disk takes no more."""
        try:
            for row in rows:
                self._writer.write(row.to_json())
            self._file.flush()
        except OSError as error:
            raise _not_written(Path(self._file.name), error) from error

    def __enter__(self) -> Self:
        """Give the appender itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close the file. What a full disk did not take is no second error."""
        with contextlib.suppress(*((OSError,) if error else ())):
            self._writer.close()
        with contextlib.suppress(*((OSError,) if error else ())):
            self._file.close()


def read_predictions(path: Path, *, torn: bool = False) -> Iterator[Prediction]:
    """Read rows in the order of the file.

    Raises DataError naming the line that is not a prediction. With `torn`, a last line without its
    end, as a killed process leaves it, is passed over.
    """
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if torn and not line.endswith("\n"):
                return
            if line.strip():
                yield _prediction(line, f"{path}:{number}")


def write_predictions(path: Path, rows: Iterable[Prediction]) -> None:
    """Write rows to a file that appears whole or not at all."""
    with _replacing(path) as temporary, jsonlines.open(temporary, "w", dumps=_dumps) as writer:
        for row in rows:
            writer.write(row.to_json())


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file that appears whole or not at all."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    with _replacing(path) as temporary:
        temporary.write_text(_escaped(text), encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read a JSON file. Raises DataError when it is missing or not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(Problem(str(path), "cannot be read as JSON", got=str(error))) from error


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; rename it onto `path` when all went well."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise _not_written(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _not_written(path: Path, error: OSError) -> RunError:
    fix = "make room or mend it, and give the same command: what is on disk is kept"
    return RunError(str(Problem(str(path), "cannot be written", got=str(error), fix=fix)))


def _dumps(row: dict[str, Any]) -> str:
    return _escaped(json.dumps(row, ensure_ascii=False))


def _escaped(text: str) -> str:
    """Give JSON text with what is no Unicode text escaped: half of a surrogate pair, which a model
    may emit, and which stands for a byte in a file name that is not UTF-8.
    """
    return _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def _prediction(line: str, where: str) -> Prediction:
    try:
        return Prediction.from_json(json.loads(line))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            Problem(
                where,
                "is not a prediction",
                got=f"{line.strip()[:120]} ({type(error).__name__}: {error})",
                expected='{"image_id": …, "status": …, …}, one on each line',
            )
        ) from error


def _cut_torn_line(path: Path) -> None:
    if not path.is_file():
        return
    data = path.read_bytes()
    if data and not data.endswith(b"\n"):
        with path.open("r+b") as file:
            file.truncate(data.rfind(b"\n") + 1)
