"""docs/submit.md describes every rule, in the words of the code; and every rule is used."""

import re
from pathlib import Path

from harness.leaderboard.entries.finding import RULES
from harness.leaderboard.entries.ledger import LEVELS


def test_the_table_of_rules_is_the_code_s(root: Path) -> None:
    text = (root / "docs" / "submit.md").read_text()
    assert dict(re.findall(r"^\| ([EWI]\d{3}) \| (.+) \|$", text, re.MULTILINE)) == dict(RULES)


def test_the_levels_are_told(root: Path) -> None:
    text = (root / "docs" / "submit.md").read_text()
    assert (
        tuple(re.findall(r"^\| `([a-z-]+)` \| (?:the rows|besides)", text, re.MULTILINE)) == LEVELS
    )


def test_every_code_that_is_found_is_in_the_table(root: Path) -> None:
    used = set()
    for path in (root / "harness" / "leaderboard" / "entries").rglob("*.py"):
        if path.name != "table.py":
            used |= set(re.findall(r'"([EWI]\d{3})"', path.read_text()))
    assert used == RULES.keys()
