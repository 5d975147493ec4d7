"""Accuracy of class ids against label sets: an image may have several valid labels, or none."""

from collections.abc import Iterable, Sequence
from typing import Any

import evaluate

from harness.answers.outcome import Status
from harness.evaluate_modules.scored import Empty, metric_info, scored
from harness.store.prediction import Prediction

_INPUTS = """
Args:
    predictions: class ids, one an image; -1 for none of the classes.
    references: the valid class ids of each image, possibly none.
    empty: "exclude" leaves images without a valid label out (default); "correct" counts them right.
    equivalences: lists of class ids that count as one class.
Returns:
    accuracy (percent), ci95 (Wilson), n, n_right, n_empty.
"""


class LabelSetAccuracy(evaluate.Metric):  # type: ignore[misc]
    """The share of predictions that are among the valid labels, in percent."""

    def _info(self) -> Any:
        return metric_info("int64", __doc__, _INPUTS)

    def _compute(
        self,
        predictions: Sequence[int],
        references: Sequence[Sequence[int]],
        empty: Empty = "exclude",
        equivalences: Iterable[Iterable[int]] = (),
    ) -> dict[str, Any]:
        rows = [
            Prediction(str(place), Status.OK, class_id=each)
            if each >= 0
            else Prediction(str(place), Status.OOP)
            for place, each in enumerate(predictions)
        ]
        return scored(rows, "classify", references, empty, equivalences).accuracy()
