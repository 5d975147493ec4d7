"""A small task on disk and adapters of one's own that answer it, well or badly."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from harness.adapters.base import OutOfMemoryError, Setting
from harness.requests import Ask, ModelFacts, Request, Response, Text
from harness.specs.model import ModelSpec

NAMES = ("red", "green", "blue", "grey")
COLOURS = ((200, 0, 0), (0, 200, 0), (0, 0, 200), (90, 90, 90))
N = 12


class Killed(BaseException):
    """Stands for the end of the process, which nothing catches."""


class ColourAdapter:
    """Names the colour of an image; says `pink` of every fifth image it is shown as grey."""

    calls: list[int]

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        self.calls = []

    @property
    def facts(self) -> ModelFacts:
        return ModelFacts(architecture="Colour")

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        self.calls.append(len(requests))
        return [Text(self.answer(request), tokens=1) for request in requests]

    def answer(self, request: Request) -> str:
        names = [name_of(image) for image in request.images]
        if len(names) == 1:
            return names[0]
        pairs = [f'"{number}": "{name}"' for number, name in enumerate(names, start=1)]
        return "{" + ", ".join(pairs) + "}"


class SlowAdapter(ColourAdapter):
    """Misbehaves as the environment says, so that a run keeps its identity.

    SLOW_SECONDS for every image; its process's number in a file under SLOW_PIDS; no answer to
    images of the colour SLOW_STUCK; failure at those of SLOW_BROKEN.
    """

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        super().__init__(spec, setting)
        if folder := os.environ.get("SLOW_PIDS"):
            name = f"rank-{os.environ.get('RANK', '0')}"
            (Path(folder) / name).write_text(str(os.getpid()))

    def answer(self, request: Request) -> str:
        time.sleep(float(os.environ.get("SLOW_SECONDS", "0")) * len(request.images))
        colours = {name_of(image) for image in request.images}
        if os.environ.get("SLOW_STUCK") in colours:
            time.sleep(600)
        if os.environ.get("SLOW_BROKEN") in colours:
            raise ValueError("this colour hurts")
        return super().answer(request)


class FragileAdapter(ColourAdapter):
    """Fails on every batch that holds a blue image, and when more than four are asked."""

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        if len(requests) > 4:
            raise OutOfMemoryError("too many")
        if any(name_of(image) == "blue" for request in requests for image in request.images):
            raise ValueError("blue hurts")
        return super().respond(ask, requests)


def name_of(image: Image.Image) -> str:
    pixel = image.getpixel((0, 0))
    return "pink" if pixel == COLOURS[3] else NAMES[COLOURS.index(pixel)]  # type: ignore[arg-type]


def write_task(folder: Path, extra: str = "", protocol: str = "cw") -> None:
    listed = "" if protocol == "ow" else "{{ classes | join(' ') }}"
    (folder / "colours.yaml").write_text(
        f"task: colours\nprotocol: {protocol}\ndataset_path: images\nclass_list: colours\n"
        "label_sets: [colours_first, colours_all]\nmetadata: {version: 1}\n"
        f'doc_to_text: "{{% for i in images %}}<image>{{% endfor %}}{listed} which?"\n'
        "mapping: {encoder: lexical}\n" + extra
    )
