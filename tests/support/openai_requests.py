"""Requests and adapters for tests of `openai` against the server that fails on cue."""

from collections.abc import Mapping
from typing import Any, Protocol

from PIL import Image

from harness.adapters.base import Setting
from harness.adapters.server.adapter import OpenAIAdapter
from harness.requests import Ask, Request
from harness.specs.model import ModelSpec
from harness.specs.task import GenerationSpec
from support.faulty_server import FaultyServer, Script

PROMPT = "Look: <image>\nWhat is it?"


class Make(Protocol):
    """Starts a server with a script and gives an adapter for it."""

    def __call__(
        self,
        script: Script | None = None,
        *,
        delay_s: float = 0.0,
        model: Any = None,
        **options: Any,
    ) -> tuple[OpenAIAdapter, FaultyServer]: ...


def connect(url: str, *, keys: Mapping[str, Any] | None = None, **options: Any) -> OpenAIAdapter:
    quick = {"base_url": url, "backoff_s": 0.01, "max_retries": 3, "timeout_s": 10.0}
    spec = ModelSpec(
        model="faulty",
        adapter="openai",
        pretrained="some/model",
        options=quick | options,
        **(keys or {}),
    )
    return OpenAIAdapter(spec, Setting())


def picture(number: int) -> Image.Image:
    return Image.new("RGB", (5, 4), (number, 7, 9))


def asked(*numbers: int, **generation: Any) -> tuple[Ask, list[Request]]:
    requests = [Request((picture(number),), PROMPT) for number in numbers]
    return Ask(GenerationSpec(**generation)), requests


def together(*numbers: int) -> Request:
    return Request(tuple(map(picture, numbers)), "<image>" * len(numbers) + "Which?")
