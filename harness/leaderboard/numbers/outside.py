"""The entries of a leaderboard that stand outside its rankings, each with the reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from harness.leaderboard.numbers.site_model import Site

Why = Literal["incomplete", "refused", "withdrawn"]
_INCOMPLETE = ("E302", "E311")
"""Rules of the checker on images without an answer."""


@dataclass(frozen=True, slots=True)
class Outside:
    """A reason why an entry is on no ranking; an entry may have several."""

    entry: str
    why: Why
    where: str
    """Rule and file; for `withdrawn` the date of the decision."""
    text: str
    """A submitter's words may stand in it."""


def outside(site: Site) -> tuple[Outside, ...]:
    """Give every reason for every entry that is on no ranking, by the entry's name."""
    found = [*_refused(site), *_withdrawn(site)]
    return tuple(sorted(found, key=lambda each: each.entry))


def _refused(site: Site) -> Iterator[Outside]:
    for report in site.refused:
        for each in report.findings:
            why: Why = "incomplete" if each.code in _INCOMPLETE else "refused"
            yield Outside(report.name, why, f"{each.code} {each.where}", each.message)


def _withdrawn(site: Site) -> Iterator[Outside]:
    last = {each.entry: each for each in reversed(site.decisions)}
    for each in last.values():
        if each.decision == "withdrawn":
            yield Outside(each.entry, "withdrawn", each.date, each.reason)
