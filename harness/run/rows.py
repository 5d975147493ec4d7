"""From a response to rows: one for each image of its request."""

from collections.abc import Sequence

from harness.adapters.base import Response
from harness.answers.outcome import Outcome, Status
from harness.answers.parse import parse_batch, parse_letter, parse_name, parse_open
from harness.classes import ClassList
from harness.prompt.plan import PlannedRequest
from harness.spec.task import Protocol
from harness.store.prediction import Prediction


def read_answer(
    protocol: Protocol, answer: str | None, options: Sequence[int], classes: ClassList
) -> Outcome:
    """Give the outcome of one image's answer under a protocol."""
    if protocol == "mc":
        return parse_letter(answer, options, classes)
    if protocol == "ow":
        return parse_open(answer)
    return parse_name(answer, classes)


def answered_rows(
    protocol: Protocol,
    classes: ClassList,
    request: PlannedRequest,
    hashes: Sequence[str],
    response: Response,
) -> list[Prediction]:
    """Make the rows of an answered request. An image whose part cannot be read is `unparsed`, and
    its row then keeps the whole text, so that nothing is lost.
    """
    if response.error is not None:
        return failed_rows(request, response.error)
    texts: Sequence[str | None] = (response.text,)
    if len(request.image_ids) > 1:
        texts = parse_batch(response.text, len(request.image_ids))
    rows = []
    for image_id, digest, text in zip(request.image_ids, hashes, texts, strict=True):
        if text is None and (response.text or "").strip():
            outcome = Outcome(Status.UNPARSED, rule="no_entry")
        else:
            outcome = read_answer(protocol, text, request.options, classes)
        rows.append(
            Prediction(
                image_id=image_id,
                status=outcome.status,
                answer=response.text if text is None else text,
                class_id=outcome.class_id,
                also=outcome.also,
                rule=outcome.rule,
                options=request.options,
                image_sha256=digest,
                prompt_sha256=request.prompt_sha256,
                tokens=response.tokens,
                prompt_tokens=response.prompt_tokens,
                cost=response.cost,
                reasoning=response.reasoning,
            )
        )
    return rows


def failed_rows(request: PlannedRequest, error: str) -> list[Prediction]:
    """Make the `error` rows of a request that could not be answered."""
    return [
        Prediction(
            image_id=image_id,
            status=Status.ERROR,
            error=error,
            options=request.options,
            prompt_sha256=request.prompt_sha256,
        )
        for image_id in request.image_ids
    ]
