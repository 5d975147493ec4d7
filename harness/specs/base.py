"""What every spec has: strict, frozen, no unknown keys, every mistake shown at once."""

import re
import types
import typing
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
)
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from harness.errors import Problem, SpecError
from harness.limits import MOST_PROBLEMS
from harness.specs.yaml_file import YamlFile
from harness.words import counted

MOST_BYTES = 100
"""Of a name in UTF-8. File systems take 255 bytes; a name is joined with another, and with what a
file of its own adds to it."""
_FORBIDDEN = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for devices, with any suffix."""


def name_fault(name: str) -> str | None:
    """Say why a text can be no name that files bear; None where it can."""
    found = _FORBIDDEN.search(name)
    if found:
        return f"holds {found[0]!a}: a slash, a control character or half a surrogate pair"
    if not name or name.startswith((".", " ", "~")) or name.endswith((".", " ")):
        return "is empty, begins with a dot, a space or `~`, or ends with a dot or a space"
    if len(name.encode()) > MOST_BYTES:
        return f"has {len(name.encode())} bytes, more than {MOST_BYTES}"
    if _DEVICE.fullmatch(name):
        return "is a device's on Windows"
    if name.lower().endswith((".yaml", ".yml")):
        return "ends as the path of a YAML file does"
    return None


def _is_name(name: str) -> str:
    fault = name_fault(name)
    if fault is not None:
        raise ValueError(f"a name that a file can bear; it {fault}")
    return name


Name = Annotated[str, AfterValidator(_is_name)]
"""A name that becomes the name of a file or folder."""


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
"""One text, or a list of texts."""


class Spec(BaseModel):
    """A part of a YAML file. Unknown keys are errors; values are not changed afterwards."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, protected_namespaces=(), defer_build=True
    )


class FileSpec(Spec):
    """A spec that is a file of its own and may name other files relative to itself."""

    description: str = ""
    """What this is, in a line; shown by `harness list`."""
    directory: Path = Field(default=Path(), exclude=True, repr=False)
    """Folder of the YAML, set by the loader. Never part of a digest."""
    folders: Mapping[str, Path | None] = Field(default_factory=dict, exclude=True, repr=False)
    """Folder of the file in which each key was written (an include may differ), `a.b` inside; None
    for what a run's manifest says, whose paths are not followed."""
    file: YamlFile | None = Field(default=None, exclude=True, repr=False)
    """The file as it was read, for errors that are found later. Never part of a digest."""

    def follows(self, key: str) -> bool:
        """Whether a path under `key` may be opened; not where a run's manifest put it there."""
        return self._folder_of(key) is not None

    def resolve(self, path: str, key: str | None = None) -> Path:
        """Give the path that a relative path, written under `key` of this file, means.

        Raises SpecError for what can be no path, and for a path that a run's manifest names.
        """
        base = self._folder_of(key or "")
        if base is None:
            raise SpecError(not_followed(key or "", path))
        try:
            found = (base / Path(path).expanduser()).resolve()
            found.exists()  # raises for a name that is too long
            return found
        except (OSError, RuntimeError, ValueError) as error:
            where = self.file.origin(tuple((key or "").split("."))) if self.file else str(base)
            fix = "give a path without such characters"
            problem = Problem(where, f"`{key or 'path'}` names no path", ascii(path)[:200], fix=fix)
            raise SpecError(problem) from error

    def _folder_of(self, key: str) -> Path | None:
        while key and key not in self.folders:
            key = key.rpartition(".")[0]
        return self.folders.get(key, self.directory)


def not_followed(key: str, value: object) -> Problem:
    """Say that a run's manifest names a file, which may be anybody's words."""
    where = f"`{key}` in the settings of the run"
    what = "names a file or data, and what a run's manifest names is not opened"
    fix = f"say it again, if you trust it: --set {key}=…"
    return Problem(where, what, _shorten(ascii(value)), fix=fix)


def completed(model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, Any]:
    """Give JSON values of a spec with the defaults of what they lack; unknown keys stay."""
    found = dict(values)
    for name, field in model.model_fields.items():
        inner = _inner_model(field.annotation)
        if name in found and inner is not None and isinstance(found[name], Mapping):
            found[name] = completed(inner, found[name])
        elif name not in found and _is_written(field):
            found[name] = to_jsonable_python(field.get_default(call_default_factory=True))
    return found


def _is_written(field: FieldInfo) -> bool:
    """Whether JSON holds a default; not that of a key added later, so that old JSON stays as is."""
    return not (field.is_required() or field.exclude or field.exclude_if)


def decisive(
    model: type[BaseModel],
    values: Mapping[str, Any],
    free: Collection[str],
    **free_in: Collection[str],
) -> dict[str, Any]:
    """Give `completed` values without the keys that decide no answer: `free` ones, and those of
    `free_in` within the mapping of that name.
    """
    found = {key: value for key, value in completed(model, values).items() if key not in free}
    for name, inner in free_in.items():
        if isinstance(found.get(name), Mapping):
            found[name] = {key: value for key, value in found[name].items() if key not in inner}
    return found


