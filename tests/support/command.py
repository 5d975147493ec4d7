"""The command `harness` in this process: what it says, how it ends, and no traceback."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from typer.testing import CliRunner

from harness.cli import app
from harness.errors import HarnessError


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended. An error is the last thing of `stderr` and `text`."""

    code: int
    text: str
    """Both streams."""
    stdout: str
    stderr: str


class _ToStderr(logging.Handler):
    """Writes to the stream that is standard error when something is logged."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr)


@contextmanager
def _logged() -> Iterator[None]:
    log, handler = logging.getLogger("harness"), _ToStderr()
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(logging.NOTSET)


def harness(*words: object) -> Said:
    """Run the command. Raises what a person would have seen as a traceback."""
    with _logged():
        result = CliRunner().invoke(app, [str(word) for word in words])
    told, code = "", result.exit_code
    if isinstance(result.exception, HarnessError):
        told, code = f"error: {result.exception}", result.exception.exit_code
    elif result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(code, result.output + told, result.stdout, result.stderr + told)
