"""Truth values in label files: the words and numbers that are true or false, and nothing else."""

_TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "0.0", ""})
FLAG_WORDS = "true or false (also yes and no, t and f, y and n, 1 and 0), or nothing for false"
"""What `read_flag` understands, for messages."""


def read_flag(value: object) -> bool | None:
    """Read the value of a JSON field or of a CSV cell as true or false; None when it is neither.

    Case, outer blanks and quotes do not matter. A field that is absent or null, like an empty cell,
    is false. 1.0 and 0.0 are what pandas writes where some cells of the column are empty.

    >>> read_flag(' Yes '), read_flag(0), read_flag('maybe')
    (True, False, None)
    """
    word = "" if value is None else str(value).strip().strip("\"'").strip().lower()
    if word in _TRUE:
        return True
    return False if word in _FALSE else None