S = TypeVar("S", bound=FileSpec)
P = TypeVar("P", bound=Spec)
_SET_BY_LOADER = {"directory", "folders", "file"}


def validate(model: type[S], file: YamlFile) -> S:
    """Make a spec of a YAML file. Raises SpecError with one problem for each mistake in it."""
    reserved = _SET_BY_LOADER & file.data.keys()
    problems = [_unknown_key(model, file, (key,)) for key in sorted(reserved)]
    values = {key: value for key, value in file.data.items() if key not in reserved}
    try:
        spec = model(
            **values, directory=file.path.parent.resolve(), folders=file.folders(), file=file
        )
    except ValidationError as error:
        problems += _problems(model, file, error)
        raise SpecError(problems) from error
    if problems:
        raise SpecError(problems)
    return spec


def validate_part(part: type[P], spec: FileSpec, key: str, values: Mapping[str, Any]) -> P:
    """Make a spec of the mapping under `key`. Raises SpecError with a problem for each mistake."""
    try:
        return part(**values)
    except ValidationError as error:
        file = spec.file or YamlFile(spec.directory, {}, {})
        raise SpecError(_problems(part, file, error, (key,))) from error


def count_or(word: str) -> PlainValidator:
    """Make the validator of a field that is a number above 0 or one word, with one plain error."""

    def check(value: Any) -> Any:
        if value == word or (type(value) is int and value > 0):
            return value
        raise ValueError(f"give a number above 0, or {word}")

    return PlainValidator(check)


def count_or_share() -> PlainValidator:
    """Make the validator of a field that is a number above 0: a share below 1, else a count."""

    def check(value: Any) -> Any:
        if value is None or (type(value) is int and value > 0):
            return value
        if type(value) is float and value > 0 and (value < 1 or value.is_integer()):
            return value if value < 1 else int(value)
        raise ValueError("a number of images above 0, or a share of them below 1")

    return PlainValidator(check)


def _problems(
    model: type[Spec], file: YamlFile, error: ValidationError, under: tuple[str, ...] = ()
) -> list[Problem]:
    """Give the first mistakes of a file and, where there are more, one that counts the rest."""
    items = error.errors(include_url=False, include_context=False)
    found = [_problem(model, file, dict(item), under) for item in items[:MOST_PROBLEMS]]
    rest = len(items) - len(found)
    if rest:
        found.append(Problem(str(file.path), f"and {counted(rest, 'more mistake')}"))
    return found


def _problem(
    model: type[Spec], file: YamlFile, error: dict[str, Any], under: tuple[str, ...] = ()
) -> Problem:
    location = (*under, *error["loc"])
    if error["type"] == "extra_forbidden":
        return _unknown_key(model, file, location, len(under))
    key = ".".join(str(part) for part in location)
    if error["type"] == "missing":
        return Problem(file.origin(location), f"key `{key}` is missing", fix=f"add `{key}: …`")
    what = f"`{key}` cannot be this" if key else "the keys do not fit together"
    got = repr(error["input"]) if key and _may_be_shown(model, error["loc"]) else None
    fix = _instruction(str(error["msg"]).removeprefix("Value error, "))
    if error["type"] == "string_type" and isinstance(error["input"], bool | int | float):
        fix = "write it in quotes: without them YAML reads a number, or yes and no"
    return Problem(file.origin(location), what, got=_shorten(got), fix=fix)


def _instruction(message: str) -> str:
    """Give what pydantic says as what to do."""
    rest = message.removeprefix("Input should be ").partition(", unable to parse")[0]
    if rest == message:
        return message
    return f"give a value {rest}" if rest.startswith(("greater", "less")) else f"give {rest}"


def _may_be_shown(model: type[Spec], location: tuple[str | int, ...]) -> bool:
    """Whether a value may stand in a message: a field with `repr=False` may hold a secret."""
    field = model.model_fields.get(str(location[0])) if location else None
    return field is None or field.repr


def _unknown_key(
    model: type[Spec], file: YamlFile, location: tuple[str | int, ...], depth: int = 0
) -> Problem:
    known = _keys_at(model, location[depth:-1])
    key = str(location[-1])
    what = f"unknown key `{'.'.join(str(part) for part in location)}`"
    problem = Problem(file.origin(location), what, fix="remove it")
    return problem.among(key, known) if known else problem


def _keys_at(model: type[Spec], location: tuple[str | int, ...]) -> list[str]:
    """List the keys that are valid where `location` points to."""
    for part in location:
        field = model.model_fields.get(str(part))
        inner = _inner_model(field.annotation) if field else None
        model = inner or model
    extra = {"include"} if issubclass(model, FileSpec) else set()
    return sorted({*extra, *model.model_fields} - _SET_BY_LOADER)


def _inner_model(annotation: Any) -> type[Spec] | None:
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return annotation
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, tuple, list):
        found = [_inner_model(argument) for argument in typing.get_args(annotation)]
        return next((inner for inner in found if inner), None)
    return None


def _shorten(text: str | None, limit: int = 200) -> str | None:
    return text if text is None or len(text) <= limit else text[: limit - 1] + "…"
