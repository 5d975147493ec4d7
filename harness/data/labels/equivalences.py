"""Classes that count as one: read from a ReGT config, and gathered from label sets."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from harness.data.classes import ClassList
from harness.data.labels.json_text import parse_json
from harness.data.labels.label_set import Equivalences, LabelSet
from harness.data.labels.row import class_range, first_problems
from harness.data.labels.source import LabelFile, read_text
from harness.errors import DataError, Problem
from harness.limits import is_file

_SHAPE = '{"eq_classes": {name: [ids]}}, {"equivalent_classes": [[id, id], …]} or a list of groups'


def load_equivalences(path: Path, class_list: ClassList | None = None) -> Equivalences:
    """Read `--equivalences FILE`, a ReGT `class_update_config.json`; `source` is the path.

    Raises DataError when the file is missing, has none of the known shapes, or holds an id that
    is no class of `class_list` (when given).
    """
    if not is_file(path):
        fix = "give a JSON file, or `none`"
        raise DataError(Problem("--equivalences", "there is no such file", str(path), _SHAPE, fix))
    groups = read_groups(read_text("equivalences", path), class_list)
    return Equivalences.from_groups(str(path), groups)


def equivalences_of(label_sets: Iterable[LabelSet]) -> Equivalences:
    """Merge the groups that the label sets' own configs bring; `source` names these sets.

    Without any, gives `Equivalences.none()`.
    """
    bringing = [item for item in label_sets if item.equivalence_groups]
    if not bringing:
        return Equivalences.none()
    source = ", ".join(f"label set {item.name}" for item in bringing)
    groups = [group for item in bringing for group in item.equivalence_groups]
    return Equivalences.from_groups(source, groups)


def read_groups(file: LabelFile, class_list: ClassList | None) -> tuple[frozenset[int], ...]:
    """Give the groups of a config in the order of the file. Raises DataError as above."""
    value = parse_json(file)
    problems: list[Problem] = []
    groups: list[frozenset[int]] = []
    for where, group in _groups(file, value):
        wrong = _wrong(group, class_list)
        if wrong is None:
            groups.append(frozenset(group))
            continue
        expected = class_range(class_list) if class_list else "a list of class ids"
        problems.append(Problem(where, "not a group of class ids", wrong, expected))
    if problems:
        raise DataError(first_problems(problems, str(file.path)))
    return tuple(groups)


def _wrong(group: object, class_list: ClassList | None) -> str | None:
    if not isinstance(group, list):
        return repr(group)[:60]
    for item in group:
        if type(item) is not int or (class_list is not None and item not in class_list.by_id):
            return repr(item)[:60]
    return None


def _groups(file: LabelFile, value: Any) -> Iterator[tuple[str, Any]]:
    parts = value if isinstance(value, dict) else {"equivalent_classes": value}
    named, listed = parts.get("eq_classes"), parts.get("equivalent_classes")
    if not isinstance(named, dict | None) or not isinstance(listed, list | None):
        raise DataError(Problem(str(file.path), "not of a known shape", expected=_SHAPE))
    if named is None and listed is None:
        got = ", ".join(parts) or "an empty object"
        raise DataError(Problem(str(file.path), "no groups of classes in it", got, _SHAPE))
    for name, group in (named or {}).items():
        yield f"{file.path}: eq_classes `{name}`", group
    for index, group in enumerate(listed or ()):
        yield f"{file.path}: equivalent_classes[{index}]", group
