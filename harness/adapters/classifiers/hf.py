"""Models of transformers that read images alone: their inputs, features, and scores of classes."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import torch
from PIL import Image
from torch import Tensor
from transformers import AutoImageProcessor, AutoModel, AutoModelForImageClassification

from harness.adapters.base import CLASSIFY, Abilities, Setting
from harness.adapters.classifiers.one_image import Classifier
from harness.adapters.hf.loading import LOADING, facts_of, load_model, pinned
from harness.errors import SpecError, first_line
from harness.requests import Ask, ModelFacts
from harness.specs.model import ModelSpec
from harness.weights import Weights, find

Features = Literal["pooled", "cls", "cls_mean"]


def image_reader(
    spec: ModelSpec, weights: Weights, model: Any
) -> Callable[[list[Image.Image]], Any]:
    """Give what turns images into a model's inputs, on its device and in its dtype: the image
    processor. Raises SpecError when there is none that can be loaded.
    """
    try:
        processor = AutoImageProcessor.from_pretrained(
            weights.source, **pinned(spec, weights), **spec.processor_kwargs
        )
    except (ImportError, OSError, ValueError, TypeError) as error:
        what = f"the image processor of `{weights.source}` cannot be loaded"
        fix = "get the checkpoint again, preprocessor_config.json included, or name another one"
        raise SpecError(spec.problem("pretrained", what, got=first_line(error), fix=fix)) from error

    def read(images: list[Image.Image]) -> Any:
        inputs = processor(images=images, return_tensors="pt")
        return inputs.to(model.device, dtype=model.dtype)

    return read


class ImageFeatures:
    """The features of images by a backbone of `AutoModel`.

    `pooled` is the projected embedding of a dual encoder, else the model's pooled output; `cls` the
    last state of the class token; `cls_mean` that and the mean of the patches' last states, which
    is what DINO's linear heads take (registers left out).
    """

    def __init__(self, spec: ModelSpec, weights: Weights, device: str, which: Features) -> None:
        """Load backbone and image processor. Raises SpecError when they cannot be."""
        self.model = load_model(spec, weights, torch.device(device), AutoModel)
        self._pixels = image_reader(spec, weights, self.model)
        self._which = which

    @torch.inference_mode()
    def __call__(self, images: list[Image.Image]) -> Tensor:
        """Give float32 features (images, size)."""
        inputs = self._pixels(images)
        if self._which == "pooled":
            found = getattr(self.model, "get_image_features", self.model)(**inputs)
            return torch.as_tensor(getattr(found, "pooler_output", found)).float()
        tower = getattr(self.model, "vision_model", self.model)
        states = tower(**inputs).last_hidden_state.float()
        first: Tensor = states[:, 0]
        if self._which == "cls":
            return first
        extra = 1 + getattr(self.model.config, "num_register_tokens", 0)
        return torch.cat([first, states[:, extra:].mean(dim=1)], dim=-1)


class HfClassifierAdapter(Classifier):
    """A model of `AutoModelForImageClassification`; scores are its logits, in its own order."""

    abilities = Abilities(CLASSIFY, keys=LOADING | {"class_list"})

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        weights = find(spec)
        self._commit = weights.commit
        device = torch.device(setting.device)
        self._model = load_model(spec, weights, device, AutoModelForImageClassification)
        self._pixels = image_reader(spec, weights, self._model)

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
        """Give the scores; None where the classes do not exclude each other."""
        several = "multi_label_classification"
        return None if self._model.config.problem_type == several else scores
