"""Keep what lmms-eval and its model classes change in the process away from everything else.

Importing a class silences all warnings, takes over loguru, adds to PATH and may allow TF32 or the
reading of truncated images; asking one prints and draws a bar. Inside `with apart:` it is as they
want it, outside as it was before. Only loguru's first handler, which writes every debug line to
stderr, is removed for good: nothing else here writes through loguru.
"""

import contextlib
import importlib
import io
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

log = logging.getLogger("harness")
_ATTRIBUTES = (
    ("PIL.Image", "MAX_IMAGE_PIXELS"),
    ("PIL.ImageFile", "LOAD_TRUNCATED_IMAGES"),
    ("sys", "excepthook"),
    ("torch.backends.cuda", "matmul.allow_tf32"),
    ("torch.backends.cudnn", "allow_tf32"),
    ("torch.backends.cudnn", "benchmark"),
)
_DEFAULT_HANDLER = 0
"""The handler that loguru begins with."""
Values = dict[tuple[str, str], Any]


class Apart:
    """The settings of lmms-eval, swapped in and out."""

    def __init__(self) -> None:
        self._theirs: Values = {}
        self.errors: list[str] = []
        """What was logged as an error since the last time inside began."""

    @contextlib.contextmanager
    def loading(self) -> Iterator[None]:
        """Do as `inside`, and let nobody set up loguru anew: its handlers are the process's."""
        from loguru import logger

        with self.inside():
            kind = type(logger)
            add, remove = kind.add, kind.remove
            kind.add, kind.remove = lambda *_, **__: -1, lambda *_, **__: None
            try:
                yield
            finally:
                kind.add, kind.remove = add, remove

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Swap their settings in; what they print and log goes to our log, at its debug level."""
        self.errors = []
        ours = _read()
        _write(self._theirs)
        before = _read()
        try:
            with contextlib.ExitStack() as stack:
                stack.enter_context(warnings.catch_warnings())
                warnings.simplefilter("ignore")
                stack.enter_context(contextlib.redirect_stdout(_LogLines()))
                stack.enter_context(_no_bars())
                stack.enter_context(self._listening())
                yield
        finally:
            after = _read()
            for key in before.keys() | after.keys():
                if before.get(key) != after.get(key):
                    self._theirs[key] = after.get(key)
            _write({key: ours.get(key) for key in after.keys() | ours.keys()})

    @contextlib.contextmanager
    def _listening(self) -> Iterator[None]:
        from loguru import logger

        with contextlib.suppress(ValueError):  # gone already
            logger.remove(_DEFAULT_HANDLER)
        number = logger.add(self._hear, level="WARNING", format="{message}", catch=False)
        try:
            yield
        finally:
            logger.remove(number)

    def _hear(self, message: Any) -> None:
        record = message.record
        log.debug("%s: %s", record["name"], record["message"])
        if record["level"].no >= logging.ERROR:
            self.errors.append(str(record["message"]))


class _LogLines(io.TextIOBase):
    """A stream for text, whose lines go to the log."""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        for line in text.splitlines():
            if line.strip():
                log.debug("lmms-eval: %s", line.rstrip())
        return len(text)


@dataclass(frozen=True, slots=True)
class _Whole:
    """A setting that is more than an attribute."""

    read: Callable[[], Any]
    write: Callable[[Any], None]


def _set_path(value: list[str]) -> None:
    sys.path[:] = value


def _set_root(value: tuple[list[logging.Handler], int]) -> None:
    logging.root.handlers[:] = value[0]
    logging.root.setLevel(value[1])


def _signals() -> list[Any]:
    return [signal.getsignal(number) for number in sorted(signal.valid_signals())]


def _set_signals(handlers: list[Any]) -> None:
    if threading.current_thread() is not threading.main_thread():
        return  # Python lets no other thread set one, so none was
    for number, handler in zip(sorted(signal.valid_signals()), handlers, strict=True):
        if handler is not None and signal.getsignal(number) is not handler:
            signal.signal(number, handler)


def _set_dtype(value: Any) -> None:
    import torch

    torch.set_default_dtype(value)


def _dtype() -> Any:
    import torch

    return torch.get_default_dtype()


_WHOLES = {
    "default dtype": _Whole(_dtype, _set_dtype),
    "root logger": _Whole(lambda: (list(logging.root.handlers), logging.root.level), _set_root),
    "signals": _Whole(_signals, _set_signals),
    "sys.path": _Whole(lambda: list(sys.path), _set_path),
}


def _read() -> Values:
    values: Values = {("environment", name): value for name, value in os.environ.items()}
    values |= {("whole", name): whole.read() for name, whole in _WHOLES.items()}
    for module, name in _ATTRIBUTES:
        owner, last = _owner(module, name)
        values[(module, name)] = getattr(owner, last)
    return values


def _write(values: Values) -> None:
    """Set what differs; None takes a variable out of the environment."""
    now = _read()
    for (kind, name), value in values.items():
        if now.get((kind, name)) == value:
            continue
        if kind == "environment":
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        elif kind == "whole":
            _WHOLES[name].write(value)
        else:
            owner, last = _owner(kind, name)
            setattr(owner, last, value)


def _owner(module: str, name: str) -> tuple[Any, str]:
    owner: Any = importlib.import_module(module)
    *between, last = name.split(".")
    for part in between:
        owner = getattr(owner, part)
    return owner, last


@contextlib.contextmanager
def _no_bars() -> Iterator[None]:
    """Let tqdm draw nothing: a class draws a bar for every batch, and a run has its own."""
    from tqdm.std import tqdm

    begin = tqdm.__init__

    def silent(self: Any, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **(kwargs | {"disable": True}))

    tqdm.__init__ = silent
    try:
        yield
    finally:
        tqdm.__init__ = begin
