"""Which id an image has: the one place that makes ids.

An id is the text that stands in a file, in Unicode's normal form C, so that one text written in two
ways is one id. Only an id that is made from a file's name loses folder and suffix.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import PurePosixPath

from harness.errors import DataError, Problem
from harness.words import listed

_IMAGENET_VAL = re.compile(r"ILSVRC2012_val_\d{8}", re.ASCII)
_IMAGENET_FILE = re.compile(
    r"(?:.*[/\\])?(ILSVRC2012_val_\d{8})(?:_n\d{8})?(?:\.[A-Za-z]{1,5})?", re.ASCII
)
_SUFFIXES = """
    apng avif avifs blp bmp bw cur dcx dds dib fit fits flc fli ftc ftu gbr gif icb icns ico iim im
    j2c j2k jfif jp2 jpc jpe jpeg jpf jpg jpx msp pbm pcd pcx pfm pgm png pnm ppm psd pxr qoi ras
    rgb rgba sgi tga tif tiff vda vst webp xbm xpm
"""
IMAGE_SUFFIXES = frozenset(f".{suffix}" for suffix in _SUFFIXES.split())
"""The endings of image files that are no part of an id: a list of ours, and not what the installed
Pillow opens, so that an id is the same on every machine."""
ROW_NUMBER = "row_number"
"""The `doc_to_id` of data without ids and file names, unless a column bears this name."""
_HALF = re.compile("[\ud800-\udfff]")
_SHOWN = 5


def written_id(text: str) -> str:
    """Give the id that a text means, which stands where ids are written (a column, a label file).

    It is the text itself in normal form C. The one exception is the name of a file of ImageNet's
    validation set, with its folder, synset and suffix or without: its id is ImageNet's.

    >>> written_id('cat/1.jpg')
    'cat/1.jpg'
    >>> written_id('val/ILSVRC2012_val_00000293.JPEG')
    'ILSVRC2012_val_00000293'
    """
    found = _IMAGENET_FILE.fullmatch(text)
    return found[1] if found else unicodedata.normalize("NFC", text)


def image_id_of(file_name: str) -> str:
    """Give the image id that a file name means: ImageNet's own where it stands in the name
    (copies add a synset or a folder), else the name without its folder and an image's suffix, in
    normal form C.

    >>> image_id_of('n01440764/ILSVRC2012_val_00000293_n01440764.JPEG')
    'ILSVRC2012_val_00000293'
    >>> image_id_of('photos/cat 1.5.jpg')
    'cat 1.5'
    """
    found = _IMAGENET_VAL.search(file_name)
    if found:
        return found[0]
    return _name(_path_id(file_name.replace("\\", "/")))


def fault_of(text: str) -> str | None:
    """Say why a text can be no id; None where it can. An id is Unicode text and not empty."""
    if not text:
        return "is empty"
    half = _HALF.search(text)
    return "is no Unicode text: it holds half of a surrogate pair" if half else None


def ids_of_texts(texts: Sequence[str], where: str) -> tuple[str, ...]:
    """Give the ids of the cells of an id column. Raises DataError for no id and one id twice."""
    return _checked(texts, tuple(written_id(text) for text in texts), where)


def ids_of_files(names: Sequence[str], where: str, *, by_path: bool = False) -> tuple[str, ...]:
    """Give the ids that file names mean, in their order. With `by_path`, where folders hold files
    of one name (`cat/1.jpg`, `dog/1.jpg`), all ids are the paths without the suffix.

    Raises DataError for a name that can be no id and for two files of one id.
    """
    ids = tuple(image_id_of(name) for name in names)
    if by_path and len(set(ids)) < len(ids):
        ids = tuple(_path_id(name) for name in names)
    return _checked(names, ids, where)


def ids_in_file_name(name: str) -> tuple[str, str]:
    """Give the ids that `ids_of_files` may make of a file's name: of the name, and of the path."""
    return image_id_of(name), _path_id(name)


def image_meant(name: str, known: Collection[str], *, by_file: bool) -> str:
    """Give the id of the image that a file of answers or options names, which is the name as it
    stands. Where ids are made from file names (`by_file`), a file name means the image of `known`
    with its id.
    """
    own = written_id(name)
    if own in known or not by_file:
        return own
    return next((each for each in ids_in_file_name(name) if each in known), own)


def _path_id(name: str) -> str:
    """Give a path without an image's suffix, in normal form C."""
    path = unicodedata.normalize("NFC", name)
    stem, _, suffix = _name(path).rpartition(".")
    is_image = stem and f".{suffix}".lower() in IMAGE_SUFFIXES
    return path.removesuffix(f".{suffix}") if is_image else path


def _name(path: str) -> str:
    """Give the last part of a path, as pathlib does in ten times the time."""
    name = path.rpartition("/")[2]
    return PurePosixPath(path).name if name in ("", ".") else name


def _checked(texts: Sequence[str], ids: tuple[str, ...], where: str) -> tuple[str, ...]:
    fix = "mend the id in that row"
    problems = [
        Problem(where, f"the id of row {row} (from 1) {fault}", got=ascii(text)[:80], fix=fix)
        for row, text in enumerate(texts, 1)
        if (fault := fault_of(text)) is not None
    ]
    if problems:
        raise DataError(problems[:_SHOWN])
    counts = Counter(ids)
    if len(counts) < len(ids):
        twice = [each for each, count in counts.items() if count > 1]
        what = f"{len(twice)} image ids stand for more than one image"
        got = listed(twice) + _written_as(twice[0], texts, ids)
        fix = "name a column of unique ids in `doc_to_id`, or rename the files"
        raise DataError(Problem(where, what, got, fix=fix))
    return ids


def _written_as(image: str, texts: Sequence[str], ids: Sequence[str]) -> str:
    """Show how an id is written where it is written in several ways, escaped to be told apart."""
    written = {text for text, each in zip(texts, ids, strict=True) if each == image}
    if len(written) < 2:
        return ""
    return f" (the first is written {' and '.join(sorted(map(ascii, written))[:_SHOWN])})"
