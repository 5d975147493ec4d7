"""What runs in the process of a model class of lmms-eval, started by `adapter.py`.

Importing a class silences all warnings, takes over loguru, adds to PATH and may allow TF32 or the
reading of truncated images; asking one prints and draws a bar. None of it reaches the run. Messages
are pickles: models and batches come over stdin; log records, answers and errors go over stdout.
"""

import contextlib
import io
import logging
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from logging.handlers import QueueHandler
from queue import SimpleQueue
from typing import Any, BinaryIO

from tqdm.std import tqdm

from harness.adapters.base import OutOfMemoryError
from harness.errors import HarnessError
from harness.heavy import no_collection

GRACE_S = 5.0
"""How long a call may take to its end when the harness is gone."""
log = logging.getLogger("harness")


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception of somebody else's class, which the harness need not be able to import."""

    kind: str
    text: str
    trace: str


def main() -> None:
    """Make a model of the first message and answer the batches of the others, until the harness is
    gone. The harness decides what a signal means.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    there, back = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nothing, standard)
    if hasattr(os, "register_at_fork"):  # what a class forks does not keep the way back open
        os.register_at_fork(after_in_child=partial(os.dup2, nothing, back.fileno()))
    sender = _Sender(back)
    logging.root.addHandler(sender)
    log.setLevel(logging.DEBUG)
    sys.stdout = _LogLines()
    begin = tqdm.__init__  # a class draws a bar for every batch, and a run has its own
    tqdm.__init__ = lambda bar, *args, **more: begin(bar, *args, **more | {"disable": True})
    with no_collection():
        from harness.adapters.lmms_eval.model import LmmsEvalModel
    messages: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_receive, args=(there, messages), daemon=True).start()
    ask: Callable[..., Any] = LmmsEvalModel
    for message in iter(messages.get, None):
        found = _outcome(ask, message)
        if isinstance(found, LmmsEvalModel):
            ask, found = found.answer, (found.facts, ())
        sender.enqueue(found)


def _receive(stream: BinaryIO, messages: SimpleQueue[Any]) -> None:
    try:
        while True:
            messages.put(pickle.load(stream))
    finally:  # the harness is gone
        messages.put(None)
        time.sleep(GRACE_S)
        os._exit(1)


def _outcome(call: Callable[..., Any], message: Sequence[Any]) -> Any:
    """Give what a call gives, or what it raises."""
    try:
        return call(*message)
    except (HarnessError, OutOfMemoryError) as error:
        return error
    except Exception as error:  # noqa: BLE001  # the class is somebody else's
        return Raised(type(error).__name__, str(error), traceback.format_exc())


class _Sender(QueueHandler):
    """The way back to the harness: for what is logged, and for answers."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(SimpleQueue())
        self._stream, self._alone = stream, threading.Lock()

    def enqueue(self, record: Any) -> None:
        sent = pickle.dumps(record)
        with self._alone, contextlib.suppress(BrokenPipeError):
            self._stream.write(sent)
            self._stream.flush()


class _LogLines(io.TextIOBase):
    """A stream for text, whose lines go to the log."""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        for line in text.splitlines():
            if line.strip():
                log.debug("lmms-eval: %s", line.rstrip())
        return len(text)
