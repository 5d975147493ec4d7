"""The embedded model through `hf`."""

from contextlib import ExitStack
from pathlib import Path

from harness.catalogue import Catalogue
from harness.spec.load import load_model
from harness.spec.model import ModelSpec
from support.conformance import Case


def cases() -> list[Case]:
    return [Case("hf-mini", _spec, several_images=True)]


def _spec(folder: Path, stack: ExitStack) -> ModelSpec:
    return load_model(Catalogue(), "mini")
