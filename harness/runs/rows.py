"""From a response, its text or its scores, to rows: one for each image of its request."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.answers.batch import SharedAnswer, read_batch
from harness.answers.outcome import Outcome, Status
from harness.answers.parse import parse_letter, parse_name, read_open
from harness.answers.parts import MOST_WRITTEN, REASONING, part_reasoning
from harness.data.class_names import Outputs
from harness.data.classes import ClassList, normalize_name
from harness.errors import Problem, SpecError
from harness.prompts.plan import PlannedRequest
from harness.requests import Failed, Response, Scores
from harness.specs.task import Protocol
from harness.store.prediction import Prediction

RANKED = "ranked"
"""The rule of a row whose class is the most likely of the choices."""
_KEPT = 5


@dataclass(frozen=True, slots=True)
class Best:
    """The best places of a list of scores, best first, and their scores."""

    places: tuple[int, ...]
    scores: tuple[float, ...]


def best_of(scores: Sequence[float], kept: int = _KEPT) -> Best:
    """Give the places of the highest scores; of equal ones the first place wins.

    Raises ValueError when a score is not a number.
    """
    if any(math.isnan(score) for score in scores):
        raise ValueError("a score is not a number (NaN)")
    places = sorted(range(len(scores)), key=lambda place: (-scores[place], place))[:kept]
    return Best(tuple(places), tuple(round(scores[place], 6) for place in places))


def by_sum(response: Scores) -> Best:
    """Rank the choices by the log-probability of their whole text, as lm-eval's `acc`."""
    return best_of(response.scores)


def per_token(response: Scores) -> Best:
    """Rank the choices by the mean log-probability of their tokens.

    Raises ValueError where their lengths are not known.
    """
    if response.lengths is None:
        raise ValueError("scores without `lengths`, the number of tokens of each choice")
    pairs = zip(response.scores, response.lengths, strict=True)
    return best_of([score / length for score, length in pairs])


def probability_of(logit: float, logits: Sequence[float]) -> float | None:
    """Give the softmax of one of some logits; None where the highest of them is not finite."""
    highest = max(logits)
    if not math.isfinite(highest):
        return None
    return round(math.exp(logit - highest) / math.fsum(math.exp(x - highest) for x in logits), 6)


SCORES = "scores"
"""The rule of a row whose class has the highest of a classifier's scores."""


def classified_row(
    request: PlannedRequest, digest: str, response: Scores, classes: ClassList, outputs: Outputs
) -> Prediction:
    """Make the row of an image that was classified: the best class, and the best five.

    Classes that the model cannot tell apart share the best of their scores, and an answer stands
    for all of them. Of equal scores the lower class id wins. Raises ValueError when a score is not
    a number, SpecError when there are fewer or more scores than classes.
    """
    best = best_of(_of_classes(response.scores, outputs))
    same = next((group for group in outputs.together if best.places[0] in group), ())
    top = tuple(classes.ids[place] for place in best.places)
    return Prediction(
        image_id=request.image_ids[0],
        status=Status.OK,
        class_id=top[0],
        also=tuple(classes.ids[place] for place in same if place != best.places[0]),
        rule=SCORES,
        top=top,
        top_scores=best.scores,
        confidence=_confidence(response.logits, outputs, best.places[0]),
        image_sha256=digest,
    )


def _of_classes(scores: Sequence[float], outputs: Outputs) -> list[float]:
    """Give each class's score; those that the model cannot tell apart have the best of theirs."""
    if len(scores) != outputs.count:
        what, got = "has another number of outputs than classes", f"{len(scores)} scores"
        expected = f"{outputs.count}, one for each class it knows"
        fix = "say in the model's YAML which `class_list` its outputs stand for"
        raise SpecError(Problem("classifier", what, got, expected, fix))
    own = [scores[place] for place in outputs.places]
    if any(math.isnan(score) for score in own):
        raise ValueError("a score is not a number (NaN)")
    for group in outputs.together:
        highest = max(own[place] for place in group)
        for place in group:
            own[place] = highest
    return own


def _confidence(logits: Sequence[float] | None, outputs: Outputs, place: int) -> float | None:
    """Give the softmax of a class; those that the model cannot tell apart count once."""
    if logits is None:
        return None
    own = _of_classes(logits, outputs)
    again = {each for group in outputs.together for each in group[1:]}
    return probability_of(own[place], [x for at, x in enumerate(own) if at not in again])


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
        return _paid_rows(failed_rows(request, response.error), response)
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
    places = range(1, len(hashes) + 1) if len(hashes) > 1 else [None]
    images = zip(request.image_ids, hashes, places, strict=True)
    for (image_id, digest, place), text in zip(images, shared.texts, strict=True):
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
                cached_tokens=response.cached_tokens,
                cost=response.cost,
                images_in_prompt=len(hashes) if len(hashes) > 1 else None,
                place=place,
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
    texts: Sequence[int | str] = ids if request.options else classes.names
    # A name of several classes counts once, by its highest score: batches may round it apart.
    rising = sorted(zip(texts, response.scores, strict=True), key=lambda pair: pair[1])
    logits = dict(rising)
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
        confidence=probability_of(response.scores[best.places[0]], list(logits.values())),
        top_per_token=tuple(ids[place] for place in shorter.places),
        top_per_token_scores=shorter.scores,
        options=request.options,
        image_sha256=digest,
        prompt_sha256=request.prompt_sha256,
        tokens=response.tokens,
        prompt_tokens=response.prompt_tokens,
        cached_tokens=response.cached_tokens,
        cost=response.cost,
        revision=response.revision,
    )


def _namesakes(classes: ClassList, class_id: int) -> tuple[int, ...]:
    """Give the other classes that bear the same name, which text cannot tell apart."""
    same = classes.by_normalized[normalize_name(classes.by_id[class_id].name)]
    return tuple(each for each in same if each != class_id)


def _paid_rows(rows: Sequence[Prediction], failed: Failed) -> list[Prediction]:
    """Add what a request has taken that came to no answer, of several images theirs together."""
    known = any(each is not None for each in (failed.tokens, failed.prompt_tokens, failed.cost))
    images = len(rows) if len(rows) > 1 and known else None
    return [
        replace(
            row,
            tokens=failed.tokens,
            prompt_tokens=failed.prompt_tokens,
            cost=failed.cost,
            images_in_prompt=images,
        )
        for row in rows
    ]


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
