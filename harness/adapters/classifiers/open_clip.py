"""Dual encoders of open_clip, by hub id or folder: those that transformers does not hold."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from PIL import Image
from torch import Tensor

from harness.adapters.base import CLASSIFY, Abilities, Setting
from harness.adapters.classifiers.dual_encoder import (
    DualEncoder,
    DualEncoderOptions,
    class_prompts,
    unit,
)
from harness.adapters.hf.loading import dtype_of
from harness.encoders.base import Vectors
from harness.encoders.cache import folder_digest
from harness.errors import SpecError, first_line
from harness.specs.model import ModelSpec
from harness.weights import download, locate, out_of_reach

_FILES = ("open_clip*", "*.json", "*.txt", "*.model")
_CONFIG = "open_clip_config.json"
_TEXTS = 256  # class prompts that are encoded at a time


class OpenClipAdapter(DualEncoder):
    """A model of open_clip with its own transforms and tokenizer."""

    abilities = Abilities(
        CLASSIFY,
        options=DualEncoderOptions,
        keys=frozenset({"pretrained", "revision", "dtype", "model_kwargs"}),
    )

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        folder, self._commit = _folder(spec)
        self._device = torch.device(setting.device)
        self._dtype = dtype_of(spec, self._device)
        place = f"local-dir:{folder}"
        try:
            self._model, self._transform = open_clip.create_model_from_pretrained(
                place, **spec.model_kwargs
            )
            tokenizer = open_clip.get_tokenizer(place)
        except (RuntimeError, OSError, ValueError, TypeError) as error:
            what, got = f"open_clip cannot load `{spec.pretrained}`", first_line(error)
            fix = "name a checkpoint that holds open_clip_config.json"
            raise SpecError(spec.problem("pretrained", what, got=got, fix=fix)) from error
        self._model = self._model.eval().to(self._device, self._dtype)
        self._prompts = class_prompts(spec, _TextTower(spec, folder, self._model, tokenizer))

    def embed(self, images: list[Image.Image]) -> Tensor:
        """Give the features of the image tower."""
        pixels = torch.stack([self._transform(image) for image in images])
        return unit(self._model.encode_image(pixels.to(self._device, self._dtype)))


class _TextTower:
    """The text tower of a model that is loaded already, as a `TextEncoder`."""

    def __init__(self, spec: ModelSpec, folder: Path, model: Any, tokenizer: Any) -> None:
        self.name = spec.model
        self._folder = folder
        self._model = model
        self._tokenizer = tokenizer

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the model's files and of the dtype that it runs in."""
        weight = next(self._model.parameters())
        return folder_digest(self._folder, f"open_clip {weight.dtype}")

    @torch.inference_mode()
    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed `texts` to unit rows [n, d]."""
        device = next(self._model.parameters()).device
        parts = []
        for start in range(0, len(texts), _TEXTS):
            tokens = self._tokenizer(list(texts[start : start + _TEXTS])).to(device)
            parts.append(unit(self._model.encode_text(tokens)).numpy())
        return np.concatenate(parts)


def _folder(spec: ModelSpec) -> tuple[Path, str | None]:
    """Give the folder with the model's files, and for a hub id their commit. Raises DataError when
    they are neither here nor within reach, SpecError for another model's.
    """
    weights = locate(spec)
    folder, commit = weights.folder, None
    if not weights.is_local:
        try:
            folder = download(weights.source, spec.revision, *_FILES)
        except (OSError, ValueError) as error:  # the hub's own errors are of these kinds
            raise out_of_reach(spec, error) from error
        commit = folder.name
    if not (folder / _CONFIG).is_file():
        what = "is no model of open_clip"
        fix = "for a model of transformers: `adapter: dual_encoder`"
        problem = spec.problem("pretrained", what, got=str(folder), expected=_CONFIG, fix=fix)
        raise SpecError(problem)
    return folder, commit
