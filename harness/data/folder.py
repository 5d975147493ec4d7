"""A plain folder of images, flat or with one folder a class."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from harness.data.images import decode_image
from harness.data.source import Source
from harness.image_ids import IMAGE_SUFFIXES, check_unique, image_id_of


def image_files(folder: Path) -> list[Path]:
    """List the image files below a folder, sorted by their path inside it."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def open_folder(folder: Path, files: Sequence[Path] | None = None) -> Source:
    """Open a folder of images; nothing is decoded yet.

    The id is the file name's or, where folders hold files of one name (`cat/1.jpg`, `dog/1.jpg`),
    the path inside the folder without its suffix.
    """
    paths = tuple(image_files(folder) if files is None else files)
    names = [path.relative_to(folder).as_posix() for path in paths]
    ids = tuple(image_id_of(name) for name in names)
    if len(set(ids)) < len(ids):
        ids = tuple(name.rsplit(".", 1)[0] for name in names)
    check_unique(ids, str(folder))

    def read(row: int) -> Image.Image:
        return decode_image(paths[row], names[row])

    facts = [f"{name}:{path.stat().st_size}" for name, path in zip(names, paths, strict=True)]
    fingerprint = hashlib.sha256("\n".join(facts).encode()).hexdigest()
    return Source(ids=ids, read=read, fingerprint=fingerprint, location=str(folder))
