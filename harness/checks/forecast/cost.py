"""What the requests of a run cost, by the prices in the model's YAML."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from harness.adapters.base import Preview
from harness.adapters.registry import takes_prices
from harness.checks.forecast.earlier import OnDisk
from harness.checks.forecast.tokens import AnswerTokens, PromptTokens
from harness.prompts.plan import PlannedRequest
from harness.specs.model import ModelSpec
from harness.specs.template import IMAGE_MARK


@dataclass(frozen=True, slots=True)
class Cost:
    """US dollars."""

    expected: float
    """With nothing in the server's cache."""
    at_most: float
    """Where every answer is as long as it may be."""
    cached: float | None
    """As `expected`, where the text before the first image is the same for all requests and comes
    from the server's cache in all but the first; None where there is none, or it costs the same."""
    as_before: float | None
    """At what a request of an earlier run cost; None without one."""


def cost_of(
    preview: Preview, disk: OnDisk, prompts: PromptTokens, answers: AnswerTokens
) -> Cost | None:
    """Give the cost of the requests; None where prices, or the tokens of images, are not known."""
    if prompts.total is None:
        return None
    expected = preview.cost(prompts.total, answers.expected)
    at_most = preview.cost(prompts.high or prompts.total, answers.at_most)
    if expected is None or at_most is None:
        return None
    n = len(disk.asked)
    (shared,) = preview.text_tokens([_beginning(disk.asked)])
    in_cache = min(prompts.total, shared * max(0, n - 1))
    cached = preview.cost(prompts.total, answers.expected, in_cache)
    before = disk.earlier.cost if disk.earlier else None
    return Cost(
        expected=expected,
        at_most=at_most,
        cached=None if cached == expected else cached,
        as_before=None if before is None else n * before,
    )


def _beginning(asked: Sequence[PlannedRequest]) -> str:
    """Give the text before the first image that all requests begin with."""
    heads = {request.text.partition(IMAGE_MARK)[0] for request in asked} or {""}
    first, last = min(heads), max(heads)  # what these two share, all others share too
    pairs = zip(first, last, strict=False)
    return "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def unpriced_by(model: ModelSpec) -> str:
    """Say why there is no cost."""
    if model.options.get("prices") is not None:
        return "the tokens of images are not known"
    if not takes_prices(model):
        return f"adapter `{model.adapter}` has no prices"
    return (
        "the model's YAML names no prices; --set_model options.prices='{input: 2.5, output: 10}' "
        "gives dollars for a million tokens"
    )
