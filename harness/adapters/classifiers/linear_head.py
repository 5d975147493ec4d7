"""A linear classifier on the features of a frozen backbone, as DINO's linear evaluation."""

import json
import pickle
import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from safetensors import SafetensorError, safe_open
from torch import Tensor

from harness.adapters.base import CLASSIFY, Abilities, Setting
from harness.adapters.classifiers.hf import Features, ImageFeatures
from harness.adapters.classifiers.one_image import Classifier
from harness.adapters.hf.loading import LOADING, facts_of
from harness.errors import DataError
from harness.requests import Ask, ModelFacts
from harness.specs.base import Spec
from harness.specs.model import ModelSpec
from harness.weights import find

_UNREADABLE = (
    *(OSError, EOFError, LookupError, RuntimeError, TypeError, ValueError, AttributeError),
    *(SafetensorError, pickle.UnpicklingError, struct.error),
)
"""What reading a file that holds no tensors may raise."""
Head = tuple[Tensor, Tensor, Sequence[Sequence[str]] | None]
"""Weight [classes, size], bias [classes], and the names of the classes, where the file has them."""


class LinearHeadOptions(Spec):
    """Keys under `options` of a model with adapter `linear_head`."""

    head: str
    """File with `weight` [classes, size] and `bias` [classes] (safetensors or `torch.save`),
    relative to the YAML. It may have the names of the classes, a list `classes` (in safetensors as
    JSON in its metadata)."""
    features: Features = "cls_mean"
    """What of the backbone the head was trained on."""


class LinearHeadAdapter(Classifier):
    """A backbone of `AutoModel` and one linear layer; scores are its logits."""

    abilities = Abilities(CLASSIFY, options=LinearHeadOptions, keys=LOADING | {"class_list"})

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        options = LinearHeadOptions(**spec.options)
        weight, bias, self.output_names = _load_head(spec, options.head)
        self._weight, self._bias = weight.to(setting.device), bias.to(setting.device)
        weights = find(spec)
        self._commit = weights.commit
        self._features = ImageFeatures(spec, weights, setting.device, options.features)
        self._notes = (f"linear head: {options.head} on {options.features}",)

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model, for the manifest."""
        known = facts_of(self._features.model, self._commit, kind="supervised", notes=self._notes)
        head = self._weight.numel() + self._bias.numel()
        return replace(known, parameters=(known.parameters or 0) + head)

    def score(self, ask: Ask, images: list[Image.Image]) -> Tensor:
        """Give the logits of every image."""
        return torch.nn.functional.linear(self._features(images), self._weight, self._bias)


def _load_head(spec: ModelSpec, head: str) -> Head:
    path = spec.resolve(head, "options.head")
    if not path.is_file():
        what = "the file of the linear head is not there"
        fix = "say `--set_model options.head=FILE`"
        raise DataError(spec.problem("options.head", what, got=str(path), fix=fix))
    try:
        return _read(path)
    except _UNREADABLE as error:
        what = "holds no linear head"
        got = f"{type(error).__name__}: {error}"
        fix = "save tensors `weight` and `bias`, and perhaps `classes`, a name for each"
        raise DataError(spec.problem("options.head", what, got=got, fix=fix)) from error


def _read(path: Path) -> Head:
    if path.suffix == ".safetensors":
        with safe_open(path, "pt") as file:
            written = (file.metadata() or {}).get("classes")
            names = None if written is None else json.loads(written)
            weight, bias = file.get_tensor("weight"), file.get_tensor("bias")
    else:
        loaded: Mapping[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        weight, bias, names = loaded["weight"], loaded["bias"], loaded.get("classes")
    if names is not None and (not isinstance(names, list | tuple) or len(names) != len(weight)):
        raise ValueError(f"`classes` is not a list of {len(weight)} names")
    outputs = None if names is None else [(str(name),) for name in names]
    return weight.float(), bias.float(), outputs
