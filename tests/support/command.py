"""The command `harness` in this process: what it says, how it ends, and no traceback."""

import logging
from dataclasses import dataclass

from typer.testing import CliRunner

from harness.cli import app
from harness.errors import HarnessError


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended."""

    code: int
    text: str
    """Both streams, and the error as the command tells it."""


def harness(*words: object) -> Said:
    """Run the command. Raises what a person would have seen as a traceback."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    logging.getLogger("harness").setLevel(logging.NOTSET)
    if isinstance(result.exception, HarnessError):
        return Said(result.exception.exit_code, f"{result.output}error: {result.exception}")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.output)
