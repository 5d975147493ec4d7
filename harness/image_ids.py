"""Which id an image has."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from harness.errors import DataError, Problem

_IMAGENET_VAL = re.compile(r"ILSVRC2012_val_\d{8}")
_SUFFIXES = """
    apng avif avifs blp bmp bw cur dcx dds dib fit fits flc fli ftc ftu gbr gif icb icns ico iim im
    j2c j2k jfif jp2 jpc jpe jpeg jpf jpg jpx msp pbm pcd pcx pfm pgm png pnm ppm psd pxr qoi ras
    rgb rgba sgi tga tif tiff vda vst webp xbm xpm
"""
IMAGE_SUFFIXES = frozenset(f".{suffix}" for suffix in _SUFFIXES.split())
"""The endings of image files that are no part of an id: a list of ours, and not what the installed
Pillow opens, so that an id is the same on every machine."""


def image_id_of(file_name: str) -> str:
    """Give the image id that a file name means: ImageNet's own where it stands in the name
    (copies add a synset or a folder), else the name without its folder and an image's suffix.

    >>> image_id_of('n01440764/ILSVRC2012_val_00000293_n01440764.JPEG')
    'ILSVRC2012_val_00000293'
    >>> image_id_of('photos/cat 1.5.jpg')
    'cat 1.5'
    """
    found = _IMAGENET_VAL.search(file_name)
    path = PurePosixPath(file_name.replace("\\", "/"))
    if found:
        return found[0]
    return path.stem if path.suffix.lower() in IMAGE_SUFFIXES else path.name


def check_unique(ids: Sequence[str], where: str) -> None:
    """Raise DataError when two rows bear one id."""
    twice = [image_id for image_id, count in Counter(ids).items() if count > 1]
    if twice:
        raise DataError(
            Problem(
                where,
                f"{len(twice)} image ids stand for more than one image",
                got=", ".join(twice[:5]),
                fix="name a column of unique ids in `doc_to_id`, or rename the files",
            )
        )
