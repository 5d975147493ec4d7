"""Small words of messages."""

from collections.abc import Collection


def counted(n: int, what: str, several: str | None = None) -> str:
    """Say how many there are.

    >>> counted(1, "image"), counted(2000, "image"), counted(2, "class", "classes")
    ('1 image', '2,000 images', '2 classes')
    """
    return f"{n:,} {what if n == 1 else several or what + 's'}"


def listed(names: Collection[object], most: int = 5) -> str:
    """List names, of more than `most` only the first ones.

    >>> listed(["a", "b"], 2), listed(["a", "b", "c"], 2)
    ('a, b', 'a, b, …')
    """
    return ", ".join(map(str, list(names)[:most])) + (", …" if len(names) > most else "")
