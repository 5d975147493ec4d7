"""What a template may say, and what it costs at most, known before it is rendered.

The language is Jinja2's with what prompts need: values, `for` over lists, `if`, `set`, a list of
filters and tests. Nothing in it runs longer than its lists are, depends on anything but its values,
or calls a function. So steps and length can be bounded from the sizes of the lists.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes

from harness.errors import nearest

MOST_STEPS = 1_000_000
"""Of one rendering; a step is a value that is read, or a thousand characters that are made."""
MOST_CHARACTERS = 16 << 20
"""Of a text, and of each value on the way to it."""
MOST_NESTED = 30
"""Expressions, loops and conditions inside of each other."""
_A_STEP = 1_000


class TemplateFaultError(ValueError):
    """A template says what none may say, or would cost too much."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a value is at most."""

    item: int
    """Characters of a text or number, or of the longest item of a list."""
    count: int | None = None
    """Items of a list; None for a text or a number."""

    @property
    def characters(self) -> int:
        """Characters of the value written out."""
        return self.item if self.count is None else self.count * (self.item + 4)

    @property
    def times(self) -> int:
        """How often a loop over the value runs; over a text, once a character."""
        return self.item if self.count is None else self.count


_NUMBER = Size(30)
_LOOP = frozenset(
    {"index", "index0", "revindex", "revindex0", "first", "last", "length", "depth", "depth0"}
)
_TESTS = frozenset(
    {"defined", "undefined", "even", "odd", "divisibleby", "equalto", "eq", "==", "ne", "!=", "lt",
     "<", "le", "<=", "gt", ">", "ge", ">=", "in", "string", "number"}
)  # fmt: skip
_CASES = ("lower", "upper", "capitalize", "title", "trim")
_FILTERS: Mapping[str, Callable[[Size, Sequence[Size]], Size]] = {
    "length": lambda own, more: _NUMBER,
    "count": lambda own, more: _NUMBER,
    "first": lambda own, more: Size(own.item),
    "last": lambda own, more: Size(own.item),
    "default": lambda own, more: _larger(own, *more),
    "list": lambda own, more: Size(own.item, own.times),
    "sort": lambda own, more: own,
    "reverse": lambda own, more: own,
    "unique": lambda own, more: own,
    "map": lambda own, more: Size(3 * own.item, own.times),
    "join": lambda own, more: Size(own.times * (own.item + sum(each.item for each in more))),
    "string": lambda own, more: Size(own.characters),
    "replace": lambda own, more: Size((own.characters + 1) * (1 + more[1].characters)),
    **dict.fromkeys(_CASES, lambda own, more: Size(3 * own.characters)),
}
"""How large what a filter gives is at most; a letter may become three in another case."""
_ARGUMENTS = {"default": (1, 2), "join": (0, 1), "map": (1, 1), "replace": (2, 2)}
"""The least and the most arguments of filters that have any."""


def check_cost(template: nodes.Template, values: Mapping[str, Size]) -> None:
    """Raise TemplateFaultError where a template says what none may, or costs too much."""
    _Walk(dict(values)).block(template.body)


def _larger(*sizes: Size) -> Size:
    counts = [each.count for each in sizes if each.count is not None]
    return Size(max(each.item for each in sizes), max(counts) if counts else None)


