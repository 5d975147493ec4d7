"""A folder of images, and what its folders say: classes and splits."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os.path import commonpath
from pathlib import Path, PurePosixPath

from harness.data.images.folder import image_names, open_folder
from harness.data.images.source import Scan, scan
from harness.errors import DataError, Problem
from harness.new_dataset.found import Found, Place, listed, several_splits
from harness.words import counted

SPLITS = frozenset(
    {"train", "training", "val", "valid", "validation", "dev", "test", "testing"}
    | {"eval", "evaluation", "holdout"}
)
"""Names of folders that are splits and no classes."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The images of a folder, by the folders that they lie in."""

    found: Scan
    names: tuple[str, ...]
    """Paths of the images inside the folder, with slashes."""
    base: str
    """The folder inside it in which all images are; empty for itself."""

    @property
    def parents(self) -> list[PurePosixPath]:
        """The folders with images, each from `base`, sorted; `.` is `base` itself."""
        return sorted({PurePosixPath(name).relative_to(self.base).parent for name in self.names})

    @property
    def splits(self) -> list[str]:
        """The folders in `base` that are splits: those with folders inside, where some of them bear
        the name of one; all, where all do.
        """
        tops = {each.parts[0] for each in self.parents if each.parts}
        known = {top for top in tops if top.lower() in SPLITS}
        deep = {each.parts[0] for each in self.parents if len(each.parts) > 1}
        if known & deep:
            return sorted(deep)
        return sorted(tops) if known == tops else []

    @property
    def has_class_folders(self) -> bool:
        """Whether folders name classes: several, that are neither splits alone nor numbers."""
        deep = [each for each in self.parents if each.parts]
        names = {each.name for each in deep}
        only_splits = all(name.lower() in SPLITS for name in names)
        return len(names) > 1 and not only_splits and not all(map(str.isdecimal, names))


def look(folder: Path) -> Tree:
    """Look for images below a folder. Raises DataError as `scan`."""
    found = scan(folder)
    names = tuple(image_names(found))
    parents = [str(PurePosixPath(name).parent) for name in names]
    base = commonpath(parents) if names else ""
    return Tree(found, names, "" if base == "." else base)


def by_folders(tree: Tree, split: str | None) -> Found:
    """Understand a folder with one for each class. Raises DataError for several splits, none
    of them chosen, for images both in a folder and in one inside it, for two folders of one name.
    """
    inside = PurePosixPath(tree.base)
    if (tree.splits or split is not None) and split not in inside.parts:
        inside /= _split(tree, split)
    folder = tree.found.folder / inside
    found = scan(folder)
    names = image_names(found)
    source = open_folder(found, names)
    parents = [PurePosixPath(name).parent for name in names]
    _check_parents(folder, sorted({each for each in parents if each.parts}))
    if not any(each.parts for each in parents):
        what = f"{counted(len(names), 'image')} in no folder of a class"
        raise DataError(Problem(str(folder), what, fix="make one folder a class, or add a CSV"))
    pairs = zip(source.ids, parents, strict=True)
    return Found(
        form="a folder for each class" + (f", split `{inside.name}`" if split else ""),
        place=Place(folder),
        source=source,
        labels={image: frozenset({each.name}) for image, each in pairs if each.parts},
        files={image: folder / name for image, name in zip(source.ids, names, strict=True)},
        is_folders=True,
        notes=tuple(_empty(folder, parents)),
    )


def _split(tree: Tree, split: str | None) -> str:
    tops = sorted({each.parts[0] for each in tree.parents if each.parts})
    names = tree.splits or tops
    if split in names:
        return split
    if split is not None:
        where = f"--split {split}"
        raise DataError(Problem(where, "there is no such folder of images").among(split, names))
    where = str(tree.found.folder / tree.base)
    expected = "the images of one split, with a folder for each class"
    raise DataError(several_splits(where, "the images lie in", names, expected))


def _check_parents(folder: Path, parents: Sequence[PurePosixPath]) -> None:
    known = set(parents)
    for each in parents:
        above = next((other for other in each.parents if other in known), None)
        if above is not None:
            what = f"images lie in `{above}` and in a folder inside it, `{each}`"
            fix = "move them, so that each class has one folder"
            raise DataError(Problem(str(folder), what, expected="one folder a class", fix=fix))
    by_name: defaultdict[str, list[PurePosixPath]] = defaultdict(list)
    for each in parents:
        by_name[each.name].append(each)
    for name, places in by_name.items():
        if len(places) > 1:
            what = f"{counted(len(places), 'folder')} bear the name `{name}`"
            tops = [each.parts[0] for each in places]
            fix = f"if {listed(tops)} are splits, say which one, such as `--split {tops[0]}`; else "
            fix += "rename them"
            got = listed([str(each) for each in places])
            raise DataError(Problem(str(folder), what, got, "one folder a class", fix))


def _empty(folder: Path, parents: Sequence[PurePosixPath]) -> list[str]:
    tops = {each.parts[0] for each in parents if each.parts}
    empty = [
        each.name
        for each in sorted(folder.iterdir())
        if each.is_dir() and not each.name.startswith(".") and each.name not in tops
    ]
    if not empty:
        return []
    is_no_class = "is no class" if len(empty) == 1 else "are no classes"
    return [f"{counted(len(empty), 'folder')} without images {is_no_class}: {listed(empty)}"]


def same_files(files: Mapping[str, Path]) -> list[list[str]]:
    """Give the groups of ids whose files have the same bytes; only files of one size are read."""
    by_size: defaultdict[int, list[str]] = defaultdict(list)
    for image, path in files.items():
        by_size[path.stat().st_size].append(image)
    groups: defaultdict[bytes, list[str]] = defaultdict(list)
    for images in by_size.values():
        for image in images if len(images) > 1 else ():
            groups[hashlib.sha256(files[image].read_bytes()).digest()].append(image)
    return [images for images in groups.values() if len(images) > 1]
