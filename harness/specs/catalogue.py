"""Find the YAML files by name: the project's own, in a checkout or in a wheel, and the user's."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from harness.errors import Problem, SpecError, near_path, unknown_name
from harness.limits import MOST_YAML, below, is_file


class Kind(StrEnum):
    """The kinds of YAML file; the value is the key that names one. Earlier kinds win, since a task
    also has keys `class_list` and `prompt`, and a study a key `task`.
    """

    STUDY = "study"
    GROUP = "group"
    TASK = "task"
    MODEL = "model"
    ENCODER = "encoder"
    LABEL_SET = "label_set"
    CLASS_LIST = "class_list"
    PROMPT = "prompt"


_KEY = re.compile(rf"^({'|'.join(Kind)})[ \t]*:[ \t]*(.{{,300}})$", re.M)
_VALUE = re.compile(r"""^["']?([^"'#]*?)["']?\s*(?:#.*)?$""")


def own_root() -> Path:
    """Give the folder of `tasks`, `models`, `leaderboard`: beside the package or inside a wheel."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "catalogue"
    return inside if (inside / "tasks").is_dir() else package.parent


@dataclass(frozen=True)
class Catalogue:
    """An index of YAML files by kind and name, not loaded, so that a broken one harms nobody."""

    include_paths: tuple[Path, ...] = ()

    @cached_property
    def _index(self) -> Mapping[tuple[Kind, str], tuple[Path, ...]]:
        found: dict[tuple[Kind, str], tuple[Path, ...]] = {}
        for path in self._files():
            named = _name_in(path)
            if named:
                found[named] = (*found.get(named, ()), path)
        return found

    def _files(self) -> Iterator[Path]:
        for folder in (own_root() / "tasks", own_root() / "models", *self.include_paths):
            yield from sorted(
                path
                for path in below(folder, ".yaml", ".yml")
                if not path.name.startswith("_") and not _is_hidden(path.relative_to(folder))
            )

    def as_options(self) -> str:
        """Give the options by which a command has this catalogue, each with a space before it."""
        return "".join(f" --include_path {shlex.quote(str(each))}" for each in self.include_paths)

    def names(self, kind: Kind) -> Sequence[str]:
        """List the names of a kind, sorted."""
        return sorted(name for found, name in self._index if found is kind)

    def find(self, kind: Kind, name: str) -> Path:
        """Give the file of a name or path. Raises SpecError where there is none, or several."""
        if not name.endswith((".yaml", ".yml")):
            return self.named(kind, name)
        path = Path(name)
        if not is_file(path):
            fix = near_path(path) or f"a path from {Path.cwd()}, or a name without `{path.suffix}`"
            raise SpecError(Problem(str(path), f"no such {kind.value} file", fix=fix))
        return path

    def named(self, kind: Kind, name: str) -> Path:
        """Give the file of a name, which is never a path. Raises SpecError as `find`."""
        paths = self._index.get((kind, name), ())
        label = kind.value.replace("_", " ")
        if not paths:
            raise SpecError(unknown_name("catalogue", label, name, self.names(kind)))
        if len(paths) > 1:
            places = ", ".join(str(path) for path in paths)
            fix = "rename one, or give the path of the file instead of its name"
            what = f"two files bear the same {label} name"
            raise SpecError(Problem(places, what, name, fix=fix))
        return paths[0]


def kind_at(path: Path) -> Kind | None:
    """Give of what kind the YAML at a path is; None where nothing says so."""
    named = _name_in(path)
    return named[0] if named else None


def _name_in(path: Path) -> tuple[Kind, str] | None:
    """Give kind and name by the top-level keys, read as plain text; None when there is none."""
    try:
        if not path.is_file():
            return None
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            text = file.read(MOST_YAML)
    except OSError:
        return None
    keys = {match[1]: match[2] for match in _KEY.finditer(text)}
    for kind in Kind:
        if kind.value in keys:
            value = _VALUE.match(keys[kind.value].strip())
            return (kind, value[1]) if value and value[1] else None
    return None


def _is_hidden(path: Path) -> bool:
    """Whether a file or a folder above it is hidden, as what is still being written is."""
    return any(part.startswith(".") for part in path.parts)
