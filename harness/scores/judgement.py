"""The answers of a run laid beside its label sets: which rows are scored, and which are right."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from harness.data.labels.label_set import Labels
from harness.errors import DataError, Problem
from harness.scores.answers import Answers, Bools
from harness.scores.metrics import Scope, counted_rows, right_rows, scope_of
from harness.scores.results import Protocol
from harness.scores.truth import Truth, to_truth


@dataclass(frozen=True, slots=True)
class Judgement:
    """n answers under one label set."""

    truth: Truth
    scope: Scope
    original: Truth | None
    """The data set's own labels, where one of the label sets is them."""
    right: Mapping[Protocol, Bools]
    """[n] which rows are right, by protocol, whether they are scored or not."""


def open_truths(labels: Labels, image_ids: tuple[str, ...]) -> tuple[Truth, ...]:
    """Look n images up in every label set, in their order.

    Raises DataError for label sets of one name.
    """
    names = [each.name for each in labels.sets]
    if len(set(names)) < len(names):
        raise DataError(Problem("label sets", "two of one name", got=", ".join(names)))
    return tuple(to_truth(each, image_ids, labels.equivalences) for each in labels.sets)


def judge(
    answers: Answers,
    labels: Labels,
    protocols: Collection[Protocol],
    truths: Sequence[Truth] | None = None,
) -> tuple[Judgement, ...]:
    """Lay n answers beside label sets; one judgement each, in their order.

    `truths` are the labels of the n images, where they have been looked up. Raises DataError as
    `open_truths`.
    """
    truths = open_truths(labels, answers.image_ids) if truths is None else truths
    pairs = zip(labels.sets, truths, strict=True)
    original = next((truth for each, truth in pairs if each.original), None)
    counted = {protocol: counted_rows(answers, protocol) for protocol in protocols}
    return tuple(
        Judgement(
            truth,
            scope_of(answers, truth, original),
            original,
            {protocol: right_rows(answers, truth, rows) for protocol, rows in counted.items()},
        )
        for truth in truths
    )
