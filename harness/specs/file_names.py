"""Which names may become names of files and folders, on any machine."""

import re

MOST_BYTES = 100
"""Of a name in UTF-8. File systems take 255 bytes; a name is joined with another, and with what a
file of its own adds to it."""
_FORBIDDEN = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for devices, with any suffix."""


def name_fault(name: str) -> str | None:
    """Say why a text can be no name of a task, a model or another thing that files are named
    after; None where it can.
    """
    found = _FORBIDDEN.search(name)
    if found:
        return f"holds {found[0]!a}: a slash, a control character or half a surrogate pair"
    if not name or name.startswith((".", " ", "~")) or name.endswith((".", " ")):
        return "is empty, begins with a dot, a space or `~`, or ends with a dot or a space"
    if len(name.encode()) > MOST_BYTES:
        return f"has {len(name.encode())} bytes, more than {MOST_BYTES}"
    if _DEVICE.fullmatch(name):
        return "is a device's on Windows"
    if name.lower().endswith((".yaml", ".yml")):
        return "ends as the path of a YAML file does"
    return None
