"""Images whose labels stand in a CSV beside them."""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from harness.data.images.folder import open_folder
from harness.data.labels.csv_table import (
    FILES,
    IDS,
    LABELS,
    Cells,
    CsvTable,
    label_columns,
    labels_in,
    refuse_decimal_commas,
)
from harness.errors import DataError, Problem
from harness.new_dataset.folders import Tree
from harness.new_dataset.found import Choice, Found, Label, Place, listed, several_splits
from harness.words import counted

SPLIT_COLUMNS = ("split", "subset", "partition", "set")
"""Columns of a CSV that part its rows into splits."""


def csv_columns(table: CsvTable, choice: Choice) -> tuple[list[str], list[str]]:
    """Give the columns of a CSV that may name an image's file (else its id), and its labels."""
    images = [name for name in FILES if name in table.header]
    images = images or [name for name in IDS if name in table.header]
    found = [images, label_columns(table.header)]
    for place, chosen in enumerate((choice.image, choice.label)):
        if chosen is not None:
            found[place] = [name for name in table.header if name == chosen.strip().lower()]
    return found[0], found[1]


def by_csv(tree: Tree, table: CsvTable, choice: Choice) -> Found:
    """Understand a folder of images whose labels are in a CSV.

    Raises DataError for a header without the two columns or with two that fit, for a row that
    cannot be read or joined with one image, for two rows of one image that differ, where no row is
    of an image of the folder, and where rows are of several splits and none is chosen.
    """
    image_column, label_column = _one_of_each(table, choice)
    source = open_folder(tree.found, tree.names)
    index = _Index(tree.names)
    labels: dict[str, frozenset[Label]] = {}
    seen: dict[str, str] = {}
    blank, again = 0, 0
    absent: list[str] = []
    above: dict[str, str] = {}
    rows = _rows(table, choice.split)
    column = f"{table.file.path}, column `{label_column}`"
    refuse_decimal_commas((cells[label_column] for _, cells in rows), column)
    for where, cells in rows:
        place, prefix = index.find(cells[image_column], where)
        if place is None:
            absent.append(cells[image_column])
            continue
        above.setdefault(prefix, where)
        image, found = source.ids[place], frozenset[Label](labels_in(cells[label_column]))
        again += image in seen
        if image in seen and labels.get(image, frozenset()) != found:
            raise DataError(_differ(where, seen[image], cells[image_column]))
        seen.setdefault(image, where)
        blank += not found
        if found:
            labels[image] = found
    if not labels:
        raise DataError(_nothing_there(tree, table, image_column, absent))
    if len(above) > 1 and any(above):
        raise DataError(_several_roots(above))
    return Found(
        form=f"`{table.file.path.name}`, columns `{image_column}` and `{label_column}`"
        + (f", split `{choice.split}`" if choice.split else ""),
        place=Place(tree.found.folder),
        source=source,
        labels=labels,
        files=dict(zip(source.ids, (tree.found.folder / name for name in tree.names), strict=True)),
        notes=tuple(_row_notes(blank, again, absent, next(iter(above)))),
    )


def _rows(table: CsvTable, split: str | None) -> list[tuple[str, Cells]]:
    """Give the rows, of the chosen split where there are several."""
    rows: list[tuple[str, Cells]] = []
    for row in table.rows():
        if isinstance(row, Problem):
            raise DataError(row)
        rows.append(row)
    column = next((name for name in SPLIT_COLUMNS if name in table.header), None)
    names = sorted({cells[column].strip() for _, cells in rows}) if column else []
    if split is None and len(names) > 1:
        where = f"{table.file.path}, column `{column}`"
        raise DataError(several_splits(where, "rows of", names, None))
    if split is None:
        return rows
    if column is None:
        what = f"{table.file.path} has no splits"
        expected = f"a column {' or '.join(SPLIT_COLUMNS)}"
        raise DataError(Problem(f"--split {split}", what, expected=expected, fix="leave it out"))
    if split not in names:
        raise DataError(Problem(f"--split {split}", "there is no such split").among(split, names))
    return [(where, cells) for where, cells in rows if cells[column].strip() == split]


