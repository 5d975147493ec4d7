"""Any model class of lmms-eval, simple or chat, as it is asked in its own process: a batch of
requests is the one task, in memory, that it answers.
"""

import logging
import uuid
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any

import torch

from harness.adapters.base import OutOfMemoryError, Setting
from harness.adapters.hf.checkpoint_settings import keep, neutralise
from harness.adapters.lmms_eval.loading import LmmsEvalOptions, load
from harness.answers.outcome import cut
from harness.errors import SpecError
from harness.export.lmms_eval.task import chat_messages, generation_kwargs, response_of, simple_text
from harness.requests import Ask, Failed, ModelFacts, Request, Text
from harness.specs.base import validate_part
from harness.specs.model import ModelSpec

log = logging.getLogger("harness")
_SPLIT = "test"


class LmmsEvalModel:
    """A model class of lmms-eval; only its `generate_until` is used."""

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        self._options = validate_part(LmmsEvalOptions, spec, "options", spec.options)
        self._errors = _listen()
        self._model = load(spec, self._options, setting.device)
        self._settings = tuple(self._own_settings(spec))
        self._beams = spec.generation.num_beams
        self._asked_again = 0
        log.info("%s: %s", spec.model, next(self._notes()))

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model: its class, and what that lets see of its weights."""
        weights = self._weights
        known: dict[str, Any] = {}
        if weights is not None:
            first = next(weights.parameters(), None)
            known["parameters"] = sum(each.numel() for each in weights.parameters())
            known["architecture"] = type(weights).__name__
            known["revision"] = getattr(getattr(weights, "config", None), "_commit_hash", None)
            if first is not None:
                known["dtype"] = str(first.dtype).removeprefix("torch.")
                known["device"] = str(first.device)
        return ModelFacts(notes=tuple(self._notes()), **known)

    def _own_settings(self, spec: ModelSpec) -> Iterator[str]:
        """Take the checkpoint's own generation settings away, write those of the YAML instead, and
        say so. Raises SpecError where the YAML names some and there is no place for them.
        """
        weights = self._weights
        if weights is not None:
            brought = neutralise(weights, spec.generation, spec.model)
            if keep(weights, spec.generation):
                yield from brought.notes()
                return
        if spec.generation.named:
            what = f"`{self._options.model}` shows no model whose `generate` could be told this"
            raise SpecError(spec.problem("generation", what, fix="remove `generation`"))
        yield "generation settings of the checkpoint: not seen; what the class makes of them acts"

    @property
    def _weights(self) -> torch.nn.Module | None:
        for name in ("model", "_model"):
            found = getattr(self._model, name, None)
            if isinstance(found, torch.nn.Module):
                return found
        return None

    def _notes(self) -> Iterator[str]:
        own, is_simple = type(self._model), self._model.is_simple
        kind = f"{'simple' if is_simple else 'chat'} class {own.__module__}.{own.__qualname__}"
        yield f"{kind} of lmms-eval {version('lmms_eval')}"
        if is_simple:
            mark = self._options.image_mark
            yield f"images: {f'marked {mark!r} in the text' if mark else 'apart from the text'}"
        yield from self._settings
        if self._asked_again:
            yield f"requests asked again alone, as the answer was empty: {self._asked_again}"

    def answer(
        self, ask: Ask, requests: Sequence[Request]
    ) -> tuple[ModelFacts, list[Text | Failed]]:
        """Answer a batch; give what is known of the model then, too.

        A class of lmms-eval may swallow an exception and give an empty text, or one that says so;
        both are errors here. An empty answer is asked for once more, alone.
        """
        responses = self._ask(ask, requests)
        for place, response in enumerate(responses):
            if isinstance(response, Text) and not response.text.strip():
                self._asked_again += 1
                (again,) = self._ask(ask, [requests[place]])
                silent = isinstance(again, Failed) or not again.text.strip()
                swallowed = silent and self._errors
                responses[place] = Failed(self._swallowed()) if swallowed else again
        return self.facts, responses

    def _ask(self, ask: Ask, requests: Sequence[Request]) -> list[Text | Failed]:
        self._errors.clear()
        try:
            outputs = self._outputs(ask, requests)
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise OutOfMemoryError(str(error).splitlines()[0]) from error
        except SystemExit as error:
            raise RuntimeError(f"the class wanted to end the process ({error})") from error
        if len(outputs) != len(requests):
            raise RuntimeError(f"{len(outputs)} answers to {len(requests)} requests")
        return [self._read(output, ask.generation.until) for output in outputs]

    def _outputs(self, ask: Ask, requests: Sequence[Request]) -> list[Any]:
        """Ask the class for a batch; one by one where it samples, each with noise of its own."""
        if not ask.generation.do_sample:
            return self._generate(ask, requests)
        outputs: list[Any] = []
        for request in requests:
            torch.manual_seed(request.noise)
            outputs += self._generate(ask, [request])
        return outputs

    def _generate(self, ask: Ask, requests: Sequence[Request]) -> list[Any]:
        """Ask the class for all requests; give what it returns.

        The task has a name of its own each time: some classes keep answers by task and place.
        """
        from lmms_eval.api.instance import Instance

        model = self._model
        settings = generation_kwargs(ask.generation) | {"num_beams": self._beams}
        task = f"harness_{uuid.uuid4().hex}"
        model.task_dict[task] = {_SPLIT: list(requests)}
        instances = [
            Instance(
                request_type="generate_until",
                arguments=(*self._arguments(request, dict(settings)), place, task, _SPLIT),
                idx=0,
                metadata={"task": task, "doc_id": place, "repeats": 1, "split": _SPLIT},
            )
            for place, request in enumerate(requests)
        ]
        try:
            return list(model.generate_until(instances))
        finally:
            del model.task_dict[task]

    def _arguments(self, request: Request, settings: dict[str, Any]) -> tuple[Any, ...]:
        if self._model.is_simple:
            text = simple_text(request.text, self._options.image_mark)
            return (text, settings, lambda each: list(each.images))
        return (simple_text(request.text, ""), chat_messages, settings)

    def _swallowed(self) -> str:
        """Give the exception that the class logged in place of an answer; raise one of memory."""
        message = self._errors[-1]
        if "out of memory" in message.lower():
            raise OutOfMemoryError(message.splitlines()[0])
        return message

    def _read(self, output: Any, until: Sequence[str]) -> Text | Failed:
        from lmms_eval.api.instance import unwrap_generation_output

        # lmms-eval itself would make the text "None" of None
        text, counts = (None, None) if output is None else unwrap_generation_output(output)
        response = response_of(text)
        if isinstance(response, Failed):
            return response
        reasoning, answer = None, response.text
        if self._options.reasoning_end and self._options.reasoning_end in answer:
            reasoning, _, answer = answer.rpartition(self._options.reasoning_end)
            reasoning, answer = reasoning.strip() or None, answer.lstrip()
        return Text(
            text=cut(answer, until),
            tokens=getattr(counts, "output_tokens", None) or None,
            prompt_tokens=getattr(counts, "input_tokens", None) or None,
            reasoning=reasoning,
        )


def _listen() -> list[str]:
    """Log what is said through loguru, at our debug level; give the list of errors among it, which
    grows. From here on nobody sets up loguru anew.
    """
    from loguru import logger

    errors: list[str] = []

    def hear(message: Any) -> None:
        record = message.record
        log.debug("%s: %s", record["name"], record["message"])
        if record["level"].no >= logging.ERROR:
            errors.append(str(record["message"]))

    logger.add(hear, level="WARNING", format="{message}", catch=False)
    kind = type(logger)
    kind.add, kind.remove = lambda *_, **__: -1, lambda *_, **__: None
    return errors
