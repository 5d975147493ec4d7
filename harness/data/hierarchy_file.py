"""The file of a hierarchy, read and checked.

A line is a node, with its parents and, where its key is no name, its names: columns apart by tabs,
several parents or names by `|`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from harness.data.classes import Class, normalize_name
from harness.data.hierarchy import Hierarchy, Node
from harness.data.labels.files import lines_of
from harness.errors import DataError, Problem
from harness.words import counted, listed

DEEPEST = 100
"""More levels are no hierarchy of classes; that of WordNet's nouns has 19."""
_SEVERAL = "|"
_WNID = re.compile(r"n\d{8}")
_Key = int | str
"""Of a class its id, of another node its name."""
_TOP = Node((), ())
"""Above all, where the file has several roots."""


@dataclass(frozen=True, slots=True)
class _Row:
    where: str
    cell: str
    key: _Key
    parents: tuple[_Key, ...]
    names: tuple[str, ...]


@lru_cache(maxsize=8)  # a command opens the same one many times
def read_hierarchy(
    path: Path, text: str, classes: tuple[Class, ...], sibling_height: int
) -> Hierarchy:
    """Read the text of the file of a hierarchy of classes, whose names are those of their own name
    set.

    A cell is a class where it is its WordNet id, its name (normalized) or, where no class is called
    so, its id; everything else is a node that is no class, and has no parent where it has no line.
    Raises DataError for a line of other columns, a node in two lines, a cycle, a class without a
    line or below another class, and a part of the hierarchy that has no class.
    """
    rows = list(_rows(path, text, _Keys(classes)))
    _refuse(_twice(rows))
    parents = {row.key: row.parents for row in rows}
    of_class = {each.id: each.name for each in classes}
    order = _order(path, parents, of_class)
    missing = [each.name for each in classes if each.id not in parents]
    if missing:
        shown = listed([f"`{name}`" for name in missing], 10)
        got = f"{counted(len(missing), 'class', 'classes')} without a line: {shown}"
        fix = "write a line for each: its name, a tab, its parent"
        raise DataError(Problem(str(path), "not all classes are in the hierarchy", got, fix=fix))
    names = {row.key: row.names for row in rows}
    roots = [key for key in order if not parents.get(key)]
    nodes = [] if len(roots) == 1 else [_TOP]
    place = {key: number for number, key in enumerate(order, len(nodes))}
    over_roots = tuple(range(len(nodes)))
    for key in order:
        above = tuple(place[each] for each in parents.get(key, ()))
        class_id = key if isinstance(key, int) else None
        nodes.append(Node(names.get(key, (str(key),)), above or over_roots, class_id))
    found = Hierarchy(tuple(nodes), sibling_height)
    _refuse(_misplaced(path, found, of_class))
    return found


class _Keys:
    """Which class a cell of the file means."""

    def __init__(self, classes: Sequence[Class]) -> None:
        self._wnids = {each.wnid: each.id for each in classes if each.wnid}
        self._ids = {str(each.id): each.id for each in classes}
        self._names: dict[str, list[int]] = {}
        for each in classes:
            self._names.setdefault(normalize_name(each.name), []).append(each.id)

    def key(self, cell: str) -> _Key | None:
        """Give the key of a cell; None for the name of several classes."""
        if _WNID.fullmatch(cell):  # thousands of them, and names take long to normalize
            return self._wnids.get(cell, cell)
        name = normalize_name(cell)
        own_id = [self._ids[cell]] if cell in self._ids else []
        named = self._names.get(name, own_id)
        if len(named) > 1:
            return None
        return named[0] if named else name


def _rows(path: Path, text: str, keys: _Keys) -> Iterator[_Row]:
    problems = []
    for number, line in enumerate(lines_of(text), 1):
        where, cells = f"{path}:{number}", [cell.strip() for cell in line.split("\t")]
        parts = [tuple(filter(None, map(str.strip, each.split(_SEVERAL)))) for each in cells]
        if len(cells) not in (2, 3) or not cells[0]:
            got, fix = repr(line[:80]), "a root has an empty second column"
            expected = "a node, a tab, its parent, and at will a tab and its names"
            problems.append(Problem(where, "not a node and its parent", got, expected, fix))
            continue
        found = [keys.key(cell) for cell in (cells[0], *parts[1])]
        if None in found:
            what = "the name of several classes"
            fix = "write their WordNet ids or class ids"
            problems.append(Problem(where, what, repr(line[:80]), fix=fix))
            continue
        key, *above = [each for each in found if each is not None]
        own = parts[2] if len(cells) == 3 else () if isinstance(key, int) else (cells[0],)
        yield _Row(where, cells[0], key, tuple(dict.fromkeys(above)), own)
    _refuse(problems)


def _refuse(problems: Sequence[Problem] | Iterator[Problem]) -> None:
    found = list(problems)
    if found:
        raise DataError(found[:10])


def _twice(rows: Sequence[_Row]) -> Iterator[Problem]:
    first: dict[_Key, str] = {}
    for row in rows:
        if first.setdefault(row.key, row.where) != row.where:
            got = f"`{row.cell}`, which has a line already: {first[row.key]}"
            fix = f"keep one; if it has several parents, write them in one line: `A{_SEVERAL}B`"
            yield Problem(row.where, "a node in two places", got, "one line a node", fix)


def _order(
    path: Path, parents: Mapping[_Key, Sequence[_Key]], names: Mapping[int, str]
) -> list[_Key]:
    """Give the keys, parents before children."""
    try:
        return list(TopologicalSorter(parents).static_order())
    except CycleError as error:
        cycle = [names[each] if isinstance(each, int) else each for each in error.args[1]]
        got = " → ".join(f"`{each}`" for each in cycle[:10])
        what, fix = "a cycle: nodes are below themselves", "take one of these lines out"
        raise DataError(Problem(str(path), what, got, fix=fix)) from error


def _misplaced(path: Path, found: Hierarchy, names: Mapping[int, str]) -> Iterator[Problem]:
    depths: list[int] = []
    for node in found.nodes:
        depths.append(1 + max((depths[each] for each in node.parents), default=0))
    if max(depths) > DEEPEST:
        fix = f"leave levels out, to at most {DEEPEST}"
        yield Problem(str(path), f"{max(depths)} levels", fix=fix)
        return
    of_class = set(found.node_of.values())
    for class_id, place in found.node_of.items():
        for above in sorted((found.ancestors[place] - {place}) & of_class):
            other = names[found.nodes[above].class_id or 0]
            what, got = "a class below another class", f"`{names[class_id]}` is below `{other}`"
            expected = "classes at one level, none above another"
            fix = "put both below a node that is no class"
            yield Problem(str(path), what, got, expected, fix)
    with_class = {each for place in of_class for each in found.ancestors[place]}
    for place, node in enumerate(found.nodes):
        if node.parents == (0,) and found.nodes[0] == _TOP and place not in with_class:
            what, got = "a part of the hierarchy without a class", ", ".join(node.names)
            yield Problem(str(path), what, got, fix="write what is above it, or take it out")
