"""Any image-text-to-text model that vLLM knows, in an engine of this process's own."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, TypeVar

from harness.adapters.base import ALL_OUTPUTS, Abilities, Setting, answer_fitting
from harness.adapters.hf.choices import ChoiceTokens, choices_of, longest
from harness.adapters.hf.inputs import InputMaker
from harness.adapters.hf.loading import load_config, load_generation, load_processor
from harness.adapters.hf.preview import HfPreview
from harness.adapters.hf.prompt import prompt_form
from harness.adapters.hf.reading import AnswerReader, ends_of, markers_of
from harness.adapters.vllm.choices import log_likelihoods, spell
from harness.adapters.vllm.engine import Engine
from harness.adapters.vllm.options import VllmOptions
from harness.adapters.vllm.sampling import NAMED, text_sampling
from harness.errors import SpecError, first_line
from harness.requests import Ask, Failed, ModelFacts, Request, Response, Scores, Text
from harness.specs.model import ModelSpec
from harness.weights import find

log = logging.getLogger("harness")
_SAME = "prompt tokens: those of transformers' processor"
R = TypeVar("R", Text, Scores)
Tokens = tuple[tuple[int, ...], ...]


class VllmAdapter:
    """A model of vLLM. Prompts are rendered, and answers read, by the code of adapter `hf`."""

    abilities: ClassVar[Abilities] = Abilities(
        output_types=ALL_OUTPUTS,
        options=VllmOptions,
        keys=frozenset({
            "pretrained", "revision", "dtype", "trust_remote_code", "processor_kwargs",
            "system_prompt", "generation",
        }),
        generation=NAMED,
        counts_tokens=True,
        batch_size=256,
    )  # fmt: skip

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        self._spec = spec
        options = VllmOptions(**spec.options)
        weights = find(spec)
        self._commit = weights.commit
        processor = load_processor(spec, weights)
        config = load_config(spec, weights)
        self._architectures = config.architectures or [config.model_type]
        self._form = prompt_form(spec, options, processor, config.model_type)
        self._tokenizer = processor.tokenizer
        self._ends = ends_of(load_generation(weights, config), self._tokenizer)
        self._markers = markers_of(options, self._tokenizer, self._form.template)
        self._reader = AnswerReader(self._tokenizer, self._ends, self._markers)
        self._choice_tokens = ChoiceTokens(self._tokenizer, self._form.ending)
        self._inputs = InputMaker(processor, self._form)
        self._engine = Engine(spec, options, weights, setting)
        self._expected: list[int] = []
        """Tokens of the first prompt by transformers' processor, until vLLM's are known."""
        self._asking: Ask | None = None
        self._seen: Ask | None = None
        """The run of which the first prompt was compared."""
        self._compared: str | None = None

    @classmethod
    def preview(cls, spec: ModelSpec) -> HfPreview:
        """Open the processor, without the weights and without vLLM."""
        return HfPreview(spec, VllmOptions(**spec.options))

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model, for the manifest."""
        notes = [*self._engine.notes, f"prompt: {self._form}"]
        if self._compared:
            notes.append(self._compared)
        if self._markers:
            notes.append(f"reasoning: {self._markers}")
        return ModelFacts(
            revision=self._commit,
            dtype=self._engine.dtype,
            device=self._engine.device,
            architecture=self._architectures[0],
            notes=tuple(notes),
        )

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        """Answer a batch; vLLM decides what goes through the model together.

        Raises SpecError where the first prompt with its answer is longer than the engine can take,
        RunError when the engine is dead.
        """
        return answer_fitting(requests, partial(self._respond, ask))

    def _respond(self, ask: Ask, requests: Sequence[Request]) -> Sequence[Response]:
        prompts = [self._form.render(each.text) for each in requests]
        tokens = choices_of(ask, prompts[0], self._choice_tokens, self._reader)
        if ask.output_type == "multiple_choice":
            self._check_length(ask, prompts[0], requests[0], longest(tokens))
            return self._ranked(prompts, requests, tokens)
        if ask.output_type == "constrained":
            self._check_length(ask, prompts[0], requests[0], longest(tokens) + 1)
            return self._spelt(prompts, requests, tokens)
        most = ask.generation.most_tokens(longest(tokens) if tokens else None)
        self._check_length(ask, prompts[0], requests[0], most)
        return self._written(ask, prompts, requests, most)

    def _written(
        self, ask: Ask, prompts: Sequence[str], requests: Sequence[Request], most: int
    ) -> list[Response]:
        task = ask.generation
        said = text_sampling(
            task, self._spec.generation, most, self._ends, stops=self._markers is None
        )
        sampling: Any = self._sampling(said)
        if task.do_sample:
            sampling = [self._sampling(said | {"seed": each.noise}) for each in requests]
        outputs = self._ask_texts(prompts, requests, sampling)
        return [
            self._text(prompt, output, task.until, most)
            for prompt, output in zip(prompts, outputs, strict=True)
        ]

    def _sampling(self, said: dict[str, Any]) -> Any:
        from vllm import SamplingParams

        try:
            return SamplingParams(**said)
        except Exception as error:  # of a kind that differs between versions
            what = "vLLM cannot generate as the task and the model's YAML say"
            fix = "change the key that it names in `generation`, or --gen_kwargs"
            raise SpecError(
                self._spec.problem("generation", what, got=first_line(error), fix=fix)
            ) from error

    def _text(self, prompt: str, output: Any, until: Sequence[str], most: int) -> Response:
        written = output.outputs[0]
        if written.finish_reason == "length" and len(written.token_ids) < most:
            return Failed(self._too_long(len(output.prompt_token_ids), most))
        if written.finish_reason not in ("stop", "length"):
            return Failed(f"vLLM ended the answer for another reason: {written.finish_reason}")
        return self._counted(self._reader.read(prompt, written.token_ids, until), output)

    def _ranked(
        self, prompts: Sequence[str], requests: Sequence[Request], names: Tokens
    ) -> list[Response]:
        lengths = tuple(map(len, names))
        return [
            self._counted(Scores(each.scores, lengths), each.begun)
            for each in log_likelihoods(self._asked(prompts, requests), names, self._ask_next)
        ]

    def _spelt(
        self, prompts: Sequence[str], requests: Sequence[Request], names: Tokens
    ) -> list[Response]:
        asked = self._asked(prompts, requests)
        found: list[Response] = []
        for prompt, each in zip(
            prompts, spell(asked, names, self._ends, self._ask_next), strict=True
        ):
            text = replace(self._reader.read(prompt, each.tokens, ()), outside=1 - each.inside)
            found.append(self._counted(text, each.begun))
        return found

    def _asked(self, prompts: Sequence[str], requests: Sequence[Request]) -> list[dict[str, Any]]:
        """Give the prompts as tokens, one for each image, behind which others can be put."""
        return [
            {"prompt_token_ids": tokens} | _images(request)
            for tokens, request in zip(self._form.tokens(prompts), requests, strict=True)
        ]

    def _ask_texts(
        self, prompts: Sequence[str], requests: Sequence[Request], sampling: Any
    ) -> list[Any]:
        asked = [
            {"prompt": prompt} | _images(request)
            for prompt, request in zip(prompts, requests, strict=True)
        ]
        return self._ask(asked, sampling, not self._form.begins_itself(prompts[0]))

    def _ask_next(
        self, prompts: Sequence[Mapping[str, Any]], tokens: Sequence[Sequence[int]]
    ) -> list[Any]:
        from vllm import SamplingParams

        sampling = [
            SamplingParams(
                temperature=0.0, max_tokens=1, detokenize=False, logprob_token_ids=list(each)
            )
            for each in tokens
        ]
        return self._ask(prompts, sampling, False)

    def _counted(self, response: R, output: Any) -> R:
        """Add how many tokens the prompt has, and how many of these came from the prefix cache."""
        cached = output.num_cached_tokens if self._engine.caches_prefixes else None
        return replace(response, prompt_tokens=len(output.prompt_token_ids), cached_tokens=cached)

    def _check_length(self, ask: Ask, prompt: str, request: Request, most: int) -> None:
        """See, before the first request of a run, that its prompt and answer fit."""
        if self._seen is ask:
            return
        own = self._inputs.make([prompt], [request.images])["input_ids"][0].tolist()
        if len(own) + most > self._engine.most_tokens:
            what = "the first prompt and its answer are longer than the engine takes"
            raise SpecError(
                self._spec.problem(
                    "options.max_model_len",
                    what,
                    got=f"{len(own)} + {most} tokens, of {self._engine.most_tokens}",
                    fix=f"set `options.max_model_len` to {len(own) + most} or more, "
                    "`options.gpu_memory_utilization` higher where it does not fit, or show "
                    "smaller images (`processor_kwargs.max_pixels`)",
                )
            )
        self._expected, self._asking = own, ask

    def _ask(self, prompts: Sequence[Mapping[str, Any]], sampling: Any, special: bool) -> list[Any]:
        """Ask the engine; of its first answer see that it read what transformers' processor makes
        of the prompt.
        """
        outputs = self._engine.ask(prompts, sampling, special)
        own, self._expected = self._expected, []
        if not own:
            return outputs
        self._seen = self._asking
        read = list(outputs[0].prompt_token_ids)
        if read == own:
            self._compared = self._compared or _SAME
            return outputs
        found = f"{len(read)} tokens, {len(own)} with transformers' processor"
        self._compared = f"prompt tokens: other than with adapter `hf` ({found})"
        log.warning(
            "vLLM reads the first prompt otherwise than transformers' processor: %s; answers are "
            "those of another prompt than with adapter `hf`",
            found,
        )
        return outputs

    def _too_long(self, prompt: int, most: int) -> str:
        return (
            f"a prompt of {prompt} tokens leaves no room for an answer of {most} within "
            f"{self._engine.most_tokens}; options.max_model_len of {prompt + most} would"
        )


def _images(request: Request) -> dict[str, Any]:
    return {"multi_modal_data": {"image": list(request.images)}} if request.images else {}
