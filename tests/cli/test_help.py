"""Each command's help at 80 columns: no sentence and no command to copy is cut."""

import re
from collections.abc import Iterator

import click
import pytest
import typer.main
from typer.testing import CliRunner

from harness.cli import app


def commands(group: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, each in getattr(group, "commands", {}).items():
        yield from commands(each, (*path, name))


@pytest.mark.parametrize("path", list(commands(typer.main.get_command(app))), ids=" ".join)
def test_help_fits_a_terminal_of_80_columns(path: tuple[str, ...]) -> None:
    text = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "80"}).stdout
    lines = text.splitlines()
    assert lines[0].startswith("Usage: ") and max(map(len, lines)) <= 80
    assert not [line for line in lines if line.endswith("...") and not line.startswith("Usage: ")]
    assert text.count("pip install") == len(re.findall(r"pip install '[\w-]+\[[\w-]+\]'", text))
