"""Read YAML strictly: measured first, no tags, no duplicate keys, deep `include`, and the origin of
each key.

The events of a text cost no more than its length. What is made of them may: an alias stands for
all that is below its anchor, and what is nested is built by calls inside of calls.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.errors import DataError, Problem, SpecError, near_path
from harness.limits import (
    MOST_DEPTH,
    MOST_DIGITS,
    MOST_YAML,
    MOST_YAML_NODES,
    is_file,
    read_bounded_text,
)

_TIME = "tag:yaml.org,2002:timestamp"
_STANDARD = "tag:yaml.org,2002:"
_OTHER_BASE = re.compile(r"[-+]?(0[0-7_]+|[0-9_]+(:[0-9]+)+)")


class _Loader(yaml.CSafeLoader):
    """Makes texts, numbers, truth values, lists and mappings. A date is a text."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # as in the class above
        first: [pair for pair in pairs if pair[0] != _TIME]
        for first, pairs in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


def _whole(loader: _Loader, node: yaml.ScalarNode) -> int:
    if len(node.value) <= 2 * MOST_DIGITS:
        number = int(loader.construct_yaml_int(node))
        if _OTHER_BASE.fullmatch(node.value) and abs(number) < 10**MOST_DIGITS:
            raise _broken(f"`{node.value}`, to YAML a number to base 8 or 60: quote it", node)
        if abs(number) < 10**MOST_DIGITS:
            return number
    raise _broken(f"a whole number of more than {MOST_DIGITS} digits", node.start_mark)


def _fraction(loader: _Loader, node: yaml.ScalarNode) -> float:
    number = float(loader.construct_yaml_float(node))
    if not math.isfinite(number):
        raise _broken("a number that is not finite", node.start_mark)
    return number


_Loader.add_constructor(f"{_STANDARD}int", _whole)
_Loader.add_constructor(f"{_STANDARD}float", _fraction)


def construct(text: str, check: Callable[[yaml.Node | None], None] | None = None) -> Any:
    """Give the value of a YAML text; `check` looks at its nodes before anything is made of them.

    Raises yaml.YAMLError where it is none, passes a limit, or has a tag of YAML's own (`!!int`);
    what other tags are is said by `check`.
    """
    if len(text) > MOST_YAML:
        raise yaml.YAMLError(f"it has {len(text)} characters, more than {MOST_YAML}")
    try:
        _Measure().measure(text)
        return _construct(text, check)
    except (ValueError, OverflowError) as error:
        raise yaml.YAMLError(str(error)) from error


def _construct(text: str, check: Callable[[yaml.Node | None], None] | None) -> Any:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if check is not None:
            check(node)
        return None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


class _Measure:
    """Counts nodes and depth, aliases as what they stand for. Raises yaml.YAMLError at a limit."""

    def __init__(self) -> None:
        self._open: list[tuple[str | None, int, int]] = []
        """Anchor, nodes and height of each mapping and list that has not ended."""
        self._anchors: dict[str, tuple[int, int]] = {}

    def measure(self, text: str) -> None:
        """Go through the events of a text."""
        for event in yaml.parse(text, _Loader):
            if isinstance(event, yaml.AliasEvent):
                if event.anchor not in self._anchors:
                    raise _broken(f"an alias `*{event.anchor}` without an anchor before it", event)
                self._add(*self._anchors[event.anchor], event)
            elif isinstance(event, yaml.NodeEvent):
                _check_tag(event)
                if isinstance(event, yaml.ScalarEvent):
                    self._end(event.anchor, 1, 0, event)
                else:
                    self._open.append((event.anchor, 1, 0))
                    self._add(0, 0, event)
            elif isinstance(event, yaml.CollectionEndEvent):
                anchor, nodes, height = self._open.pop()
                self._end(anchor, nodes, height + 1, event)

    def _end(self, anchor: str | None, nodes: int, height: int, event: yaml.Event) -> None:
        if anchor is not None:
            self._anchors[anchor] = (nodes, height)
        self._add(nodes, height, event)

    def _add(self, nodes: int, height: int, event: yaml.Event) -> None:
        """Count a node into what it stands in."""
        if len(self._open) + height > MOST_DEPTH:
            raise _broken(f"lists and mappings inside of each other, over {MOST_DEPTH} deep", event)
        if not self._open:
            return
        anchor, own, highest = self._open[-1]
        if own + nodes > MOST_YAML_NODES:
            raise _broken(f"more than {MOST_YAML_NODES} keys and values, aliases counted", event)
        self._open[-1] = (anchor, own + nodes, max(highest, height))


def _check_tag(event: yaml.NodeEvent) -> None:
    tag = getattr(event, "tag", None)
    if tag is not None and tag.startswith(_STANDARD):
        written = "!!" + tag.removeprefix(_STANDARD)
        raise _broken(f"tag `{written[:60]}` refused; a value is what it is written as", event)


def _broken(what: str, at: Any) -> yaml.YAMLError:
    mark = getattr(at, "start_mark", at)
    return yaml.YAMLError(f"line {mark.line + 1}: {what}")


