"""Imports that take seconds, and what makes them shorter."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
