"""Supervised classifiers of timm, with the image size and the transforms they were tested with."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import timm
import torch
from PIL import Image
from torch import Tensor

from harness.adapters.base import CLASSIFY, Abilities, Setting
from harness.adapters.classifiers.one_image import Classifier
from harness.adapters.hf.loading import dtype_of, facts_of
from harness.errors import SpecError, first_line
from harness.requests import Ask, ModelFacts
from harness.specs.base import Spec
from harness.specs.model import ModelSpec
from harness.weights import Weights, find


class TimmOptions(Spec):
    """Keys under `options` of a model with adapter `timm`."""

    model_name: str | None = None
    """timm's name of the architecture, where `pretrained` is a checkpoint file. A hub id and a
    folder with a `config.json` say it themselves."""


class TimmAdapter(Classifier):
    """A model of `timm.create_model`; scores are its logits, in its own order."""

    abilities = Abilities(
        CLASSIFY,
        options=TimmOptions,
        keys=frozenset({"pretrained", "revision", "dtype", "model_kwargs", "class_list"}),
    )

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        weights = find(spec)
        self._commit = weights.commit
        self._device = torch.device(setting.device)
        self._dtype = dtype_of(spec, self._device)
        self._model = _load(spec, weights).eval().to(self._device, self._dtype)
        self._config = timm.data.resolve_model_data_config(self._model)
        self._transform = timm.data.create_transform(**self._config, is_training=False)

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model, for the manifest."""
        transforms = {key: self._config[key] for key in ("input_size", "interpolation", "crop_pct")}
        notes = (f"transforms: {json.dumps(transforms)}",)
        return facts_of(self._model, self._commit, kind="supervised", notes=notes)

    @property
    def output_names(self) -> Sequence[Sequence[str]] | None:
        """The checkpoint's `label_names` (of ImageNet's models WordNet ids), with descriptions."""
        config = self._model.pretrained_cfg or {}
        names, described = config.get("label_names"), config.get("label_descriptions") or {}
        if not names:
            return None
        pairs = names.items() if isinstance(names, Mapping) else enumerate(names)
        known = {int(place): str(name) for place, name in pairs}
        n = int(self._model.num_classes)
        if max(known) >= n or (not isinstance(names, Mapping) and len(known) != n):
            return None  # of the head that another has taken the place of
        listed = [(name, described.get(name)) for name in map(known.get, range(n))]
        return [tuple(each for each in pair if each) for pair in listed]

    def score(self, ask: Ask, images: list[Image.Image]) -> Tensor:
        """Give the logits of every image."""
        pixels = torch.stack([self._transform(image) for image in images])
        logits: Tensor = self._model(pixels.to(self._device, self._dtype))
        return logits


def _load(spec: ModelSpec, weights: Weights) -> Any:
    """Make the model. Raises SpecError when weights and architecture do not fit together."""
    name, more = TimmOptions(**spec.options).model_name, dict(spec.model_kwargs)
    is_file = weights.is_local and Path(weights.source).is_file()
    if is_file != (name is not None):
        what = "`options.model_name` goes with a checkpoint file in `pretrained`, and nothing else"
        fix = "add `options.model_name`" if is_file else "remove `options.model_name`"
        raise SpecError(spec.problem("options.model_name", what, got=str(name), fix=fix))
    try:
        if name is not None:
            return timm.create_model(name, checkpoint_path=weights.source, **more)
        place = f"hf-hub:{weights.source}@{weights.commit}"
        if weights.is_local:
            place = f"local-dir:{weights.source}"
        return timm.create_model(place, pretrained=True, **more)
    except (RuntimeError, OSError, ValueError, TypeError) as error:
        got = first_line(error)
        what = f"timm cannot load `{weights.source}`"
        fix = "let `options.model_name` name the architecture that these weights are of"
        if not is_file:
            fix = "name a checkpoint of timm, or `adapter: hf-classifier`"
        raise SpecError(spec.problem("pretrained", what, got=got, fix=fix)) from error
