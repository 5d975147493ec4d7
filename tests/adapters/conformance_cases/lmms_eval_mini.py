"""The embedded model in lmms-eval's classes: a chat one, and a simple one in two ways."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model
from harness.specs.model import ModelSpec
from support.conformance import Case

NEEDS = ("lmms_eval",)


def cases() -> list[Case]:
    simple = {"force_simple": True}
    kinds: dict[str, dict[str, Any]] = {
        "chat": {},
        "simple": simple,
        "simple-marked": simple | {"image_mark": "<image>"},
    }
    return [
        Case(f"lmms-eval-{name}", _spec(options), needs=NEEDS, full=True, several_images=True)
        for name, options in kinds.items()
    ]


def _spec(options: dict[str, Any]) -> Callable[[Path, ExitStack], ModelSpec]:
    def make(folder: Path, stack: ExitStack) -> ModelSpec:
        settings = [f"options.{key}={value!r}" for key, value in options.items()]
        return load_model(Catalogue(), "lmms-mini", settings)

    return make
