"""Finds out, by the first request of a run, how a server takes a task's choices."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NoReturn

from harness.adapters.hf.choices import ChoiceTokens, last_line
from harness.adapters.server.answer import Answer
from harness.adapters.server.choosing import FORMS, TOP, Letters, OnlyNames, Way
from harness.adapters.server.client import Client
from harness.adapters.server.faults import NOT_KNOWN, Fault
from harness.adapters.server.options import OpenAIOptions
from harness.errors import Problem, SpecError
from harness.requests import Ask
from harness.specs.model import ModelSpec

Send = Callable[[Way], Awaitable[Answer | Fault]]
"""Asks the first request of a run in some way."""
_TAIL = 256  # tokens of a prompt in which its last line is looked for
_THINKS = re.compile(r"<\|?(think|thinking|thought|reason|reasoning)\|?>\s*$", re.IGNORECASE)
_OF_TEMPLATE = ("chat_template", "chat_template_kwargs", "mm_processor_kwargs")
"""Fields of `extra_body` that a server's chat template depends on."""


class FindingOut:
    """Keeps what has been found out, for the run that goes on."""

    def __init__(self, spec: ModelSpec, options: OpenAIOptions, client: Client) -> None:
        self._spec, self._options, self._client = spec, options, client
        self._known: Way | None = None
        self._of: Ask | None = None
        self.note: str | None = None
        """How choices are asked for, for the manifest."""

    async def way(self, ask: Ask, messages: Sequence[Mapping[str, Any]], send: Send) -> Way | Fault:
        """Give the way to ask for a task's choices; a fault where the first request had another
        one. Raises SpecError for what the server cannot do.
        """
        if self._known is not None and self._of is ask:
            return self._known
        letters = all(len(choice) == 1 for choice in ask.choices)
        if ask.output_type == "multiple_choice" and not letters:
            self.refuse(ask, "names over a server would take a request for each name")
        if ask.output_type == "multiple_choice" and self._options.reasoning_tokens:
            self.refuse(ask, "`options.reasoning_tokens` leaves no place for a letter")
        line = await self._last_line(messages)
        if line is not None and _THINKS.search(line):
            self.refuse(ask, f"the chat template begins a reasoning part ({line[-40:]!r})")
        if ask.output_type == "constrained":
            found = await self._names(ask, line, send)
        else:
            found = await self._letters(ask, line, send)
        if not isinstance(found, Fault):
            self._known, self._of = found, ask
        return found

    async def _names(self, ask: Ask, line: str | None, send: Send) -> Way | Fault:
        """Try the forms with a text that no model writes by itself."""
        if self._options.first_dialect == "openai":
            what = "OpenAI's protocol has no field that holds an answer to a list of names"
            self.refuse(ask, what)
        fault, is_heard = Fault("the service refused the first request", status=400), False
        for form in FORMS:
            way = OnlyNames.of(ask, form, line)
            got = await send(way.trial)
            if isinstance(got, Answer) and way.trial.holds(got):
                self.note = f"choices: names, by `{form}`"
                return way
            if isinstance(got, Fault):
                fault = got
                if got.status not in NOT_KNOWN:
                    break
            else:
                is_heard = is_heard or not got.refused
        if is_heard:
            self.refuse(ask, f"the server holds an answer to no list: not by {', '.join(FORMS)}")
        return fault

    async def _letters(self, ask: Ask, line: str | None, send: Send) -> Way | Fault:
        tokens = None if line is None else await self._tokens(line, ask.choices)
        way = Letters.of(ask, tokens)
        got = await send(way)
        if isinstance(got, Fault):
            if got.status in NOT_KNOWN and "logprob" in got.text.lower():
                self.refuse(ask, f"the server says: {got.text}")
            return got
        if not got.first and not got.refused:
            self.refuse(ask, "the server gives no log-probabilities (`top_logprobs`)")
        how = f"among the {TOP} likeliest tokens" if tokens is None else "by their tokens"
        self.note = f"choices: log-probabilities of letters, {how}"
        return way

    def refuse(self, ask: Ask, why: str) -> NoReturn:
        """Raise SpecError for what the server cannot do."""
        where, what = f"model `{self._spec.model}`", f"cannot do output_type {ask.output_type}"
        fix = "use the adapter `hf`, another server, or --set output_type=generate_until"
        raise SpecError(Problem(where, what, why, fix=fix))

    async def _last_line(self, messages: Sequence[Mapping[str, Any]]) -> str | None:
        """Give the last line of a prompt as the server's chat template renders it, by `/tokenize`
        and `/detokenize` as vLLM has them; None where it does not show that.
        """
        if self._options.first_dialect != "vllm":
            return None
        more = self._options.extra_body
        told = {key: more[key] for key in _OF_TEMPLATE if more.get(key) is not None}
        asked = {"model": self._spec.pretrained, "messages": list(messages), **told}
        tokens = _numbers(await self._client.post("/tokenize", asked))
        if not tokens:
            return None
        tail = {"model": self._spec.pretrained, "tokens": tokens[-_TAIL:]}
        got = await self._client.post("/detokenize", tail)
        text = None if isinstance(got, Fault) else got.get("prompt")
        return last_line(text) if isinstance(text, str) and text else None

    async def _tokens(self, line: str, letters: Sequence[str]) -> tuple[int, ...] | None:
        """Give the token of each letter after a line; None where one takes several."""
        loop = asyncio.get_running_loop()

        def encode(text: str, **_: object) -> dict[str, list[int]]:
            asked = {"model": self._spec.pretrained, "prompt": text, "add_special_tokens": False}
            sent = asyncio.run_coroutine_threadsafe(self._client.post("/tokenize", asked), loop)
            return {"input_ids": _numbers(sent.result())}

        found = await asyncio.to_thread(ChoiceTokens(encode).after, line, tuple(letters))
        if any(len(tokens) != 1 for tokens in found):
            return None
        return tuple(tokens[0] for tokens in found)


def _numbers(got: Mapping[str, Any] | Fault) -> list[int]:
    """Give the tokens that a server made of a text; none where it has not."""
    tokens = None if isinstance(got, Fault) else got.get("tokens")
    plain = isinstance(tokens, list) and all(type(each) is int for each in tokens)
    return list(tokens) if plain and tokens else []
