"""The label sets of a task, and what the command line says of them instead of the YAML files."""

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.data.class_lists import load_class_list, same_classes
from harness.data.classes import ClassList
from harness.data.labels.files import open_labels as open_file
from harness.data.labels.label_set import Equivalences, Labels, LabelSet
from harness.data.labels.load import equivalences_of, load_equivalences, load_label_set
from harness.data.labels.rows import COMPARED, CONTRADICTED, hold_against
from harness.errors import DataError, Problem, SpecError, unknown_name
from harness.limits import is_file
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.label_set import LabelSetSpec
from harness.specs.load import (
    is_label_file,
    label_file_spec,
    label_format,
    load_class_list_spec,
    load_label_set_spec,
)
from harness.specs.task import TaskSpec
from harness.words import listed

log = logging.getLogger("harness")


def own_label_sets(catalogue: Catalogue, task: TaskSpec) -> list[LabelSetSpec]:
    """Load the label sets that a task names. Raises SpecError for one of other classes than its."""
    own = [
        label_file_spec(task, name)
        if is_label_file(name)
        else _with_column(load_label_set_spec(catalogue, name), task)
        for name in task.label_sets
    ]
    problems = [
        Problem(
            f"task `{task.task}`",
            f"its label set `{spec.label_set}` is of other classes than its own",
            got=f"class list `{spec.class_list}`",
            expected=f"class list `{task.class_list}`",
            fix="name a label set of these classes",
        )
        for spec in own
        if not _is_over(catalogue, spec.class_list, task)
    ]
    if problems:
        raise SpecError(problems)
    return own


def _with_column(spec: LabelSetSpec, task: TaskSpec) -> LabelSetSpec:
    """Give a label set of format `column` that names none the task's."""
    if spec.format != "column" or spec.column is not None:
        return spec
    return spec.model_copy(update={"column": task.doc_to_target or "label"})


def applies(catalogue: Catalogue, task: TaskSpec, name: str) -> bool:
    """Whether a task names a label set, or the catalogue has it over the task's classes."""
    if name in {spec.label_set for spec in own_label_sets(catalogue, task)}:
        return True
    if name not in catalogue.names(Kind.LABEL_SET):
        return False
    return _is_over(catalogue, load_label_set_spec(catalogue, name).class_list, task)


def _is_over(catalogue: Catalogue, class_list: str, task: TaskSpec) -> bool:
    """Whether a class list is the task's: of one name, or the same classes under another."""
    if class_list == task.class_list:
        return True
    one = load_class_list(load_class_list_spec(catalogue, class_list))
    own = load_class_list(load_class_list_spec(catalogue, task.class_list), task.name_set)
    return same_classes(one, own)


def applies_to_none(catalogue: Catalogue, tasks: Sequence[TaskSpec], name: str) -> Problem:
    """Say that a `--label_set` is unknown, or that none of the tasks is over its classes."""
    known = catalogue.names(Kind.LABEL_SET)
    if name not in known:
        named = [each.label_set for task in tasks for each in own_label_sets(catalogue, task)]
        return unknown_name("--label_set", "label set", name, [*dict.fromkeys(named), *known])
    lists = dict.fromkeys(f"`{task.class_list}`" for task in tasks)
    what = "applies to no task: it is of other classes"
    got = f"tasks of class list {', '.join(lists) or 'none: there is no task'}"
    expected = f"a task of class list `{load_label_set_spec(catalogue, name).class_list}`"
    fix = "leave it out; for a class list of your own, write a label set YAML that names it"
    return Problem(f"--label_set {name}", what, got, expected, fix)


def mixed_equivalences(tasks: Sequence[TaskSpec], equivalences: str | None) -> Iterator[Problem]:
    """Say that a file of equivalent ids is for tasks of several class lists, where ids differ."""
    lists = dict.fromkeys(task.class_list for task in tasks)
    if equivalences not in (None, "none") and len(lists) > 1:
        what = "is of the ids of one class list, and the tasks have several"
        got = ", ".join(f"`{name}`" for name in lists)
        fix = "give the command for the tasks of one class list; `equivalences` in a task's YAML "
        fix += "says it for that task alone"
        yield Problem(f"--equivalences {equivalences}", what, got, fix=fix)


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says about labels instead of the YAML files."""

    label_sets: Mapping[str, Path | None]
    """Label set to a file of one's own (`--label_set NAME=PATH`); to None for the file that its own
    YAML names (`--label_set NAME`)."""
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
            log.warning(
                "label set `%s` is of other classes than these tasks, which are left as they are: "
                "%s", name, listed([f"`{each.task}`" for each in left]),
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
    are shared, for one that does not apply; DataError for one that the command line names without
    a file and whose own file is missing.
    """
    own = own_label_sets(catalogue, task)
    named = {spec.label_set for spec in own}
    others = [name for name in overrides.label_sets if name not in named]
    fitting = [name for name in others if applies(catalogue, task, name)]
    if not overrides.shared and len(fitting) < len(others):
        wrong = [name for name in others if name not in fitting]
        raise SpecError(applies_to_none(catalogue, [task], name) for name in wrong)
    more = [_with_column(load_label_set_spec(catalogue, name), task) for name in fitting]
    for spec in (*own, *more):
        is_named = spec.label_set in overrides.label_sets
        if is_named and overrides.label_sets[spec.label_set] is None and not _is_present(spec):
            open_file(spec)  # says what is missing and where to get it
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
        fix = "--label_set NAME=PATH with the path of the file"
        raise DataError(Problem(where, "there is no such file", fix=fix))
    if spec.sha256 is not None:
        with path.open("rb") as file:
            got = hashlib.file_digest(file, "sha256").hexdigest()
        if got != spec.sha256:
            log.warning(
                "%s is not the file that label set `%s` was written for (sha256 %s, expected %s); "
                "it is taken as it is",
                path, spec.label_set, got, spec.sha256,
            )  # fmt: skip
    update: dict[str, object] = {"path": str(path.resolve()), "sha256": None}
    if spec.format == "column":
        update |= {"format": label_format(path), "column": None}
    return spec.model_copy(update=update)


def _is_present(spec: LabelSetSpec) -> bool:
    if spec.format == "column" or (spec.format == "imgt" and spec.path is None):
        return True
    return spec.path is not None and is_file(spec.resolve(spec.path, "path"))
