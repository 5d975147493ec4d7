"""Ways to break the bytes of a file at random: flipped, cut, retyped, deep, huge, encoded."""

import json
import random
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

Change = Callable[[bytes, random.Random], bytes]
JUNK: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**31, 2**63, 2**64, 10**39, -(10**30), 1.5, -0.0, 1e308, "", " ",
    "x", "\x00", "\ud800", "é\u202e", "../..", "/etc/hostname", "a/b", "x" * 300, "9" * 500, [], {},
    [[]], [None], {"": {}}, {"a": {"b": [1, "x"]}}, [1, "x", None, {}], "2024-13-45", "=1+1", "con",
)  # fmt: skip
TEXT_JUNK = (
    "!!int abc", "!!timestamp x", "!function f", "&a [*a]", "*b", "<<: *b", "9" * 5000, "1e999",
    ".inf", ".nan", "2024-99-99", "0x" + "f" * 99, "[" * 9_000, "{" * 9_000, '{"a":' * 900, "\t",
    '"', "'", "? ", "|", ">", "%", "@", "`", "\x00", "\ufeff", "\x85", "{{ 1/0 }}", "{% for i in",
    "{{ classes | random }}", "x" * 200_000, "- ", "# ", "---", "NaN", "-Infinity", "1_000", "~",
)  # fmt: skip


def linked(data: bytes, dice: random.Random) -> bytes:
    """Stand for a link to itself."""
    return data


def flipped(data: bytes, dice: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.randint(1, 8) if data else 0):
        changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def cut(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data) + 1)]


def repeated(data: bytes, dice: random.Random) -> bytes:
    lines = data.split(b"\n")
    place = dice.randrange(len(lines))
    return b"\n".join([*lines[:place], *lines[place : place + 3], *lines[place:]])


def numbers(data: bytes, dice: random.Random) -> bytes:
    found = list(re.finditer(rb"\d+", data))
    if not found:
        return data + b"9" * 5000
    at = dice.choice(found)
    digits = dice.choice(
        [b"9" * 5000, b"9" * 30, b"-1", b"1e999", b"0.5", b"NaN", b"9223372036854775808"]
    )
    return data[: at.start()] + digits + data[at.end() :]


def inserted(data: bytes, dice: random.Random) -> bytes:
    junk = dice.choice(TEXT_JUNK).encode("utf-8", "surrogatepass")
    words = list(re.finditer(rb"[\w.-]+", data))
    if not words or dice.random() < 0.3:
        place = dice.randrange(len(data) + 1)
        return data[:place] + junk + data[place:]
    at = dice.choice(words)
    return data[: at.start()] + junk + data[at.end() :]


def deep(data: bytes, dice: random.Random) -> bytes:
    n = dice.choice([100, 30_000, 100_000])
    opened, closed = dice.choice([(b"[", b"]"), (b'{"a":', b"}"), (b"- ", b""), (b"((", b"))")])
    place = dice.randrange(len(data) + 1)
    return data[:place] + opened * n + closed * dice.choice([0, n]) + data[place:]


def encoded(data: bytes, dice: random.Random) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(dice.choice(["utf-16", "utf-32", "utf-8-sig", "utf-7", "cp037"]))


def empty(data: bytes, dice: random.Random) -> bytes:
    return dice.choice(
        [b"", b"\n", b"\x00", b"null", b"{}", b"[]", b"---\n", b"\xff\xfe", b'"x"', b"0"]
    )


def keys(data: bytes, dice: random.Random) -> bytes:
    n = dice.choice([3, 3_000])
    if data.lstrip()[:1] == b"{":
        more = "".join(f'"key{i}": {i}, ' for i in range(n))
        return data.replace(b"{", b"{" + more.encode(), 1)
    return data + b"\n" + "".join(f"key{i}: {i}\n" for i in range(n)).encode()


def typed(data: bytes, dice: random.Random) -> bytes:
    """Put a value of another type into JSON, or on a line of YAML or CSV."""
    junk = dice.choice(JUNK)
    lines = data.split(b"\n")
    for text in [data] if data[:1] in (b"{", b"[") and b"\n{" not in data else []:
        with suppress(ValueError):
            return json.dumps(_replaced(json.loads(text), junk, dice)).encode()
    place = dice.randrange(len(lines))
    with suppress(ValueError):
        lines[place] = json.dumps(_replaced(json.loads(lines[place]), junk, dice)).encode()
        return b"\n".join(lines)
    before, colon, _ = lines[place].partition(b": ")
    lines[place] = before + colon + json.dumps(junk).encode()
    return b"\n".join(lines)


def _replaced(value: Any, junk: Any, dice: random.Random) -> Any:
    """Give JSON values of which one, somewhere, is another."""
    if isinstance(value, dict) and value and dice.random() < 0.9:
        key = dice.choice(sorted(value))
        if dice.random() < 0.1:
            return {each: item for each, item in value.items() if each != key}
        return value | {key: _replaced(value[key], junk, dice)}
    if isinstance(value, list) and value and dice.random() < 0.9:
        place = dice.randrange(len(value))
        return [*value[:place], _replaced(value[place], junk, dice), *value[place + 1 :]]
    return junk


CHANGES: tuple[Change, ...] = (
    flipped, cut, repeated, numbers, inserted, inserted, inserted, deep, encoded, empty, keys,
    linked, *[typed] * 6,
)  # fmt: skip
