"""From several people's answers of an image to its labels by a rule, or why it cannot decide."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from harness.data.labels.label_set import Equivalences
from harness.errors import Problem, UserError
from harness.review.answers import AnswerRow
from harness.review.queue import Vote
from harness.scores.dawid_skene import NO_VOTE, dawid_skene

Rule = Literal["majority", "unanimous", "adjudicated", "dawid_skene"]
Which = Literal["blind", "shown", "last"]
"""Which answers count: those before, those after the sources were seen, or each person's last."""
Reason = Literal[
    "no answer", "all unsure", "no majority", "not unanimous", "not adjudicated",
    "adjudicator unsure", "adjudicators differ", "answers changed after the adjudication",
    "no class is likely", "none and a class are likely",
]  # fmt: skip
"""Why a rule does not decide."""
NONE: Final = -1
"""Stands among classes for the answer that none of them is right."""
_TIE: Final = 1e-6
"""How near to one half a probability says nothing."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """The answers of one image that count."""

    image_id: str
    rows: tuple[AnswerRow, ...]
    """At most one of each annotator, by name; those who are unsure too."""

    @property
    def sure(self) -> tuple[AnswerRow, ...]:
        """The answers but for those who are unsure, who have no vote."""
        return tuple(row for row in self.rows if row.status != "unsure")

    @property
    def differs(self) -> bool:
        """Whether two people gave other labels, or one is unsure and another is not."""
        return len({(row.status, row.labels) for row in self.rows}) > 1

    def votes(self, same: Equivalences) -> tuple[frozenset[int], ...]:
        """Give what each who is sure named, equivalent classes merged; `NONE` is a name too."""
        return tuple(
            same.merge_all(row.labels) if row.labels else frozenset((NONE,)) for row in self.sure
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """What a rule makes of a ballot."""

    ballot: Ballot
    labels: frozenset[int] | None
    """Class ids, none where no class is right; None where the rule cannot decide."""
    reason: Reason | None = None
    """Why it cannot."""
    ties: tuple[int, ...] = ()
    """Classes that exactly half of those who are sure named; they are not taken. -1 is `none`."""
    holds: Mapping[int, float] = field(default_factory=dict)
    """Of Dawid and Skene's model: class to the probability that it is right. -1 is `none`."""


@dataclass(frozen=True, slots=True)
class Adjudicated:
    """What adjudicators said of one image."""

    votes: tuple[Vote, ...]
    """The answers that they saw."""
    rows: tuple[AnswerRow, ...]


def ballots_of(
    image_ids: Iterable[str], rows: Iterable[AnswerRow], which: Which
) -> tuple[Ballot, ...]:
    """Give a ballot for each image, in their order. `rows` hold at most one of each annotator,
    image and pass. Of two passes, `last` takes what was said once the sources were seen.
    """
    order = ("blind", "shown") if which == "last" else (which,)
    last: dict[str, dict[str, AnswerRow]] = {}
    for name in order:
        for row in (row for row in rows if row.pass_ == name):
            last.setdefault(row.image_id, {})[row.annotator] = row
    return tuple(
        Ballot(image_id, tuple(row for _, row in sorted(last.get(image_id, {}).items())))
        for image_id in image_ids
    )


