"""`decisions.jsonl`: the public record of what was decided about each entry, and why."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.errors import DataError, Problem
from harness.leaderboard.entries.bounded import read_bounded
from harness.leaderboard.entries.manifest import SLUG, Sha256
from harness.leaderboard.entries.rows import told

LEDGER = "decisions.jsonl"
MAX_LEDGER = 16 << 20

Level = Literal["re-scored", "parse-replayed", "spot-checked", "reproduced"]
"""How far an entry was verified, from least to most; each includes those before it."""
LEVELS: tuple[Level, ...] = ("re-scored", "parse-replayed", "spot-checked", "reproduced")


class Decision(BaseModel):
    """One line of the ledger. Lines are only ever added."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    entry: str = Field(pattern=SLUG)
    manifest_sha256: Sha256
    """SHA-256 of the entry's `manifest.json`, and so of all its files; an entry that was changed
    since has to be decided on again."""
    decision: Literal["accepted", "verified", "withdrawn"]
    level: Level | None = None
    """For `accepted` and `verified`."""
    reason: str = Field(min_length=1, max_length=2000)


def read_ledger(path: Path) -> tuple[Decision, ...]:
    """Read `decisions.jsonl` in the order of the file; without the file there are no decisions.

    Raises DataError that names every line which is no decision.
    """
    if not path.is_file():
        return ()
    found: list[Decision] = []
    problems: list[Problem] = []
    for number, line in enumerate(read_bounded(path, MAX_LEDGER).splitlines(), start=1):
        try:
            found.append(Decision.model_validate_json(line))
        except ValidationError as error:
            problems.append(Problem(f"{path}:{number}", "is not a decision", got=told(error)))
    if problems:
        raise DataError(problems)
    return tuple(found)


def decisions_on(ledger: Sequence[Decision], entry: str) -> tuple[Decision, ...]:
    """Give the decisions on one entry, oldest first."""
    return tuple(decision for decision in ledger if decision.entry == entry)


def level_of(ledger: Sequence[Decision], entry: str, manifest_sha256: str) -> Level:
    """Give how far an entry was verified: the highest level decided on for its manifest as it is.

    A changed entry is `re-scored`, which every build does, until it is decided on again.
    """
    reached = [
        decision.level
        for decision in decisions_on(ledger, entry)
        if decision.manifest_sha256 == manifest_sha256 and decision.level is not None
    ]
    return max(reached, key=LEVELS.index, default=LEVELS[0])


def vanished(ledger: Sequence[Decision], entries: Collection[str]) -> tuple[str, ...]:
    """Name the entries that were decided on, are not withdrawn, and are not among `entries`.

    A row never vanishes silently: a build stops when there is one.
    """
    last = {decision.entry: decision.decision for decision in ledger}
    return tuple(
        sorted(
            name
            for name, decision in last.items()
            if decision != "withdrawn" and name not in entries
        )
    )
