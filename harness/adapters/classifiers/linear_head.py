"""A linear classifier on the features of a frozen backbone, as DINO's linear evaluation."""

import json
import pickle
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import torch
from PIL import Image
from safetensors import SafetensorError, safe_open
from torch import Tensor

from harness.adapters.base import CLASSIFY, Abilities, Setting
from harness.adapters.classifiers.hf_images import Features, ImageFeatures
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

    abilities: ClassVar[Abilities] = Abilities(
        CLASSIFY, options=LinearHeadOptions, keys=LOADING | {"class_list"}
    )

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        options = LinearHeadOptions(**spec.options)
        head = _load_head(spec, options.head)
        self._weight, self._bias = head.weight.to(setting.device), head.bias.to(setting.device)
        self._names = head.names
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

    @property
    def output_names(self) -> Sequence[Sequence[str]] | None:
        """Names of the outputs, where the head's file has them."""
        return None if self._names is None else [(name,) for name in self._names]

    def score(self, ask: Ask, images: list[Image.Image]) -> Tensor:
        """Give the logits of every image."""
        return torch.nn.functional.linear(self._features(images), self._weight, self._bias)


@dataclass(frozen=True, slots=True)
class _Head:
    weight: Tensor
    bias: Tensor
    names: tuple[str, ...] | None


def _load_head(spec: ModelSpec, head: str) -> _Head:
    path = spec.resolve(head, "options.head")
    if not path.is_file():
        what, fix = (
            "the file of the linear head is not there",
            "say `--set_model options.head=FILE`",
        )
        raise DataError(spec.problem("options.head", what, got=str(path), fix=fix))
    try:
        return _read(path)
    except _UNREADABLE as error:
        what = "holds no linear head"
        got = f"{type(error).__name__}: {error}"
        fix = "save tensors `weight` and `bias`, and perhaps `classes`, a name for each"
        raise DataError(spec.problem("options.head", what, got=got, fix=fix)) from error


def _read(path: Path) -> _Head:
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
    named = None if names is None else tuple(map(str, names))
    return _Head(weight.float(), bias.float(), named)
