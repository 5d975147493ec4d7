"""A tiny randomly initialised dual encoder of open_clip, from a folder."""

from contextlib import ExitStack
from pathlib import Path

from harness.specs.model import ModelSpec
from support.conformance import Case
from support.tiny_timm import write_open_clip


def cases() -> list[Case]:
    needs = ("open_clip", "torchvision")
    return [Case("open_clip", _spec, "classify", needs, full=True, tolerance=1e-4)]


def _spec(folder: Path, stack: ExitStack) -> ModelSpec:
    return write_open_clip(folder)
