"""The label sets of a task, and what the command line says of them instead of the YAML files."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.data.classes import ClassList
from harness.data.labels.choice import (
    applies,
    applies_to_none,
    mixed_equivalences,
    own_label_sets,
)
from harness.data.labels.equivalences import equivalences_of, load_equivalences
from harness.data.labels.label_set import Equivalences, Labels, LabelSet
from harness.data.labels.load import load_label_set
from harness.data.labels.named_original import COMPARED, CONTRADICTED, hold_against
from harness.errors import DataError, Problem, SpecError
from harness.limits import is_file
from harness.specs.catalogue import Catalogue
from harness.specs.label_set import LabelSetSpec
from harness.specs.load import load_label_set_spec
from harness.specs.task import TaskSpec

log = logging.getLogger("harness")
_NAMED = 5  # tasks that a warning names


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says about labels instead of the YAML files."""

    label_sets: Mapping[str, Path]
    """Label set to a file of one's own (`--label_set NAME=PATH`)."""
    equivalences: str | None = None
    """`none` or a file (`--equivalences`)."""
    settings: tuple[str, ...] = ()
    """What it says of the task of a run (`--set`), over the settings in the run's manifest."""
    shared: bool = False
    """Whether they are for several tasks, of which each takes the label sets that apply to it;
    `share_overrides` has seen that every one applies to a task. Else all have to apply."""


NO_OVERRIDES = Overrides({})


def share_overrides(
    catalogue: Catalogue, tasks: Sequence[TaskSpec], overrides: Overrides
) -> Overrides:
    """Give overrides of which each task takes the label sets that apply to it.

    One applies to a task that names it, and to one whose classes are those of its `class_list`.
    The tasks that it leaves alone are named once, in a warning. Raises SpecError for a label set
    that applies to none, and for a file of equivalent classes where the tasks have several class
    lists, as its ids are of one.
    """
    if overrides.shared or not (overrides.label_sets or overrides.equivalences):
        return overrides
    problems = [*mixed_equivalences(tasks, overrides.equivalences)]
    for name in overrides.label_sets:
        left = [each for each in tasks if not applies(catalogue, each, name)]
        if len(left) == len(tasks):
            problems.append(applies_to_none(catalogue, tasks, name))
        elif left:
            shown = ", ".join(f"`{each.task}`" for each in left[:_NAMED])
            more = ", …" if len(left) > _NAMED else ""
            log.warning(
                "label set `%s` is of other classes than these tasks, which are left as they are: "
                "%s", name, shown + more,
            )  # fmt: skip
    if problems:
        raise SpecError(problems)
    return replace(overrides, shared=True)


def label_set_specs(
    catalogue: Catalogue, task: TaskSpec, overrides: Overrides
) -> list[LabelSetSpec]:
    """Load the specs of a task's label sets; an overridden one reads the user's file instead.

    First stand those that the task names, then each other `--label_set` that applies to the task.
    Raises SpecError for one of the task's own that is of other classes and, unless the overrides
    are shared, for one that does not apply.
    """
    own = own_label_sets(catalogue, task)
    named = {spec.label_set for spec in own}
    others = [name for name in overrides.label_sets if name not in named]
    fitting = [name for name in others if applies(catalogue, task, name)]
    if not overrides.shared and len(fitting) < len(others):
        wrong = [name for name in others if name not in fitting]
        raise SpecError(applies_to_none(catalogue, [task], name) for name in wrong)
    more = [load_label_set_spec(catalogue, name) for name in fitting]
    return [_pointed(spec, overrides.label_sets.get(spec.label_set)) for spec in (*own, *more)]


def open_labels(
    task: TaskSpec,
    classes: ClassList,
    specs: Sequence[LabelSetSpec],
    overrides: Overrides,
    columns: Mapping[str, Mapping[str, object]],
) -> Labels:
    """Open the label sets that are there; one whose file is missing is named and left out.

    `specs` are as `label_set_specs` gives them: the task's own, then those that are added.

    Where the task or the command line says which classes count as one, the configs of the label
    sets are not read. Raises DataError when none is there, or one is broken or contradicts the
    original labels too often.
    """
    if task.equivalences is not None or overrides.equivalences is not None:
        specs = [spec.model_copy(update={"config": None}) for spec in specs]
    present = [spec for spec in specs if _is_present(spec)]
    missing = tuple(spec.label_set for spec in specs if not _is_present(spec))
    if not present:
        load_label_set(specs[0], classes)  # says what is missing and where to get it
    added = {spec.label_set for spec in specs[len(task.label_sets) :]}
    label_sets = tuple(
        replace(load_label_set(spec, classes, columns), added=spec.label_set in added)
        for spec in present
    )
    equivalences = _equivalences(task, classes, label_sets, overrides)
    overridden = overrides.equivalences is not None
    return Labels(_held(label_sets, equivalences), equivalences, missing, overridden)


def _held(label_sets: tuple[LabelSet, ...], same: Equivalences) -> tuple[LabelSet, ...]:
    """Hold what label files say of the original classes against the original labels."""
    original = next((labels for labels in label_sets if labels.original), None)
    if original is None:
        return label_sets
    held = tuple(
        labels if labels.original else hold_against(labels, original, same) for labels in label_sets
    )
    for labels in held:
        if labels.notes.get(CONTRADICTED):
            log.warning(
                "label set `%s` names another original class than `%s` for %d of %d images",
                labels.name, original.name, labels.notes[CONTRADICTED], labels.notes[COMPARED],
            )  # fmt: skip
    return held


def _equivalences(
    task: TaskSpec, classes: ClassList, label_sets: Sequence[LabelSet], overrides: Overrides
) -> Equivalences:
    if overrides.equivalences is not None:
        written, path = overrides.equivalences, Path(overrides.equivalences).expanduser()
    elif task.equivalences is not None:
        written, path = task.equivalences, task.resolve(task.equivalences, "equivalences")
    else:
        return equivalences_of(label_sets)
    return Equivalences.none() if written == "none" else load_equivalences(path, classes)


def _pointed(spec: LabelSetSpec, path: Path | None) -> LabelSetSpec:
    if path is None:
        return spec
    if not is_file(path):
        where = f"--label_set {spec.label_set}={path}"
        raise DataError(Problem(where, "there is no such file"))
    if spec.sha256 is not None:
        with path.open("rb") as file:
            got = hashlib.file_digest(file, "sha256").hexdigest()
        if got != spec.sha256:
            log.warning(
                "%s is not the file that label set `%s` was written for (sha256 %s, expected %s); "
                "it is taken as it is",
                path, spec.label_set, got, spec.sha256,
            )  # fmt: skip
    return spec.model_copy(update={"path": str(path.resolve()), "sha256": None})


def _is_present(spec: LabelSetSpec) -> bool:
    if spec.format == "column" or (spec.format == "imgt" and spec.path is None):
        return True
    return spec.path is not None and is_file(spec.resolve(spec.path, "path"))
