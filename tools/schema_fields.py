"""Read what a YAML may say from the source of its schemas: fields, types, defaults, docstrings.

From the source and not from the classes: those of adapters import torch, timm and the like.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

HARNESS: Final = Path(__file__).resolve().parent.parent / "harness"
WORDS: Final = {
    "str": "text",
    "Name": "text",
    "Names": "text, or list of texts",
    "int": "integer",
    "float": "number",
    "bool": "true or false",
    "Any": "anything",
    "Path": "path",
    "dict": "mapping",
    "Mapping": "mapping",
}
BOUNDS: Final = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
BY_LOADER: Final = {"directory", "folders", "file"}
"""Fields of every spec that no YAML has."""


@dataclass(frozen=True, slots=True)
class FieldOf:
    """One key of a YAML: its type and default in words, and what it is for."""

    name: str
    type: str
    default: str
    text: str
    annotation: str = ""
    """The type as it is written in the source."""


@dataclass(frozen=True, slots=True)
class Schema:
    """One mapping of a YAML."""

    name: str
    text: str
    fields: Sequence[FieldOf]


class Source:
    """The classes and the names of types of some modules: files or folders under `harness/`."""

    def __init__(self, folders: Sequence[str]) -> None:
        self.classes: dict[str, ast.ClassDef] = {}
        self.types: dict[str, ast.expr] = {}
        for folder in folders:
            place = HARNESS / folder
            for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
                self._read(ast.parse(path.read_text("utf-8")))

    def _read(self, module: ast.Module) -> None:
        for node in module.body:
            if isinstance(node, ast.ClassDef):
                self.classes[node.name] = node
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self.types[node.targets[0].id] = node.value

    def schema(self, name: str) -> Schema:
        """Give a class as a schema, with the fields of the classes that it is made of first."""
        node = self.classes[name]
        return Schema(name, ast.get_docstring(node) or "", tuple(self._fields(node)))

    def members(self, name: str) -> Iterator[FieldOf]:
        """Give the members of an enumeration, each with its docstring."""
        body = self.classes[name].body
        for here, after in pairwise(body):
            if isinstance(here, ast.Assign) and isinstance(here.targets[0], ast.Name):
                yield FieldOf(here.targets[0].id, "", "", _text(after))

    def options(self) -> dict[str, str]:
        """Give, by the name of an adapter, the class of its `options`; none for those without."""
        table = self.types["ADAPTERS"]
        assert isinstance(table, ast.Dict)
        found = {}
        for key, value in zip(table.keys, table.values, strict=True):
            adapter = ast.literal_eval(value).partition(":")[2]
            name = self._options_of(self.classes[adapter])
            if key is not None and name:
                found[ast.literal_eval(key)] = name
        return found

    def _options_of(self, adapter: ast.ClassDef) -> str | None:
        for statement in adapter.body:
            for node in ast.walk(statement):
                if isinstance(node, ast.keyword) and node.arg == "options":
                    return ast.unparse(node.value)
        bases = (self.classes.get(ast.unparse(base)) for base in adapter.bases)
        return next((self._options_of(base) for base in bases if base is not None), None)

    def _fields(self, node: ast.ClassDef) -> Iterator[FieldOf]:
        for base in node.bases:
            if ast.unparse(base) in self.classes:
                yield from self._fields(self.classes[ast.unparse(base)])
        for here, after in zip(node.body, [*node.body[1:], None], strict=True):
            if not isinstance(here, ast.AnnAssign) or not isinstance(here.target, ast.Name):
                continue
            if here.target.id in BY_LOADER or here.target.id.startswith("_"):
                continue
            written = ast.unparse(here.annotation)
            yield FieldOf(
                here.target.id, self._type(here), _default(here.value), _text(after), written
            )

    def _type(self, field: ast.AnnAssign) -> str:
        words = self.words(field.annotation)
        return ", ".join([words, *_bounds(field.value)])

    def words(self, node: ast.expr) -> str:
        """Give a type in words."""
        if isinstance(node, ast.BinOp):
            sides = [self.words(each) for each in (node.left, node.right)]
            return " or ".join(side for side in sides if side)
        if isinstance(node, ast.Subscript):
            return self._subscript(ast.unparse(node.value), node.slice)
        name = ast.unparse(node)
        if name == "None":
            return ""
        if name in WORDS:
            return WORDS[name]
        return self.words(self.types[name]) if name in self.types else "mapping"

    def _subscript(self, outer: str, inner: ast.expr) -> str:
        items = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if outer == "Literal":
            return ", ".join(f"`{ast.literal_eval(each)}`" for each in items)
        if outer == "Annotated":
            return ", ".join([self.words(items[0]), *_bounds(items[1])])
        if outer in ("tuple", "frozenset", "list"):
            kept = [_several(self.words(each)) for each in items if ast.unparse(each) != "..."]
            return f"list of {kept[0]}" if len(set(kept)) == 1 else f"list: {', '.join(kept)}"
        return WORDS.get(outer, outer)


def _bounds(node: ast.expr | None) -> list[str]:
    keywords = node.keywords if isinstance(node, ast.Call) else []
    return [f"{BOUNDS[k.arg]} {ast.unparse(k.value)}" for k in keywords if k.arg in BOUNDS]


def _several(word: str) -> str:
    plural = {"integer", "number", "text", "mapping"}
    return f"{word}s" if word in plural else word


def _text(node: ast.stmt | None) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return " ".join(str(node.value.value).split())
    return ""


def _default(node: ast.expr | None) -> str:
    if node is None:
        return "**required**"
    if isinstance(node, ast.Call):
        named = {each.arg: each.value for each in node.keywords}
        if ast.unparse(node.func) != "Field":
            return "its defaults"
        if "default" in named:
            return _default(named["default"])
        return "empty" if "default_factory" in named else "**required**"
    if not _plain(node):
        return f"`{ast.unparse(node)}`"
    value = ast.literal_eval(node)
    if value == ():
        return "empty"
    if value is None or value == "":
        return "–"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _plain(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True
