"""The rows of a local file of text (CSV, JSON, JSON Lines), in which every text stays as written.

The readers of `datasets` guess: to pandas `007` is a number and `NA` is nothing, to Arrow a text
that looks like a date is a time.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa

from harness.data.labels.csv_table import CsvTable, header_of
from harness.data.labels.files import LabelFile, parse_json, parse_lines, read_text
from harness.data.labels.rows import without_problems
from harness.errors import DataError, Problem

SUFFIXES = frozenset({".csv", ".json", ".jsonl"})
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")
_METADATA, _FILE_NAME = "metadata", "file_name"
Row = Mapping[str, Any]


def text_files(builder: Any, split: str) -> tuple[Path, ...]:
    """Give the files that `read_rows` is to read for a split of a local folder that `datasets`
    would read by `builder`: its rows, or the metadata of its images. None for other formats.
    """
    files = [Path(each) for each in (builder.config.data_files or {}).get(split, ())]
    if builder.info.builder_name == "imagefolder":
        files = [each for each in files if each.stem == _METADATA]
    elif builder.info.builder_name not in ("csv", "json"):
        return ()
    usual = getattr(builder.config, "sep", ",") == ","
    return tuple(files) if usual and all(each.suffix in SUFFIXES for each in files) else ()


def read_rows(
    paths: Sequence[Path], where: str, id_column: str | None, wanted: Collection[str]
) -> datasets.Dataset:
    """Read the rows of files in their order; the fingerprint is of the files' bytes.

    The ids are the text that stands there, numbers too. Of the other columns, in JSON a text is a
    text and a number a number; in CSV a column is of whole numbers where every cell is one, without
    leading zeros, else of texts, and an empty cell is None. The metadata of a folder of images give
    a column `image`. Raises DataError for a file that cannot be read, an id that is neither text
    nor number, and a `wanted` column of several types.
    """
    files = [read_text(path) for path in paths]
    rows = [row for file in files for row in _rows(file)]
    if not rows:
        what, got = "its data set is empty", ", ".join(map(str, paths))
        raise DataError(Problem(where, what, got, fix="name files that hold rows"))
    columns = _columns(rows)
    if id_column in columns:
        columns[id_column] = _ids(files, columns[id_column], id_column, where)
    table = {
        name: _array(name, values, where, needed=name in (*wanted, id_column))
        for name, values in columns.items()
    }
    digest = hashlib.sha256("".join(file.digest for file in files).encode()).hexdigest()
    return datasets.Dataset(pa.table(table), fingerprint=digest)


def _columns(rows: Sequence[Row]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _ids(files: Sequence[LabelFile], values: list[Any], column: str, where: str) -> list[Any]:
    if any(isinstance(value, int | float) for value in values):
        written = (row for file in files for row in _rows(file, as_written=True))
        values = [row.get(column) for row in written]
    for number, value in enumerate(values, 1):
        if not isinstance(value, str | None):
            what = f"`{column}` of row {number} (from 1) is no id"
            fix = "write a text or a number there, or name another column"
            raise DataError(Problem(where, what, repr(value)[:80], fix=fix))
    return values


def _rows(file: LabelFile, *, as_written: bool = False) -> Iterator[Row]:
    rows = _csv_rows(file) if _is_csv(file) else _json_rows(file, as_written=as_written)
    if _is_csv(file) and not as_written:
        typed = {name: _typed(cells) for name, cells in _columns(list(rows)).items()}
        rows = (dict(zip(typed, cells, strict=True)) for cells in zip(*typed.values(), strict=True))
    folder = file.path.parent
    for row in rows:
        is_metadata = file.path.stem == _METADATA and isinstance(row.get(_FILE_NAME), str)
        yield {**row, "image": str(folder / row[_FILE_NAME])} if is_metadata else row


def _is_csv(file: LabelFile) -> bool:
    return file.path.suffix.lower() == ".csv"


def _json_rows(file: LabelFile, *, as_written: bool) -> Iterator[Row]:
    if file.text.lstrip()[:1] == "[":
        entries = parse_json(file, as_written=as_written)
        wrong = next((place for place, each in enumerate(entries) if type(each) is not dict), None)
        if wrong is not None:
            what = f"entry {wrong} (from 0) is no object"
            fix = "make each entry an object of column and value"
            raise DataError(Problem(str(file.path), what, fix=fix))
        yield from entries
        return
    lines = without_problems(parse_lines(file, as_written=as_written), str(file.path))
    yield from (row for _, row in lines)


def _csv_rows(file: LabelFile) -> Iterator[Row]:
    header = header_of(file)
    if len(set(header)) < len(header):
        what, got = "a column stands twice in the header", ", ".join(header)
        fix = "give each column a name of its own"
        raise DataError(Problem(f"{file.path}:1", what, got, fix=fix))
    wide = "write a cell that holds commas in quotes"
    for row in CsvTable(file, header, too_wide=wide).rows():
        if isinstance(row, Problem):
            raise DataError(row)
        yield row[1]


def _typed(cells: Sequence[str]) -> list[Any]:
    """Give cells of a CSV column as whole numbers where all are, else as texts; None if empty."""
    if all(_WHOLE.fullmatch(cell) for cell in cells if cell):
        return [int(cell) if cell else None for cell in cells]
    return [cell or None for cell in cells]


def _array(name: str, values: Sequence[Any], where: str, *, needed: bool) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowException, UnicodeEncodeError, OverflowError) as error:
        if not needed:  # a column that nobody asks for
            return pa.array([json.dumps(value) for value in values])
        what = f"the column `{name}` is not of one type, or holds what is no Unicode text"
        fix = "write every value of the column as one type"
        raise DataError(Problem(where, what, got=str(error), fix=fix)) from error
