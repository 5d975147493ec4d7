"""Any image-text-to-text model of transformers, through its own processor and chat template."""

import json
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import torch
from PIL import Image
from transformers import LogitsProcessorList

from harness.adapters.base import (
    ALL_OUTPUTS,
    PROMPTED,
    ModelFacts,
    OutOfMemoryError,
    Request,
    Response,
    Setting,
)
from harness.adapters.constrained import OnlyNames
from harness.adapters.hf_choices import ChoiceTokens, longest
from harness.adapters.hf_loading import load_model, load_processor
from harness.adapters.hf_options import HfOptions
from harness.adapters.hf_prompt import prompt_form
from harness.adapters.hf_reading import AnswerReader, Markers, find_markers
from harness.adapters.prefix_cache import PrefixCache, as_argument
from harness.adapters.pretrained import locate, resolve_commit
from harness.adapters.ranking import TREE_ATTENTION, log_likelihoods, read_prompts
from harness.adapters.shared_prefix import SharedPrefix, prefix_cache
from harness.errors import Problem, SpecError
from harness.spec.base import Spec
from harness.spec.model import ModelSpec
from harness.spec.task import GenerationSpec
from harness.spec.template import IMAGE_MARK

_THINKING = (
    "the chat template begins a reasoning part, so that no answer can stand where `{}` looks for "
    "one; if the template can do without, say so under `options: {{chat_template_kwargs: …}}`"
)


