"""What is printed: the one place that writes to a terminal, where a stranger's text is inert.

Names, answers and messages come from files and servers; a control character in one could clear the
screen, write over a line, rename the window, or turn the direction of what is read.
"""

import re
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Iterable

import rich.console
from rich.segment import Segment

_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
_KEPT = "\n\t\u200c\u200d"
"""Ends of lines and tabs act on nothing; words of several scripts, and emoji, need the joiners."""


def shown(text: str) -> str:
    r"""Give text with its line breaks and tabs, in which every other character that acts and is not
    seen (controls, directions of writing, halves of surrogates, other separators of lines) stands
    by its code.

    >>> shown("clean\rfaults: 3 \x1b[2K")
    'clean\\u000dfaults: 3 \\u001b[2K'
    """
    if text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    is_inert = character in _KEPT or unicodedata.category(character) not in _HIDDEN
    return character if is_inert else code_of(character)


def code_of(character: str) -> str:
    """Write the code of a character, in place of it."""
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def on_one_line(text: str) -> str:
    """Give a text as `shown`, with one space for every break."""
    return " ".join(shown(text).split())


def say(text: object = "", *, err: bool = False, end: str = "\n") -> None:
    """Print a text as `shown`, on standard output or standard error, at once."""
    print(shown(str(text)), file=sys.stderr if err else sys.stdout, flush=True, end=end)


def room(wide: bool = False) -> int | None:
    """Give the characters of a terminal's line; None where a line may be of any length."""
    return None if wide or not sys.stdout.isatty() else shutil.get_terminal_size().columns


def fitted(text: str, *, err: bool = False) -> str:
    """Lay out the lines of a message for the terminal that it goes to, what follows a line indented
    by two; a file or a pipe gets them as they are.
    """
    if not (sys.stderr if err else sys.stdout).isatty():
        return text
    return "\n".join(paragraph("", line) for line in text.split("\n"))


_INTERVAL = re.compile(r"(\[[-+]?[\d.]+,) ([-+]?[\d.]+\])")
_UNBROKEN = "\x1f"


def paragraph(lead: str, text: str, width: int | None = None) -> str:
    """Lay a line out behind `lead`, as wide as the terminal or `width`; what is indented stays so.
    No word is broken, and no interval.
    """
    bare = text.lstrip(" ")
    indent = " " * (len(text) - len(bare))
    laid_out = textwrap.fill(
        _INTERVAL.sub(rf"\1{_UNBROKEN}\2", bare),
        width or shutil.get_terminal_size().columns,
        initial_indent=f"{lead} {indent}" if lead else indent,
        subsequent_indent=f"{' ' * len(lead)} {indent}" if lead else f"  {indent}",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return laid_out.replace(_UNBROKEN, " ")


class Console(rich.console.Console):
    """A console for bars and log lines, which shows all text as `shown`."""

    def render(
        self,
        renderable: rich.console.RenderableType,
        options: rich.console.ConsoleOptions | None = None,
    ) -> Iterable[Segment]:
        """Give the segments of what is printed; the console's own move the cursor."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(shown(segment.text), segment.style)
