"""A plain folder of images, flat or with one folder a class."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from PIL import Image

from harness.data.formats import image_suffixes
from harness.data.images import decode_image
from harness.data.scan import Scan, state_of
from harness.data.source import Source
from harness.image_ids import check_unique, image_id_of


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
    ids = tuple(image_id_of(name) for name in names)
    if len(set(ids)) < len(ids):
        ids = tuple(name.rsplit(".", 1)[0] for name in names)
    check_unique(ids, str(found.folder))

    def read(row: int) -> Image.Image:
        return decode_image(paths[row], names[row])

    return Source(
        ids=ids,
        read=read,
        fingerprint=state_of(zip(names, paths, strict=True)),
        location=str(found.folder),
        passed_over=found.passed_over(names),
    )
