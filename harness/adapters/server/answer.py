"""From what a server sent to text, counts and price; nothing is made up for what lacks.

Only what is known to be an answer is one. A server that failed, says so in some way of its own, or
sends something else than text has given none, and the row is an error that is asked again.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.adapters.server.options import Prices
from harness.limits import each_key_once, parse_json_text
from harness.limits import whole as whole_number

_AT_LIMIT = frozenset({"length", "max_tokens", "max_output_tokens", "model_length"})
"""Reasons to end, in the words of one server or another, that mean the limit of tokens."""
_WHOLE = frozenset({"stop", "stop_sequence", "eos", "eos_token", "end_turn", "complete"})
"""Reasons to end that mean the model's own end."""
_FILTERS = ("content_filter", "safety", "sensitive", "recitation")
"""Beginnings of reasons to end that mean the service's filter: its answer, and a refusal."""
_TEXTS = ("text", "output_text")
_REASONING = ("thinking", "reasoning", "reasoning_text", "reasoning_content")
"""Types of the parts of a message; parts of another type are no text."""
_MOST_TOKENS = 2**31
_MOST_LISTED = 1000
_CERTAIN = 1e-3
"""The highest log-probability that rounding can make."""
_RULED_OUT = -9999.0
"""What stands for the log-probability of a token that cannot be, or of which nothing is known."""
_LONGEST_NAME = 200
_HALF = re.compile("[\ud800-\udfff]")
_DECODER = json.JSONDecoder(object_pairs_hook=each_key_once, parse_int=whole_number)


class NoAnswerError(Exception):
    """A server said that all went well, but what it sent is no answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server sent for one request."""

    text: str
    reasoning: str | None = None
    finish_reason: str = ""
    refused: bool = False
    """Whether the service refused: by a refusal in the message, or by its filter."""
    model: str | None = None
    fingerprint: str | None = None
    tokens: int | None = None
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    address: str | None = None
    """Of the server that gave it."""
    first: tuple[tuple[str, float], ...] = ()
    """The most likely first tokens with their log-probabilities, where these were asked for."""

    @property
    def at_limit(self) -> bool | None:
        """Whether the text ended at the limit of tokens; None where the server does not say why."""
        return self.finish_reason.lower() in _AT_LIMIT if self.finish_reason else None

    def cost(self, prices: Prices | None) -> float | None:
        """Give the price in US dollars, where prices and both counts are known."""
        if prices is None or self.tokens is None or self.prompt_tokens is None:
            return None
        return prices.cost(self.prompt_tokens, self.tokens, self.cached_tokens or 0)


FILTERED = Answer("", finish_reason="content_filter, before the model was asked", refused=True)
"""What stands for an answer where the service's filter let no request through to the model."""


@dataclass(frozen=True, slots=True)
class _Message:
    """A message's parts by kind; None where it has none of a kind."""

    text: str | None = None
    reasoning: str | None = None
    refusal: str | None = None


def read_answer(body: str, content_type: str) -> Answer:
    """Read the body of a chat completion. Raises NoAnswerError saying what it is instead."""
    if "json" not in content_type:
        raise NoAnswerError(f"not JSON but `{content_type or 'no content type'}`: {body[:80]!r}")
    try:
        whole = parse_json_text(body, _DECODER)
    except ValueError as error:
        raise NoAnswerError(f"JSON that cannot be read ({error}): …{body[-40:]!r}") from error
    if not isinstance(whole, dict):
        raise NoAnswerError(f"JSON that is no object: {body[:80]!r}")
    return read_completion(whole)


