"""Tests marked `full` run where the packages of the full environment are, and are skipped elsewhere
with the command that runs them.
"""

import importlib.util

import pytest

PACKAGES = ("torchvision", "num2words", "lmms_eval", "bitsandbytes")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if not missing:
        return
    skip = pytest.mark.skip(reason=f"needs {', '.join(missing)}: run `make test-full`")
    for item in items:
        if item.get_closest_marker("full"):
            item.add_marker(skip)
