"""Supervised classifiers of transformers: an image in, one score for each of its classes out."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from PIL import Image
from torch import Tensor
from transformers import AutoModelForImageClassification

from harness.adapters.base import CLASSIFY, Abilities, Setting
from harness.adapters.classifiers.hf_images import load_image_processor, to_pixels
from harness.adapters.classifiers.one_image import Classifier
from harness.adapters.hf.loading import LOADING, facts_of, load_model
from harness.requests import Ask, ModelFacts
from harness.specs.model import ModelSpec
from harness.weights import find


class HfClassifierAdapter(Classifier):
    """A model of `AutoModelForImageClassification`; scores are its logits, in its own order."""

    abilities: ClassVar[Abilities] = Abilities(CLASSIFY, keys=LOADING | {"class_list"})

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        weights = find(spec)
        self._commit = weights.commit
        device = torch.device(setting.device)
        self._model = load_model(spec, weights, device, AutoModelForImageClassification)
        self._pixels = to_pixels(load_image_processor(spec, weights), self._model)

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model, for the manifest."""
        return facts_of(self._model, self._commit, kind="supervised")

    @property
    def output_names(self) -> Sequence[Sequence[str]]:
        """Names of the outputs, the `id2label` of its config."""
        names = self._model.config.id2label or {}
        return [(str(names[n]),) if n in names else () for n in range(self._model.num_labels)]

    def score(self, ask: Ask, images: list[Image.Image]) -> Tensor:
        """Give the logits of every image."""
        logits: Tensor = self._model(**self._pixels(images)).logits
        return logits

    def logits(self, scores: Tensor) -> Tensor | None:
        """Give the scores, but for a model that was trained on several labels an image: its classes
        do not exclude each other.
        """
        several = "multi_label_classification"
        return None if self._model.config.problem_type == several else scores
