"""Image processors and image features of transformers' models, for classifiers and k-NN."""

from collections.abc import Callable
from typing import Any, Literal

import torch
from PIL import Image
from torch import Tensor
from transformers import AutoImageProcessor, AutoModel

from harness.adapters.hf.loading import load_model
from harness.errors import SpecError, first_line
from harness.specs.model import ModelSpec
from harness.weights import Weights

Features = Literal["pooled", "cls", "cls_mean"]


def load_image_processor(spec: ModelSpec, weights: Weights) -> Any:
    """Load the image processor. Raises SpecError when there is none that can be loaded."""
    revision = {"revision": weights.commit} if weights.commit else {}
    try:
        return AutoImageProcessor.from_pretrained(
            weights.source,
            trust_remote_code=spec.trust_remote_code,
            **revision,
            **spec.processor_kwargs,
        )
    except (ImportError, OSError, ValueError, TypeError) as error:
        got = first_line(error)
        what = f"the image processor of `{weights.source}` cannot be loaded"
        fix = "get the checkpoint again, preprocessor_config.json included, or name another one"
        raise SpecError(spec.problem("pretrained", what, got=got, fix=fix)) from error


def to_pixels(processor: Any, model: Any) -> Callable[[list[Image.Image]], Any]:
    """Give what turns images into a model's inputs, on its device and in its dtype."""

    def turn(images: list[Image.Image]) -> Any:
        inputs = processor(images=images, return_tensors="pt")
        return inputs.to(model.device, dtype=model.dtype)

    return turn


class ImageFeatures:
    """The features of images by a backbone of `AutoModel`.

    `pooled` is the projected embedding of a dual encoder, else the model's pooled output; `cls` the
    last state of the class token; `cls_mean` that and the mean of the patches' last states, which
    is what DINO's linear heads take (registers left out).
    """

    def __init__(self, spec: ModelSpec, weights: Weights, device: str, which: Features) -> None:
        """Load backbone and image processor. Raises SpecError when they cannot be."""
        self.model = load_model(spec, weights, torch.device(device), AutoModel)
        self.processor = load_image_processor(spec, weights)
        self._pixels = to_pixels(self.processor, self.model)
        self._which = which

    @torch.inference_mode()
    def __call__(self, images: list[Image.Image]) -> Tensor:
        """Give float32 features (images, size)."""
        inputs = self._pixels(images)
        if self._which == "pooled":
            ask = getattr(self.model, "get_image_features", self.model)
            found = ask(**inputs)
            return torch.as_tensor(getattr(found, "pooler_output", found)).float()
        tower = getattr(self.model, "vision_model", self.model)
        states = tower(**inputs).last_hidden_state.float()
        first = states[:, 0]
        if self._which == "cls":
            return torch.as_tensor(first)
        extra = 1 + getattr(self.model.config, "num_register_tokens", 0)
        return torch.cat([first, states[:, extra:].mean(dim=1)], dim=-1)
