"""Rules on the ledger: lines are only added, in the order of their dates, and nothing vanishes."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from harness.leaderboard.entries.finding import Finding, listed
from harness.leaderboard.entries.ledger import LEDGER, Decision, vanished


def check_ledger(ledger: Sequence[Decision], entries: Mapping[str, str]) -> Iterator[Finding]:
    """Give what is wrong with a ledger (E702, E703, E704), and which entries wait for a decision
    (I706). `entries` has the SHA-256 of the manifest of each entry that is there, by name.
    """
    for number, (before, after) in enumerate(pairwise(ledger), start=2):
        if after.date < before.date:
            yield Finding("E702", f"{LEDGER}:{number}", f"{after.date} after {before.date}")
    for number, decision in enumerate(ledger, start=1):
        if (decision.level is None) != (decision.decision == "withdrawn"):
            told = f"`{decision.decision}` with level {decision.level}"
            yield Finding("E704", f"{LEDGER}:{number}", told)
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
