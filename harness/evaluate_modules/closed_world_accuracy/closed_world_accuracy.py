"""Accuracy of verbatim answers to a prompt that lists all class names."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import evaluate

from harness.answers.outcome import Status
from harness.answers.parse import parse_name
from harness.data.class_lists import list_of_names
from harness.evaluate_modules.scored import Empty, metric_info, scored
from harness.store.prediction import Prediction

_INPUTS = """
Args:
    predictions: verbatim answers, one an image.
    references: the valid class ids of each image, possibly none; an id is a place in `classes`.
    classes: the class names that the prompt listed.
    empty: "exclude" leaves images without a valid label out (default); "correct" counts them right.
    equivalences: lists of class ids that count as one class.
Returns:
    accuracy (percent; an answer is read by the harness's parser), ci95 (Wilson), n, n_right,
    n_empty; accuracy_strict and accuracy_normalized (only answers count that are a name in lower
    case and stripped, or but for case, markup, punctuation and spelling); oop, oop_strict and
    oop_normalized (percent of the answers that are no name, by the parser and by these two); counts
    (answers by status).
"""


class ClosedWorldAccuracy(evaluate.Metric):  # type: ignore[misc]
    """The share of answers that name a valid class, and of those that name none of the list."""

    def _info(self) -> Any:
        return metric_info("string", __doc__, _INPUTS)

    def _compute(
        self,
        predictions: Sequence[str],
        references: Sequence[Sequence[int]],
        classes: Sequence[str] = (),
        empty: Empty = "exclude",
        equivalences: Iterable[Iterable[int]] = (),
    ) -> dict[str, Any]:
        names = list_of_names(classes)
        rows = []
        for place, answer in enumerate(predictions):
            read = parse_name(answer, names)
            row = Prediction(str(place), read.status, answer, read.class_id, read.also, read.rule)
            rows.append(row)
        counts = Counter(row.status for row in rows)
        found = scored(rows, "cw", references, empty, equivalences)
        return {
            **found.accuracy(),
            **found.matched(),
            "counts": {status.value: counts[status] for status in Status},
        }
