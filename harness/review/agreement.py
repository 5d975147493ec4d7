"""How far annotators agree: with each other, with what is known, with themselves later on, and with
themselves before the sources were shown.

An answer is one category as a whole: the set of its classes, equivalent ones merged; or `NONE` or
`UNSURE`, which are sets of one member each and so as far from any labels as labels can be. Images
with known labels (honeypots) are easy by intent and left out wherever people are compared, save in
the rows that are about them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import median
from typing import Final, cast

import numpy as np

from harness.data.labels.label_set import Equivalences
from harness.review.answers import AnswerRow, Answers
from harness.review.influence import Influence, influence_of
from harness.review.queue import Item, Pass, Queue, Why
from harness.review.rules import WHYS
from harness.scores.agreement import (
    Agreement,
    ClassAgreement,
    class_agreement,
    coded,
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    masi_distances,
    raw_agreement,
)
from harness.scores.statistics import Draws, Interval, change_of_means, newcombe

Category = frozenset[int]
NONE: Final[Category] = frozenset((-1,))
UNSURE: Final[Category] = frozenset((-2,))
LEAST_NAMED: Final = 10
"""Images in which a class is named from which on its agreement has an interval: draws of fewer are
so much alike that it would be far too narrow (docs/statistics.md)."""


def category_of(row: AnswerRow, same: Equivalences) -> Category:
    """Give the category that an answer is as a whole."""
    if row.status == "labelled":
        return same.merge_all(row.labels)
    return NONE if row.status == "none" else UNSURE


def is_right(row: AnswerRow, item: Item, same: Equivalences) -> bool:
    """Whether an answer is exactly a honeypot's labels, merged. ValueError for another image."""
    if item.known is None:
        raise ValueError(f"the labels of {item.image_id} are not known")
    return category_of(row, same) == (same.merge_all(item.known) or NONE)


@dataclass(frozen=True, slots=True)
class Measures:
    """How far several people agree on some images."""

    n: int
    """Images with an answer."""
    raw: Agreement
    fleiss: Agreement
    alpha: Agreement
    """Krippendorff's, nominal."""
    masi: Agreement
    """Krippendorff's, by the MASI distance of label sets."""

    @property
    def named(self) -> dict[str, Agreement]:
        """Every measure by its name."""
        return {
            "raw agreement": self.raw,
            "Fleiss' kappa": self.fleiss,
            "Krippendorff's alpha": self.alpha,
            "Krippendorff's alpha, MASI": self.masi,
        }


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people who answered some of the same images."""

    one: str
    two: str
    raw: Agreement
    kappa: Agreement
    """Cohen's."""


@dataclass(frozen=True, slots=True)
class Person:
    """One annotator's answers of one pass, honeypots among them."""

    annotator: str
    n: int
    n_assigned: int
    honeypots: tuple[int, int]
    """How many are right, of how many that were answered."""
    seconds: float | None
    """Median; None where no answer has its time."""
    n_none: int
    n_unsure: int


@dataclass(frozen=True, slots=True)
class Drift:
    """The earlier and the later half of one annotator's answers, by the time of the answers."""

    annotator: str
    honeypots: tuple[tuple[int, int], tuple[int, int]]
    """(right, answered) of the earlier and of the later half."""
    honeypots_change: Interval | None
    """Of the later less the earlier share, in points; Newcombe's."""
    others: tuple[float | None, float | None]
    """Mean share (0 to 1) of the others' answers to the same image that are the same."""
    n_others: tuple[int, int]
    """Images that somebody else answered too."""
    others_change: Interval | None
    """Of the later less the earlier mean; bootstrap over images."""


@dataclass(frozen=True, slots=True)
class PassAgreement:
    """All that is known of one pass."""

    pass_: Pass
    overall: Measures
    """Without honeypots."""
    by_rule: Mapping[Why, Measures]
    """An image is in each rule that chose it."""
    by_class: Mapping[int, ClassAgreement]
    """Classes that anybody names, without honeypots; the one named in most images first."""
    pairs: tuple[Pair, ...]
    people: tuple[Person, ...]
    drifts: tuple[Drift, ...]
    """Of those whose answers have at least two times."""


@dataclass(frozen=True, slots=True)
class ReviewAgreement:
    """How far the annotators of a review agree."""

    passes: tuple[PassAgreement, ...]
    """Those with answers, in their order."""
    influences: tuple[Influence, ...]
    """Of those who answered images both before and after the sources were shown."""
    notes: tuple[str, ...]


def measure(answers: Answers, same: Equivalences, draws: Draws | None = None) -> ReviewAgreement:
    """Measure how far annotators agree; pure."""
    passes = tuple(each.measured() for each in _passes(answers, same, draws or Draws()))
    return ReviewAgreement(passes, influence_of(answers, same), answers.notes)


def measure_overall(answers: Answers, same: Equivalences) -> Mapping[Pass, Measures]:
    """Measure by pass `PassAgreement.overall` alone, a small part of the work of all; pure."""
    return {each.name: each.measures(each.open) for each in _passes(answers, same, Draws())}


def _passes(answers: Answers, same: Equivalences, draws: Draws) -> "Iterator[_Pass]":
    for name in answers.queue.passes:
        rows = [row for row in answers.latest.values() if row.pass_ == name]
        if rows:
            yield _Pass(answers.queue, name, rows, same, draws)


