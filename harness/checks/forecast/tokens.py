"""How many tokens the requests of a plan are: texts counted, images from some that are opened."""

import json
import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Literal

from PIL import Image

from harness.adapters.base import Preview
from harness.checks.forecast.earlier import Earlier
from harness.prompts.ahead import load_ahead, readable
from harness.prompts.plan import Plan, PlannedRequest
from harness.requests import Request
from harness.scores.statistics import student_t
from harness.specs.template import LETTERS

ASSUMED = (500, 375)
"""Width and height of an image where none can be opened: about those of ImageNet."""
_TOGETHER = 4  # requests whose images are got ready at a time
_ANSWERS = 50
"""Answers with several names that are made up, for their mean length."""
How = Literal["exact", "extrapolated", "assumed", "estimated", "measured"]


@dataclass(frozen=True, slots=True)
class OpenedImages:
    """What came of opening the images of some requests."""

    first: Request
    """The first one of all whose images could be opened."""
    first_ids: tuple[str, ...]
    """Ids of its images."""
    n: int
    """Images that were opened; 0 where the size is assumed."""
    sizes: tuple[tuple[int, int], ...]
    """Width and height of each; the assumed one where none was opened."""
    tokens: tuple[tuple[int, int], ...]
    """Of each request, where they are known: tokens of its images, and how many images."""
    unreadable: tuple[str, ...]
    """Ids of images that could not be decoded, or that the model's processor does not take."""


@dataclass(frozen=True, slots=True)
class PromptTokens:
    """Tokens of all prompts together."""

    total: int | None
    """None where what images take is not known."""
    low: int | None
    """95 % interval of the total, where images of different lengths are extrapolated."""
    high: int | None
    of_text: int
    of_images: int | None
    an_image: tuple[int, int] | None
    """The fewest and the most tokens of an image that was opened."""
    how: How


@dataclass(frozen=True, slots=True)
class AnswerTokens:
    """Tokens of all answers together."""

    expected: int
    at_most: int
    how: Literal["names", "measured", "ranked"]
    """`names`: as if all answers were names (or letters) of the list, each as often; `measured`:
    the mean of an earlier run; `ranked`: no text is written."""
    without_reasoning: bool
    """Whether the model may reason, which is in `at_most` alone."""


def open_some(
    plan: Plan, preview: Preview | None, asked: Sequence[PlannedRequest], images: int
) -> OpenedImages:
    """Open about so many images: those of the first request, and of others drawn at random, the
    same each time. They are let go once they are counted.
    """
    source, each = plan.opened.source, plan.opened.task.images_per_prompt
    sizes: list[tuple[int, int]] = []
    broken: list[str] = []
    tokens: list[tuple[int, int]] = []
    first: tuple[Request, tuple[str, ...]] | None = None
    count = max(1, min(len(asked), math.ceil(images / each))) if source.read else 0
    others = random.Random(0).sample(range(1, len(asked)), max(0, count - 1))
    chosen = [asked[place] for place in (0, *sorted(others))[:count]]
    for loaded in load_ahead(source, chosen, _TOGETHER):
        for image_id, item in zip(loaded.planned.image_ids, loaded.images, strict=True):
            if item.image is None:
                broken.append(image_id)
            else:
                sizes.append(item.image.size)
        ready = readable(plan, loaded)
        if ready is not None:
            planned, _, request = ready
            first = first or (request, planned.image_ids)
            try:
                tokens += _counted(preview, request)
            except ValueError:  # the processor takes no such image, in a run either
                broken += planned.image_ids
    if first is None:
        blank = Image.new("RGB", ASSUMED)
        first = Request((blank,) * len(asked[0].image_ids), asked[0].text), asked[0].image_ids
        tokens = _counted(preview, first[0])
    return OpenedImages(
        first=first[0],
        first_ids=first[1],
        n=len(sizes),
        sizes=tuple(sizes) or (ASSUMED,),
        tokens=tuple(tokens),
        unreadable=tuple(broken),
    )


def _counted(preview: Preview | None, request: Request) -> list[tuple[int, int]]:
    tokens = preview.image_tokens(request) if preview and request.images else None
    return [] if tokens is None else [(tokens, len(request.images))]


def prompt_tokens(
    preview: Preview, asked: Sequence[PlannedRequest], opened: OpenedImages, earlier: Earlier | None
) -> PromptTokens:
    """Count the texts of all requests, and take images to be as those that were opened; where the
    model's own processor is not here, an earlier run's counts come first.
    """
    texts = Counter(request.text for request in asked)
    counts = zip(preview.text_tokens(list(texts)), texts.values(), strict=True)
    of_text = sum(tokens * n for tokens, n in counts)
    exact = preview.counting.exact
    if not exact and earlier is not None and earlier.prompt_tokens is not None:
        total = round(earlier.prompt_tokens * len(asked))
        return PromptTokens(total, None, None, of_text, None, None, "measured")
    if not opened.tokens:
        return PromptTokens(None, None, None, of_text, None, None, "estimated")
    images = sum(len(request.image_ids) for request in asked)
    rates = [tokens / n for tokens, n in opened.tokens]
    mean = sum(tokens for tokens, _ in opened.tokens) / sum(n for _, n in opened.tokens)
    of_images = round(images * mean)
    interval = student_t(rates).ci95 if min(rates) < max(rates) else None
    low, high = (round(of_text + images * max(0.0, end)) for end in interval or (0.0, 0.0))
    how: How = "extrapolated" if opened.n < images else "exact"
    how = "assumed" if opened.n == 0 else how
    whole = interval is None or how == "exact"
    return PromptTokens(
        total=of_text + of_images,
        low=None if whole else low,
        high=None if whole else high,
        of_text=of_text,
        of_images=of_images,
        an_image=(math.floor(min(rates)), math.ceil(max(rates))),
        how=how if exact else "estimated",
    )


def answer_tokens(preview: Preview, plan: Plan, n: int, earlier: Earlier | None) -> AnswerTokens:
    """Give what n answers take if they are names of the list, or as long as an earlier run's."""
    ask, text = plan.ask, plan.requests[0].text
    at_most = preview.most_tokens(ask, text) * n
    if ask.output_type == "multiple_choice":
        return AnswerTokens(at_most, at_most, "ranked", without_reasoning=False)
    if earlier is not None and earlier.answer_tokens is not None:
        expected = round(earlier.answer_tokens * n)
        return AnswerTokens(expected, at_most, "measured", without_reasoning=False)
    counts = preview.answer_tokens(text, likely_answers(plan))
    expected = min(at_most, round(n * sum(counts) / len(counts)))
    reasons = preview.counting.reasons and ask.output_type == "generate_until"
    return AnswerTokens(expected, at_most, "names", without_reasoning=reasons)


def likely_answers(plan: Plan) -> Sequence[str]:
    """Give answers that are names of the list, or letters of options; of several images a JSON
    object of names. In an open world names stand for what nobody knows.
    """
    task, names = plan.opened.task, plan.opened.classes.names
    if task.distractors is not None:
        return LETTERS[: task.distractors.n_options]
    if task.images_per_prompt == 1:
        return names
    several, each = cycle(names), task.images_per_prompt
    groups = (islice(several, each) for _ in range(_ANSWERS))
    return [json.dumps({str(n): name for n, name in enumerate(group, 1)}) for group in groups]