def _row_notes(blank: int, again: int, absent: list[str], prefix: str) -> list[str]:
    notes = []
    if prefix:
        notes.append(f"paths in the CSV begin with `{prefix}/`, which is taken for this folder")
    if absent:
        there = f"images that are not there: {listed(absent)}"
        notes.append(f"{counted(len(absent), 'row')} of {there}")
    if blank:
        notes.append(f"{counted(blank, 'row')} without a label (an empty cell, `nan` or `none`)")
    if again:
        notes.append(f"{counted(again, 'row')} that repeat an earlier one")
    return notes


def _one_of_each(table: CsvTable, choice: Choice) -> tuple[str, str]:
    images, labels = csv_columns(table, choice)
    where, got = f"{table.file.path}:1", ", ".join(table.header) or "an empty file"
    for found, what, chosen, known in (
        (images, "image", choice.image, (*FILES, *IDS)),
        (labels, "label", choice.label, LABELS),
    ):
        if not found and chosen is not None:
            raise DataError(Problem(where, f"no column `{chosen}`").among(chosen, table.header))
        if not found:
            expected, fix = f"one of {', '.join(known)}", f"say which one it is: `--{what} COLUMN`"
            raise DataError(Problem(where, f"no column of the {what}s", got, expected, fix))
        if len(found) > 1:
            fix = f"say `--{what} {found[0]}`"
            many = f"{counted(len(found), 'column')} may be that of the {what}s"
            raise DataError(Problem(where, many, ", ".join(found), "one", fix))
    return images[0], labels[0]


def _differ(where: str, first: str, name: str) -> Problem:
    what = f"a second row for `{name[:60]}`, with other labels"
    expected = f"one row an image; the first is {first}"
    fix = "keep one of them; several labels stand in one cell: `cat; dog`"
    return Problem(where, what, expected=expected, fix=fix)


def _several_roots(above: Mapping[str, str]) -> Problem:
    first, second = list(above)[:2]
    what = "paths in the CSV that begin above the folder, in several ways"
    got = " and ".join(f"`{each}/`" if each else "no folder" for each in (first, second))
    expected = "paths inside the folder, or with the same folders before them"
    fix = "give the folder in which all these paths are"
    return Problem(above[first or second], what, got, expected, fix)


def _nothing_there(tree: Tree, table: CsvTable, column: str, absent: list[str]) -> Problem:
    where, fix = str(table.file.path), f"put the images below {tree.found.folder}"
    if not absent:
        fix = "--image COLUMN and --label COLUMN say which they are"
        return Problem(where, "no row has an image and a label", fix=fix)
    what = f"none of its {counted(len(absent), 'row')} is of an image of the folder"
    got = f"`{column}` with {listed(absent, 3)}"
    return Problem(where, what, got, f"files such as {listed(tree.names, 3)}", fix)


class _Index:
    """The images of a folder by path, its end, or one from above; with or without the suffix."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._ends: defaultdict[str, set[int]] = defaultdict(set)
        self._whole: dict[str, int] = {}
        for place, name in enumerate(names):
            path = unicodedata.normalize("NFC", name)
            for each in {path, path.removesuffix(PurePosixPath(path).suffix)}:
                self._whole.setdefault(each, place)
                for end in _ends(each):
                    self._ends[end].add(place)

    def find(self, cell: str, where: str) -> tuple[int | None, str]:
        """Give the place of the one image that a cell means, None for none, and the folders that
        the cell has before the image's path.

        Raises DataError for a cell that may mean several.
        """
        text = unicodedata.normalize("NFC", cell.strip()).replace("\\", "/").removeprefix("./")
        if text in self._whole:
            return self._whole[text], ""
        found = self._ends.get(text, set())
        if len(found) > 1:
            names = [self._names[place] for place in sorted(found)]
            what = f"`{cell[:60]}` may be several images of the folder"
            fix = "write the path inside the folder"
            raise DataError(Problem(where, what, listed(names), "one image", fix))
        if found:
            return next(iter(found)), ""
        end = next((each for each in _ends(text) if each in self._whole), None)
        return (None, "") if end is None else (self._whole[end], text.removesuffix(f"/{end}"))


def _ends(path: str) -> list[str]:
    """Give a path, the path without its first folder, and so on; the longest first."""
    parts = path.split("/")
    return ["/".join(parts[start:]) for start in range(len(parts))]
