"""The pictures of a site of one's own runs: linked where they lie or, with leave, copied small."""

import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from harness.data.images.folder import files_of
from harness.data.images.pixels import ImageError
from harness.data.images.source import dataset_location, open_source
from harness.errors import DataError, Problem
from harness.leaderboard.numbers.benchmark_labels import BenchmarkLabels
from harness.specs.task import TaskSpec

log = logging.getLogger("harness")

_SIDE = 448
"""Pixels of the longer side of a copied picture."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Where pictures come from."""

    site: Path
    """Folder of the site, from which links lead to them."""
    folder: Path | None = None
    """A folder that has them; None for where each task has its images."""
    copied: bool = False
    """Whether small copies are written into the site."""

    def of(
        self, labels: BenchmarkLabels, tasks: Iterable[TaskSpec], hidden: Path
    ) -> dict[str, str]:
        """Give the addresses of a benchmark's images by id, as seen from the top of the site, of
        those that can be shown; copies are written into `hidden`.

        Where a task's images cannot be linked, a warning says what to do. Raises DataError for
        copies of a data set that is not there, or a folder that may not be read.
        """
        places = {str(_location(task)): task for task in tasks}.values()
        if self.copied:
            return self._copied(labels, places, hidden)
        if self.folder is not None:
            found = files_of(self.folder, labels.image_ids)
            if not found:
                what, fix = "has none of the images", "name the folder that holds them"
                got = f"`{labels.image_ids[0]}`, … are not among its file names"
                raise DataError(Problem(f"--images {self.folder}", what, got, fix=fix))
            return self._linked(found)
        files: dict[str, Path] = {}
        for task in places:
            files |= _files(task, labels.image_ids)
        return self._linked(files)

    def _linked(self, files: Mapping[str, Path]) -> dict[str, str]:
        site = self.site.resolve()
        folders = {
            folder: _way(site, folder) for folder in {each.parent for each in files.values()}
        }
        return {
            image_id: f"{way}/{quote(os.fsencode(path.name))}"
            for image_id, path in files.items()
            if (way := folders[path.parent]) is not None
        }

    def _copied(
        self, labels: BenchmarkLabels, tasks: Iterable[TaskSpec], hidden: Path
    ) -> dict[str, str]:
        """Write `images/<benchmark>/<place>.jpg`."""
        inside = f"images/{labels.name}"
        (hidden / inside).mkdir(parents=True)
        found: dict[str, str] = {}
        places = {image_id: place for place, image_id in enumerate(labels.image_ids)}
        for task in tasks:
            source = open_source(task)
            for row, image_id in enumerate(source.ids):
                if image_id not in places or source.read is None or image_id in found:
                    continue
                name = f"{inside}/{places[image_id]:06d}.jpg"
                try:
                    image = source.read(row)
                except ImageError:
                    continue  # the run has an error there
                image.thumbnail((_SIDE, _SIDE))
                image.save(hidden / name, quality=85)
                found[image_id] = name
        return found


def _way(site: Path, folder: Path) -> str | None:
    """Give the relative address of a folder; None between two disks of Windows."""
    try:
        way = os.path.relpath(folder.resolve(), site)
    except ValueError:
        _say_once(f"the pictures in {folder} cannot be linked from another disk")
        return None
    return quote(os.fsencode(Path(way).as_posix()))


def _location(task: TaskSpec) -> Path | str:
    try:
        return dataset_location(task)
    except DataError:
        return task.dataset_path


def _files(task: TaskSpec, image_ids: Iterable[str]) -> dict[str, Path]:
    location, ids = _location(task), tuple(image_ids)
    if isinstance(location, Path) and location.is_dir():
        found = files_of(location, ids)
        if found:
            return found
    is_here = isinstance(location, Path) and location.exists()
    what = "is a table without files of images" if is_here else "is not a folder here"
    _say_once(f"no pictures: the data set {location} {what}")
    return {}


@cache  # a site is built many times while a run goes on
def _say_once(what: str) -> None:
    fix = "--images DIR links them from a folder, --copy_images puts small copies into the site"
    log.warning("%s; %s", what, fix)
