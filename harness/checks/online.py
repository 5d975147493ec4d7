"""`harness check --online`: are the data sets on the hub those that the tasks mean."""

import contextlib
from collections.abc import Sequence

from harness.data.class_names import match_names, written
from harness.data.classes import ClassList
from harness.data.images.pixels import ImageError
from harness.data.images.source import dataset_location
from harness.data.labels.of_task import own_label_sets
from harness.data.opened import task_classes
from harness.errors import UserError
from harness.runs.preflight import Finding, shown
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.specs.task import TaskSpec
from harness.words import listed

_SHOWN = 5


def hub_tasks(
    catalogue: Catalogue, names: Sequence[str], settings: Sequence[str]
) -> dict[str, TaskSpec]:
    """Give one task for each data set on the hub that the tasks are on, by the data set's id, its
    configuration and split. A task that cannot be read is left to its own check.
    """
    found: dict[str, TaskSpec] = {}
    for name in names:
        with contextlib.suppress(UserError):
            task = load_task(catalogue, name, settings)
            if isinstance(dataset_location(task), str):
                parts = (task.dataset_path, task.dataset_name, task.test_split)
                found.setdefault(" ".join(filter(None, parts)), task)
    return found


def check_online(catalogue: Catalogue, task: TaskSpec) -> Finding:
    """Say in a line whether the data set of a task is on the hub, with its revision, its number of
    images, its class names by name, and a first image that can be read.
    """
    from harness.data.images.hub import look_at_hub  # imports `datasets`: a second

    try:
        classes = task_classes(catalogue, task)
        copy = look_at_hub(task, _label_column(catalogue, task))
    except (UserError, ImageError) as error:
        return Finding("error", "hub", str(error))
    pinned = "as pinned" if task.revision else "not pinned"
    is_off, size = _compare_size(copy.n, task.metadata.images)
    wrong, said = compare_names(copy.names, copy.first_label, classes)
    first = f"first image {copy.first.width}x{copy.first.height}"
    text = f"commit {copy.commit}, {pinned}; {size}; {said}; {first}"
    return Finding("error" if wrong or is_off else "ok", "hub", text)


def _label_column(catalogue: Catalogue, task: TaskSpec) -> str:
    """Give the column of the task's original labels; where they are a file, the images' column."""
    own = own_label_sets(catalogue, task)
    found = (each.column for each in own if each.format == "column")
    return next(filter(None, found), task.doc_to_visual)


def _compare_size(n: int | None, expected: int | None) -> tuple[bool, str]:
    if n is None:
        return False, "the card does not say how many images"
    if expected in (None, n):
        return False, f"{n:,} images"
    return True, f"{n:,} images, where {expected:,} were expected"


def compare_names(
    names: Sequence[str] | None, first: object, classes: ClassList
) -> tuple[bool, str]:
    """Compare the names of a data set's label column with a class list, by name.

    Gives whether classes are missing, and what differs in words. Where numbers have no names, the
    `first` label is looked at: a text is a name.
    """
    if names is None and isinstance(first, str):
        found = match_names([(first,)], classes, [None]).found[0]
        text = f"names as texts, of which the first, `{shown(first)}`, "
        return found is None, text + ("means no class" if found is None else f"is class {found}")
    if names is None:
        return False, "no names of classes in it"
    own = [number if number in classes.by_id else None for number in range(len(names))]
    match = match_names([(name,) for name in names], classes, own)
    missing = sorted(set(classes.ids) - set(match.found))
    if missing:
        ours = [f"`{shown(classes.by_id[each].name)}` ({each})" for each in missing]
        theirs = listed(match.unknown(), _SHOWN)
        return True, (
            f"{len(missing)} of our {len(classes)} classes are none of its {len(names)} names: "
            f"{listed(ours, _SHOWN)}; names that mean no class: {theirs or '-'}"
        )
    moved = [place for place in match.places if match.found[place] != match.own[place]]
    if not moved:
        return False, f"{len(names)} names, in our order"
    place = moved[0]
    return False, (
        f"{len(names)} names, {len(moved)} in another order: {written(match.names[place])} is "
        f"{place} there and {match.found[place]} here"
    )
