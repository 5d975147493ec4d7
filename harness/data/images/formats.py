"""Which files are images: what Pillow opens, less what is a document, a film or measurements."""

from functools import cache

from PIL import Image

_NO_IMAGES = frozenset({"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "PDF", "WMF"})
"""Formats that Pillow knows by name, but that need a program of their own (EPS would run
Ghostscript) or hold no picture."""


@cache
def image_formats() -> tuple[str, ...]:
    """List the formats that are decoded, by Pillow's names, in the order in which it tries them."""
    Image.init()
    return tuple(name for name in Image.ID if name in Image.OPEN and name not in _NO_IMAGES)


@cache
def image_suffixes() -> frozenset[str]:
    """Give the file name endings of these formats, in lower case and with their dot."""
    formats = set(image_formats())
    known = Image.registered_extensions().items()
    return frozenset(suffix for suffix, name in known if name in formats)
