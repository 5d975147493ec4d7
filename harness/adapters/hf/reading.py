"""From generated tokens to an answer: where it ends, and what of it is reasoning."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.adapters.hf.prompt import PromptOptions
from harness.answers.outcome import cut, stop_place
from harness.requests import Text

_CLOSING = re.compile(r"([<\[◁]\|?)/(think|thinking|thought|reason|reasoning)(\|?[>\]▷])", re.I)
_REASONING_FIELDS = ("reasoning_content", "reasoning", "thinking")


@dataclass(frozen=True, slots=True)
class Markers:
    """What begins and ends the reasoning part of a thinking model's text."""

    begin: str
    end: str

    def __str__(self) -> str:
        return f"between {self.begin!r} and {self.end!r}"


def find_markers(tokenizer: Any, template: str | None) -> Markers | None:
    """Find the markers of reasoning where the model's own files show them.

    They are those of the tokenizer's `response_template`, else a pair as `<think>` and `</think>`
    in the chat template, else such a pair among the tokenizer's added tokens.
    """
    declared = getattr(tokenizer, "response_template", None) or {}
    for name in _REASONING_FIELDS:
        field = declared.get("fields", {}).get(name, {})
        begin, end = _literal(field.get("open")), _literal(field.get("close"))
        if begin and end:
            return Markers(begin, end)
    added = list(tokenizer.get_added_vocab())
    return _pair([template or ""]) or _pair(added)


def markers_of(options: PromptOptions, tokenizer: Any, template: str | None) -> Markers | None:
    """Give the markers that the YAML names, else those that the model's own files show."""
    named = options.thinking_markers
    return Markers(*named) if named else find_markers(tokenizer, template)


def ends_of(generation: Any, tokenizer: Any) -> list[int]:
    """List the tokens that end an answer, by the generation config, else by the tokenizer."""
    ends = generation.eos_token_id
    if ends is None:
        ends = tokenizer.eos_token_id
    return list(ends) if isinstance(ends, list) else [ends]


class AnswerReader:
    """Reads rows of generated tokens of one model."""

    def __init__(self, tokenizer: Any, ends: Sequence[int], markers: Markers | None) -> None:
        self._tokenizer = tokenizer
        self._ends = frozenset(ends)
        self._markers = markers
        if markers:
            self._shown = Markers(self._visible(markers.begin), self._visible(markers.end))

    def begins_in_reasoning(self, prompt: str) -> bool:
        """Say whether a prompt ends inside a reasoning part, which its template began."""
        if self._markers is None or self._markers.begin not in prompt:
            return False
        return self._markers.end not in prompt.rpartition(self._markers.begin)[2]

    def read(self, prompt: str, row: Sequence[int], until: Sequence[str]) -> Text:
        """Read the tokens that were generated after a prompt, padding behind their end included.

        Reasoning that did not come to its end, because the tokens ran out, leaves no answer: the
        text is empty. Stop strings cut the answer, never the reasoning; tokens behind the one that
        completes a stop string do not count, the one that ends the answer does.
        """
        end = next((n for n, token in enumerate(row, start=1) if token in self._ends), None)
        tokens = row[:end]
        place = self._end_of_reasoning(prompt, tokens)
        tokens = self._to_the_stop(tokens, place, until)
        whole = self._decode(tokens[place:])
        text = cut(whole, until)
        truncated = end is None and stop_place(whole, until) is None
        if place == 0:
            return Text(text, len(tokens), truncated=truncated)
        reasoning = self._decode(tokens[:place]).strip()
        assert self._markers is not None
        reasoning = reasoning.removeprefix(self._shown.begin).removesuffix(self._shown.end)
        return Text(text.lstrip(), len(tokens), reasoning=reasoning.strip(), truncated=truncated)

    def has_ended(self, prompt: str, row: Sequence[int], until: Sequence[str]) -> bool:
        """Say whether an answer, written so far, has come to its end or to a stop string."""
        if any(token in self._ends for token in row):
            return True
        text = self._decode(row[self._end_of_reasoning(prompt, row) :])
        return stop_place(text, until) is not None

    def _to_the_stop(
        self, tokens: Sequence[int], place: int, until: Sequence[str]
    ) -> Sequence[int]:
        def stopped(length: int) -> bool:
            return stop_place(self._decode(tokens[place:length]), until) is not None

        if not until or not stopped(len(tokens)):
            return tokens
        return tokens[: bisect_left(range(len(tokens) + 1), True, lo=place, key=stopped)]

    def _end_of_reasoning(self, prompt: str, tokens: Sequence[int]) -> int:
        """Give how many of the tokens are reasoning, its markers with them."""
        if self._markers is None:
            return 0
        end = self._markers.end
        raw = self._decode(tokens, special=True)
        if end in raw:
            lengths = range(len(tokens) + 1)
            return bisect_left(
                lengths, True, key=lambda n: end in self._decode(tokens[:n], special=True)
            )
        begun = self.begins_in_reasoning(prompt)
        return len(tokens) if begun or raw.lstrip().startswith(self._markers.begin) else 0

    def _decode(self, tokens: Sequence[int], *, special: bool = False) -> str:
        return str(self._tokenizer.decode(tokens, skip_special_tokens=not special))

    def _visible(self, marker: str) -> str:
        """Give what is left of a marker when special tokens are left out."""
        tokens = self._tokenizer(marker, add_special_tokens=False)["input_ids"]
        return self._decode(tokens).strip()


def _literal(value: Any) -> str | None:
    first = value[0] if isinstance(value, list) and value else value
    return first if isinstance(first, str) else None


def _pair(texts: Iterable[str]) -> Markers | None:
    """Find a closing marker, and the opening one that goes with it, in any of the texts."""
    texts = list(texts)
    for text in texts:
        for found in _CLOSING.finditer(text):
            begin = "".join(found.groups())
            if any(begin in other for other in texts):
                return Markers(begin, found.group())
    return None
