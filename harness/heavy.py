"""Imports that take seconds, or are of packages that not everybody has."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

from harness.errors import MissingPackageError, Problem


def require(module: str, distribution: str, where: str, install: str | None = None) -> ModuleType:
    """Import `module` of a `distribution`, or raise MissingPackageError that says for what it is
    needed, and what pip is to install: `install`, such as an extra of ours, else the distribution.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        what = f"the Python package `{distribution}` is not installed"
        fix = f"pip install '{install or distribution}'"
        raise MissingPackageError(Problem(where, what, got=str(error), fix=fix)) from error


@contextmanager
def no_collection() -> Iterator[None]:
    """Keep the garbage collector from walking what is being imported, then and later.

    torch and transformers make 600,000 objects that stay, `datasets` half as many; walking them
    again and again took a tenth of the start.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
