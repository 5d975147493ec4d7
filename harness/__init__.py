"""Measure multimodal LLMs, and the models they are compared with, as image classifiers.

The names of the Python face are here; each is imported when it is first used, so that the command
and the statistics stay light.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.adapters.base import CLASSIFY as CLASSIFY
    from harness.adapters.base import Abilities as Abilities
    from harness.adapters.base import Adapter as Adapter
    from harness.adapters.base import OutOfMemoryError as OutOfMemoryError
    from harness.errors import HarnessError as HarnessError
    from harness.face import compare as compare
    from harness.face import load_model as load_model
    from harness.face import load_task as load_task
    from harness.face import read_answer as read_answer
    from harness.face import run as run
    from harness.face import score as score
    from harness.face import tiers as tiers
    from harness.requests import Ahead as Ahead
    from harness.requests import Ask as Ask
    from harness.requests import Failed as Failed
    from harness.requests import ModelFacts as ModelFacts
    from harness.requests import Request as Request
    from harness.requests import Response as Response
    from harness.requests import Scores as Scores
    from harness.requests import Text as Text
    from harness.scores.statistics import class_bootstrap as class_bootstrap
    from harness.scores.statistics import holm as holm
    from harness.scores.statistics import mcnemar as mcnemar
    from harness.scores.statistics import student_t as student_t
    from harness.scores.statistics import wilson as wilson
    from harness.specs.base import Spec as Spec

__version__ = "0.2.0"
_HOMES = {
    "harness.adapters.base": ("Abilities", "Adapter", "CLASSIFY", "OutOfMemoryError"),
    "harness.errors": ("HarnessError",),
    "harness.face": ("compare", "load_model", "load_task", "read_answer", "run", "score", "tiers"),
    "harness.requests": (
        "Ahead",
        "Ask",
        "Failed",
        "ModelFacts",
        "Request",
        "Response",
        "Scores",
        "Text",
    ),
    "harness.scores.statistics": ("class_bootstrap", "holm", "mcnemar", "student_t", "wilson"),
    "harness.specs.base": ("Spec",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}
__all__ = sorted(["__version__", *_HOME_OF])


def __getattr__(name: str) -> Any:
    """Import a name of the face from where it lives."""
    if name not in _HOME_OF:
        raise AttributeError(f"module `harness` has no `{name}`")
    return getattr(importlib.import_module(_HOME_OF[name]), name)
