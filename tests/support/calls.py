"""How much is done, counted and not timed, so that it is the same on a busy machine."""

import sys
from collections.abc import Callable


def calls(act: Callable[..., object], *given: object) -> int:
    """Count the calls of Python and C functions that `act` makes when it is given these."""
    count = 0

    def seen(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        act(*given)
    finally:
        sys.setprofile(before)
    return count
