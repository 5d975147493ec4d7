"""The embedded model behind `transformers serve`, through `openai`; `test_openai_serving.py` asks
it in `make test`.
"""

from contextlib import ExitStack
from pathlib import Path

from harness.specs.model import ModelSpec
from support.conformance import Case
from support.serving import NEEDS, served_mini, served_spec


def cases() -> list[Case]:
    return [Case("openai-mini", _spec, needs=NEEDS, several_images=True, slow=True)]


def _spec(folder: Path, stack: ExitStack) -> ModelSpec:
    return served_spec(stack.enter_context(served_mini(folder / "server.log")))