class _Walk:
    """Goes through a template once, with the sizes of the values that are known at each place."""

    def __init__(self, known: dict[str, Size]) -> None:
        self._known = known
        self._times = 1  # that what is looked at is done
        self._steps = self._written = self._nested = 0

    def block(self, body: Sequence[nodes.Node]) -> None:
        for node in body:
            handle = _STATEMENTS.get(type(node))
            if handle is None:
                raise _refused(node)
            self._enter(node)
            handle(self, node)
            self._nested -= 1

    def size(self, node: nodes.Node) -> Size:
        """Give how large the value of an expression is at most, and count its steps."""
        rule = _EXPRESSIONS.get(type(node))
        if rule is None:
            raise _refused(node)
        self._enter(node)
        size = rule(self, node)
        self._nested -= 1
        self.spend(node, 0)
        if size.characters > MOST_CHARACTERS:
            most = f"values of at most {MOST_CHARACTERS} characters"
            raise TemplateFaultError(f"{most}; line {node.lineno} makes a longer one")
        return size

    def _enter(self, node: nodes.Node) -> None:
        self._nested += 1
        if self._nested > MOST_NESTED:
            most = f"expressions and statements at most {MOST_NESTED} deep"
            raise TemplateFaultError(f"{most}; line {node.lineno} is deeper")

    def sizes(self, parts: Sequence[nodes.Node]) -> list[Size]:
        return [self.size(each) for each in parts]

    def spend(self, node: nodes.Node, characters: int) -> None:
        """Count a step, and those that go through so many characters."""
        self._steps += self._times * (1 + characters // _A_STEP)
        if self._steps > MOST_STEPS:
            most = f"a template of at most {MOST_STEPS} steps"
            raise TemplateFaultError(f"{most}; by line {node.lineno} it takes more")

    def output(self, node: Any) -> None:
        for each in node.nodes:
            text = isinstance(each, nodes.TemplateData)
            written = len(each.data) if text else self.size(each).characters
            self.spend(each, written)
            self._written += self._times * written
            if self._written > MOST_CHARACTERS:
                most = f"a text of at most {MOST_CHARACTERS} characters"
                raise TemplateFaultError(f"{most}; by line {each.lineno} it is longer")

    def loop(self, node: Any) -> None:
        """Go through a loop's body, which is done once for each item."""
        if node.recursive or node.test is not None or not isinstance(node.target, nodes.Name):
            raise TemplateFaultError(f"a plain `for NAME in LIST`; line {node.lineno} is another")
        over = self.size(node.iter)
        known, times = dict(self._known), self._times
        self._known |= {node.target.name: Size(over.item), "loop": _NUMBER}
        self._times *= over.times
        self.spend(node, 0)
        self.block(node.body)
        self._known, self._times = known, times
        self.block(node.else_)

    def condition(self, node: Any) -> None:
        """Go through all branches; a name is then what is largest in any."""
        self.size(node.test)
        before, after = dict(self._known), dict(self._known)
        for body in (node.body, node.elif_, node.else_):
            self._known = dict(before)
            self.block(body)
            for name, size in self._known.items():
                after[name] = _larger(size, after.get(name, size))
        self._known = after

    def assignment(self, node: Any) -> None:
        if not isinstance(node.target, nodes.Name):
            raise _refused(node)
        self._known[node.target.name] = self.size(node.node)

    def known(self, node: Any) -> Size:
        if node.name == "loop" or node.name not in self._known:
            raise TemplateFaultError(f"known names; line {node.lineno} reads `{node.name}`")
        return self._known[node.name]

    def attribute(self, node: Any) -> Size:
        """Give the size of an attribute, which `loop` alone has."""
        of_loop = isinstance(node.node, nodes.Name) and node.node.name == "loop"
        if not of_loop or node.attr not in _LOOP or "loop" not in self._known:
            raise TemplateFaultError(f"no `.{node.attr}` but of `loop`; line {node.lineno}")
        return _NUMBER

    def place(self, node: Any) -> Size:
        """Give the size of an item of a list, or of a slice."""
        own = self.size(node.node)
        if isinstance(node.arg, nodes.Slice):
            parts = (node.arg.start, node.arg.stop, node.arg.step)
            self.sizes([part for part in parts if part is not None])
            self.spend(node, own.characters)
            return own
        self.size(node.arg)
        return Size(own.item)

    def filtered(self, node: Any) -> Size:
        name = "default" if node.name == "d" else node.name
        least, most = _ARGUMENTS.get(name, (0, 0))
        if name not in _FILTERS or not least <= len(node.args) <= most:
            raise _unknown("filters", node, _FILTERS)
        _check_arguments(node)
        if name == "map" and getattr(node.args[0], "value", None) not in _CASES:
            raise TemplateFaultError(f"`map` with one of {', '.join(_CASES)}; line {node.lineno}")
        own, found = self.size(node.node), self.sizes(node.args)
        given = _FILTERS[name](own, found)
        if name not in ("length", "count", "first", "last", "default"):
            self.spend(node, own.characters + given.characters)
        return given

    def gone_through(self, node: nodes.Node, parts: Sequence[nodes.Node]) -> Size:
        """Give the size of a truth value for which values are gone through."""
        self.spend(node, sum(each.characters for each in self.sizes(parts)))
        return _NUMBER

    def tested(self, node: Any) -> Size:
        if node.name not in _TESTS:
            raise _unknown("tests", node, _TESTS)
        _check_arguments(node)
        return self.gone_through(node, [node.node, *node.args])

    def joined(self, node: nodes.Node, parts: Sequence[nodes.Node]) -> Size:
        """Give the size of values that are put together, as texts or as lists."""
        sizes = self.sizes(parts)
        self.spend(node, sum(each.characters for each in sizes))
        if all(each.count is None for each in sizes):
            return Size(sum(each.item for each in sizes))
        return Size(max(each.item for each in sizes), sum(each.count or 0 for each in sizes))

    def listed(self, node: Any) -> Size:
        longest = max((each.characters for each in self.sizes(node.items)), default=0)
        return Size(longest, len(node.items))


def _check_arguments(node: Any) -> None:
    if node.node is None or node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise TemplateFaultError(f"no named arguments; line {node.lineno} has some")


def _unknown(kind: str, node: Any, known: Iterable[str]) -> TemplateFaultError:
    guess = nearest(node.name, sorted(known))
    hint = f"; did you mean `{guess}`?" if guess else ""
    names = ", ".join(sorted(known))
    return TemplateFaultError(f"{kind} {names}; line {node.lineno} has `{node.name}`{hint}")


def _refused(node: nodes.Node) -> TemplateFaultError:
    return TemplateFaultError(
        "values, `for`, `if`, `set`, filters, tests, `~`, + and - alone, and no functions; "
        f"line {node.lineno} has a `{type(node).__name__}`"
    )


_STATEMENTS: Mapping[type, Callable[[_Walk, Any], None]] = {
    nodes.Output: _Walk.output,
    nodes.For: _Walk.loop,
    nodes.If: _Walk.condition,
    nodes.Assign: _Walk.assignment,
}
_EXPRESSIONS: Mapping[type, Callable[[_Walk, Any], Size]] = {
    nodes.Const: lambda walk, node: Size(len(str(node.value))),
    nodes.Name: _Walk.known,
    nodes.Getattr: _Walk.attribute,
    nodes.Getitem: _Walk.place,
    nodes.Filter: _Walk.filtered,
    nodes.Test: _Walk.tested,
    nodes.Compare: lambda walk, node: walk.gone_through(
        node, [node.expr, *(each.expr for each in node.ops)]
    ),
    nodes.CondExpr: lambda walk, node: _larger(
        *walk.sizes([each for each in (node.test, node.expr1, node.expr2) if each is not None])
    ),
    nodes.And: lambda walk, node: _larger(*walk.sizes([node.left, node.right])),
    nodes.Or: lambda walk, node: _larger(*walk.sizes([node.left, node.right])),
    nodes.Not: lambda walk, node: _larger(_NUMBER, *walk.sizes([node.node])),
    nodes.Neg: lambda walk, node: _larger(_NUMBER, *walk.sizes([node.node])),
    nodes.Concat: lambda walk, node: walk.joined(node, node.nodes),
    nodes.Add: lambda walk, node: walk.joined(node, [node.left, node.right]),
    nodes.Sub: lambda walk, node: walk.joined(node, [node.left, node.right]),
    nodes.List: _Walk.listed,
}
