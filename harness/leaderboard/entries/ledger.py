"""`decisions.jsonl`: the public record of what was decided about each entry, and why."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from harness.errors import DataError, Problem, faults_of
from harness.leaderboard.entries.finding import Finding, listed
from harness.leaderboard.entries.format import SLUG, Part, Sha256, read_bounded

LEDGER = "decisions.jsonl"
MAX_LEDGER = 16 << 20

Level = Literal["re-scored", "parse-replayed", "spot-checked", "reproduced"]
"""How far an entry was verified, from least to most; each includes those before it."""
LEVELS: tuple[Level, ...] = ("re-scored", "parse-replayed", "spot-checked", "reproduced")


class Decision(Part):
    """One line of the ledger. Lines are only ever added."""

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
            what, fix = "is not a decision", "mend the line; docs/submit.md says what it holds"
            problems.append(Problem(f"{path}:{number}", what, got=faults_of(error), fix=fix))
    if problems:
        raise DataError(problems)
    return tuple(found)


def decisions_on(ledger: Sequence[Decision], entry: str) -> tuple[Decision, ...]:
    """Give the decisions on one entry, oldest first."""
    return tuple(decision for decision in ledger if decision.entry == entry)


def level_of(decisions: Sequence[Decision], manifest_sha256: str) -> Level:
    """Give how far an entry was verified: the highest level decided on for its manifest as it is.

    A changed entry is `re-scored`, which every build does, until it is decided on again.
    """
    here = [each.level for each in decisions if each.manifest_sha256 == manifest_sha256]
    return max(filter(None, here), key=LEVELS.index, default=LEVELS[0])


def vanished(ledger: Sequence[Decision], entries: Collection[str]) -> tuple[str, ...]:
    """Name the entries that were decided on, are not withdrawn, and are not among `entries`.

    A row never vanishes silently: a build stops when there is one.
    """
    last = {decision.entry: decision.decision for decision in ledger}
    due = {name for name, decision in last.items() if decision != "withdrawn"}
    return tuple(sorted(due.difference(entries)))


def check_ledger(ledger: Sequence[Decision], entries: Mapping[str, str]) -> Iterator[Finding]:
    """Give what is wrong with a ledger (E702, E703, E704), and which entries wait for a decision
    (I706). `entries` has the SHA-256 of the manifest of each entry that is there, by name.
    """
    for number, (before, after) in enumerate(pairwise(ledger), start=2):
        if after.date < before.date:
            yield Finding("E702", f"{LEDGER}:{number}", f"{after.date} after {before.date}")
    for number, decision in enumerate(ledger, start=1):
        if (decision.level is None) != (decision.decision == "withdrawn"):
            text = f"`{decision.decision}` with level {decision.level}"
            yield Finding("E704", f"{LEDGER}:{number}", text)
    missing = vanished(ledger, entries)
    if missing:
        yield Finding("E703", LEDGER, listed(missing))
    decided = {(each.entry, each.manifest_sha256) for each in ledger}
    waiting = sorted(name for name, digest in entries.items() if (name, digest) not in decided)
    if waiting:
        yield Finding("I706", LEDGER, listed(waiting))


def check_appended(before: bytes, after: bytes) -> Iterator[Finding]:
    """The ledger begins with all that it was before (E705)."""
    old, new = before.splitlines(), after.splitlines()
    if new[: len(old)] != old:
        kept = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(new))
        yield Finding("E705", f"{LEDGER}:{kept + 1}", f"of {len(old)} lines the first {kept} stand")
