"""From what a server sent to text, counts and price; nothing is made up for what lacks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.adapters.openai_options import Prices

_AT_LIMIT = frozenset({"length", "max_tokens", "max_output_tokens", "model_length"})
"""Reasons to end, in the words of one server or another, that mean the limit of tokens."""
_MAY_BE_EMPTY = _AT_LIMIT | {"content_filter"}
"""Reasons to end under which an answer without text is what the model gave."""


class NoAnswerError(Exception):
    """A server said that all went well, but what it sent is no answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server sent for one request."""

    text: str
    reasoning: str | None = None
    finish_reason: str = ""
    refused: bool = False
    """Whether the text came as a refusal."""
    model: str | None = None
    fingerprint: str | None = None
    tokens: int | None = None
    prompt_tokens: int | None = None
    cached_tokens: int = 0

    @property
    def at_limit(self) -> bool | None:
        """Whether the text ended at the limit of tokens; None where the server does not say why."""
        return self.finish_reason.lower() in _AT_LIMIT if self.finish_reason else None

    def cost(self, prices: Prices | None) -> float | None:
        """Give the price in US dollars, where prices and both counts are known."""
        if prices is None or self.tokens is None or self.prompt_tokens is None:
            return None
        return prices.cost(self.prompt_tokens, self.tokens, self.cached_tokens)


def read_answer(body: str, content_type: str) -> Answer:
    """Read the body of a chat completion. Raises NoAnswerError saying what it is instead."""
    if "json" not in content_type:
        raise NoAnswerError(f"not JSON but `{content_type or 'no content type'}`: {body[:80]!r}")
    try:
        whole = json.loads(body)
    except ValueError as error:
        raise NoAnswerError(f"JSON that cannot be read ({error}): …{body[-40:]!r}") from error
    if not isinstance(whole, dict):
        raise NoAnswerError(f"JSON that is no object: {body[:80]!r}")
    choice = _first_choice(whole)
    reason = str(choice.get("finish_reason") or "")
    message = choice.get("message")
    if not isinstance(message, dict):
        raise NoAnswerError("a choice without message")
    text, refused = _text(message, reason)
    return Answer(
        text=text,
        reasoning=_filled(message.get("reasoning_content")) or _filled(message.get("reasoning")),
        finish_reason=reason,
        refused=refused,
        model=_filled(whole.get("model")),
        fingerprint=_filled(whole.get("system_fingerprint")),
        **_counts(whole.get("usage")),
    )


def without_reasoning(answer: Answer, end: str | None) -> Answer:
    """Part the text at the marker that ends the reasoning, where the server left it in.

    Reasoning that ran out of tokens leaves no answer: the text is empty.
    """
    if not end:
        return answer
    before, found, after = answer.text.rpartition(end)
    if found:
        return replace(answer, text=after.lstrip(), reasoning=before.strip() or None)
    if answer.at_limit:
        return replace(answer, text="", reasoning=answer.text)
    return answer


def _first_choice(whole: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = whole.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0]
    told = whole.get("error") or whole.get("message")
    raise NoAnswerError(f"no choices; the server says: {told}"[:300] if told else "no choices")


def _text(message: Mapping[str, Any], reason: str) -> tuple[str, bool]:
    """Give the text of a message and whether it is a refusal."""
    content = message.get("content")
    if isinstance(content, list):  # parts, as some servers write them
        content = "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    refusal = _filled(message.get("refusal"))
    if refusal and not content:
        return refusal, True
    if isinstance(content, str):
        return content, False
    if content is None and reason in _MAY_BE_EMPTY:
        return "", False
    raise NoAnswerError(f"a message without content (finish_reason `{reason or 'none'}`)")


def _counts(usage: object) -> dict[str, Any]:
    if not isinstance(usage, dict):
        return {}
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    return {
        "tokens": _number(usage.get("completion_tokens")),
        "prompt_tokens": _number(usage.get("prompt_tokens")),
        "cached_tokens": _number(cached) or 0,
    }


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _filled(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
