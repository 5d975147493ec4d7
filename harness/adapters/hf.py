"""Any image-text-to-text model of transformers, through its own processor and chat template."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from transformers import AutoModelForImageTextToText, AutoProcessor

from harness.adapters.base import (
    PROMPTED,
    ModelFacts,
    NoOptions,
    OutOfMemoryError,
    Request,
    Response,
    Setting,
)
from harness.errors import Problem, SpecError
from harness.spec.base import Spec
from harness.spec.model import ModelSpec
from harness.spec.task import GenerationSpec
from harness.spec.template import IMAGE_MARK


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
    Options: ClassVar[type[Spec]] = NoOptions
    protocols: ClassVar[frozenset[str]] = PROMPTED

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
        generation = requests[0].generation
        inputs = self._inputs(requests)
        if generation.do_sample:
            torch.manual_seed(generation.seed)
        output = self._model.generate(**inputs, **self._options(generation))
        new_tokens = output[:, inputs["input_ids"].shape[1] :]
        texts = self._tokenizer.batch_decode(new_tokens, skip_special_tokens=True)
        counts = (new_tokens != self._tokenizer.pad_token_id).sum(dim=1).tolist()
        return [
            Response(text=cut(text, generation.until), tokens=count)
            for text, count in zip(texts, counts, strict=True)
        ]

    def _inputs(self, requests: Sequence[Request]) -> Any:
        inputs = self._processor(
            text=[self._prompt(request.text) for request in requests],
            images=[list(request.images) for request in requests],
            padding=True,
            return_tensors="pt",
        )
        if not bool(inputs["attention_mask"][:, -1].all()):
            raise RuntimeError("the processor pads on the right; answers would follow the padding")
        return inputs.to(self._model.device, dtype=self._model.dtype)

    def _prompt(self, text: str) -> str:
        content: list[dict[str, str]] = []
        for number, piece in enumerate(text.split(IMAGE_MARK)):
            content += [{"type": "image"}] if number else []
            content += [{"type": "text", "text": piece}] if piece else []
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
