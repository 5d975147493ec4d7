"""A table of images and labels that `datasets` reads: an image folder with `metadata.csv` or
`metadata.jsonl`, parquet, JSON Lines, or what `save_to_disk` wrote.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from harness.data.images.source import Source, open_source
from harness.data.labels.csv_table import FILES, IDS, LABELS
from harness.errors import DataError, Problem
from harness.heavy import no_collection
from harness.limits import below
from harness.new_dataset.csv_labels import SPLIT_COLUMNS
from harness.new_dataset.found import Choice, Found, Label, Place, listed, several_splits
from harness.specs.task import MetadataSpec, TaskSpec
from harness.words import counted

with no_collection():
    from harness.data.images.local import splits_of
    from harness.data.images.table import ColumnKind, columns_of, read_errors

_USUAL_IMAGE = ("image", "img", "picture", "photo")
_ADD_IDS = (
    "write a column of unique ids into the table: "
    'data.add_column("image_id", [str(i) for i in range(len(data))])'
)
Columns = Mapping[str, ColumnKind]


def by_table(name: str, path: Path, choice: Choice) -> Found:
    """Understand a table, of the data set `name`. Raises DataError where it cannot be read, has
    several splits and none chosen, or no column, or several, of images, labels or unique ids.
    """
    place = Place(path, _split(path, choice.split))
    task = _task(name, place)
    columns = columns_of(task, path)
    where = f"{path}" + (f", split `{place.split}`" if place.split else "")
    place = replace(place, images=_image_column(columns, choice.image, where))
    column = _label_column(columns, choice.label, where)
    parts = [each for each in columns if each.lower() in SPLIT_COLUMNS and each != column]
    place, source = _open(name, place, (column, *parts), columns)
    for each in parts:
        _refuse_mixture(set(map(str, source.columns[each])), f"{where}, column `{each}`")
    values = source.columns[column]
    labels: dict[str, frozenset[Label]] = {}
    for image, value in zip(source.ids, values, strict=True):
        if isinstance(value, str) and value.strip():
            labels[image] = frozenset({value.strip()})
        elif isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            labels[image] = frozenset({value})
    if not labels:
        fix = "--label COLUMN names another column"
        raise DataError(Problem(where, f"no row has a label in the column `{column}`", fix=fix))
    kind = {"classes": "numbers with names", "number": "numbers"}.get(columns[column], "texts")
    return Found(
        form=_form(path, place, column, kind),
        place=place,
        source=source,
        labels=labels,
        names=source.column_names.get(column),
    )


def _form(path: Path, place: Place, column: str, kind: str) -> str:
    what = "a table" if path.is_file() else "a folder that `datasets` reads"
    if path.is_dir() and any(each.match("metadata.*") for each in below(path)):
        what = "an image folder with metadata"
    split = f", split `{place.split}`" if place.split else ""
    return f"{what}{split}; labels in the column `{column}` ({kind})"


def _split(path: Path, split: str | None) -> str | None:
    with read_errors(path, str(path)):
        names = splits_of(path)
    if split is not None and split not in names:
        where, what = f"--split {split}", "there is no such split"
        if not names:
            raise DataError(Problem(where, f"{path} has no splits", fix="leave it out"))
        raise DataError(Problem(where, what).among(split, names))
    if split is None and len(names) > 1:
        raise DataError(several_splits(str(path), "has", names, "one split"))
    return split or next(iter(names), None)


def _task(name: str, place: Place) -> TaskSpec:
    return TaskSpec(
        task=name,
        protocol="classify",
        dataset_path=str(place.path.resolve()),
        test_split=place.split or "test",
        doc_to_visual=place.images or "image",
        doc_to_id=place.ids,
        class_list=name,
        label_sets=(name,),
        metadata=MetadataSpec(version=1),
    )


def _image_column(columns: Columns, image: str | None, where: str) -> str:
    if image is not None:
        may_be = [name for name, kind in columns.items() if kind in ("image", "text")]
        if image in may_be:
            return image
        what = f"no column `{image}` of images or of their files"
        raise DataError(Problem(where, what).among(image, may_be))
    fits = [name for name, kind in columns.items() if kind == "image"]
    if len(fits) > 1 and "image" in fits:
        fits = ["image"]
    texts = (*_USUAL_IMAGE, *FILES)
    fits = fits or [name for name in texts if columns.get(name) == "text"][:1]
    if len(fits) == 1:
        return fits[0]
    what = f"{counted(len(fits), 'column')} of images" if fits else "no column of images"
    expected = "one; a column `image` goes before others"
    fix = "say which one it is: `--image COLUMN`"
    raise DataError(Problem(where, what, ", ".join(fits or columns), expected, fix))


def _label_column(columns: Columns, label: str | None, where: str) -> str:
    may_be = {name: kind for name, kind in columns.items() if kind in ("classes", "text", "number")}
    if label is not None:
        if label in may_be:
            return label
        what = f"no column `{label}` of texts or whole numbers"
        raise DataError(Problem(where, what).among(label, list(may_be)))
    fits = [name for name, kind in may_be.items() if kind == "classes" or name.lower() in LABELS]
    if len(fits) == 1:
        return fits[0]
    if fits:
        what = f"{counted(len(fits), 'column')} may be that of the labels"
        raise DataError(Problem(where, what, ", ".join(fits), fix=f"say `--label {fits[0]}`"))
    got, fix = "the columns " + ", ".join(columns), "say which one it is: `--label COLUMN`"
    expected = f"a `ClassLabel` of `datasets`, or one of {', '.join(LABELS)}"
    raise DataError(Problem(where, "no column of labels", got, expected, fix))


def _refuse_mixture(splits: set[str], where: str) -> None:
    if len(splits) > 1:
        what = f"rows of {counted(len(splits), 'split')}: {listed(sorted(splits))}"
        fix = "write the rows of one split into a table of their own, or take the column out"
        raise DataError(Problem(where, what, fix=fix))


def _open(
    name: str, place: Place, wanted: tuple[str, ...], columns: Columns
) -> tuple[Place, Source]:
    """Open a table by its column `image_id`, its images' file names, or another column of ids."""
    named = [each for each in (*IDS, *FILES) if each in columns and each != place.images]
    own = "image_id" if "image_id" in named else None
    first: DataError | None = None
    for ids in dict.fromkeys((own, None, *named)):
        at = replace(place, ids=ids)
        try:
            return at, open_source(_task(name, at), wanted)
        except DataError as error:
            first = first or error
    assert first is not None
    raise DataError(
        replace(each, fix=_ADD_IDS) if each.fix and "`doc_to_id`" in each.fix else each
        for each in first.problems
    )
