"""Any OpenAI-compatible server, through its chat completions: vLLM, SGLang, `transformers serve`,
the vendors. A batch is sent concurrently, and faults that may pass are waited out.
"""

import asyncio
import logging
import weakref
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

from harness.adapters.base import ALL_OUTPUTS, Abilities, Deferred, Setting
from harness.adapters.server.answer import Answer, without_reasoning
from harness.adapters.server.batch_service import BatchService
from harness.adapters.server.batches import Batches
from harness.adapters.server.choosing import LEAST, FreeText, Letters, Way
from harness.adapters.server.client import Client
from harness.adapters.server.dialect import SENDABLE, other_dialect
from harness.adapters.server.faults import Fault, ServerError, common_fault, says_no_schema
from harness.adapters.server.finding_out import FindingOut
from harness.adapters.server.loop import EventLoop
from harness.adapters.server.options import Dialect, OpenAIOptions
from harness.adapters.server.preview import ServerPreview
from harness.adapters.server.request import answer_schema, chat_body, chat_messages
from harness.answers.outcome import cut, stop_place
from harness.errors import Problem, SpecError
from harness.requests import Ask, Failed, ModelFacts, Request, Response, Scores, Text
from harness.specs.base import validate_part
from harness.specs.model import ModelSpec

log = logging.getLogger("harness")
_MOST_NAMES, _LONGEST_REASON = 20, 60
"""What is noted of the names that a server gives itself, and of its reasons to end."""
_MOST_TRIED = 3
"""Requests by which it is found out how a server takes choices, where the first ones fail."""
_SENT: Mapping[Dialect, str] = {
    "vllm": "neutral values sent, as vLLM takes them",
    "transformers": "neutral values sent, as `transformers serve` takes them",
    "openai": "nothing sent; what the server has of its own acts",
}


@dataclass(frozen=True, slots=True)
class _Form:
    """How a request is written, as far as the server has a say in it."""

    dialect: Dialect
    with_schema: bool


