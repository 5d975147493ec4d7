"""Dual encoders (CLIP, SigLIP): the class whose name lies nearest to the image."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor
from torch.nn.functional import normalize
from transformers import AutoModel, AutoProcessor

from harness.adapters.base import (
    CLASSIFY,
    ModelFacts,
    OutOfMemoryError,
    Request,
    Response,
    Setting,
)
from harness.adapters.hf_loading import load_model
from harness.adapters.pretrained import locate, resolve_commit
from harness.name_templates import sentences
from harness.spec.base import Spec
from harness.spec.model import ModelSpec

_TEXTS = 256  # class prompts that are encoded at a time


class DualEncoderOptions(Spec):
    """Keys under `options` of a model with adapter `dual_encoder`."""

    template: str = "photo"
    """`raw`, `photo`, `avg`, `avg_raw`, or a text with `{}` in it."""
    padding: Literal["longest", "max_length"] = "longest"
    """How texts are padded; SigLIP was trained with `max_length`."""


class DualEncoderAdapter:
    """A model of `AutoModel` with an image tower and a text tower; scores are cosines.

    The embedding of a class is that of its prompts, each normalised, averaged, and normalised
    again, as in CLIP (Radford et al., 2021). It is computed once for a run's classes.
    """

    keys: ClassVar[frozenset[str]] = frozenset(
        [
            "pretrained",
            "revision",
            "dtype",
            "attn_implementation",
            "device_map",
            "trust_remote_code",
            "processor_kwargs",
            "model_kwargs",
        ]
    )
    Options: ClassVar[type[Spec]] = DualEncoderOptions
    protocols: ClassVar[frozenset[str]] = CLASSIFY

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        self._options = DualEncoderOptions(**spec.options)
        self._forms = sentences(self._options.template)
        weights = resolve_commit(spec, locate(spec))
        self._commit = weights.commit
        self._processor = AutoProcessor.from_pretrained(
            weights.source, revision=weights.commit, **spec.processor_kwargs
        )
        self._model = load_model(spec, weights, torch.device(setting.device), AutoModel)
        self._names: tuple[str, ...] = ()
        self._classes: Tensor | None = None

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model, for the manifest."""
        return ModelFacts(
            kind="dual_encoder",
            revision=self._commit,
            dtype=str(self._model.dtype).removeprefix("torch."),
            device=str(self._model.device),
            parameters=sum(weight.numel() for weight in self._model.parameters()),
            architecture=type(self._model).__name__,
            notes=(f"class prompts: {self._options.template}",),
        )

    @torch.inference_mode()
    def respond(self, requests: Sequence[Request]) -> list[Response]:
        """Give the cosine of every image with every class."""
        if not requests:
            return []
        try:
            classes = self._embedded(requests[0].choices)
            cosines = self._images(requests) @ classes.T
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise OutOfMemoryError(str(error).splitlines()[0]) from error
        return [Response(scores=tuple(row)) for row in cosines.tolist()]

    def _images(self, requests: Sequence[Request]) -> Tensor:
        images = [image for request in requests for image in request.images]
        inputs = self._processor(images=images, return_tensors="pt")
        inputs = inputs.to(self._model.device, dtype=self._model.dtype)
        return _unit(self._model.get_image_features(**inputs))

    def _embedded(self, names: tuple[str, ...]) -> Tensor:
        """Give the classes' embeddings, float32 (classes, size), rows of length 1."""
        if self._classes is None or self._names != names:
            texts = [form.replace("{}", name) for name in names for form in self._forms]
            parts = [
                self._texts(texts[start : start + _TEXTS]) for start in range(0, len(texts), _TEXTS)
            ]
            rows = torch.cat(parts).reshape(len(names), len(self._forms), -1)
            self._names, self._classes = names, normalize(rows.mean(dim=1), dim=-1)
        return self._classes

    def _texts(self, texts: Sequence[str]) -> Tensor:
        inputs = self._processor(
            text=list(texts), padding=self._options.padding, truncation=True, return_tensors="pt"
        ).to(self._model.device)
        return _unit(self._model.get_text_features(**inputs))


def _unit(found: Any) -> Tensor:
    """Give rows of length 1 in float32; newer releases put the features into an output object."""
    features = getattr(found, "pooler_output", found)
    return normalize(torch.as_tensor(features).float(), dim=-1)
