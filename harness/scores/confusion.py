"""The confusion matrix of a run, with a column for answers that are no class."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.data.classes import ClassList
from harness.data.labels.label_set import Equivalences, Labels, LabelSet
from harness.scores.answers import NO_CLASS, Ints, to_answers
from harness.scores.judgement import judge
from harness.scores.metrics import counted_rows
from harness.scores.results import Protocol
from harness.store.lines import replacing
from harness.store.prediction import Prediction


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
