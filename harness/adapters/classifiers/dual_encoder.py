"""Dual encoders of transformers (CLIP, SigLIP): the class whose name lies nearest to the image."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch
from PIL import Image
from pydantic import Field, model_validator
from torch import Tensor
from torch.nn.functional import normalize
from transformers import AutoModel, AutoTokenizer

from harness.adapters.base import CLASSIFY, Abilities, Setting
from harness.adapters.classifiers.class_prompts import ClassPrompts
from harness.adapters.classifiers.hf import image_reader
from harness.adapters.classifiers.one_image import Classifier
from harness.adapters.hf.loading import LOADING, facts_of, load_model, pinned
from harness.encoders.base import TextEncoder, Vectors, batches_by_length
from harness.encoders.text_tower import tokenize
from harness.encoders.weights import FolderEncoder
from harness.errors import SpecError
from harness.requests import Ask, ModelFacts
from harness.specs.base import Spec
from harness.specs.model import EncoderSpec, ModelSpec
from harness.weights import Weights, find

_TEXTS = 256  # class prompts that are encoded at a time


class DualEncoderOptions(Spec):
    """Keys under `options` of a dual encoder."""

    template: str = "avg"
    """`raw`, `photo`, `avg` (CLIP's seven), `avg_raw`, or a sentence with `{}` in it."""
    class_prompts: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """JSON file of sentences for each class in place of a template, relative to the YAML."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.class_prompts is not None and "template" in self.model_fields_set:
            raise ValueError("`template` or `class_prompts`, not both")
        return self


class DualEncoder(Classifier):
    """A model with an image tower and a text tower; scores are cosines."""

    _model: Any
    _commit: str | None
    _prompts: ClassPrompts

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model, for the manifest."""
        notes = (f"class prompts: {self._prompts.source}",)
        return facts_of(self._model, self._commit, kind="dual_encoder", notes=notes)

    def score(self, ask: Ask, images: list[Image.Image]) -> Tensor:
        """Give the cosine of every image with every class that may be answered."""
        return self.embed(images) @ torch.from_numpy(self._prompts.vectors(ask.choices)).T

    def logits(self, scores: Tensor) -> Tensor | None:
        """Give the cosines times the model's own scale; None for a model that has none."""
        scale = getattr(self._model, "logit_scale", None)
        return None if scale is None else scores * scale.detach().double().exp().cpu()

    @abstractmethod
    def embed(self, images: list[Image.Image]) -> Tensor:
        """Give float32 features (images, size), rows of length 1, on the CPU."""


class DualEncoderAdapter(DualEncoder):
    """A dual encoder of transformers' `AutoModel`."""

    abilities = Abilities(CLASSIFY, options=DualEncoderOptions, keys=LOADING)

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        weights = find(spec)
        self._commit = weights.commit
        self._model = load_model(spec, weights, torch.device(setting.device), AutoModel)
        if not hasattr(self._model, "get_text_features"):
            got = f"{type(self._model).__name__}, which has no text tower"
            fix = "name a checkpoint with an image and a text tower, such as CLIP or SigLIP"
            raise SpecError(spec.problem("pretrained", "is no dual encoder", got=got, fix=fix))
        self._pixels = image_reader(spec, weights, self._model)
        self._prompts = class_prompts(spec, OwnTextTower(spec, weights, self._model))

    def embed(self, images: list[Image.Image]) -> Tensor:
        """Give the features of the image tower."""
        return unit(self._model.get_image_features(**self._pixels(images)))


def class_prompts(spec: ModelSpec, tower: TextEncoder) -> ClassPrompts:
    """Give what embeds the classes as the options of a dual encoder say."""
    options = DualEncoderOptions(**spec.options)
    file = options.class_prompts
    path = spec.resolve(file, "options.class_prompts") if file else None
    return ClassPrompts(tower, options.template, path)


class OwnTextTower(FolderEncoder):
    """The text tower of a model that is loaded already, as a `TextEncoder`."""

    def __init__(self, spec: ModelSpec, weights: Weights, model: Any) -> None:
        prompt = f"class prompts in {model.dtype}: "  # the digest is of the dtype too
        what = EncoderSpec(encoder=spec.model, kind="text_tower", prompt=prompt)
        super().__init__(what, weights.folder)
        self._model = model
        self._tokenizer = AutoTokenizer.from_pretrained(
            weights.source, padding_side="right", **pinned(spec, weights)
        )

    @torch.inference_mode()
    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed `texts` to unit rows [n, d]."""
        found: dict[int, Vectors] = {}
        for places in batches_by_length(texts, _TEXTS):
            chunk = [texts[place] for place in places]
            tokens = tokenize(self._tokenizer, self._model.config, chunk)
            rows = unit(self._model.get_text_features(**tokens.to(self._model.device)))
            found |= dict(zip(places.tolist(), rows.numpy(), strict=True))
        return np.stack([found[place] for place in range(len(texts))])


def unit(found: Any) -> Tensor:
    """Give rows of length 1 in float32 on the CPU; transformers 5 puts them into an output."""
    features = getattr(found, "pooler_output", found)
    return normalize(torch.as_tensor(features).float(), dim=-1).cpu()
