"""The simulations run, and docs/statistics.md holds the tables that they print."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

_TABLE = re.compile(r"### (\w+)\n\n((?:\|.*\n)+)")
_NUMBER = re.compile(r"[+-]?\d+\.\d+")


def without_percentages(table: str) -> list[list[str]]:
    """The cells of each line, with those that another number of tries changes left blank."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    heading = lines[0]
    measured = {
        place
        for place, cells in enumerate(zip(*lines[2:], strict=True))
        if all(_NUMBER.fullmatch(cell) for cell in cells)
    }
    shown = [
        ["" if place in measured else cell for place, cell in enumerate(line)] for line in lines[2:]
    ]
    return [heading, *shown]


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("coverage.py", ["accuracy", "changes", "repeats"]),
        ("coverage_board.py", ["families", "tiers", "ranks", "halves", "alarms"]),
        ("coverage_study.py", ["ranges", "cochran", "seeds"]),
    ],
)
def test_the_document_holds_the_tables_of_the_simulations(
    root: Path, script: str, names: list[str]
) -> None:
    command = [sys.executable, str(root / "benchmarks" / script), "--tries", "2"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    tables = dict(_TABLE.findall(printed))
    assert list(tables) == names
    page = (root / "docs" / "statistics.md").read_text(encoding="utf-8")
    for table in tables.values():
        heading = table.splitlines()[0]
        told = page[page.index(heading) :].partition("\n\n")[0]
        assert without_percentages(told) == without_percentages(table)
