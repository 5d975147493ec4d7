"""A call in a thread that ends with the process, so that whoever waits for it may stop waiting."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def in_background(call: Callable[[], T], name: str) -> "Future[T]":
    """Start a call in a thread of its own; the future has what it gives, or raises what it raised.

    Nothing can end the call itself. The executors of `concurrent.futures` would wait for it before
    the process may end.
    """
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001  # whatever it is, the thread that waits gets it
            future.set_exception(error)

    threading.Thread(target=work, name=name, daemon=True).start()
    return future
