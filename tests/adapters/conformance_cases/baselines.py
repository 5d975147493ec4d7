"""The small baselines: a classifier, a dual encoder, k-NN."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model
from harness.specs.model import ModelSpec
from support.conformance import Case


def cases() -> list[Case]:
    return [
        # Scores of a batch differ from scores alone by float32 rounding.
        Case(name, _spec(name), protocol="classify", tolerance=1e-4)
        for name in ("mini_classifier", "mini_dual", "mini_knn")
    ]


def _spec(name: str) -> Callable[[Path, ExitStack], ModelSpec]:
    return lambda folder, stack: load_model(Catalogue(), name)
