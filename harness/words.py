"""Small words of messages."""


def counted(n: int, what: str, several: str | None = None) -> str:
    """Say how many there are.

    >>> counted(1, "image"), counted(2000, "image"), counted(2, "class", "classes")
    ('1 image', '2,000 images', '2 classes')
    """
    return f"{n:,} {what if n == 1 else several or what + 's'}"
