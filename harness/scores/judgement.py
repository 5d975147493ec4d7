"""A run's answers laid beside its label sets: which are scored, which right, which confused."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.answers.outcome import Status
from harness.data.classes import ClassList
from harness.data.labels.label_set import Equivalences, Labels, LabelSet
from harness.errors import DataError, Problem
from harness.scores import metrics
from harness.scores.answers import NO_CLASS, Answers, Bools, Ints, to_answers
from harness.scores.metrics import Scope, counted_rows, right_rows, scope_of
from harness.scores.result_parts import Matching, Protocol, ReadingInfo
from harness.scores.results import MATCHED, MATCHINGS, Matched, OutShare
from harness.scores.truth import Truth, to_truth
from harness.store.lines import replacing
from harness.store.prediction import Prediction


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
        fix = "give each label set a name of its own"
        raise DataError(Problem("label sets", "two of one name", got=", ".join(names), fix=fix))
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


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often images of each of k classes were taken for each class, or for none (last)."""

    class_ids: Ints
    """[k] ascending, for rows and columns."""
    counts: Ints
    """[k, k + 1]; the last column has the answers that name no class (out of prompt, unparsed,
    refused, empty). Rows with `error` are not counted."""


def confusion(
    rows: Sequence[Prediction], protocol: Protocol, class_list: ClassList, label_set: LabelSet
) -> Confusion:
    """Count answers by the image's label (the lowest, if it has several) and the class answered.

    Classes are not merged, so that a matrix does not depend on equivalences. An answer that stands
    for several classes of one name counts as the image's label when that is among them. Images
    without a label are not counted. Raises DataError as `to_answers`.
    """
    answers = to_answers(rows, class_list)
    (judged,) = judge(answers, Labels((label_set,), Equivalences.none()), [protocol])
    truth, counted = judged.truth, counted_rows(answers, protocol)
    predicted = np.where(counted, answers.first, NO_CLASS)
    single = truth.n_labels == 1
    predicted = np.where(single & judged.right[protocol], truth.lowest, predicted)
    ids = np.array(class_list.ids, dtype=np.int64)
    k = len(ids)
    among = answers.answered & (truth.n_labels > 0)
    columns = np.where(predicted == NO_CLASS, k, np.searchsorted(ids, predicted))[among]
    cells = np.searchsorted(ids, truth.lowest[among]) * (k + 1) + columns
    return Confusion(ids, np.bincount(cells, minlength=k * (k + 1)).reshape(k, k + 1))


def save_confusion(path: Path, matrix: Confusion) -> None:
    """Write `.npz` with `confusion` [k, k + 1] and `class_ids` [k], whole or not at all."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, confusion=matrix.counts, class_ids=matrix.class_ids)


def matched_scores(
    answers: Answers, judged: Judgement, protocol: Protocol
) -> dict[Matching, Matched]:
    """Give what is right under each way to match answers with names."""
    scored, read = judged.scope.scored, judged.right[protocol]
    found: dict[Matching, Matched] = {}
    for matching, level in MATCHINGS.items():
        right = metrics.right_at(answers, judged.truth, protocol, read, level)
        n_right = None if right is None else int(np.count_nonzero(right & scored))
        accuracy = None if right is None else metrics.share(right, scored)
        found[matching] = Matched(n_right=n_right, accuracy=accuracy)
    return found


def out_of_prompt(answers: Answers) -> dict[Matching, OutShare]:
    """Give the answers that are out of prompt under each way to match them with names."""
    n = int(np.count_nonzero(answers.answered))
    out = {
        name: int(np.count_nonzero(metrics.out_rows(answers, level)))
        for name, level in MATCHINGS.items()
    }
    return {name: OutShare(n=count, share=metrics.percent(count, n)) for name, count in out.items()}


def reading_info(answers: Answers, protocol: Protocol) -> ReadingInfo:
    """Give the counts of how answers were read; levels where the protocol matches names."""
    if protocol not in MATCHED:
        return answers.reading
    read = answers.has(Status.OK) & ~answers.mapped
    levels = {
        name: int(np.count_nonzero(read & (answers.level == level)))
        for name, level in MATCHINGS.items()
    }
    return answers.reading.model_copy(update={"levels": levels})