class HfAdapter:
    """A model of `AutoModelForImageTextToText` and its processor."""

    keys: ClassVar[frozenset[str]] = frozenset(
        [
            "pretrained",
            "revision",
            "dtype",
            "attn_implementation",
            "device_map",
            "system_prompt",
            "trust_remote_code",
            "processor_kwargs",
            "model_kwargs",
        ]
    )
    Options: ClassVar[type[Spec]] = HfOptions
    protocols: ClassVar[frozenset[str]] = PROMPTED
    output_types: ClassVar[frozenset[str]] = ALL_OUTPUTS

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        self._spec = spec
        options = HfOptions(**spec.options)
        weights = resolve_commit(spec, locate(spec))
        self._commit = weights.commit
        self._processor = load_processor(spec, weights)
        self._model = load_model(spec, weights, torch.device(setting.device))
        self._tokenizer = self._processor.tokenizer
        self._form = prompt_form(spec, options, self._processor, self._model.config.model_type)
        told = options.thinking_markers
        self._markers = (
            Markers(*told) if told else find_markers(self._tokenizer, self._form.template)
        )
        self._reader = AnswerReader(self._tokenizer, self._ends, self._markers)
        self._choice_tokens = ChoiceTokens(self._tokenizer, self._form.ending)
        self._prefix: SharedPrefix | None = None
        if options.shared_prefix:
            self._prefix = SharedPrefix(self._model, self._encode, self._form.mark)

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model, for the manifest."""
        return ModelFacts(
            revision=self._commit,
            dtype=str(self._model.dtype).removeprefix("torch."),
            device=str(self._model.device),
            parameters=self._model.num_parameters(),
            architecture=type(self._model).__name__,
            notes=tuple(self._notes()),
        )

    def _notes(self) -> Iterator[str]:
        config = self._model.config
        yield f"attention: {config._attn_implementation}"
        yield f"prompt: {self._form}"
        if self._prefix is not None:
            yield f"shared prefix: {self._prefix}"
        if self._markers:
            yield f"reasoning: between {self._markers.begin!r} and {self._markers.end!r}"
        quantised = getattr(config, "quantization_config", None)
        if quantised is not None:
            values = quantised if isinstance(quantised, dict) else quantised.to_diff_dict()
            yield f"quantisation: {json.dumps(values, sort_keys=True, default=str)}"
        if self._spec.device_map is not None:
            yield f"device map: {getattr(self._model, 'hf_device_map', self._spec.device_map)}"

    def respond(self, requests: Sequence[Request]) -> list[Response]:
        """Answer a batch greedily (or as the generation settings say), each to its own end.

        A request whose images do not fit its text is an error of its own.
        """
        good = [each for each in requests if each.text.count(IMAGE_MARK) == len(each.images)]
        try:
            answers = iter(self._respond(good) if good else ())
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise OutOfMemoryError(str(error).splitlines()[0]) from error
        marks = [each.text.count(IMAGE_MARK) for each in requests]
        return [
            next(answers)
            if count == len(each.images)
            else Response(error=f"{len(each.images)} images for {count} {IMAGE_MARK} in the text")
            for each, count in zip(requests, marks, strict=True)
        ]

    @torch.inference_mode()
    def _respond(self, requests: Sequence[Request]) -> list[Response]:
        prompts = [self._prompt(request.text) for request in requests]
        images = [request.images for request in requests]
        joined = self._prefix.join(prompts, images) if self._prefix else None
        inputs = joined.inputs if joined else self._encode(prompts, images, True)
        cache = joined.cache if joined else None
        output_type, choices = requests[0].output_type, requests[0].choices
        if output_type == "generate_until":
            return self._written(prompts, inputs, cache, requests[0].generation)
        if self._reader.begins_in_reasoning(prompts[0]):
            raise ValueError(_THINKING.format(output_type))
        tokens = self._choice_tokens.after(prompts[0], choices)
        if output_type == "multiple_choice":
            return self._ranked(inputs, cache, tokens)
        only = OnlyNames(tokens, inputs["input_ids"].shape[1], self._ends)
        enough = {"max_new_tokens": longest(tokens) + 1, "until": ()}
        generation = requests[0].generation.model_copy(update=enough)
        return self._written(prompts, inputs, cache, generation, only)

    def _written(
        self,
        prompts: Sequence[str],
        inputs: Any,
        cache: Any,
        generation: GenerationSpec,
        only: OnlyNames | None = None,
    ) -> list[Response]:
        if generation.do_sample:
            torch.manual_seed(generation.seed)
        more = {} if only is None else {"logits_processor": LogitsProcessorList([only])}
        options = self._options(generation) | more | as_argument(self._model, cache)
        output = self._model.generate(**inputs, **options)
        rows = output[:, inputs["input_ids"].shape[1] :].tolist()
        outside = only.outside if only else [None] * len(rows)
        asked = inputs["attention_mask"].sum(dim=1).tolist()
        found = []
        for prompt, row, share, length in zip(prompts, rows, outside, asked, strict=True):
            read = self._reader.read(prompt, row, generation.until)
            found.append(
                Response(
                    text=read.text,
                    reasoning=read.reasoning,
                    tokens=read.tokens,
                    prompt_tokens=length,
                    outside=share,
                )
            )
        return found

    def _ranked(
        self, inputs: Any, cache: Any, tokens: tuple[tuple[int, ...], ...]
    ) -> list[Response]:
        cache = cache or prefix_cache(self._model)
        self._check_ranking(cache)
        prompted = read_prompts(self._model, inputs, cache)
        sums = log_likelihoods(self._model, prompted, tokens).tolist()
        lengths = tuple(map(len, tokens))
        return [Response(scores=tuple(row), lengths=lengths) for row in sums]

    def _check_ranking(self, cache: PrefixCache | None) -> None:
        found = self._model.config._attn_implementation
        if cache is None:
            what = "the model's memory is more than keys and values, which names could share"
            raise SpecError(Problem(f"model `{self._spec.model}`", f"cannot rank: {what}"))
        if found not in TREE_ATTENTION:
            what = "its attention takes no mask of names that share their beginnings"
            problem = Problem(
                f"model `{self._spec.model}`",
                f"cannot rank: {what}",
                got=f"attn_implementation: {found}",
                expected=" or ".join(sorted(TREE_ATTENTION)),
                fix="write `attn_implementation: sdpa` into the model's YAML, or "
                "`--set_model attn_implementation=sdpa`",
            )
            raise SpecError(problem)

    def _encode(
        self, prompts: Sequence[str], images: Sequence[Sequence[Image.Image]], special: bool
    ) -> Any:
        with warnings.catch_warnings():
            # PaliGemma's processor makes labels that nobody asked for, in a way NumPy warns of.
            warnings.simplefilter("ignore", DeprecationWarning)
            inputs = self._processor(
                text=list(prompts),
                images=[list(each) for each in images] if any(images) else None,
                padding=True,
                return_tensors="pt",
                add_special_tokens=special and not self._form.begins_itself(prompts[0]),
            )
        inputs.pop("labels", None)
        if not bool(inputs["attention_mask"][:, -1].all()):
            raise RuntimeError("the processor pads on the right; answers would follow the padding")
        return inputs.to(self._model.device, dtype=self._model.dtype)

    @property
    def _ends(self) -> list[int]:
        ends = self._model.generation_config.eos_token_id
        if ends is None:
            ends = self._tokenizer.eos_token_id
        return list(ends) if isinstance(ends, list) else [ends]

    def _prompt(self, text: str) -> str:
        return self._form.render(text)

    def _options(self, generation: GenerationSpec) -> dict[str, Any]:
        options: dict[str, Any] = {
            "max_new_tokens": generation.max_new_tokens,
            "do_sample": generation.do_sample,
            "pad_token_id": self._tokenizer.pad_token_id,
        }
        sampling = {"temperature": generation.temperature, "top_p": generation.top_p}
        if not generation.do_sample:
            return options | {"temperature": None, "top_p": None, "top_k": None}
        return options | {key: value for key, value in sampling.items() if value is not None}
