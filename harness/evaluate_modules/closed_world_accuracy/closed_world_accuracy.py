"""Accuracy of verbatim answers to a prompt that lists all class names."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import datasets
import evaluate

from harness.answers.outcome import Status
from harness.answers.parse import parse_name
from harness.evaluate_modules.scored import Empty, class_list_of, scored
from harness.score.answers import STRICT
from harness.score.metrics import percent
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
    n_empty; accuracy_strict (only answers that are a name in lower case, stripped);
    oop and oop_strict (percent of the answers that are no name, by the parser and strictly);
    counts (answers by status).
"""


class ClosedWorldAccuracy(evaluate.Metric):  # type: ignore[misc]
    """The share of answers that name a valid class, and of those that name none of the list."""

    def _info(self) -> Any:
        return evaluate.MetricInfo(
            description=__doc__ or "",
            citation="",
            inputs_description=_INPUTS,
            features=datasets.Features(
                {
                    "predictions": datasets.Value("string"),
                    "references": datasets.Sequence(datasets.Value("int64")),
                }
            ),
        )

    def _compute(
        self,
        predictions: Sequence[str],
        references: Sequence[Sequence[int]],
        classes: Sequence[str] = (),
        empty: Empty = "exclude",
        equivalences: Iterable[Iterable[int]] = (),
    ) -> dict[str, Any]:
        names = class_list_of(classes)
        rows, strict = [], []
        for place, answer in enumerate(predictions):
            read = parse_name(answer, names)
            row = Prediction(str(place), read.status, answer, read.class_id, read.also, read.rule)
            rows.append(row)
            strict.append(row if read.rule == STRICT else Prediction(str(place), Status.OOP))
        counts = Counter(row.status for row in rows)
        told = sum(row.rule != STRICT and row.status is not Status.EMPTY for row in rows)
        groups = [list(group) for group in equivalences]
        return {
            **scored(rows, "cw", references, empty, groups),
            "accuracy_strict": scored(strict, "cw", references, empty, groups)["accuracy"],
            "oop": percent(counts[Status.OOP], len(rows)),
            "oop_strict": percent(told, len(rows)),
            "counts": {status.value: counts[status] for status in Status},
        }
