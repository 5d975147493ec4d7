"""Accuracy of free answers, each mapped to the class whose name a text encoder finds nearest."""

from collections.abc import Iterable, Sequence
from typing import Any

import datasets
import evaluate

from harness.answers.outcome import Status
from harness.answers.parse import answer_text, parse_open
from harness.catalogue import Catalogue
from harness.encoders.registry import open_encoder
from harness.evaluate_modules.scored import Empty, class_list_of, scored
from harness.mapping.nearest import map_answers
from harness.spec.load import load_encoder_spec
from harness.store.prediction import Prediction

_INPUTS = """
Args:
    predictions: verbatim answers, one an image.
    references: the valid class ids of each image, possibly none; an id is a place in `classes`.
    classes: the class names.
    encoder: a text encoder by name (`harness list encoders`) or the path of its YAML.
    class_template, answer_template: raw, photo, avg or avg_raw.
    empty: "exclude" leaves images without a valid label out (default); "correct" counts them right.
    equivalences: lists of class ids that count as one class.
Returns:
    accuracy (percent), ci95 (Wilson), n, n_right, n_empty; n_mapped; class_ids (the class of each
    answer, -1 for none); encoder_sha256.
"""


class OpenWorldAccuracy(evaluate.Metric):  # type: ignore[misc]
    """The share of answers that are mapped to a valid class, in percent."""

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

    def _compute(  # noqa: PLR0913 - the names of a metric's options are its interface
        self,
        predictions: Sequence[str],
        references: Sequence[Sequence[int]],
        classes: Sequence[str] = (),
        encoder: str = "minilm",
        class_template: str = "raw",
        answer_template: str = "raw",
        empty: Empty = "exclude",
        equivalences: Iterable[Iterable[int]] = (),
    ) -> dict[str, Any]:
        opened = open_encoder(load_encoder_spec(Catalogue(), encoder))
        statuses = [parse_open(answer).status for answer in predictions]
        texts = [
            answer_text(answer) if status is Status.OK else ""
            for answer, status in zip(predictions, statuses, strict=True)
        ]
        names = class_list_of(classes)
        found = map_answers(opened, texts, names, class_template, answer_template)
        rows = [
            Prediction(str(place), status, class_id=each.class_id, also=each.also)
            if each
            else Prediction(str(place), status)
            for place, (status, each) in enumerate(zip(statuses, found, strict=True))
        ]
        return {
            **scored(rows, "ow", references, empty, equivalences),
            "n_mapped": sum(each is not None for each in found),
            "class_ids": [-1 if each is None else each.class_id for each in found],
            "encoder_sha256": opened.digest,
        }
