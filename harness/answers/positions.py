"""An option named by its place: "2", "(2)", "the second one", "option 2"."""

import re

from harness.answers.naming import Names

_ORDINALS = (
    *("first", "second", "third", "fourth", "fifth"),
    *("sixth", "seventh", "eighth", "ninth", "tenth"),
)
_PLACE = re.compile(
    r"[\W_]{0,6}(?:the\s)?(?:(?:option|choice|number|answer|no\.)[\W_]{1,3})?"
    rf"(?:(?P<number>\d{{1,2}})(?:st|nd|rd|th)?|(?P<ordinal>{'|'.join(_ORDINALS)}))"
    r"(?:\s(?:one|option|choice|answer))?[\W_]{0,6}",
    re.IGNORECASE,
)
_COUNTING = re.compile(
    rf"\d|\b(?:{'|'.join(_ORDINALS)}|one|two|three|four|five|six|seven|eight|nine|ten)\b",
    re.IGNORECASE,
)


def position_of(text: str, names: Names) -> int | None:
    """Give the place, from 0, of the option that a whole text counts to; None for other texts.

    Where the name of an option holds a number or an ordinal, its place names nothing.
    """
    match = _PLACE.fullmatch(text)
    if match is None or names.options is None:
        return None
    if any(_COUNTING.search(names.classes.by_id[each].name) for each in names.options):
        return None
    if match["ordinal"]:
        return _ORDINALS.index(match["ordinal"].lower())
    return int(match["number"]) - 1 if int(match["number"]) > 0 else len(names.options)
