"""Accuracy of free answers: each is the class that it names exactly, else the one whose name a text
encoder finds nearest.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import evaluate

from harness.answers.mapping.nearest import Mapped, map_answers
from harness.answers.mapping.vectors import refuse_same_rows
from harness.answers.outcome import EXACT, Outcome, Status
from harness.answers.parse import answer_text, read_open
from harness.data.class_lists import list_of_names
from harness.encoders.registry import open_encoder
from harness.evaluate_modules.scored import Empty, metric_info, scored
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_encoder_spec
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
    allow_shared_vectors: class names that may be one to the encoder, which is else an error.
Returns:
    accuracy (percent), ci95 (Wilson), n, n_right, n_empty; n_exact (answers that are a class name)
    and n_mapped; class_ids (the class of each answer, -1 for none); encoder_sha256.
"""


class OpenWorldAccuracy(evaluate.Metric):  # type: ignore[misc]
    """The share of answers that are mapped to a valid class, in percent."""

    def _info(self) -> Any:
        return metric_info("string", __doc__, _INPUTS)

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
        allow_shared_vectors: Sequence[str] = (),
    ) -> dict[str, Any]:
        opened = open_encoder(load_encoder_spec(Catalogue(), encoder))
        names = list_of_names(classes)
        read = [read_open(answer, names) for answer in predictions]
        texts = [
            answer_text(answer) if each.status is Status.OK and each.rule != EXACT else ""
            for answer, each in zip(predictions, read, strict=True)
        ]
        if any(texts):
            refuse_same_rows(opened, names, class_template, allow_shared_vectors)
        found = map_answers(opened, texts, names, class_template, answer_template)
        rows = [
            _row(str(place), each, mapped)
            for place, (each, mapped) in enumerate(zip(read, found, strict=True))
        ]
        return {
            **scored(rows, "ow", references, empty, equivalences).accuracy(),
            "n_exact": sum(each.rule == EXACT for each in read),
            "n_mapped": sum(each is not None for each in found),
            "class_ids": [-1 if row.class_id is None else row.class_id for row in rows],
            "encoder_sha256": opened.digest,
        }


def _row(image_id: str, read: Outcome, mapped: Mapped | None) -> Prediction:
    found = mapped or read
    return Prediction(image_id, read.status, class_id=found.class_id, also=found.also)
