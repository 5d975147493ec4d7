"""Which runs a study is made of, and which of them each level of each factor is."""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from harness.data.class_lists import name_sets
from harness.errors import Problem, SpecError, unknown_name
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.load import load_class_list_spec, load_task
from harness.specs.study import ROW_FACTORS, StudySpec
from harness.specs.task import TaskSpec, digest_of
from harness.specs.yaml_file import Origin, YamlFile

OWN = "as in the task"
"""The level of a factor whose value in the task is none of the study's levels."""
_UNSAFE = re.compile(r"[^A-Za-z0-9=,._+\[\]-]")
_LONGEST = 80

Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Variant:
    """A run of the study, but for its model: a task, and what is not as its YAML says."""

    task: str
    settings: tuple[str, ...] = ()
    """`key=value` as of `--set`, sorted."""

    @classmethod
    def of(cls, settings: Settings, task: str) -> "Variant":
        """Give the run of settings, among which another task than this one may be."""
        own = dict(settings)
        task = str(own.pop("task", task))
        if "doc_to_text" in own:
            own.setdefault("prompt", None)  # a text of its own takes the place of a named one
        texts = [f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in own.items()]
        return cls(task, tuple(sorted(texts)))

    @property
    def text(self) -> str:
        """The settings as a person reads them; empty for none."""
        return ", ".join(each.replace('"', "") for each in self.settings)

    def folder(self, output: Path) -> Path:
        """Give the folder that has the run of each model: that of `harness run` where the task is
        asked as it is, and else one that all studies share.
        """
        if not self.settings:
            return output
        text = ",".join(re.sub('[" ]', "", each) for each in self.settings)
        safe = _UNSAFE.sub("-", text)
        if safe != text or len(safe) > _LONGEST:
            digest = hashlib.sha256("\n".join(self.settings).encode()).hexdigest()[:8]
            safe = f"{safe[:_LONGEST]}-{digest}"
        return output / "varied" / safe


@dataclass(frozen=True, slots=True)
class Point:
    """One level of a factor: a run, and how its rows are read."""

    level: str
    variant: Variant
    reading: Any = None
    """The level of one of `ROW_FACTORS`; None for the others, whose level is the run."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A choice that is varied."""

    name: str
    points: tuple[Point, ...]
    baseline: int | None
    """The place of the level that the others are compared with; None for seeds."""
    held: str = ""
    """What is not as in the task meanwhile."""
    is_own: bool = True
    """Whether the baseline is what the task says."""
    note: str = ""
    """On which other task it is varied, and why, where the YAML does not say so."""

    @property
    def from_rows(self) -> bool:
        """Whether its levels are readings of one run."""
        return self.name in ROW_FACTORS


@dataclass(frozen=True, slots=True)
class Grid:
    """All combinations of the levels of several factors."""

    factors: tuple[Factor, ...]
    cells: Mapping[tuple[int, ...], Variant]
    """By the place of each factor's level."""


@dataclass(frozen=True, slots=True)
class Study:
    """A study that is checked: every one of its runs is of a task that can be asked so."""

    spec: StudySpec
    base: Variant
    factors: tuple[Factor, ...]
    grid: Grid | None
    varied: tuple[Variant, ...]
    """The runs that each of the study's models has, in the order in which they are made."""
    tasks: Mapping[Variant, TaskSpec]
    """Of all runs."""
    baselines: tuple[tuple[str, Variant], ...]
    """Models with a task of their own, and that task."""

    def words(self, catalogue: Catalogue) -> str:
        """Give the words by which a command finds the study: its name, else its path."""
        is_known = self.spec.study in catalogue.names(Kind.STUDY)
        path = self.spec.file.path if self.spec.file and not is_known else self.spec.study
        return f"{path}{catalogue.as_options()}"

    @property
    def notes(self) -> tuple[str, ...]:
        """Which factors are varied on another task than the YAML says, in sentences."""
        names: dict[str, list[str]] = defaultdict(list)
        for each in self.factors:
            names[each.note].append(each.name)
        names.pop("", None)
        return tuple(
            f"{', '.join(own)} {'are' if len(own) > 1 else 'is'} {note}"
            for note, own in names.items()
        )

    @property
    def runs(self) -> tuple[tuple[str, Variant], ...]:
        """Every model with every run that it has, one model after the other."""
        own = [(model, each) for model in self.spec.models for each in self.varied]
        return tuple(dict.fromkeys([*own, *self.baselines]))


class Variants:
    """Gathers the runs of a study, and the mistakes in it, while it is opened."""

    def __init__(self, catalogue: Catalogue, spec: StudySpec, file: YamlFile) -> None:
        self.catalogue, self.spec, self.file = catalogue, spec, file
        self.tasks: dict[Variant, TaskSpec] = {}
        self.problems: list[Problem] = []
        self._asked: dict[str, Variant] = {}
        self._classes = cache(partial(load_class_list_spec, catalogue))

    def scratch(self) -> "Variants":
        """Give another one of the same study, to try what these runs may not be."""
        found = Variants(self.catalogue, self.spec, self.file)
        found._classes = self._classes
        return found

    def origin(self, location: Sequence[str]) -> Origin:
        """Give where the innermost known key of a location stands."""
        for length in range(len(location), 0, -1):
            if tuple(location[:length]) in self.file.origins:
                return self.file.origins[tuple(location[:length])]
        return Origin(self.file.path, 1)

    def fail(self, location: Sequence[str], what: str, got: str | None = None, *, fix: str) -> None:
        """Note a mistake."""
        self.problems.append(Problem(str(self.origin(location)), what, got, fix=fix))

    def variant(self, settings: Settings, location: Sequence[str]) -> Variant | None:
        """Give the run of settings, the first that asks the same; None for a mistake, noted."""
        found = Variant.of(settings, self.spec.task)
        at = self.origin(location)
        try:
            spec = load_task(self.catalogue, found.task, found.settings, at)
            classes = self._classes(spec.class_list)
        except SpecError as error:
            self.problems += [self._here(each, found.task, at) for each in error.problems]
            return None
        names = spec.name_set or classes.name_set
        known = name_sets(classes)
        if names not in (*known, "clean"):
            self.problems.append(unknown_name(str(at), "name set", names, known))
            return None
        asks = digest_of([spec.task, spec.identity() | {"name_set": names}])
        same = self._asked.setdefault(asks, found)
        self.tasks.setdefault(same, spec)
        return same

    def _here(self, problem: Problem, task: str, at: Origin) -> Problem:
        """Give a mistake with the line of the study that makes it one."""
        if problem.where.startswith(f"{at.path}:"):
            return problem
        if problem.where == "catalogue":
            return replace(problem, where=str(at))
        what = f"task `{task}` cannot be asked so: {problem.what} ({problem.where})"
        return replace(problem, where=str(at), what=what)

    def text(self, variant: Variant) -> str:
        """Give what of a run is not as the study's task says."""
        task = "" if variant.task == self.spec.task else f"task={variant.task}"
        return ", ".join(each for each in (task, variant.text) if each)
