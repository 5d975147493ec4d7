"""Which of the forms of a labelled data set lies in a folder or file."""

from pathlib import Path

from harness.data.images.source import is_table, scan
from harness.data.labels.csv_table import CsvTable, open_csv
from harness.data.labels.files import read_text
from harness.errors import DataError, Problem
from harness.new_dataset.csv_labels import by_csv, csv_columns
from harness.new_dataset.folders import Tree, by_folders, look
from harness.new_dataset.found import Choice, Found, listed
from harness.words import counted

_CSV = (".csv", ".tsv")
_TABLES = (".parquet", ".arrow", ".jsonl", ".json")
_FORMS = (
    "a folder for each class; images and a CSV `file_name,label`; an image folder with "
    "metadata.csv or metadata.jsonl; parquet with a column of images and one of labels"
)


def understand(name: str, path: Path, choice: Choice) -> Found:
    """Understand labelled data, to be called `name`. Raises DataError for no form, and for two."""
    if not path.exists():
        fix = "give a path that is there"
        raise DataError(Problem(str(path), "there is no such file or folder", fix=fix))
    if path.is_file():
        return _file(name, path, choice)
    if is_table(scan(path)):
        return _table(name, path, choice)
    return _images(look(path), choice)


def _images(tree: Tree, choice: Choice) -> Found:
    """Understand a folder of images by its folders, or by the one CSV in it."""
    if not tree.names:
        others = ", ".join(f"{n} {kind}" for kind, n in tree.found.passed_over(()).items())
        got, fix = others or "an empty folder", f"give {_FORMS}"
        raise DataError(Problem(str(tree.found.folder), "no images in it", got, fix=fix))
    tables, unread = _csv_files(tree, choice)
    if tables and (tree.has_class_folders or len(tables) > 1):
        raise DataError(_several(tree, tables))
    if tables:
        return by_csv(tree, tables[0], choice)
    if tree.has_class_folders or tree.splits or _has_number_folders(tree):
        column = choice.label or choice.image
        if column is not None:
            what = "no CSV has such a column, and one of images and labels; the classes are folders"
            raise DataError(Problem(f"column {column}", what, fix="leave the option out"))
        return by_folders(tree, choice.split)
    raise DataError(_no_labels(tree, unread))


def _file(name: str, path: Path, choice: Choice) -> Found:
    suffix = path.suffix.lower()
    if path.stem == "metadata" and suffix in (*_CSV, *_TABLES):
        return _table(name, path.parent, choice)
    if suffix in _TABLES:
        return _table(name, path, choice)
    if suffix not in _CSV:
        fix = f"give a folder, or {', '.join((*_CSV, *_TABLES))}"
        raise DataError(Problem(str(path), "is no table", path.suffix, fix=fix))
    table = open_csv(read_text(path))
    tree = look(path.parent)
    if not tree.names:
        fix = "put the images there, or give the folder that holds them"
        raise DataError(Problem(str(path), f"there are no images below {path.parent}", fix=fix))
    return by_csv(tree, table, choice)


def _table(name: str, path: Path, choice: Choice) -> Found:
    from harness.new_dataset.tables import by_table  # imports `datasets`: a second

    return by_table(name, path, choice)


def _csv_files(tree: Tree, choice: Choice) -> tuple[list[CsvTable], list[Problem]]:
    """Give the CSV files with columns of images and labels, and what is wrong with others."""
    found: list[CsvTable] = []
    others: list[Problem] = []
    for inside in tree.found.names:
        if Path(inside).suffix.lower() not in _CSV:
            continue
        try:
            table = open_csv(read_text(tree.found.folder / inside))
        except DataError as error:
            others += error.problems
            continue
        if all(csv_columns(table, choice)):
            found.append(table)
        else:
            what, got = "no columns of images and labels", ", ".join(table.header)[:200]
            fix = "--image COLUMN and --label COLUMN say which they are"
            others.append(Problem(str(table.file.path), what, got, fix=fix))
    return found, others


def _has_number_folders(tree: Tree) -> bool:
    names = {each.name for each in tree.parents if each.parts}
    return len(names) > 1 and all(map(str.isdecimal, names))


def _several(tree: Tree, tables: list[CsvTable]) -> Problem:
    files = [str(each.file.path) for each in tables]
    folders = "; folders of classes" if tree.has_class_folders else ""
    what = "more than one thing says what the images show"
    fix = f"give the table in place of the folder (`harness new {files[0]} …`)"
    fix += ", or move it elsewhere to go by the folders" if folders else ""
    return Problem(str(tree.found.folder), what, listed(files) + folders, "one of them", fix)


def _no_labels(tree: Tree, unread: list[Problem]) -> list[Problem]:
    folder = tree.found.folder
    what = f"{counted(len(tree.names), 'image')}, and nothing says what they show"
    rows = [name for name in tree.found.names if Path(name).suffix.lower() in _TABLES]
    fix = f"give {_FORMS}"
    if rows:
        fix = f"is `{rows[0]}` a table of them? harness new {folder / rows[0]} …; else {fix}"
    return [Problem(str(folder), what, fix=fix), *unread[:3]]
