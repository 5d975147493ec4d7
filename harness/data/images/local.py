"""A local data set that `datasets` knows, read from the very files that it is made of, in which
every text stays as it is written.

The readers of `datasets` guess: to pandas `007` is a number and `NA` is nothing, to Arrow a text
that looks like a date is a time.

`datasets` takes paths for patterns, in which `val[1].parquet` means `val1.parquet`, and keeps what
it has read by the path and date of a file. Here a path is the file of that name, and what was kept
is taken only while the file system says that the file is the same.
"""

import csv
import glob
import hashlib
import io
import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import datasets
import pyarrow as pa
from datasets.data_files import DataFilesDict, DataFilesList, get_data_patterns

from harness.data.images.pixels import image_suffixes
from harness.data.images.source import Scan, scan, state_of
from harness.data.labels.files import LabelFile, parse_json, parse_lines, read_text
from harness.data.labels.rows import first_problems
from harness.errors import DataError, Problem
from harness.specs.task import TaskSpec

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
    files = [read_text("data", path) for path in paths]
    rows = [row for file in files for row in _rows(file)]
    if not rows:
        raise DataError(Problem(where, "its data set is empty", ", ".join(map(str, paths))))
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
            raise DataError(Problem(where, what, repr(value)[:80], "a text or a number"))
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
            raise DataError(Problem(str(file.path), f"entry {wrong} (from 0) is no object"))
        yield from entries
        return
    problems = []
    for line in parse_lines(file, as_written=as_written):
        if isinstance(line, Problem):
            problems.append(line)
        else:
            yield line[1]
    if problems:
        raise DataError(first_problems(problems, str(file.path)))


def _csv_rows(file: LabelFile) -> Iterator[Row]:
    table = csv.DictReader(io.StringIO(file.text, newline=""), strict=True)
    try:
        header = list(table.fieldnames or ())
        if len(set(header)) < len(header):
            what, got = "a column stands twice in the header", ", ".join(header)
            raise DataError(Problem(f"{file.path}:1", what, got))
        for row in table:
            if None in row or None in row.values():
                wide = "more" if None in row else "fewer"
                where = f"{file.path}:{table.line_num}"
                raise DataError(Problem(where, f"{wide} cells than the header has"))
            yield row
    except csv.Error as error:
        where = f"{file.path}:{table.reader.line_num}"
        raise DataError(Problem(where, "not CSV; is the file cut off?", str(error))) from error


def _typed(cells: Sequence[str]) -> list[Any]:
    """Give the cells of a CSV column as whole numbers where all are, else as they are; empty ones
    as None.
    """
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
        raise DataError(Problem(where, what, got=str(error))) from error


_TABLES = {".parquet": "parquet", ".arrow": "arrow"}
_SAVED = ("state.json", "dataset_dict.json")
_SHARD = re.compile(r"(.*)-(\d{5})-of-(\d{5})(.*)", re.DOTALL)
_PATTERN_SIGNS = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Local:
    """A data set that was opened, and the files that it was read from."""

    data: Any
    """A `Dataset`, or a `DatasetDict` of splits."""
    root: Path
    """What paths inside the data set are relative to."""
    files: tuple[Path, ...]
    """The files of the split that was asked for."""
    is_text: bool = False
    """Whether the rows stand there as text."""
    found: Scan | None = None
    """What lies in the folder that was opened."""
    splits: Mapping[str, Sequence[Path]] | None = None
    """The files of its other splits."""

    def fingerprint(self, images: Iterable[Path]) -> str:
        """Digest the text of files that hold rows as text, else what the file system says of the
        files; and that of images that stand beside them.
        """
        known = {path: None for path in images if path not in self.files}
        if self.is_text:
            beside = state_of((self._name(path), path) for path in known) if known else ""
            return str(self.data._fingerprint) + beside
        return state_of((self._name(path), path) for path in (*self.files, *known))

    def passed_over(self, images: Iterable[Path]) -> dict[str, int]:
        """Count the files of the folder that were not taken, by kind. `images` are those that rows
        of the data set name; those of the split that no row names are passed over.
        """
        if self.found is None:
            return {}
        own, named = set(map(self._name, self.files)), set(map(self._name, images))
        pictures = {name for name in own if PurePath(name).suffix.lower() in image_suffixes()}
        lost = pictures - named if named else set()
        others = {
            f"of split {split}": set(map(self._name, paths)) - own
            for split, paths in (self.splits or {}).items()
        }
        others["images without a row"] = lost
        kinds = {kind: len(names) for kind, names in others.items() if names}
        return kinds | self.found.passed_over(own.union(named, *others.values()))

    def _name(self, path: Path) -> str:
        return (
            path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)
        )


