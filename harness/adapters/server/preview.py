"""What a server would be sent, and about how many tokens that is: it alone knows its tokenizer."""

import math
import re
from collections.abc import Mapping, Sequence

from harness.adapters.estimate import Estimate, estimated_tokens
from harness.adapters.server.choosing import FORMS, OnlyNames
from harness.adapters.server.options import OpenAIOptions
from harness.adapters.server.request import chat_messages
from harness.requests import Ask, Request
from harness.specs.model import ModelSpec

_TILES: Mapping[str, tuple[int, int]] = {
    r"gpt-4o-mini": (2833, 5667),
    r"gpt-4o|gpt-4\.1|gpt-4\.5": (85, 170),
    r"gpt-5": (70, 140),
    r"o1|o3": (75, 150),
}
"""OpenAI's models that count an image by tiles of 512 pixels: tokens of an image and of a tile."""
_PATCHES: Mapping[str, float] = {
    r"gpt-(4\.1|5[\d.]*)-mini": 1.62,
    r"gpt-(4\.1|5[\d.]*)-nano": 2.46,
    r"o4-mini": 1.72,
}
"""Those that count it by patches of 32 pixels: tokens of a patch."""
_TILE, _LONG_SIDE, _SHORT_SIDE = 512, 2048, 768
_PATCH, _MOST_PATCHES = 32, 1536
_OTHERS = 28
"""Side of the square of pixels that is a token of Qwen2.5-VL, and of about that size in others."""


class ServerPreview(Estimate):
    """Messages as they would be sent. Tokens are estimated: those of images by OpenAI's published
    rules (developers.openai.com, "Images and vision", 2025) for its models, else by size.
    """

    def __init__(self, spec: ModelSpec, options: OpenAIOptions) -> None:
        self._spec = spec
        self._options = options
        name = spec.pretrained or ""
        self._patch = next((each for key, each in _PATCHES.items() if re.match(key, name)), None)
        tiles = next((each for key, each in _TILES.items() if re.match(key, name)), None)
        self._tiles = None if self._patch else tiles
        reasons = options.reasoning_tokens > 0 or options.reasoning_end is not None
        super().__init__(self._image_rule, reasons)

    def prompt(self, request: Request) -> str:
        """Give the messages, each below its role; images stand on lines of their own."""
        images = iter(enumerate(request.images, start=1))
        written = ""
        for message in chat_messages(self._spec, self._options, request):
            written += f"{_line(written)}[{message['role']}]\n"
            content = message["content"]
            parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
            for part in parts:
                if part["type"] == "text":
                    written += part["text"]
                    continue
                number, image = next(images)
                size = f"{image.width} x {image.height} pixels"
                written += f"{_line(written)}[image {number}: {size}, {self._options.encoding}]\n"
        return written

    def text_tokens(self, texts: Sequence[str]) -> list[int]:
        """Estimate the tokens of each text, with the system prompt."""
        system = estimated_tokens(self._spec.system_prompt or "")
        return [system + estimated_tokens(text) for text in texts]

    def image_tokens(self, request: Request) -> int:
        """Estimate the tokens of the images of a request by their sizes."""
        return sum(self._of_image(image.width, image.height) for image in request.images)

    def most_tokens(self, ask: Ask, text: str) -> int:
        """Give the limit that is sent, and the room for reasoning. A letter is one token."""
        most = 1
        if ask.output_type == "constrained":
            most = OnlyNames.of(ask, FORMS[0], None).ask.generation.most_tokens()
        elif ask.output_type == "generate_until":
            most = ask.generation.most_tokens()
        return most + self._options.reasoning_tokens

    def cost(self, prompt_tokens: int, answer_tokens: int, cached_tokens: int = 0) -> float | None:
        """Give the price by the YAML."""
        prices = self._options.charged
        return None if prices is None else prices.cost(prompt_tokens, answer_tokens, cached_tokens)

    @property
    def _image_rule(self) -> str:
        if self._tiles:
            return "{} for an image and {} for each of its tiles (OpenAI)".format(*self._tiles)
        if self._patch:
            return f"{self._patch} for {_PATCH} x {_PATCH} pixels of an image (OpenAI)"
        return f"one for {_OTHERS} x {_OTHERS} pixels of an image"

    def _of_image(self, width: int, height: int) -> int:
        if self._tiles:
            base, tile = self._tiles
            if self._options.image_detail == "low":
                return base
            scale = min(1.0, _LONG_SIDE / max(width, height))
            scale *= min(1.0, _SHORT_SIDE / (scale * min(width, height)))
            return base + tile * _squares(round(width * scale), round(height * scale), _TILE)
        if self._patch:
            patches = min(_MOST_PATCHES, _squares(width, height, _PATCH))
            return math.ceil(self._patch * patches)
        return _squares(width, height, _OTHERS)


def _line(written: str) -> str:
    """End the line that is being written."""
    return "" if written.endswith("\n") or not written else "\n"


def _squares(width: int, height: int, side: int) -> int:
    return math.ceil(width / side) * math.ceil(height / side)
