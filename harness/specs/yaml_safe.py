"""YAML that may be a stranger's: measured by its events first, then made of plain values alone.

The events of a text cost no more than its length. What is made of them may: an alias stands for
all that is below its anchor, and what is nested is built by calls inside of calls.
"""

import math
from collections.abc import Callable
from typing import Any

import yaml

from harness.limits import MOST_DEPTH, MOST_DIGITS, MOST_YAML, MOST_YAML_NODES

_TIME = "tag:yaml.org,2002:timestamp"
_STANDARD = "tag:yaml.org,2002:"


class _Loader(yaml.CSafeLoader):
    """Makes texts, numbers, truth values, lists and mappings. A date is a text."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # as in the class above
        first: [pair for pair in pairs if pair[0] != _TIME]
        for first, pairs in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


def _whole(loader: _Loader, node: yaml.ScalarNode) -> int:
    if len(node.value) <= 2 * MOST_DIGITS:
        number = int(loader.construct_yaml_int(node))
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
