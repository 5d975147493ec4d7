"""Supervised classifiers of transformers: an image in, one score for each of its classes out."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from transformers import AutoImageProcessor, AutoModelForImageClassification

from harness.adapters.base import (
    CLASSIFY,
    ModelFacts,
    NoOptions,
    OutOfMemoryError,
    Request,
    Response,
    Setting,
)
from harness.adapters.hf_loading import load_model
from harness.adapters.pretrained import locate, resolve_commit
from harness.spec.base import Spec
from harness.spec.model import ModelSpec


class HfClassifierAdapter:
    """A model of `AutoModelForImageClassification`; scores are its logits, in its own order."""

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
            "class_list",
        ]
    )
    Options: ClassVar[type[Spec]] = NoOptions
    protocols: ClassVar[frozenset[str]] = CLASSIFY

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        weights = resolve_commit(spec, locate(spec))
        self._commit = weights.commit
        self._processor = AutoImageProcessor.from_pretrained(
            weights.source, revision=weights.commit, **spec.processor_kwargs
        )
        device = torch.device(setting.device)
        self._model = load_model(spec, weights, device, AutoModelForImageClassification)

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model, for the manifest."""
        return ModelFacts(
            kind="supervised",
            revision=self._commit,
            dtype=str(self._model.dtype).removeprefix("torch."),
            device=str(self._model.device),
            parameters=sum(weight.numel() for weight in self._model.parameters()),
            architecture=type(self._model).__name__,
        )

    @torch.inference_mode()
    def respond(self, requests: Sequence[Request]) -> list[Response]:
        """Give the logits of every image."""
        if not requests:
            return []
        try:
            logits = self._model(**self._inputs(requests)).logits.float()
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise OutOfMemoryError(str(error).splitlines()[0]) from error
        return [Response(scores=tuple(row)) for row in logits.tolist()]

    def _inputs(self, requests: Sequence[Request]) -> Any:
        images = [image for request in requests for image in request.images]
        inputs = self._processor(images=images, return_tensors="pt")
        return inputs.to(self._model.device, dtype=self._model.dtype)
