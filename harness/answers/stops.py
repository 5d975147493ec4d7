"""Stop strings: where they end an answer, by one rule for every adapter.

A stop string ends the answer before its first place. One of white space alone is looked for behind
the first visible character only: models often begin with a line break, which ends nothing yet.
"""

from collections.abc import Sequence


def stop_place(text: str, until: Sequence[str]) -> int | None:
    """Give the length of the answer in a text, where one of the stop strings ends it."""
    begun = len(text) - len(text.lstrip())
    places = [text.find(stop, 0 if stop.strip() else begun) for stop in until]
    return min((place for place in places if place >= 0), default=None)


def cut(text: str, until: Sequence[str]) -> str:
    """Cut a text where the first of the stop strings ends it."""
    return text[: stop_place(text, until)]
