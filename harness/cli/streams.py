"""Standard output and error that take any text in any encoding, and say so when they are lost."""

import codecs
import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from harness.errors import HarnessError, Problem

_HANDLER = "harness.plain"
_ASCII = "plain_ascii"
"""ASCII by another name: typer takes a stream in ASCII for a mistake and writes UTF-8 past it."""
_PLAIN = {"–": "-", "—": "-", "’": "'", "“": '"', "”": '"', "…": "...", "×": "x", "→": "->"}
"""What this command itself writes beyond ASCII; all else that a console cannot show is escaped."""


class LostOutputError(HarnessError):
    """Standard output takes no more: its reader has gone, as `head` does, or the disk is full."""

    def __init__(self, error: OSError) -> None:
        gone = error.errno == errno.EPIPE
        what = "cannot be written"
        fix = "see that the disk, or the program that reads, takes more"
        super().__init__(
            "" if gone else str(Problem("standard output", what, got=str(error), fix=fix))
        )
        if gone:
            self.exit_code = 141  # as of a tool that SIGPIPE ends


class _Output(io.TextIOWrapper):
    """Raises LostOutputError, which nobody else catches, where a stream raises OSError."""

    def write(self, text: str, /) -> int:
        with _lost():
            return super().write(text)

    def flush(self) -> None:
        with _lost():
            super().flush()


class _Messages(io.TextIOWrapper):
    """Goes on where messages cannot be written: no run is lost for its log."""

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError:
            drop(self)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError:
            drop(self)


@contextlib.contextmanager
def plain_streams() -> Iterator[None]:
    """Put streams that take any text in the place of `sys.stdout` and `sys.stderr`.

    A character that their encoding lacks is written in ASCII, half of a surrogate pair (of a file
    name that is not UTF-8, say) escaped.
    """
    _open_standard()
    codecs.register_error(_HANDLER, _plainly)
    codecs.register(_codec)
    with contextlib.ExitStack() as stack:
        for name, kind in (("stdout", _Output), ("stderr", _Messages)):
            stack.enter_context(_replaced(name, kind))
        yield


def _open_standard() -> None:
    """Let nothing be written where a standard stream was closed: else the next file that is opened
    would take its number, and with it what other programs print.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:  # 2: standard error
        pass
    os.close(number)


def drop(stream: TextIO) -> None:
    """Let what is still to be written to a stream go nowhere, so that Python can end in peace."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextlib.contextmanager
def _replaced(name: str, kind: type[io.TextIOWrapper]) -> Iterator[None]:
    old: TextIO | None = getattr(sys, name)
    if old is None:  # closed by whoever started this
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            setattr(sys, name, nowhere)
            yield
            setattr(sys, name, None)
        return
    if not isinstance(old, io.TextIOWrapper):  # somebody's own, in their process
        yield
        return
    new = kind(
        old.buffer,
        encoding=_ASCII if codecs.lookup(old.encoding).name == "ascii" else old.encoding,
        errors=_HANDLER,
        line_buffering=old.line_buffering,
        write_through=old.write_through,
    )
    setattr(sys, name, new)
    try:
        yield
    finally:
        setattr(sys, name, old)
        new.detach()  # else it would close what is the old one's


@contextlib.contextmanager
def _lost() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LostOutputError(error) from error


def _codec(name: str) -> codecs.CodecInfo | None:
    if name != _ASCII:
        return None
    of = codecs.lookup("ascii")
    more = (of.streamreader, of.streamwriter, of.incrementalencoder, of.incrementaldecoder)
    return codecs.CodecInfo(of.encode, of.decode, *more, name=_ASCII)


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    plain = (_PLAIN.get(each) or each.encode("ascii", "backslashreplace").decode() for each in text)
    return "".join(plain), error.end
