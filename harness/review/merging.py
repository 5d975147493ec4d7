"""A label set in which the images that people reviewed have the labels that a rule gives them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from pydantic import Field

from harness.data.labels.label_set import Equivalences, Labels, LabelSet
from harness.review.answers import AnswerRow, Answers, Status
from harness.review.deciding import Adjudicated, Decision, Reason, Rule, Which, ballots_of, decide
from harness.review.queue import Pass
from harness.review.rules import rows_of_groups
from harness.scores.metrics import GROUPS, Group
from harness.scores.results import Part

Way = Literal["kept", "added", "removed", "replaced", "emptied", "filled", "new"]
"""How the labels of an image changed, equivalent classes merged: not at all; labels came to those
there were; some went; some came and some went; all went, as no class is right; there were none; the
base label set does not have the image."""
WAYS: Final[tuple[Way, ...]] = get_args(Way)


class Said(Part):
    """What one person answered of an image."""

    annotator: str
    pass_: Pass = Field(validation_alias="pass", serialization_alias="pass")
    status: Status
    labels: tuple[int, ...]


class MergedImage(Part):
    """What became of one image that was for review. Class ids are ascending; -1 is `none`."""

    image_id: str
    before: tuple[int, ...] | None
    """In the base label set; null where it does not have the image."""
    after: tuple[int, ...] | None
    """In the new one; null where that does not have it either."""
    reason: Reason | None
    """Why the rule could not decide, so that the base's labels stay; null where it did."""
    way: Way | None
    """How the labels changed; null where the rule could not decide."""
    ties: tuple[int, ...]
    """Classes that exactly half of the people named, or of probability 0.5; they are not taken."""
    holds: dict[int, float]
    """Of rule `dawid_skene`: class to the probability that it is right."""
    answers: tuple[Said, ...]
    adjudication: tuple[Said, ...]

    @property
    def decided(self) -> bool:
        """Whether the rule could decide."""
        return self.reason is None


class Person(Part):
    """How good Dawid and Skene's model takes an annotator to be."""

    annotator: str
    sensitivity: float
    """How often a class that is right is named."""
    specificity: float
    """How often a class that is wrong is not named."""


@dataclass(frozen=True, slots=True)
class Merged:
    """A new label set, and how it came about."""

    base: LabelSet
    labels: LabelSet
    same: Equivalences
    rule: Rule
    which: Which
    images: tuple[MergedImage, ...]
    """Those that were for review, without honeypots; in the queue's order."""
    n_honeypots: int
    people: tuple[Person, ...] = ()

    @property
    def decided(self) -> Mapping[str, frozenset[int]]:
        """Image id to its labels, of the images that the rule decided."""
        return {
            each.image_id: frozenset(each.after)
            for each in self.images
            if each.decided and each.after is not None
        }

    @property
    def ways(self) -> dict[Way, int]:
        """Count the decided images by how their labels changed."""
        counts = Counter(each.way for each in self.images)
        return {way: counts[way] for way in WAYS}

    @property
    def reasons(self) -> dict[Reason, int]:
        """Count the images that were not decided by why."""
        return dict(sorted(Counter(each.reason for each in self.images if each.reason).items()))


@dataclass(frozen=True, slots=True)
class How:
    """By what a label set is merged."""

    rule: Rule
    which: Which = "last"
    name: str = "reviewed"
    adjudication: Answers | None = None
    """Needed by rule `adjudicated`."""


def merge(answers: Answers, labels: Labels, base: LabelSet, how: How) -> Merged:
    """Give the base label set with the labels that a rule makes of the answers in place of its own,
    but for honeypots. Where the rule cannot decide, and where what it decides is the same with
    equivalent classes merged, the base's labels stay as they are.
    """
    queue, same = answers.queue, labels.equivalences
    open_ids = [item.image_id for item in queue.items if item.known is None]
    last = adjudicated_of(how.adjudication) if how.adjudication else {}
    ballots = ballots_of(open_ids, answers.latest.values(), how.which)
    decided = decide(ballots, how.rule, same, last)
    images = tuple(_image(each, base, same, last) for each in decided.decisions)
    new = dict(base.labels)
    new |= {each.image_id: frozenset(each.after) for each in images if each.after is not None}
    found = LabelSet(
        name=how.name,
        labels=new,
        equivalence_groups=base.equivalence_groups,
        source=f"{base.name}, reviewed",
        named_originals=base.named_originals,
        added=True,
    )
    n_honeypots = len(queue.items) - len(open_ids)
    people = tuple(
        Person(annotator=name, sensitivity=round(up, 6), specificity=round(down, 6))
        for name, (up, down) in decided.people.items()
    )
    return Merged(base, found, same, how.rule, how.which, images, n_honeypots, people)


def adjudicated_of(answers: Answers) -> dict[str, Adjudicated]:
    """Give what adjudicators said, by image."""
    rows: dict[str, list[AnswerRow]] = {}
    for row in answers.latest.values():
        rows.setdefault(row.image_id, []).append(row)
    return {
        item.image_id: Adjudicated(item.votes, tuple(rows.get(item.image_id, ())))
        for item in answers.queue.items
    }


def way_of(before: frozenset[int] | None, after: frozenset[int], same: Equivalences) -> Way:
    """Say how the labels of an image changed, equivalent classes merged."""
    if before is None:
        return "new"
    was, now = same.merge_all(before), same.merge_all(after)
    if was == now:
        return "kept"
    if not (was and now):
        return "emptied" if was else "filled"
    if was < now:
        return "added"
    return "removed" if now < was else "replaced"


def _image(
    decision: Decision, base: LabelSet, same: Equivalences, last: Mapping[str, Adjudicated]
) -> MergedImage:
    image_id = decision.ballot.image_id
    before, after = base.labels.get(image_id), decision.labels
    way = None if after is None else way_of(before, after, same)
    found = before if way in (None, "kept") else after
    adjudicated = last.get(image_id)
    return MergedImage(
        image_id=image_id,
        before=None if before is None else tuple(sorted(before)),
        after=None if found is None else tuple(sorted(found)),
        reason=decision.reason,
        way=way,
        ties=decision.ties,
        holds={name: round(value, 6) for name, value in sorted(decision.holds.items())},
        answers=_said(decision.ballot.rows),
        adjudication=_said(adjudicated.rows) if adjudicated else (),
    )


def _said(rows: Sequence[AnswerRow]) -> tuple[Said, ...]:
    return tuple(
        Said(annotator=row.annotator, pass_=row.pass_, status=row.status, labels=row.labels)
        for row in sorted(rows, key=lambda row: row.annotator)
    )


def count_groups(
    labels: LabelSet, original: LabelSet | None, same: Equivalences
) -> dict[Group, int]:
    """Count the images of a label set by label group, whether a run has answered them or not."""
    groups = rows_of_groups(labels, original, tuple(labels.labels), same)
    return {name: int(np.count_nonzero(groups[name])) for name in GROUPS}
