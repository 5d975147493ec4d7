"""Answers that can only be one of the task's choices: names that a server is held to, letters by
their log-probabilities. What a server can is found out by the first request of a run.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.adapters.hf.choices import beginning
from harness.adapters.server.answer import Answer
from harness.requests import Ask, Failed, Response, Scores, Text

TOP = 20
"""Log-probabilities that are asked for: the most that OpenAI gives, and vLLM unless told more."""
_ID = "token_id:"
"""How vLLM writes a token as its number."""
FORMS = ("structured_outputs", "guided_choice", "regex")
"""Fields by which servers are held to names: vLLM's, that of vLLM before 0.11, and SGLang's."""
LEAST = "letters that the server does not show, scored as the least likely token that it shows"
"""What is counted of answers with such letters."""
_SPACES = ("▁", "Ġ", " ")
_PLENTY = 4  # tokens beside one for each byte of the longest name; decoding ends with the name


@dataclass(frozen=True, slots=True)
class FreeText:
    """Any text. Each way has the `ask` of the task, with the settings of generation it needs."""

    ask: Ask

    def add(self, body: dict[str, Any]) -> None:
        """Write into the body of a request what is asked besides: nothing."""

    def response(self, answer: Answer, text: Text) -> Response:
        """Give what an answer comes to, of which `text` is the plain reading."""
        return text


@dataclass(frozen=True, slots=True)
class OnlyNames:
    """Text that can only be one of the names, by one of `FORMS`."""

    ask: Ask
    form: str
    names: tuple[str, ...]
    line: str | None = None
    """The prompt's last line as the server renders it, where that is known."""

    @classmethod
    def of(cls, ask: Ask, form: str, line: str | None) -> "OnlyNames":
        """Hold to the names of a task."""
        names = tuple(dict.fromkeys(ask.choices))
        enough = max(len(name.encode()) for name in names) + _PLENTY
        generation = ask.generation.model_copy(update={"max_new_tokens": enough, "until": ()})
        return cls(replace(ask, generation=generation), form, names, line)

    @property
    def trial(self) -> "OnlyNames":
        """The same with one text to choose, which no model writes that is not held to it."""
        text = f"{self.names[-1]} {self.names[0]} {self.names[-1]}"
        return OnlyNames.of(replace(self.ask, choices=(text,)), self.form, self.line)

    def add(self, body: dict[str, Any]) -> None:
        """Write into the body of a request what it is held to."""
        written = [beginning(self.line or "", name) for name in self.names]
        fields: Mapping[str, Any] = {
            "structured_outputs": {"choice": written},
            "guided_choice": written,
            "regex": f"{' ?' * (self.line is None)}({'|'.join(map(re.escape, written))})",
        }
        body["extra_body"] = {**body.get("extra_body", {}), self.form: fields[self.form]}

    def response(self, answer: Answer, text: Text) -> Response:
        """Give the name. A text that is none shows that the server was not held to them."""
        if text.refused or text.text.strip() in self.names:
            return replace(text, text=text.text.strip())
        what = f"not one of the names, to which the server was held: {text.text[:100]!r}"
        return _paid_for(text, what)

    def holds(self, answer: Answer) -> bool:
        """Whether a server was held to the names."""
        return answer.text.strip() in self.names


@dataclass(frozen=True, slots=True)
class Letters:
    """Letters, ranked by the log-probability of one token after the prompt."""

    ask: Ask
    letters: tuple[str, ...]
    tokens: tuple[int, ...] | None = None
    """The token of each letter, from the server's own tokenizer where it shows that."""

    @classmethod
    def of(cls, ask: Ask, tokens: tuple[int, ...] | None) -> "Letters":
        """Rank the letters of a task."""
        one = {"max_new_tokens": 1, "until": (), "do_sample": False}
        plain = {**one, "temperature": None, "top_p": None}
        generation = ask.generation.model_copy(update=plain)
        return cls(replace(ask, generation=generation), ask.choices, tokens)

    def add(self, body: dict[str, Any]) -> None:
        """Ask for the log-probabilities of one token."""
        body |= {"logprobs": True, "top_logprobs": TOP}
        if self.tokens is not None:
            by_number = {"logprob_token_ids": list(self.tokens), "return_tokens_as_token_ids": True}
            body["extra_body"] = {**body.get("extra_body", {}), **by_number}

    def response(self, answer: Answer, text: Text) -> Response:
        """Give the score of each letter. One that the server does not show comes just below the
        least likely token that it shows, which it cannot pass: so close that it is written as the
        same, and below, so that it never wins over a letter that is shown and is that token. Where
        the server shows no letter, there is no answer.
        """
        if text.refused:
            return text
        if answer.reasoning:
            what = "the model began with its reasoning, where a letter was looked for"
            return _paid_for(text, what)
        known = self.known(answer)
        if not known:
            return _paid_for(text, f"no letter among the {len(answer.first)} likeliest tokens")
        least = math.nextafter(min(value for _, value in answer.first), -math.inf)
        return Scores(
            scores=tuple(known.get(letter, least) for letter in self.letters),
            lengths=(1,) * len(self.letters),
            tokens=text.tokens,
            prompt_tokens=text.prompt_tokens,
            cached_tokens=text.cached_tokens,
            cost=text.cost,
            revision=text.revision,
        )

    def known(self, answer: Answer) -> Mapping[str, float]:
        """Give the log-probabilities of the letters that an answer shows."""
        by_token = dict(answer.first)
        if self.tokens is not None and any(token.startswith(_ID) for token in by_token):
            numbers = zip(self.letters, self.tokens, strict=True)
            written = ((letter, by_token.get(f"{_ID}{token}")) for letter, token in numbers)
            return {letter: value for letter, value in written if value is not None}
        return _spelt_alike(self.letters, answer.first)


Way = FreeText | OnlyNames | Letters
"""How the requests of a run are asked."""


def _spelt_alike(
    letters: Sequence[str], tokens: Sequence[tuple[str, float]]
) -> Mapping[str, float]:
    """Give the log-probabilities of letters in one spelling, with a space before them or without:
    that which is the likelier beginning of an answer.
    """
    spellings: tuple[dict[str, float], dict[str, float]] = ({}, {})
    for token, value in tokens:
        spaced = token.startswith(_SPACES)
        letter = token[1:] if spaced else token
        if letter in letters:
            spellings[spaced][letter] = max(value, spellings[spaced].get(letter, -math.inf))
    return max(spellings, key=lambda found: math.fsum(map(math.exp, found.values())))


def _paid_for(text: Text, error: str) -> Failed:
    """Give up an answer that was paid for all the same."""
    return Failed(error, text.tokens, text.prompt_tokens, text.cost)
