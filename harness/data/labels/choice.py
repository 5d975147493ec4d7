"""Which label sets are for which task: a label set is of one class list, and so is a task."""

from collections.abc import Iterator, Sequence

from harness.data.class_lists import load_class_list, same_classes
from harness.errors import Problem, SpecError, unknown_name
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.label_set import LabelSetSpec
from harness.specs.load import (
    is_label_file,
    label_file_spec,
    load_class_list_spec,
    load_label_set_spec,
)
from harness.specs.task import TaskSpec


def own_label_sets(catalogue: Catalogue, task: TaskSpec) -> list[LabelSetSpec]:
    """Load the specs of the label sets that a task names. Raises SpecError for one that is of other
    classes than the task.
    """
    own = [
        label_file_spec(task, name) if is_label_file(name) else load_label_set_spec(catalogue, name)
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
    return same_classes(
        one, load_class_list(load_class_list_spec(catalogue, task.class_list), task.name_set)
    )


def applies_to_none(catalogue: Catalogue, tasks: Sequence[TaskSpec], name: str) -> Problem:
    """Say that a `--label_set` is unknown, or that none of the tasks is over its classes."""
    known = catalogue.names(Kind.LABEL_SET)
    if name not in known:
        named = [each.label_set for task in tasks for each in own_label_sets(catalogue, task)]
        return unknown_name("--label_set", "label set", name, [*dict.fromkeys(named), *known])
    lists = dict.fromkeys(f"`{task.class_list}`" for task in tasks)
    return Problem(
        f"--label_set {name}",
        "applies to no task: it is of other classes",
        got=f"tasks of class list {', '.join(lists) or 'none: there is no task'}",
        expected=f"a task of class list `{load_label_set_spec(catalogue, name).class_list}`",
        fix="leave it out; for a class list of your own, write a label set YAML that names it",
    )


def mixed_equivalences(tasks: Sequence[TaskSpec], equivalences: str | None) -> Iterator[Problem]:
    """Say that a file of classes that count as one is given for tasks of several class lists: the
    same ids are other classes in another list.
    """
    lists = dict.fromkeys(task.class_list for task in tasks)
    if equivalences not in (None, "none") and len(lists) > 1:
        yield Problem(
            f"--equivalences {equivalences}",
            "is of the ids of one class list, and the tasks have several",
            got=", ".join(f"`{name}`" for name in lists),
            fix="give the command for the tasks of one class list; `equivalences` in a task's YAML "
            "says it for that task alone",
        )