@dataclass(frozen=True, slots=True)
class Decided:
    """All decisions of a rule, and how good Dawid and Skene's model takes each person to be."""

    decisions: tuple[Decision, ...]
    people: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Of `dawid_skene`: annotator to sensitivity and specificity."""


def decide(
    ballots: Sequence[Ballot],
    rule: Rule,
    same: Equivalences,
    adjudicated: Mapping[str, Adjudicated] | None = None,
) -> Decided:
    """Apply a rule to ballots; `adjudicated` is needed by the rule of that name.

    Votes are counted for classes after equivalent ones are merged; a class that wins is written as
    the member that most people named, the lowest of several. A label set is only empty where `none`
    itself wins: that no class does is no decision. Raises UserError where Dawid and Skene's model
    does not settle.
    """
    if rule == "dawid_skene":
        return _by_model(ballots, same)
    if rule == "majority":
        found = [_by_majority(ballot, same) for ballot in ballots]
    elif rule == "unanimous":
        found = [_by_all(ballot, same) for ballot in ballots]
    else:
        found = [_by_adjudication(ballot, same, adjudicated or {}) for ballot in ballots]
    return Decided(tuple(found))


def vote_of(row: AnswerRow) -> Vote:
    """Give an answer without the name."""
    return Vote(labels=row.labels, status=row.status, comment=row.comment)


def _silent(ballot: Ballot) -> Decision | None:
    """Give the decision on a ballot without a vote."""
    if ballot.sure:
        return None
    return Decision(ballot, None, "all unsure" if ballot.rows else "no answer")


def _by_majority(ballot: Ballot, same: Equivalences) -> Decision:
    votes = ballot.votes(same)
    counts = Counter(name for vote in votes for name in vote)
    won = {name for name, count in counts.items() if 2 * count > len(votes)}
    ties = tuple(sorted(name for name, count in counts.items() if 2 * count == len(votes)))
    if not won:
        return _silent(ballot) or Decision(ballot, None, "no majority", ties)
    return Decision(ballot, _written(won, ballot, same), ties=ties)


def _by_all(ballot: Ballot, same: Equivalences) -> Decision:
    votes = set(ballot.votes(same))
    if len(votes) != 1:
        return _silent(ballot) or Decision(ballot, None, "not unanimous")
    return Decision(ballot, _written(votes.pop(), ballot, same))


def _by_adjudication(
    ballot: Ballot, same: Equivalences, adjudicated: Mapping[str, Adjudicated]
) -> Decision:
    if not ballot.differs:
        return _by_all(ballot, same)
    found = adjudicated.get(ballot.image_id)
    if found is None or not found.rows:
        return Decision(ballot, None, "not adjudicated")
    seen, now = (
        Counter((each.status, each.labels) for each in rows) for rows in (found.votes, ballot.rows)
    )
    if seen != now:
        return Decision(ballot, None, "answers changed after the adjudication")
    last = _by_all(Ballot(ballot.image_id, found.rows), same)
    if last.labels is None:
        differ = last.reason == "not unanimous"
        return Decision(ballot, None, "adjudicators differ" if differ else "adjudicator unsure")
    return Decision(ballot, last.labels)


def _by_model(ballots: Sequence[Ballot], same: Equivalences) -> Decided:
    """Take each class of each ballot, offered or named, and `none`, as an item of the model."""
    people = sorted({row.annotator for ballot in ballots for row in ballot.sure})
    items = [(ballot, name) for ballot in ballots for name in _items(ballot, same)]
    votes = np.full((len(items), len(people)), NO_VOTE, dtype=np.int8)
    for number, (ballot, name) in enumerate(items):
        for row, vote in zip(ballot.sure, ballot.votes(same), strict=True):
            votes[number, people.index(row.annotator)] = name in vote
    found = dawid_skene(votes)
    if not found.converged:
        what = f"rule dawid_skene did not settle in {found.rounds:,} rounds, and decides nothing"
        fix = "merge by another rule: majority, unanimous or adjudicated"
        raise UserError(Problem("answers", what, fix=fix))
    holds: dict[str, dict[int, float]] = {}
    for (ballot, name), value in zip(items, found.holds, strict=True):
        holds.setdefault(ballot.image_id, {})[name] = float(value)
    decisions = (
        _silent(ballot) or _likely(ballot, holds[ballot.image_id], same) for ballot in ballots
    )
    rates = zip(map(float, found.sensitivity), map(float, found.specificity), strict=True)
    return Decided(tuple(decisions), dict(zip(people, rates, strict=True)))


def _items(ballot: Ballot, same: Equivalences) -> list[int]:
    if not ballot.sure:
        return []
    offered = same.merge_all(name for row in ballot.sure for name in (*row.candidates, *row.labels))
    return sorted(offered | {NONE})


def _likely(ballot: Ballot, holds: Mapping[int, float], same: Equivalences) -> Decision:
    won = {name for name, value in holds.items() if value > 0.5 + _TIE}
    ties = tuple(sorted(name for name, value in holds.items() if abs(value - 0.5) <= _TIE))
    if not won or (NONE in won and len(won) > 1):
        reason: Reason = "none and a class are likely" if won else "no class is likely"
        return Decision(ballot, None, reason, ties, holds)
    return Decision(ballot, _written(won, ballot, same), ties=ties, holds=holds)


def _written(won: Iterable[int], ballot: Ballot, same: Equivalences) -> frozenset[int]:
    """Give class ids for merged ones: of each the member that most of the people named."""
    named = Counter(name for row in ballot.sure for name in row.labels)
    best: dict[int, int] = {}
    for name, _ in sorted(named.items(), key=lambda each: (-each[1], each[0])):
        best.setdefault(same.merge(name), name)
    return frozenset(best.get(name, name) for name in won if name != NONE)
