"""How many bytes a run is going to write."""

import json
from dataclasses import dataclass, replace

from harness.answers.mapping.vectors import class_side
from harness.answers.outcome import Status
from harness.checks.forecast.earlier import OnDisk
from harness.checks.forecast.tokens import likely_answers
from harness.encoders.base import sentences
from harness.prompts.plan import Plan
from harness.requests import Response, Scores, Text
from harness.runs.rows import answered_rows
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_encoder_spec
from harness.store.prediction import Prediction

_DIMENSIONS = {"minilm": 384}
"""Of the kinds of encoder whose size is known without their files."""
_DIGEST = "0" * 64


@dataclass(frozen=True, slots=True)
class Disk:
    """Bytes that are written."""

    run: int
    """Of all rows."""
    measured: bool
    """Whether rows are as long as those of an earlier run; else as one that is made up."""
    embeddings: int | None
    """At most, beside the run; None where the encoder's size is not known, 0 where nothing is."""


def disk_of(catalogue: Catalogue, plan: Plan, disk: OnDisk) -> Disk:
    """Give the bytes of all rows of all repeats, and of what mapping their answers keeps."""
    task, images = plan.opened.task, len(plan.image_ids) * plan.opened.task.repeats
    known = disk.earlier.row_bytes if disk.earlier else None
    a_row = known or len(json.dumps(_made_up_row(plan).to_json(), ensure_ascii=False)) + 1
    embeddings: int | None = 0
    if task.protocol in ("ow", "cw", "cw_plus") and task.output_type == "generate_until":
        encoder = load_encoder_spec(catalogue, task.mapping.encoder)
        size = _DIMENSIONS.get(encoder.kind)
        side = class_side(task, plan.opened.classes)
        names = (
            len(plan.opened.classes) * len(sentences(side))
            if isinstance(side, str)
            else sum(map(len, side.by_id.values()))
        )
        texts = names + images * len(sentences(task.mapping.answer_template))
        embeddings = None if size is None else texts * (4 * size + 64)
        embeddings = 0 if encoder.kind == "lexical" else embeddings
    return Disk(round(a_row * images), known is not None, embeddings)


def _made_up_row(plan: Plan) -> Prediction:
    """Make a row as a run would, of an answer of middle length."""
    request, classes = plan.requests[0], plan.opened.classes
    if plan.opened.task.protocol == "classify":
        top = classes.ids[:5]
        scores = tuple(0.123456 for _ in top)
        row = Prediction(request.image_ids[0], Status.OK, class_id=top[0], rule="scores", top=top)
        row = replace(row, top_scores=scores, confidence=0.123456)
        return replace(row, image_sha256=_DIGEST, mark=_DIGEST[:16], batch=1)
    answers = sorted(likely_answers(plan), key=len)
    response: Response = Text(answers[len(answers) // 2], tokens=10, prompt_tokens=1000)
    if plan.ask.output_type == "multiple_choice":
        response = Scores(tuple(-12.345678 for _ in plan.ask.choices), (3,) * len(plan.ask.choices))
    protocol, hashes = plan.opened.task.protocol, (_DIGEST,) * len(request.image_ids)
    row = answered_rows(protocol, classes, request, hashes, response)[0]
    return replace(row, mark=_DIGEST[:16], batch=32, seconds=0.123456)
