"""The embedded model through `hf`."""

from contextlib import ExitStack
from pathlib import Path

from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model
from harness.specs.model import ModelSpec
from support.conformance import Case


def cases() -> list[Case]:
    return [Case("hf-mini", _spec, several_images=True)]


def _spec(folder: Path, stack: ExitStack) -> ModelSpec:
    return load_model(Catalogue(), "mini")
