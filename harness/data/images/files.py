"""Which file each image of a folder is, for pages that show images where they lie."""

from collections.abc import Collection
from pathlib import Path

from harness.data.image_ids import ids_in_file_name, written_id
from harness.data.images.folder import image_names
from harness.data.images.source import scan


def files_of(folder: Path, image_ids: Collection[str]) -> dict[str, Path]:
    """Give the files of a folder whose name, or path inside the folder, means one of the images.

    An id that several files may mean is left out. Raises DataError for a folder that may not be
    read.
    """
    found = scan(folder)
    named: dict[str, set[str]] = {}
    for name in image_names(found):
        for image_id in {*ids_in_file_name(name), written_id(name), written_id(Path(name).name)}:
            named.setdefault(image_id, set()).add(name)
    return {
        image_id: folder / next(iter(names))
        for image_id in image_ids
        if len(names := named.get(image_id, set())) == 1
    }
