"""Copies of a benchmark's images in the site, where their task says that they may be shipped."""

import re
from pathlib import Path

from harness.data.images.decode import ImageError
from harness.data.images.open import open_source
from harness.errors import DataError, Problem
from harness.leaderboard.numbers.ground import Ground
from harness.specs.task import TaskSpec

_FILE_NAME = re.compile(r"\w[\w.+-]{0,199}", re.ASCII)


def write_pictures(output: Path, ground: Ground, task: TaskSpec) -> str:
    """Write `images/<benchmark>/<image id>.png` and give this template of it.

    Raises DataError when the data set cannot be opened, an id is no plain file name, or one of the
    benchmark's images is missing or broken.
    """
    source = open_source(task)
    places = {image_id: place for place, image_id in enumerate(source.ids)}
    where = f"task `{task.task}`"
    missing = [each for each in ground.image_ids if each not in places]
    if missing or source.read is None:
        got = ", ".join(missing[:5]) or "a table without images"
        raise DataError(Problem(where, "images of its labels are not in its data set", got=got))
    strange = [each for each in ground.image_ids if not _FILE_NAME.fullmatch(each)]
    if strange:
        what = "ids that are no plain file names cannot be those of shipped images"
        raise DataError(Problem(where, what, got=", ".join(map(repr, strange[:5]))))
    folder = output / "images" / ground.name
    folder.mkdir(parents=True)
    for image_id in ground.image_ids:
        try:
            source.read(places[image_id]).save(folder / f"{image_id}.png", optimize=True)
        except ImageError as error:
            raise DataError(Problem(where, "an image cannot be read", got=str(error))) from error
    return f"images/{ground.name}/{{image_id}}.png"