class _Pass:
    """The answers of one pass, by image and person."""

    def __init__(
        self, queue: Queue, name: Pass, rows: Sequence[AnswerRow], same: Equivalences, draws: Draws
    ) -> None:
        self.queue, self.name, self.same, self.draws = queue, name, same, draws
        self.people = [each for each in queue.annotators if any(r.annotator == each for r in rows)]
        self.rows: defaultdict[str, dict[str, AnswerRow]] = defaultdict(dict)
        for row in rows:
            self.rows[row.image_id][row.annotator] = row
        self.category = {(row.image_id, row.annotator): category_of(row, same) for row in rows}
        self.open = [
            each for each in queue.items if each.known is None and each.image_id in self.rows
        ]

    def measured(self) -> PassAgreement:
        answered = [each for each in self.queue.items if each.image_id in self.rows]
        by_rule = {why: [each for each in answered if why in each.why] for why in WHYS}
        return PassAgreement(
            pass_=self.name,
            overall=self.measures(self.open),
            by_rule={why: self.measures(items) for why, items in by_rule.items() if items},
            by_class=self.by_class(),
            pairs=tuple(self.pairs()),
            people=tuple(map(self.person, self.people)),
            drifts=tuple(each for each in map(self.drift, self.people) if each is not None),
        )

    def answers(self, items: Iterable[Item]) -> list[list[Category | None]]:
        return [
            [self.category.get((each.image_id, person)) for person in self.people] for each in items
        ]

    def measures(self, items: Sequence[Item]) -> Measures:
        codes, categories = coded(self.answers(items))
        far = masi_distances(cast(Sequence[Category], categories))
        return Measures(
            n=len(items),
            raw=raw_agreement(codes, self.draws),
            fleiss=fleiss_kappa(codes, self.draws),
            alpha=krippendorff_alpha(codes, self.draws),
            masi=krippendorff_alpha(codes, self.draws, far),
        )

    def by_class(self) -> dict[int, ClassAgreement]:
        answers = self.answers(self.open)
        counts = [Counter(each for one in row for each in one or ()) for row in answers]
        classes = sorted(each for each in set().union(*counts) if each >= 0)
        named = np.zeros((len(classes), len(answers)))
        for place, each in enumerate(classes):
            named[place] = [image[each] for image in counts]
        given = np.array([sum(one is not None for one in row) for row in answers], dtype=float)
        of_classes = class_agreement(named, given, self.draws)
        found = {
            class_id: each
            if each.n >= LEAST_NAMED
            else replace(each, alpha=replace(each.alpha, ci95=None))
            for class_id, each in zip(classes, of_classes, strict=True)
        }
        return dict(sorted(found.items(), key=lambda each: -each[1].n))

    def pairs(self) -> Iterable[Pair]:
        codes, _ = coded(self.answers(self.open))
        for one, two in combinations(range(len(self.people)), 2):
            both = codes[:, [one, two]]
            raw = raw_agreement(both, self.draws)
            if raw.n:
                names = self.people[one], self.people[two]
                yield Pair(*names, raw, cohen_kappa(both, self.draws))

    def mine(self, person: str) -> list[tuple[Item, AnswerRow]]:
        return [
            (each, self.rows[each.image_id][person])
            for each in self.queue.items
            if person in self.rows.get(each.image_id, ())
        ]

    def right(self, mine: Iterable[tuple[Item, AnswerRow]]) -> tuple[int, int]:
        known = [is_right(row, item, self.same) for item, row in mine if item.known is not None]
        return sum(known), len(known)

    def person(self, name: str) -> Person:
        mine = self.mine(name)
        seconds = [row.seconds for _, row in mine if row.seconds is not None]
        return Person(
            annotator=name,
            n=len(mine),
            n_assigned=sum(name in each.annotators for each in self.queue.items),
            honeypots=self.right(mine),
            seconds=median(seconds) if seconds else None,
            n_none=sum(row.status == "none" for _, row in mine),
            n_unsure=sum(row.status == "unsure" for _, row in mine),
        )

    def drift(self, name: str) -> Drift | None:
        timed = [(row.time, item, row) for item, row in self.mine(name) if row.time is not None]
        timed.sort(key=lambda each: (each[0], each[1].image_id))
        mine = [(item, row) for _, item, row in timed]
        if not timed or timed[0][0] == timed[-1][0]:  # which came first is not known
            return None
        halves = mine[: len(mine) // 2], mine[len(mine) // 2 :]
        before, after = (self.right(each) for each in halves)
        shares = [np.array(list(self.shared(name, each)), dtype=np.float64) for each in halves]
        one, two = (float(each.mean()) if len(each) else None for each in shares)
        return Drift(
            annotator=name,
            honeypots=(before, after),
            honeypots_change=newcombe(before, after),
            others=(one, two),
            n_others=(len(shares[0]), len(shares[1])),
            others_change=change_of_means(shares[0], shares[1], self.draws),
        )

    def shared(self, name: str, mine: Iterable[tuple[Item, AnswerRow]]) -> Iterable[float]:
        """Give for each image that others answered too the share of them who answered the same."""
        for item, _ in mine:
            own = self.category[item.image_id, name]
            others = [
                self.category[item.image_id, each]
                for each in self.rows[item.image_id]
                if each != name
            ]
            if others and item.known is None:
                yield sum(each == own for each in others) / len(others)
