"""What an adapter must do, whatever model is behind it: the cases of the conformance suite."""

import importlib.util
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from harness.specs.model import ModelSpec

CASES = Path(__file__).resolve().parent.parent / "adapters" / "conformance_cases"


@dataclass(frozen=True, slots=True)
class Case:
    """One adapter with one small model that answers offline.

    A case is a file of its own, `tests/adapters/conformance_cases/<name>.py`, with one function
    `cases() -> list[Case]`. Nothing is loaded before the case runs.
    """

    name: str
    spec: Callable[[Path, ExitStack], ModelSpec]
    """Makes the model's spec. Files go into the folder; what must end after the tests of the case
    (a server) is entered on the stack."""
    protocol: Literal["ow", "classify"] = "ow"
    """`classify` for classifiers: requests without a prompt, with the names of the embedded
    benchmark's classes as choices."""
    needs: tuple[str, ...] = ()
    """Packages (import names) without which the case is skipped, by name."""
    slow: bool = False
    """Whether only `make test-full` asks it."""
    full: bool = False
    """Whether it runs in the full environment alone."""
    tolerance: float = 0.0
    """How far scores of a batch may be from scores alone; texts must be equal."""
    several_images: bool = False
    """Whether a prompt with two images is asked too."""


def all_cases() -> list[object]:
    """Give the cases of every file in `CASES` as parameters of the suite."""
    found = [case for path in sorted(CASES.glob("*.py")) for case in _cases_in(path)]
    return [
        pytest.param(
            case,
            id=case.name,
            marks=[pytest.mark.full] * case.full + [pytest.mark.slow] * case.slow,
        )
        for case in found
    ]


def _cases_in(path: Path) -> list[Case]:
    spec = importlib.util.spec_from_file_location(f"conformance_cases_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.cases())
