"""A plain folder of images, flat or with one folder a class."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath

from PIL import Image

from harness.data.image_ids import ids_in_file_name, ids_of_files, written_id
from harness.data.images.pixels import decode_image, image_suffixes
from harness.data.images.source import Scan, Source, scan, state_of
from harness.errors import DataError, Problem

LABEL = "label"
"""The column that folders of one class each make, by the name that `datasets` gives it."""


def image_names(found: Scan) -> list[str]:
    """List the images among the files of a folder, by their path inside it; sorted."""
    known = image_suffixes()
    return [name for name in found.names if PurePosixPath(name).suffix.lower() in known]


def files_of(folder: Path, image_ids: Collection[str]) -> dict[str, Path]:
    """Give the files of a folder whose name, or path inside it, means one of the images.

    An id that several files may mean is left out. Raises DataError as `scan`.
    """
    named: dict[str, set[str]] = {}
    for name in image_names(scan(folder)):
        for image_id in {*ids_in_file_name(name), written_id(name), written_id(Path(name).name)}:
            named.setdefault(image_id, set()).add(name)
    return {
        image_id: folder / next(iter(names))
        for image_id in image_ids
        if len(names := named.get(image_id, set())) == 1
    }


def open_folder(found: Scan, names: Sequence[str], columns: Sequence[str] = ()) -> Source:
    """Open the images of a folder, by their paths inside it; nothing is decoded yet.

    The one column that it may be asked for is `label`: the name of the folder that an image lies
    in or, where folders in several places bear one name (`apse/indoor`, `church/indoor`), its path.
    Raises DataError for another.

    The id is the file name's or, where folders hold files of one name (`cat/1.jpg`, `dog/1.jpg`),
    the path inside the folder without its suffix.
    """
    paths = tuple(found.folder / name for name in names)
    files = tuple(_in_utf8(name) for name in names)
    ids = ids_of_files(files, str(found.folder), by_path=True)

    parents = [PurePosixPath(name).parent for name in names]
    folders = tuple(each.name for each in parents)
    labels = folders if len(set(folders)) == len(set(parents)) else tuple(map(str, parents))
    for column in columns:
        if column != LABEL or not all(folders):
            raise DataError(_no_column(found, column))

    def read(row: int) -> Image.Image:
        return decode_image(paths[row], names[row])

    return Source(
        ids=ids,
        read=read,
        fingerprint=state_of(zip(names, paths, strict=True)),
        location=str(found.folder),
        ids_from_files=True,
        passed_over=found.passed_over(names),
        columns={column: labels for column in columns},
        folders=folders if all(folders) else None,
        files=files,
    )


def _no_column(found: Scan, column: str) -> Problem:
    what = "a folder of images has no such column"
    expected = f"`{LABEL}`, the name of the folder that an image lies in, where all lie in one"
    fix = f"`--set doc_to_target={LABEL}`, or name a label file in `label_sets`"
    return Problem(str(found.folder), what, column, expected, fix)


def _in_utf8(name: str) -> str:
    """Give a file's name as one text in every locale; bytes that are no UTF-8 stay surrogates."""
    return os.fsencode(name).decode("utf-8", "surrogateescape")