def open_local(task: TaskSpec, path: Path, wanted: Sequence[str], where: str) -> Local:
    """Open the split of a task in a file or folder, with the columns that are `wanted`.

    Raises DataError, ValueError, OSError or an error of `datasets` when it cannot be read.
    """
    root = path.resolve()
    if any((path / name).is_file() for name in _SAVED):
        files = tuple(root / name for name in scan(root).names)
        return Local(datasets.load_from_disk(str(root)), root, files)
    if "::" in str(root):
        raise ValueError("`datasets` cannot read a path with `::` in it; rename it")
    if path.is_file():
        file = path.absolute()  # a link may have the suffix that its target lacks
        is_text = file.suffix.lower() in SUFFIXES
        return Local(_read_file(task, file, wanted, where), file.parent, (file,), is_text)
    builder = _builder(root, task.dataset_name)
    splits = _files_of(builder)
    own = tuple(splits.get(task.test_split, ()))
    if not own:
        raise ValueError(f"no split `{task.test_split}`, but {', '.join(splits) or 'none'}")
    check_shards(map(str, own), where)
    texts = text_files(builder, task.test_split)
    if texts:
        data = read_rows(texts, where, task.doc_to_id, wanted)
    else:
        builder.download_and_prepare()
        data = builder.as_dataset(split=task.test_split)
    others = {split: files for split, files in splits.items() if split != task.test_split}
    return Local(data, root, own, bool(texts), scan(root), others)


def check_shards(names: Iterable[str], where: str) -> None:
    """Raise DataError when a file of several (`test-00001-of-00003.parquet`) is missing."""
    found: defaultdict[tuple[str, str, str], set[int]] = defaultdict(set)
    for name in names:
        shard = _SHARD.fullmatch(name)
        if shard:
            found[shard[1], shard[3], shard[4]].add(int(shard[2]))
    for (start, total, end), numbers in found.items():
        missing = sorted(set(range(int(total))) - numbers)
        if missing:
            names_of = [f"{start}-{number:05}-of-{total}{end}" for number in missing[:5]]
            what = f"{len(missing)} of the {int(total)} files of a split are missing"
            raise DataError(Problem(where, what, got=", ".join(names_of), fix="get them too"))


def _read_file(task: TaskSpec, path: Path, wanted: Sequence[str], where: str) -> Any:
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        return read_rows([path], where, task.doc_to_id, wanted)
    if suffix not in _TABLES:
        ends = ", ".join(sorted((*_TABLES, *SUFFIXES)))
        raise ValueError(f"a data file ends in {ends}, not {path.suffix}")
    return datasets.load_dataset(_TABLES[suffix], data_files={"train": _exact([path])})["train"]


def _builder(root: Path, name: str | None) -> Any:
    """Give what reads a folder, with its files parted into splits by name or by its README."""
    if _PATTERN_SIGNS.isdisjoint(str(root)):
        found = _files_of(datasets.load_dataset_builder(str(root), name))
    elif name is not None:
        raise ValueError("`dataset_name` with a path that holds `*`, `?` or `[`: rename it")
    else:
        base = glob.escape(str(root))
        matched = DataFilesDict.from_patterns(get_data_patterns(base), base_path=base)
        found = {split: [Path(each) for each in files] for split, files in matched.items()}
    exact = {split: _exact(files) for split, files in found.items()}
    return datasets.load_dataset_builder(str(root), name, data_files=exact)


def _files_of(builder: Any) -> Mapping[str, Sequence[Path]]:
    files = builder.config.data_files or {}
    return {str(split): [Path(each) for each in listed] for split, listed in files.items()}


def _exact(files: Sequence[Path]) -> DataFilesList:
    """Name files as `datasets` takes them without a pattern, with what tells a changed one."""
    states = [(state_of([(path.name, path)]),) for path in files]
    return DataFilesList(list(map(str, files)), states)
