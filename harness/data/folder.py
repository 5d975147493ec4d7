"""A plain folder of images, flat or with one folder a class."""

import os
from collections.abc import Sequence
from pathlib import PurePosixPath

from PIL import Image

from harness.data.formats import image_suffixes
from harness.data.images import decode_image
from harness.data.scan import Scan, state_of
from harness.data.source import Source
from harness.image_ids import ids_of_files


def image_names(found: Scan) -> list[str]:
    """List the images among the files of a folder, by their path inside it; sorted."""
    known = image_suffixes()
    return [name for name in found.names if PurePosixPath(name).suffix.lower() in known]


def open_folder(found: Scan, names: Sequence[str]) -> Source:
    """Open the images of a folder, by their paths inside it; nothing is decoded yet.

    The id is the file name's or, where folders hold files of one name (`cat/1.jpg`, `dog/1.jpg`),
    the path inside the folder without its suffix.
    """
    paths = tuple(found.folder / name for name in names)
    ids = ids_of_files([_in_utf8(name) for name in names], str(found.folder), by_path=True)

    def read(row: int) -> Image.Image:
        return decode_image(paths[row], names[row])

    return Source(
        ids=ids,
        read=read,
        fingerprint=state_of(zip(names, paths, strict=True)),
        location=str(found.folder),
        ids_from_files=True,
        passed_over=found.passed_over(names),
    )


def _in_utf8(name: str) -> str:
    """Give a file's name as the same text in every locale; a byte that is not UTF-8 stays half of a
    surrogate pair.
    """
    return os.fsencode(name).decode("utf-8", "surrogateescape")
