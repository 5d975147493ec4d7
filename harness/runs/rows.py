"""From a response to rows: one for each image of its request."""

from collections.abc import Sequence

from harness.answers.batch import SharedAnswer, read_batch
from harness.answers.mapping.exact import read_open
from harness.answers.outcome import Outcome, Status
from harness.answers.parse import parse_letter, parse_name
from harness.answers.parts import REASONING
from harness.answers.reasoning import MOST_WRITTEN, part_reasoning
from harness.data.classes import ClassList, normalize_name
from harness.prompts.plan import PlannedRequest
from harness.requests import Failed, Response, Scores
from harness.runs.ranked import RANKED, by_sum, per_token
from harness.specs.task import Protocol
from harness.store.prediction import Prediction

_LONGEST_ERROR = 2_000
REFUSED_BY_SERVICE = "service"
"""The rule of an image whose request the service refused, by its filter or in so many words."""
NO_ENTRY = "no_entry"
"""The rule of an image whose part of a shared answer could not be read; its row has the whole."""


def read_answer(
    protocol: Protocol, answer: str | None, options: Sequence[int], classes: ClassList
) -> Outcome:
    """Give the outcome of one image's answer under a protocol."""
    if protocol == "mc":
        return parse_letter(answer, options, classes)
    if protocol == "ow":
        return read_open(answer, classes)
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
    if isinstance(response, Failed):
        return failed_rows(request, response.error)
    if isinstance(response, Scores):
        try:
            return [_ranked_row(classes, request, hashes[0], response)]
        except ValueError as error:
            return failed_rows(request, str(error))
    written = response.text
    whole, reasoning = part_reasoning(written)
    shared = SharedAnswer((whole,))
    if len(request.image_ids) > 1:
        shared = read_batch(whole, len(request.image_ids))
    parted = (REASONING,) if reasoning else ()
    rows = []
    for image_id, digest, text in zip(request.image_ids, hashes, shared.texts, strict=True):
        if response.refused:
            outcome = Outcome(Status.REFUSED, rule=REFUSED_BY_SERVICE)
        elif text is None and whole.strip():
            outcome = Outcome(Status.UNPARSED, rule=NO_ENTRY)
        else:
            outcome = read_answer(protocol, text, request.options, classes)
        rows.append(
            Prediction(
                image_id=image_id,
                status=outcome.status,
                answer=whole if text is None else text,
                class_id=outcome.class_id,
                also=outcome.also,
                rule=outcome.rule,
                options=request.options,
                image_sha256=digest,
                prompt_sha256=request.prompt_sha256,
                tokens=response.tokens,
                prompt_tokens=response.prompt_tokens,
                cost=response.cost,
                images_in_prompt=len(hashes) if len(hashes) > 1 else None,
                attempt=request.attempt,
                outside=response.outside,
                reasoning=_thoughts(response.reasoning, reasoning),
                removed=(*parted, *shared.removed, *outcome.removed),
                truncated=True if len(written) > MOST_WRITTEN else response.truncated,
                revision=response.revision,
            )
        )
    return rows


def _thoughts(*parts: str | None) -> str | None:
    return "\n".join(filter(None, parts))[:MOST_WRITTEN] or None


def _ranked_row(
    classes: ClassList, request: PlannedRequest, digest: str, response: Scores
) -> Prediction:
    """Make the row of an image whose choices were ranked by their likelihood."""
    ids = request.options or classes.ids
    best, shorter = by_sum(response), per_token(response)
    top = tuple(ids[place] for place in best.places)
    return Prediction(
        image_id=request.image_ids[0],
        status=Status.OK,
        class_id=top[0],
        also=() if request.options else _namesakes(classes, top[0]),
        rule=RANKED,
        top=top,
        top_scores=best.scores,
        top_per_token=tuple(ids[place] for place in shorter.places),
        top_per_token_scores=shorter.scores,
        options=request.options,
        image_sha256=digest,
        prompt_sha256=request.prompt_sha256,
        tokens=response.tokens,
        prompt_tokens=response.prompt_tokens,
        cost=response.cost,
        revision=response.revision,
    )


def _namesakes(classes: ClassList, class_id: int) -> tuple[int, ...]:
    """Give the other classes that bear the same name, which text cannot tell apart."""
    same = classes.by_normalized[normalize_name(classes.by_id[class_id].name)]
    return tuple(each for each in same if each != class_id)


def failed_rows(request: PlannedRequest, error: str) -> list[Prediction]:
    """Make the `error` rows of a request that could not be answered."""
    return [
        Prediction(
            image_id=image_id,
            status=Status.ERROR,
            error=error[:_LONGEST_ERROR],
            options=request.options,
            prompt_sha256=request.prompt_sha256,
            attempt=request.attempt,
        )
        for image_id in request.image_ids
    ]
