"""Keeps a key out of everything that is written or shown, however a server may repeat it."""

import base64
import re
from collections.abc import Callable, Iterator
from functools import partial

_HIDDEN = "[key]"
_SHORTEST_SECRET = 8  # characters; what local servers take for a key (`EMPTY`) is no secret
_SPELLINGS = (
    r"(?:\\{{0,4}}{plain}|(?i:\\{{1,4}}u00{code:02x}|%(?:25)?{code:02x}|&#(?:{code}|x{code:02x});))"
)
"""A character as it is, as JSON escapes it (once or twice), in an address, and in HTML."""


def hiding(key: str | None) -> Callable[[str], str]:
    """Give what takes the key out of a text, as some servers repeat it in whatever they send."""
    if not key or len(key) < _SHORTEST_SECRET:
        return str  # gives a text as it is
    return partial(_pattern(key).sub, _HIDDEN)


def _pattern(key: str) -> re.Pattern[str]:
    """Give the pattern of a key in all its spellings, in base 64 and in hexadecimal too."""
    spelt = "".join(_SPELLINGS.format(plain=re.escape(each), code=ord(each)) for each in key)
    return re.compile("|".join([spelt, *_in_base64(key), f"(?i:{key.encode().hex()})"]))


def _in_base64(key: str) -> Iterator[str]:
    """Give what surely stands in base 64 of any text with the key in it, as patterns: what it is
    depends on the place in threes, and its ends are mixed with what stands beside it.
    """
    for before in range(3):
        text = base64.b64encode(b"\0" * before + key.encode()).decode().rstrip("=")
        sure = text[-(-8 * before // 6) : (before + len(key)) * 8 // 6]
        for plus, slash in ("+/", "-_"):
            yield re.escape(sure.replace("+", plus).replace("/", slash))
