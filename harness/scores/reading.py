"""How the answers of a run were read: counts of all that was not plain."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.answers.mapping.vectors import TIE
from harness.answers.outcome import Status
from harness.store.prediction import Prediction


@dataclass(frozen=True, slots=True)
class Reading:
    """Counts of rows, errors left out."""

    rules: Mapping[str, int]
    """By the rule that decided, the most frequent first; `none` for rows without one."""
    removed: Mapping[str, int]
    """By what was taken off the text before it was read; a row may count under several."""
    n_truncated: int
    """Ended at `max_new_tokens`."""
    n_tied: int
    """Mapped with margin 0, up to rounding: another name is as near, and the lower id was taken."""
    n_several: int
    """Stand for several classes, and are right if any of them is: of a name that several classes
    bear, or of several answers that are all meant."""


def read_counts(rows: Sequence[Prediction]) -> Reading:
    """Count how the answers were read."""
    answered = [row for row in rows if row.status is not Status.ERROR]
    return Reading(
        rules=_sorted(Counter(row.rule or "none" for row in answered)),
        removed=_sorted(Counter(each for row in answered for each in row.removed)),
        n_truncated=sum(row.truncated is True for row in answered),
        n_tied=sum(row.margin is not None and row.margin <= TIE for row in answered),
        n_several=sum(bool(row.also) for row in answered),
    )


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
