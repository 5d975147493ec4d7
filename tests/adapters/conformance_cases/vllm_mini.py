"""The embedded model through `vllm`."""

from contextlib import ExitStack
from pathlib import Path

from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model
from harness.specs.model import ModelSpec
from support.conformance import Case


def cases() -> list[Case]:
    return [Case("vllm-mini", _spec, needs=("vllm",), several_images=True)]


def _spec(folder: Path, stack: ExitStack) -> ModelSpec:
    mini = load_model(Catalogue(), "mini")
    return mini.model_copy(
        update={"adapter": "vllm", "options": {"limit_mm_per_prompt": {"image": 2, "video": 0}}}
    )
