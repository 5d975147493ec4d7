"""A wish to stop: the batch in hand is finished and written, then the run ends."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from harness.errors import HarnessError


class StoppedError(HarnessError):
    """The run was asked to stop; everything that was answered is on disk."""

    def __init__(self, number: int) -> None:
        self.exit_code = 128 + number  # as shells tell it
        name = signal.Signals(number).name
        super().__init__(f"stopped by {name}; the same command goes on from here")


class StopFlag:
    """Raised by SIGINT or SIGTERM; a second SIGINT interrupts at once."""

    def __init__(self) -> None:
        self._number: int | None = None

    def check(self) -> None:
        """Raise StoppedError when the run was asked to stop."""
        if self._number is not None:
            raise StoppedError(self._number)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._number is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._number = number


@contextmanager
def stop_flag() -> Iterator[StopFlag]:
    """Turn SIGINT and SIGTERM into a flag while the block runs."""
    flag = StopFlag()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, flag._on_signal) for number in numbers]
    try:
        yield flag
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