_NO_CODE = (
    "take it out: a YAML holds no code; say it with a template in `doc_to_text`, a column name in "
    "`doc_to_visual`/`doc_to_target`, or an adapter in Python"
)
_MOST_INCLUDED = 20
_NEXT_LINE = "\x85"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a key was written; line 0 stands for the command line or a run's manifest."""

    path: Path
    line: int
    is_followed: bool = True
    """Whether a path that is written there may be opened; not in a run's manifest."""

    def __str__(self) -> str:
        """Give `file:line`."""
        return f"{self.path}:{self.line}" if self.line else self.path.name


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A YAML mapping after its includes were merged, and the origin of every key path in it."""

    path: Path
    data: dict[str, Any]
    origins: Mapping[tuple[str, ...], Origin]

    def origin(self, location: tuple[str | int, ...]) -> str:
        """Give where the innermost known key of a location was written, or the file itself."""
        keys = tuple(str(part) for part in location)
        for length in range(len(keys), 0, -1):
            if keys[:length] in self.origins:
                return str(self.origins[keys[:length]])
        return str(self.path)

    def folders(self) -> dict[str, Path | None]:
        """Give the folder that relative paths under each key (`a.b` inside) start from, which is
        the working directory for `--set`; None where they are not followed.
        """
        return {
            ".".join(keys): at.path.parent if at.is_followed else None
            for keys, at in self.origins.items()
        }


def read_yaml(path: Path) -> YamlFile:
    """Read a YAML file and what it includes. Raises SpecError with every problem found."""
    return _read(path, (), {})


def _read(path: Path, including: tuple[Path, ...], read: dict[Path, YamlFile]) -> YamlFile:
    """Read a file and what it includes, each once; `read` holds those that were read before."""
    try:
        real = path.resolve()
    except (OSError, RuntimeError) as error:  # links in a circle
        fix = "see that the file is there and that you may read it"
        raise SpecError(Problem(str(path), "cannot be read", got=str(error), fix=fix)) from error
    if real in including or len(including) > _MOST_INCLUDED:
        chain = " -> ".join(step.name for step in (*including, real)[:_MOST_INCLUDED])
        what = "goes round in a circle" if real in including else "goes through too many files"
        fix = "take one of these `include` lines out"
        raise SpecError(Problem(str(path), f"include {what}", got=chain, fix=fix))
    if real not in read:
        read[real] = _with_included(path, (*including, real), read)
    return read[real]


def _with_included(path: Path, including: tuple[Path, ...], read: dict[Path, YamlFile]) -> YamlFile:
    own = _read_one(path)
    included = own.data.pop("include", None)
    if included is None:
        return own
    names = [included] if isinstance(included, str) else included
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        where = own.origin(("include",))
        what, fix = "`include` is not a file name or a list of them", "include: FILE.yaml"
        raise SpecError(Problem(where, what, repr(included), fix=fix))
    data: dict[str, Any] = {}
    origins: dict[tuple[str, ...], Origin] = {}
    for name in names:
        target = path.parent / name
        if not is_file(target):
            where, fix = own.origin(("include",)), near_path(target) or f"write {target}"
            raise SpecError(Problem(where, "included file not found", name, fix=fix))
        base = _read(target, including, read)
        data = _merge(data, base.data)
        origins.update(base.origins)
    origins.update({keys: at for keys, at in own.origins.items() if keys != ("include",)})
    return YamlFile(path=path, data=_merge(data, own.data), origins=origins)


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Merge mappings deeply; anything else in `over` replaces what `base` has."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = _merge(old, value) if both else value  # type: ignore[arg-type]
    return merged


def _read_one(path: Path) -> YamlFile:
    try:
        return parse_yaml(read_bounded_text(path, MOST_YAML), path)
    except DataError as error:
        raise SpecError(error.problems) from error


def parse_yaml(text: str, path: Path) -> YamlFile:
    """Read YAML that stands in `path`; `include` is a key like others. Raises SpecError."""
    place = text.find(_NEXT_LINE)
    if place >= 0:
        at, what = Origin(path, text.count("\n", 0, place) + 1), "U+0085 stands in the file"
        got = "YAML takes it for the end of a line, and would change the text"
        raise SpecError(Problem(str(at), what, got, fix='write `\\N` inside of "…"'))
    origins: dict[tuple[str, ...], Origin] = {}

    def check(node: yaml.Node | None) -> None:
        if not isinstance(node, yaml.MappingNode):
            fix = "write lines of `key: value`"
            raise SpecError(Problem(str(path), "is not a mapping of keys to values", fix=fix))
        problems = _inspect(node, (), path, origins)
        if problems:
            raise SpecError(problems)

    try:
        data = construct(text, check)
    except yaml.YAMLError as error:
        fix = "mend the YAML at that line"
        raise SpecError(Problem(str(path), "is not valid YAML", got=str(error), fix=fix)) from error
    return YamlFile(path, {str(key): value for key, value in data.items()}, origins)


def _inspect(
    node: yaml.Node, keys: tuple[str, ...], path: Path, origins: dict[tuple[str, ...], Origin]
) -> list[Problem]:
    """Note where each key stands and list what strict YAML does not allow below `node`."""
    at = Origin(path, node.start_mark.line + 1)
    problems: list[Problem] = []
    if node.tag.startswith("!"):
        key = ".".join(keys)
        problems.append(Problem(str(at), f"tag `{node.tag}` refused at `{key}`", fix=_NO_CODE))
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            problems += _inspect(item, (*keys, str(index)), path, origins)
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            inner = (*keys, str(key_node.value))
            line = Origin(path, key_node.start_mark.line + 1)
            if inner in origins:
                what, fix = f"key `{'.'.join(inner)}` is written twice", "keep one of the two"
                problems.append(Problem(str(line), what, fix=fix))
            origins[inner] = line
            problems += _inspect(value_node, inner, path, origins)
    return problems
