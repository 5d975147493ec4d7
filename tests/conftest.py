"""What many tests need: the project's root, real shared data where it is, a tiny adapter."""

import gc
import os
from pathlib import Path

import pytest

pytest_plugins = ["support.colour_task", "support.full_environment"]
ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("HF_HUB_OFFLINE", "1")


FIRST = ("browser/test_classes.py", "reliability/")
"""Of several test processes one builds the site of the browser's tests while the others do what
takes longest, so that all end at about the same time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not any(name in item.nodeid for name in FIRST))


def pytest_collection_finish() -> None:
    """Take what was imported out of the garbage collector's search: with torch and transformers
    it is many objects, and going through them again and again is a twentieth of the tests' time.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; the test is skipped where there is none."""
    path = ROOT.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip("../shared/data is not here")
    return path
