"""A linear classifier on the features of a frozen backbone, as DINO's linear evaluation."""

import pickle
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from harness.adapters.base import CLASSIFY, ModelFacts, Request, Response, Setting
from harness.adapters.hf_images import KEYS, Features, ImageFeatures
from harness.adapters.hf_loading import problem
from harness.adapters.one_image import score_images
from harness.adapters.pretrained import locate, resolve_commit
from harness.errors import DataError
from harness.spec.base import Spec
from harness.spec.model import ModelSpec

_UNREADABLE = (
    *(OSError, EOFError, LookupError, RuntimeError, TypeError, ValueError, AttributeError),
    *(SafetensorError, pickle.UnpicklingError, struct.error),
)
"""What reading a file that holds no tensors may raise."""


class LinearHeadOptions(Spec):
    """Keys under `options` of a model with adapter `linear_head`."""

    head: str
    """File with `weight` [classes, size] and `bias` [classes] (safetensors or `torch.save`),
    relative to the YAML."""
    features: Features = "cls_mean"
    """What of the backbone the head was trained on."""


class LinearHeadAdapter:
    """A backbone of `AutoModel` and one linear layer; scores are its logits."""

    keys: ClassVar[frozenset[str]] = KEYS | {"class_list"}
    Options: ClassVar[type[Spec]] = LinearHeadOptions
    protocols: ClassVar[frozenset[str]] = CLASSIFY

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        options = LinearHeadOptions(**spec.options)
        self._weight, self._bias = _load_head(spec, options.head, setting.device)
        weights = resolve_commit(spec, locate(spec))
        self._commit = weights.commit
        self._features = ImageFeatures(spec, weights, setting.device, options.features)
        self._notes = (f"linear head: {options.head} on {options.features}",)

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model, for the manifest."""
        model = self._features.model
        return ModelFacts(
            kind="supervised",
            revision=self._commit,
            dtype=str(model.dtype).removeprefix("torch."),
            device=str(model.device),
            parameters=model.num_parameters() + self._weight.numel() + self._bias.numel(),
            architecture=type(model).__name__,
            notes=self._notes,
        )

    def respond(self, requests: Sequence[Request]) -> list[Response]:
        """Give the logits of every image."""
        return score_images(requests, self._logits)

    def _logits(self, images: list[Image.Image]) -> Tensor:
        return torch.nn.functional.linear(self._features(images), self._weight, self._bias)


def _load_head(spec: ModelSpec, head: str, device: str) -> tuple[Tensor, Tensor]:
    path = spec.resolve(head, "options.head")
    if not path.is_file():
        what, fix = (
            "the file of the linear head is not there",
            "say `--set_model options.head=FILE`",
        )
        raise DataError(problem(spec, "options.head", what, got=str(path), fix=fix))
    try:
        found = _read(path)
        return found["weight"].float().to(device), found["bias"].float().to(device)
    except _UNREADABLE as error:
        what = "holds no linear head"
        got, expected = f"{type(error).__name__}: {error}", "tensors `weight` and `bias`"
        raise DataError(problem(spec, "options.head", what, got=got, expected=expected)) from error


def _read(path: Path) -> Mapping[str, Tensor]:
    if path.suffix == ".safetensors":
        return load_file(path)
    loaded: Mapping[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return loaded
