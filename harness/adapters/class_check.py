"""What the class of an adapter of one's own lacks, before it is made: all mistakes at once."""

import inspect
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.adapters.base import ALL_OUTPUTS, CLASSIFY, MOST_KEYS, PROMPTED, Abilities
from harness.errors import Problem
from harness.requests import ModelFacts, Response
from harness.specs.base import Spec
from harness.specs.model import ModelGeneration

_METHODS = {
    "__init__": (("spec", "setting"), "what loads the model"),
    "respond": (("ask", "requests"), "what answers a batch"),
    "prepare": (("request",), None),
    "deferred": (("ask", "folder"), None),
}
"""The arguments of each method, and what it is for where it must be there."""
_NAMES: Mapping[str, frozenset[str]] = {
    "protocols": PROMPTED | CLASSIFY,
    "output_types": ALL_OUTPUTS,
    "keys": MOST_KEYS | {"generation"},
    "generation": frozenset(ModelGeneration.model_fields),
}
"""The names that each set of the abilities may hold."""
_OLD: Mapping[str, tuple[str, type | tuple[type, ...]]] = {
    "protocols": ("protocols", (set, frozenset)),
    "output_types": ("output_types", (set, frozenset)),
    "Options": ("options", type),
    "keys": ("keys", (set, frozenset)),
    "generation": ("generation", (set, frozenset)),
    "counts_tokens": ("counts_tokens", bool),
}
"""Attributes that classes had before `abilities`: what they are called there, and their kind."""


def class_problems(found: Any, name: str) -> list[Problem]:
    """List what keeps `found` from being an adapter; `name` is what the user calls it."""
    where = f"adapter `{name}`"
    if not isinstance(found, type):
        fix = "name a class that is an adapter, as MODULE:CLASS"
        return [Problem(where, "is no class", got=type(found).__name__, fix=fix)]
    return [*_members(found, where), *_abilities(found, where), *_left_over(found, where)]


def _members(found: type, where: str) -> Iterator[Problem]:
    if not hasattr(found, "facts") and "facts" not in inspect.get_annotations(found):
        expected = "what is known of the model, for the manifest"
        fix = "facts = ModelFacts(architecture=…), or a property"
        yield Problem(where, "has no `facts`", expected=expected, fix=fix)
    yield from facts_problem(inspect.getattr_static(found, "facts", None), where)
    for name, (words, needed) in _METHODS.items():
        line = f"def {name}({', '.join(('self', *words))})"
        method = getattr(found, name, None)
        if method is None or method is object.__init__:
            if needed:
                yield Problem(where, f"has no `{name}`", expected=needed, fix=line)
            continue
        try:
            signature = inspect.signature(method)
        except (TypeError, ValueError):  # of code that is not Python's
            continue
        try:
            signature.bind("self", *words)
        except TypeError:
            got = f"def {name}{signature}"
            yield Problem(where, f"`{name}` takes other arguments", got, fix=line)
    yield from _returned(getattr(found, "respond", None), where)
    preview = getattr(found, "preview", None)
    if preview is not None and not inspect.ismethod(preview):
        what = "`preview` is no class method, as no model is loaded for it"
        yield Problem(where, what, fix="@classmethod, def preview(cls, spec)")


def facts_problem(facts: object, where: str) -> Iterator[Problem]:
    """Say that the `facts` of a class, or of a model that it made, are something else."""
    if facts is None or isinstance(facts, ModelFacts) or hasattr(facts, "__get__"):
        return  # what computes them is asked when the model is loaded
    fix = "facts = ModelFacts(architecture=…), or a property that gives one"
    yield Problem(where, "`facts` is no ModelFacts", type(facts).__name__, fix=fix)


def _returned(respond: Any, where: str) -> Iterator[Problem]:
    """What `respond` says of itself that it returns, where that is no list of responses."""
    line = "def respond(self, ask, requests) -> list[Response]"
    if inspect.iscoroutinefunction(respond) or inspect.isasyncgenfunction(respond):
        yield Problem(where, "`respond` is asynchronous, and nobody awaits it", fix=line)
    elif inspect.isgeneratorfunction(respond):
        what = "`respond` yields its responses, and a list of all is needed"
        yield Problem(where, what, fix=f"{line}, with `return [...]`")
    try:
        said = typing.get_type_hints(respond).get("return")
    except (NameError, TypeError, AttributeError):  # names that are there for a type checker alone
        return
    kind = typing.get_origin(said) or said
    inner = [each for each in typing.get_args(said) if isinstance(each, type)]
    if any(_is_other(each, Response) for each in inner) or (
        isinstance(kind, type)
        and (_is_other(kind, Iterable) or issubclass(kind, str | bytes | Mapping))
    ):
        got = f"-> {inspect.formatannotation(said)}"
        yield Problem(where, "`respond` returns something else than responses", got, fix=line)


def _is_other(kind: type, wanted: Any) -> bool:
    """Whether a class is none of those wanted, and not one that may be anything."""
    return kind not in (object, Any) and not issubclass(kind, wanted)


def _abilities(found: type, where: str) -> Iterator[Problem]:
    can = getattr(found, "abilities", Abilities())
    if not isinstance(can, Abilities):
        got = can.__name__ if isinstance(can, type) else type(can).__name__
        yield Problem(where, "`abilities` is of another kind", got, fix="abilities = Abilities(…)")
        return
    for field, known in _NAMES.items():
        names = getattr(can, field)
        if not isinstance(names, set | frozenset):
            what = f"`abilities.{field}` is no set of names"
            yield Problem(where, what, repr(names), fix=f"{field}=frozenset({{…}})")
            continue
        for name in sorted(map(str, names - known)):
            problem = Problem(where, f"`abilities.{field}` holds an unknown name", name)
            yield problem.among(name, sorted(known))
    if not (isinstance(can.options, type) and issubclass(can.options, Spec)):
        fix = "derive it from `harness.specs.base.Spec`"
        yield Problem(where, "`abilities.options` is no spec", repr(can.options), fix=fix)


def _left_over(found: type, where: str) -> Iterator[Problem]:
    old = [name for name, (_, kind) in _OLD.items() if isinstance(getattr(found, name, None), kind)]
    if old:
        written = ", ".join(f"{_OLD[name][0]}=…" for name in old)
        what, fix = "has attributes that are not read any more", f"abilities = Abilities({written})"
        yield Problem(where, what, ", ".join(old), fix=fix)