class OpenAIAdapter:
    """A model behind a server. `pretrained` is its name there."""

    abilities = Abilities(
        output_types=ALL_OUTPUTS,
        options=OpenAIOptions,
        keys=frozenset({"pretrained", "system_prompt", "generation"}),
        generation=SENDABLE,
    )

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        if spec.pretrained is None:
            what = "adapter `openai` needs `pretrained`, the model's name on the server"
            raise SpecError(Problem(f"model `{spec.model}`", what, fix="pretrained: NAME"))
        self._spec = spec
        self._options = validate_part(OpenAIOptions, spec, "options", spec.options)
        twice = sorted(spec.generation.named.keys() & self._options.extra_body.keys())
        if twice:
            what = f"`{twice[0]}` is said under `generation` and under `options.extra_body`"
            raise SpecError(Problem(f"model `{spec.model}`", what, fix="remove one"))
        key = self._options.key(spec.model)
        self._loop = EventLoop(f"requests of {spec.model}")
        self._client = Client(self._options, key)
        self._finding_out = FindingOut(spec, self._options, self._client)
        self._schema = self._options.structured != "off"
        self._dialect = self._options.first_dialect
        self._answered = False
        self._models: dict[str | None, set[str]] = {}
        self._fingerprints: set[str] = set()
        self._events: Counter[str] = Counter()
        self._key = key
        self._batches: Batches | None = None
        self.close = weakref.finalize(self, self._loop.close, self._client.close)
        """End the connections; done at the latest when the adapter or the process ends."""

    @classmethod
    def preview(cls, spec: ModelSpec) -> ServerPreview:
        """Read the YAML; the server is not asked."""
        return ServerPreview(spec, validate_part(OpenAIOptions, spec, "options", spec.options))

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model: what the server calls it, and what befell its answers."""
        options = self._options
        notes = [f"server: {address}" for address in options.addresses]
        notes += [f"left out for a time: {address}" for address in self._client.pool.left_out]
        notes.append(f"images sent as {options.encoding}")
        notes += [f"not sent: {', '.join(options.omit)}"] if options.omit else []
        notes.append(f"settings of a checkpoint: {_SENT[self._dialect]}")
        notes += [f"batch: {each}" for each in self._batches.ids] if self._batches else []
        notes += [self._finding_out.note] if self._finding_out.note else []
        notes += [f"system_fingerprint: {name}" for name in sorted(self._fingerprints)]
        notes += [f"answers with {name}: {n}" for name, n in sorted(self._events.items()) if n]
        if options.structured == "auto" and not self._schema:
            notes.append("no JSON schema for several images: the server knows none")
        models = sorted(set().union(*self._models.values()))
        return ModelFacts(revision=", ".join(models) or None, notes=tuple(notes))

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        """Send a batch and give the answers in order; a request's own fault is its error.

        Raises ServerError when the server answers no request of this run, SpecError when the task
        needs what `options.omit` leaves out. Where some of a batch were answered before the server
        refused the run, they are given, and the next batch raises.
        """
        if self._client.ended is not None:
            raise self._client.ended.stop(self._spec.model, self._options.addresses)
        got, way = self._loop.run(self._ask_all(ask, requests))
        faults = [each if isinstance(each, Fault) else None for each in got]
        common = common_fault(faults, answered=self._answered)
        if got and all(faults) and (common or self._client.ended):
            raise (self._client.ended or common).stop(self._spec.model, self._options.addresses)
        responses = [self._response(each, way) for each in got]
        self._check_one_model()
        return responses

    def deferred(self, ask: Ask, folder: Path) -> Deferred | None:
        """Give the batches of a run, those that an earlier launch has sent off too; None for a run
        without. Raises SpecError for what no batch can ask for.
        """
        if not self._options.batch and not any((folder / "batches").glob("*.json")):
            return None
        way: Way = FreeText(ask)
        if self._options.batch and ask.output_type != "generate_until":
            letters = all(len(each) == 1 for each in ask.choices)
            if ask.output_type == "constrained" or not letters or self._options.reasoning_tokens:
                self._finding_out.refuse(
                    ask, "with `options.batch` a model writes text, or letters"
                )
            way = Letters.of(ask, None)
        if self._options.batch and self._options.dialect == "auto":
            self._dialect = "openai"  # nothing could be learned before all is sent
        service = BatchService(self._options, self._key, self._spec.model)
        weakref.finalize(self, service.close)
        self._batches = Batches(
            self._options,
            service,
            folder,
            lambda request: self._written(way, request, []),
            lambda got: self._response(got, way),
        )
        self._batches.find_again()
        return self._batches

    async def _ask_all(
        self, ask: Ask, requests: Sequence[Request]
    ) -> tuple[list[Answer | Fault], Way]:
        way: Way | Fault = FreeText(ask)
        if requests and ask.output_type != "generate_until":
            way = await self._way(ask, requests)
        if isinstance(way, Fault):
            return [way] * len(requests), FreeText(ask)
        done = await asyncio.gather(
            *(self._ask(way, each) for each in requests), return_exceptions=True
        )
        for each in done:
            if isinstance(each, BaseException):
                raise each
        return [each for each in done if isinstance(each, (Answer, Fault))], way

    async def _way(self, ask: Ask, requests: Sequence[Request]) -> Way | Fault:
        """Give how a choice is asked for, as the server can take it, by the first request; where
        that has a fault of its own, by the next.
        """
        found: Way | Fault = Fault("no request")
        for first in requests[:_MOST_TRIED]:
            try:
                messages = await asyncio.to_thread(chat_messages, self._spec, self._options, first)
            except ValueError as error:
                found = Fault(str(error))
                continue
            send = partial(self._ask, request=first)
            found = await self._finding_out.way(ask, messages, send)
            if not isinstance(found, Fault) or found.passing or found.is_of_run:
                return found
        if len(requests) >= _MOST_TRIED and isinstance(found, Fault):
            self._finding_out.refuse(ask, found.text)
        return found

    async def _ask(self, way: Way, request: Request) -> Answer | Fault:
        while True:
            forms: list[_Form] = []
            got = await self._client.ask(partial(self._written, way, request, forms))
            if not (isinstance(got, Fault) and forms and self._learns(forms[-1], got)):
                return got

    def _written(self, way: Way, request: Request, forms: list[_Form]) -> dict[str, Any]:
        """Write a request in the form that is known to do by now, and note which it was."""
        form = _Form(self._dialect, self._schema and len(request.images) > 1)
        forms.append(form)
        body = chat_body(self._spec, self._options, way.ask, request, form.dialect)
        if form.with_schema:
            body["response_format"] = answer_schema(len(request.images))
        way.add(body)
        return body

    def _learns(self, form: _Form, fault: Fault) -> bool:
        """Note what the server does not know of a form; give whether another form may do."""
        if form.with_schema and says_no_schema(fault):
            if self._options.structured == "on":
                self._client.ended = fault
                return False
            if self._schema:
                log.info("%s; asking without a JSON schema from here on", fault.text)
            self._schema = False
            return True
        dialect = other_dialect(form.dialect, fault)
        if dialect is None or self._options.dialect != "auto":
            return False
        if self._dialect == form.dialect:
            log.warning("%s; settings of a checkpoint: %s", fault.text, _SENT[dialect])
            self._dialect = dialect
        return True

    def _response(self, got: Answer | Fault, way: Way) -> Response:
        if isinstance(got, Fault):
            return Failed(got.text)
        self._note(got)
        until = way.ask.generation.until
        got = without_reasoning(got, self._options.reasoning_end)
        stopped = stop_place(got.text, until) is not None
        text = Text(
            text=cut(got.text, until),
            tokens=got.tokens,
            prompt_tokens=got.prompt_tokens,
            cached_tokens=got.cached_tokens,
            cost=got.cost(self._options.charged),
            reasoning=got.reasoning,
            truncated=False if stopped else got.at_limit,
            refused=got.refused,
            revision=got.model,
        )
        response = way.response(got, text)
        if isinstance(way, Letters) and isinstance(response, Scores):
            self._events[LEAST] += len(way.known(got)) < len(way.letters)
        return response

    def _check_one_model(self) -> None:
        """Raise ServerError where two servers have no name for their model in common."""
        told = [(address, names) for address, names in self._models.items() if names]
        for (one, mine), (other, theirs) in combinations(told, 2):
            if not mine & theirs:
                got = f"{one}: {', '.join(sorted(mine))}; {other}: {', '.join(sorted(theirs))}"
                what, fix = "the servers answer with different models", "correct `options.base_url`"
                raise ServerError(Problem(f"model `{self._spec.model}`", what, got, fix=fix))

    def _note(self, answer: Answer) -> None:
        self._answered = True
        models = self._models.setdefault(answer.address, set())
        for known, name in ((models, answer.model), (self._fingerprints, answer.fingerprint)):
            if name and len(known) < _MOST_NAMES:
                known.add(name)
        self._events["a refusal"] += answer.refused
        if answer.finish_reason != "stop" and not answer.first:
            self._events[f"finish_reason `{answer.finish_reason[:_LONGEST_REASON]}`"] += 1