def read_completion(whole: Mapping[str, Any]) -> Answer:
    """Read a chat completion. Raises NoAnswerError saying what it is instead."""
    choice = _first_choice(whole)
    message = choice.get("message")
    if not isinstance(message, dict):
        raise NoAnswerError("a choice without message")
    _check_message(message)
    reason = _reason(choice)
    read = _read_message(message)
    filtered = reason.lower().startswith(_FILTERS)
    return Answer(
        text=_text(read, reason, filtered),
        reasoning=read.reasoning,
        finish_reason=reason,
        refused=filtered or (read.refusal is not None and not read.text),
        model=_name(whole.get("model")),
        fingerprint=_name(whole.get("system_fingerprint")),
        first=tuple(_first_tokens(choice.get("logprobs"))),
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
    """Give the choice. Raises NoAnswerError where the server tells of an error, choice or not."""
    if whole.get("error"):
        raise NoAnswerError(f"the server says: {_said(whole['error'])}")
    choices = whole.get("choices")
    if not (isinstance(choices, list) and choices and isinstance(choices[0], dict)):
        told = whole.get("message") or whole.get("detail")
        raise NoAnswerError(f"no choices; the server says: {_said(told)}" if told else "no choices")
    if choices[0].get("error"):
        raise NoAnswerError(f"the server says: {_said(choices[0]['error'])}")
    return choices[0]


def _check_message(message: Mapping[str, Any]) -> None:
    """Raise NoAnswerError for a message that is not the model's own text."""
    if message.get("error"):
        raise NoAnswerError(f"the server says: {_said(message['error'])}")
    if message.get("role") not in (None, "assistant"):
        raise NoAnswerError(f"a message of {json.dumps(message['role'])}, not of the assistant")
    if message.get("tool_calls") or message.get("function_call"):
        raise NoAnswerError("a call of a tool")


def _reason(choice: Mapping[str, Any]) -> str:
    """Give why the answer ended. Raises NoAnswerError for what is no end of an answer, such as
    `error`, `abort` or `insufficient_system_resource`.
    """
    reason = choice.get("finish_reason") or ""
    if not isinstance(reason, str):
        raise NoAnswerError(f"a finish_reason that is no text: {json.dumps(reason)}")
    known = reason.lower()
    if known and known not in _AT_LIMIT | _WHOLE and not known.startswith(_FILTERS):
        raise NoAnswerError(f"finish_reason `{reason}`, which is no end of an answer")
    return reason


def _text(read: _Message, reason: str, filtered: bool) -> str:
    """Give the text of a message, which may only lack where the reason to end explains it."""
    text = read.text or read.refusal
    if text is not None:
        return text
    if filtered or reason.lower() in _AT_LIMIT or (read.text is not None and reason):
        return ""
    raise NoAnswerError(f"a message without content (finish_reason `{reason or 'none'}`)")


def _read_message(message: Mapping[str, Any]) -> _Message:
    """Sort what a message holds. Raises NoAnswerError for content that is no text."""
    content = message.get("content")
    if isinstance(content, list):
        read = _read_parts(content)
    elif content is None or isinstance(content, str):
        read = _Message(text=content)
    else:
        raise NoAnswerError(f"content that is no text: {json.dumps(content)}")
    said = (message.get("reasoning_content"), message.get("reasoning"), read.reasoning)
    reasoning = next((text for text in map(_filled, said) if text), None)
    return replace(
        read, reasoning=reasoning, refusal=_filled(message.get("refusal")) or read.refusal
    )


def _read_parts(parts: list[Any]) -> _Message:
    """Sort the parts of a content that is a list of them, as some servers write it."""
    texts: list[str] = []
    reasoning: list[str] = []
    refusals: list[str] = []
    for part in parts:
        known: Mapping[str, Any] = part if isinstance(part, dict) else {"type": "nothing known"}
        kind = known.get("type", "text")
        if kind == "refusal" and isinstance(known.get("refusal"), str):
            refusals.append(known["refusal"])
        elif kind in _TEXTS and isinstance(known.get("text"), str):
            texts.append(known["text"])
        elif kind in _REASONING:
            reasoning.append(_thought(known))
        else:
            raise NoAnswerError(f"a part of the content that is no text: {json.dumps(part)}")
    return _Message(
        "".join(texts) if texts else None, "".join(reasoning) or None, "".join(refusals) or None
    )


def _first_tokens(told: object) -> Iterator[tuple[str, float]]:
    """Yield the tokens that a server names for the first place, but for those ruled out."""
    content = told.get("content") if isinstance(told, dict) else None
    first = content[0] if isinstance(content, list) and content else None
    listed = first.get("top_logprobs") if isinstance(first, dict) else None
    for each in listed[:_MOST_LISTED] if isinstance(listed, list) else ():
        if not isinstance(each, dict):
            continue
        token, value = each.get("token"), each.get("logprob")
        if not isinstance(token, str) or not isinstance(value, (int, float)):
            continue
        if _RULED_OUT < value <= _CERTAIN:
            yield token, float(value)


def _thought(part: Mapping[str, Any]) -> str:
    """Give what a part of reasoning says, be it a text or a list of texts."""
    said = next((part[key] for key in ("thinking", "reasoning", "text") if part.get(key)), "")
    pieces = said if isinstance(said, list) else [said]
    texts = (piece.get("text") if isinstance(piece, dict) else piece for piece in pieces)
    return "".join(text for text in texts if isinstance(text, str))


def _counts(usage: object) -> dict[str, Any]:
    """Give the counts of tokens; one that cannot be is not known, and nor is a price then."""
    if not isinstance(usage, dict):
        return {}
    details = usage.get("prompt_tokens_details")
    prompt = _count(usage.get("prompt_tokens"))
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else None
    return {
        "tokens": _count(usage.get("completion_tokens")),
        "prompt_tokens": prompt,
        "cached_tokens": None if cached is None or prompt is None else min(cached, prompt),
    }


def _count(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < _MOST_TOKENS else None


def _said(told: object) -> str:
    """Give the words of an error, the message alone where it can be found."""
    while isinstance(told, dict) and told.get("message"):
        told = told["message"]
    return told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)


def _filled(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _name(value: object) -> str | None:
    """Give a name that a server has for itself, as text that any file can hold."""
    text = _filled(value)
    return _HALF.sub("\ufffd", text[:_LONGEST_NAME]) if text else None
