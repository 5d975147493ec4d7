"""Any image-text-to-text model of transformers, through its own processor and chat template."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor, LogitsProcessorList

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
from harness.adapters.prefix_cache import as_argument
from harness.adapters.ranking import log_likelihoods, read_prompts
from harness.adapters.shared_prefix import SharedPrefix, prefix_cache
from harness.errors import Problem, SpecError
from harness.spec.base import Spec
from harness.spec.model import ModelSpec
from harness.spec.task import GenerationSpec
from harness.spec.template import IMAGE_MARK


class HfOptions(Spec):
    """Keys under `options` of a model with adapter `hf`."""

    shared_prefix: bool = True
    """Compute the prompt's part before the first image once for all images. The answers are the
    same; to measure what it gives, say false."""


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
        self._device = torch.device(setting.device)
        source = _source(spec)
        shared = {"revision": spec.revision, "trust_remote_code": spec.trust_remote_code}
        self._processor = AutoProcessor.from_pretrained(source, **shared, **spec.processor_kwargs)
        model = AutoModelForImageTextToText.from_pretrained(
            source, dtype=_dtype(spec, self._device), **shared, **_placement(spec)
        )
        self._model = model.eval() if spec.device_map else model.to(self._device).eval()
        self._tokenizer = self._processor.tokenizer
        self._tokenizer.padding_side = "left"
        if self._tokenizer.pad_token_id is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self._choice_tokens = ChoiceTokens(self._tokenizer)
        self._prefix: SharedPrefix | None = None
        self._mark = getattr(self._processor, "boi_token", None) or self._processor.image_token
        if HfOptions(**spec.options).shared_prefix:
            self._prefix = SharedPrefix(self._model, self._encode, self._mark)

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model, for the manifest."""
        config = self._model.config
        return ModelFacts(
            revision=getattr(config, "_commit_hash", None) or self._spec.revision,
            dtype=str(self._model.dtype).removeprefix("torch."),
            device=str(self._model.device),
            parameters=sum(weight.numel() for weight in self._model.parameters()),
            architecture=type(self._model).__name__,
            notes=(f"attention: {config._attn_implementation}",),
        )

    def respond(self, requests: Sequence[Request]) -> list[Response]:
        """Answer a batch greedily (or as the generation settings say), each to its own end."""
        try:
            return self._respond(requests)
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise OutOfMemoryError(str(error).splitlines()[0]) from error

    @torch.inference_mode()
    def _respond(self, requests: Sequence[Request]) -> list[Response]:
        prompts = [self._prompt(request.text) for request in requests]
        images = [request.images for request in requests]
        joined = self._prefix.join(prompts, images) if self._prefix else None
        inputs = joined.inputs if joined else self._encode(prompts, images, True)
        cache = joined.cache if joined else None
        output_type, choices = requests[0].output_type, requests[0].choices
        if output_type == "generate_until":
            return self._written(inputs, cache, requests[0].generation, None)
        tokens = self._choice_tokens.after(prompts[0], choices)
        if output_type == "multiple_choice":
            return self._ranked(inputs, cache, tokens)
        only = OnlyNames(tokens, inputs["input_ids"].shape[1], self._ends)
        enough = {"max_new_tokens": longest(tokens) + 1, "until": ()}
        generation = requests[0].generation.model_copy(update=enough)
        return self._written(inputs, cache, generation, only)

    def _written(
        self, inputs: Any, cache: Any, generation: GenerationSpec, only: OnlyNames | None
    ) -> list[Response]:
        if generation.do_sample:
            torch.manual_seed(generation.seed)
        more = {} if only is None else {"logits_processor": LogitsProcessorList([only])}
        options = self._options(generation) | more | as_argument(self._model, cache)
        output = self._model.generate(**inputs, **options)
        new_tokens = output[:, inputs["input_ids"].shape[1] :]
        texts = self._tokenizer.batch_decode(new_tokens, skip_special_tokens=True)
        counts = (new_tokens != self._tokenizer.pad_token_id).sum(dim=1).tolist()
        outside = only.outside if only else [None] * len(texts)
        return [
            Response(text=cut(text, generation.until), tokens=count, outside=share)
            for text, count, share in zip(texts, counts, outside, strict=True)
        ]

    def _ranked(
        self, inputs: Any, cache: Any, tokens: tuple[tuple[int, ...], ...]
    ) -> list[Response]:
        cache = cache or prefix_cache(self._model)
        prompted = read_prompts(self._model, inputs, cache)
        sums = log_likelihoods(self._model, prompted, tokens).tolist()
        lengths = tuple(map(len, tokens))
        return [Response(scores=tuple(row), lengths=lengths) for row in sums]

    def _encode(
        self, prompts: Sequence[str], images: Sequence[Sequence[Image.Image]], special: bool
    ) -> Any:
        inputs = self._processor(
            text=list(prompts),
            images=[list(each) for each in images],
            padding=True,
            return_tensors="pt",
            add_special_tokens=special,
        )
        if not bool(inputs["attention_mask"][:, -1].all()):
            raise RuntimeError("the processor pads on the right; answers would follow the padding")
        return inputs.to(self._model.device, dtype=self._model.dtype)

    @property
    def _ends(self) -> list[int]:
        ends = self._model.generation_config.eos_token_id
        return list(ends) if isinstance(ends, list) else [ends]

    def _prompt(self, text: str) -> str:
        content: list[dict[str, str]] = []
        for number, piece in enumerate(text.split(IMAGE_MARK)):
            content += [{"type": "image"}] if number else []
            content += [{"type": "text", "text": piece}] if piece else []
        prompt = self._rendered(content)
        before = text.partition(IMAGE_MARK)[0].strip()
        if before and before in prompt.partition(self._mark)[2]:
            # The template puts images before all text; the task says where they stand.
            whole = text.replace(IMAGE_MARK, self._mark)
            prompt = self._rendered([{"type": "text", "text": whole}])
        return prompt

    def _rendered(self, content: Sequence[dict[str, str]]) -> str:
        messages = [{"role": "user", "content": content}]
        if self._spec.system_prompt:
            system = [{"type": "text", "text": self._spec.system_prompt}]
            messages.insert(0, {"role": "system", "content": system})
        return str(self._processor.apply_chat_template(messages, add_generation_prompt=True))

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


def cut(text: str, until: Sequence[str]) -> str:
    """Cut a text at the first of the stop strings in it."""
    ends = [text.index(stop) for stop in until if stop in text]
    return text[: min(ends)] if ends else text


def _source(spec: ModelSpec) -> str:
    """Give the local folder that `pretrained` names, else the hub id."""
    if spec.pretrained is None:
        raise SpecError(Problem(f"model `{spec.model}`", "adapter `hf` needs `pretrained`"))
    path = spec.resolve(spec.pretrained, "pretrained")
    return str(path) if path.is_dir() else spec.pretrained


def _dtype(spec: ModelSpec, device: torch.device) -> torch.dtype:
    if spec.dtype != "auto":
        found = getattr(torch, spec.dtype)
        assert isinstance(found, torch.dtype)
        return found
    on_gpu = device.type == "cuda" and torch.cuda.is_bf16_supported()
    return torch.bfloat16 if on_gpu else torch.float32


def _placement(spec: ModelSpec) -> dict[str, Any]:
    chosen = {"attn_implementation": spec.attn_implementation, "device_map": spec.device_map}
    return spec.model_kwargs | {key: value for key, value in chosen.items() if value is not None}
