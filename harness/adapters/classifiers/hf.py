"""Supervised classifiers of transformers: an image in, one score for each of its classes out."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from PIL import Image
from torch import Tensor
from transformers import AutoModelForImageClassification

from harness.adapters.base import CLASSIFY, NoOptions, Setting
from harness.adapters.classifiers.hf_images import KEYS, load_image_processor, to_pixels
from harness.adapters.classifiers.one_image import score_images
from harness.adapters.hf.loading import load_model
from harness.adapters.pretrained import locate, resolve_commit
from harness.requests import ModelFacts, Request, Response
from harness.specs.base import Spec
from harness.specs.model import ModelSpec


class HfClassifierAdapter:
    """A model of `AutoModelForImageClassification`; scores are its logits, in its own order."""

    keys: ClassVar[frozenset[str]] = KEYS | {"class_list"}
    Options: ClassVar[type[Spec]] = NoOptions
    protocols: ClassVar[frozenset[str]] = CLASSIFY

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        weights = resolve_commit(spec, locate(spec))
        self._commit = weights.commit
        device = torch.device(setting.device)
        self._model = load_model(spec, weights, device, AutoModelForImageClassification)
        self._pixels = to_pixels(load_image_processor(spec, weights), self._model)

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model, for the manifest."""
        return ModelFacts(
            kind="supervised",
            revision=self._commit,
            dtype=str(self._model.dtype).removeprefix("torch."),
            device=str(self._model.device),
            parameters=self._model.num_parameters(),
            architecture=type(self._model).__name__,
        )

    @property
    def output_names(self) -> Sequence[Sequence[str]]:
        """Names of the outputs, the `id2label` of its config."""
        names = self._model.config.id2label or {}
        return [(str(names[n]),) if n in names else () for n in range(self._model.num_labels)]

    def respond(self, requests: Sequence[Request]) -> list[Response]:
        """Give the logits of every image."""
        return score_images(requests, self._logits)

    def _logits(self, images: list[Image.Image]) -> Tensor:
        logits: Tensor = self._model(**self._pixels(images)).logits
        return logits
