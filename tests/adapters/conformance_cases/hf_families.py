"""A tiny checkpoint of every family of image-text-to-text models through `hf`."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from harness.specs.model import ModelSpec
from support.conformance import Case
from support.tiny_checkpoints import FAMILIES, make_checkpoint


def cases() -> list[Case]:
    return [
        Case(
            f"hf-{name}",
            _spec(name),
            needs=family.needs,
            full=bool(family.needs),
            several_images=family.several_images,
        )
        for name, family in FAMILIES.items()
    ]


def _spec(family: str) -> Callable[[Path, ExitStack], ModelSpec]:
    def make(folder: Path, stack: ExitStack) -> ModelSpec:
        made = make_checkpoint(family, folder)
        return ModelSpec(model=family, adapter="hf", pretrained=str(made), dtype="float32")

    return make
