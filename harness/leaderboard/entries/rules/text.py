"""Rules on all text of an entry: no secrets, and nothing that looks other than it is."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from harness.leaderboard.entries.finding import Finding, inert, is_hidden

_SECRETS = {
    "a key of OpenAI or Anthropic": r"\bsk-[A-Za-z0-9_-]{20,}",
    "a token of Hugging Face": r"\bhf_[A-Za-z0-9]{20,}",
    "a key of AWS": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a token of GitHub": r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})",
    "a key of Google": r"\bAIza[0-9A-Za-z_-]{30,}",
    "a token of Slack": r"\bxox[abprs]-[0-9A-Za-z-]{10,}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a URL with a password": r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"]{1,200}:[^\s/@\"]{1,200}@",
}
_JOINERS = "\u200c\u200d\u00ad"
"""Words of several scripts, and emoji, need them; they turn nothing."""
_MARKS = tuple(
    mark.encode()
    for mark in (
        *("sk-", "hf_", "AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        *("AIza", "xox", "PRIVATE KEY", "://"),
    )
)
"""Each secret holds one of these; a line without any is passed over."""
_ANY = re.compile("|".join(f"({pattern})" for pattern in _SECRETS.values()).encode())
_NAMES = tuple(_SECRETS)


def check_secrets(where: str, lines: Iterable[bytes]) -> Iterator[Finding]:
    """Give the first line in which something looks like a secret (E105); not the secret itself."""
    found: list[Finding] = []
    for _ in watched(where, lines, found):
        if found:
            break
    yield from found


def watched(where: str, lines: Iterable[bytes], found: list[Finding]) -> Iterator[bytes]:
    """Give the lines as they are, and add to `found` the first in which something looks like a
    secret (E105).
    """
    for number, line in enumerate(lines, start=1):
        suspect = not found and any(mark in line for mark in _MARKS)
        match = _ANY.search(line) if suspect else None
        if match and match.lastindex:
            what = _NAMES[match.lastindex - 1]
            found.append(Finding("E105", f"{where}:{number}", f"{what}; revoke it, then remove it"))
        yield line


def check_hidden(where: str, text: str) -> Iterator[Finding]:
    """Give the first character of a text that is hidden (E106)."""
    for number, line in enumerate(text.split("\n"), start=1):
        for character in line:
            if _misleads(character):
                yield Finding("E106", f"{where}:{number}", f"U+{ord(character):04X}")
                return


def check_manifest_text(where: str, data: bytes) -> Iterator[Finding]:
    """Do as `check_hidden` for all keys and strings of a JSON file, where an escape may hide them.

    `data` is JSON that was read before.
    """
    for text in _strings(json.loads(data)):
        if any(map(_misleads, text)):
            yield Finding("E106", where, f"in {inert(text)[:120]!r}")
            return


def _misleads(character: str) -> bool:
    return is_hidden(character) and character not in _JOINERS


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
