"""A figure's SVG as a part of a page: its colours are the page's, which are others in the dark."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping

from markupsafe import Markup

from harness.report import drawing

_COLOURS: Mapping[str, str] = {
    getattr(drawing, each.upper()).lower(): each
    for each in ("ink", "soft", "rule", "paper", "blue", "purple", "vermilion", "orange", "green",
                 "sky")
}  # fmt: skip
"""Name of the page's variable by the colour of the file."""
_HEX = re.compile("|".join(_COLOURS), re.IGNORECASE)
_LEFT_OUT = ("metadata", "style")
_ALLOWED = frozenset(
    ("id", "d", "style", "transform", "x", "y", "width", "height", "viewBox", "href", "clip-path")
)


def inlined(svg: str, name: str, text: str) -> Markup:
    """Give an `svg` element for a page: without what a file has around it, with ids of its own, and
    colours that are variables of the page's style. `text` is what is read aloud instead of it.

    Only shapes pass: comments (in which matplotlib writes what it draws), styles and metadata are
    left out, and all attributes but a few. Raises ValueError for what is no SVG.
    """
    try:
        root = ET.fromstring(svg)
    except ET.ParseError as error:
        raise ValueError(f"figure {name} is no SVG: {error}") from error
    for parent in list(root.iter()):
        for child in [each for each in parent if _local(str(each.tag)) in _LEFT_OUT]:
            parent.remove(child)
    for element in root.iter():
        element.tag = _local(str(element.tag))
        kept = {_local(key): value for key, value in element.attrib.items()}
        element.attrib.clear()
        element.attrib |= {
            key: _own(value, key, name) for key, value in kept.items() if key in _ALLOWED
        }
    for key in ("width", "height"):  # the page says how wide it is
        root.attrib.pop(key, None)
    root.attrib |= {"role": "img", "aria-label": text, "class": "plot"}
    return Markup(ET.tostring(root, encoding="unicode"))


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _own(value: str, key: str, name: str) -> str:
    if key == "id":
        return f"{name}-{value}"
    if key == "href":
        return f"#{name}-{value.removeprefix('#')}"
    if key == "clip-path":
        return value.replace("url(#", f"url(#{name}-")
    if key == "style":
        return _HEX.sub(lambda found: f"var(--{_COLOURS[found[0].lower()]})", value)
    return value
