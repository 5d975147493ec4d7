"""A local data set that `datasets` knows: its splits and columns, and the files that it is made of.

`datasets` takes paths for patterns, in which `val[1].parquet` means `val1.parquet`, and keeps what
it has read by the path and date of a file. Here a path is the file of that name, and what was kept
is taken only while the file system says that the file is the same. Files of text are read as they
are written (`text_rows.py`).
"""

import glob
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import datasets
from datasets.data_files import DataFilesDict, DataFilesList, get_data_patterns

from harness.data.images.pixels import image_suffixes
from harness.data.images.source import Scan, scan, state_of
from harness.data.images.text_rows import SUFFIXES, read_rows, text_files
from harness.errors import DataError, Problem
from harness.specs.task import TaskSpec

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
        """Digest rows of text, else the state of the files; and the state of images beside them."""
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


def splits_of(path: Path) -> tuple[str, ...]:
    """List the splits of a local folder; none of what has no splits: a file, a saved data set.

    Raises OSError, ValueError or an error of `datasets` when it cannot be read.
    """
    root = path.resolve()
    if (path / "dataset_dict.json").is_file():
        return tuple(map(str, datasets.load_from_disk(str(root))))
    if path.is_file() or (path / "state.json").is_file():
        return ()
    return tuple(_files_of(_builder(root, None)))


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
