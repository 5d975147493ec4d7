"""From names of tasks, groups and tags to the tasks that they stand for."""

from collections.abc import Sequence

from harness.errors import Problem, SpecError, UserError
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.load import load_group, load_task

_MOST_GROUPS = 20
"""So deep may groups stand in each other."""


def expand_tasks(catalogue: Catalogue, names: Sequence[str]) -> list[str]:
    """Give the tasks of names, groups and tags, each once, in order. Raises SpecError for no name,
    for unknown ones, all of them, and for groups that name each other.
    """
    if not names:
        raise SpecError(Problem("tasks", "none is named", fix="`harness list tasks` names them"))
    return list(dict.fromkeys(_expanded(catalogue, names, (), set())))


def _expanded(
    catalogue: Catalogue, names: Sequence[str], within: tuple[str, ...], done: set[str]
) -> list[str]:
    """Give the tasks of names that stand in groups `within`; groups that are `done` add nothing."""
    known = {*catalogue.names(Kind.TASK), *catalogue.names(Kind.GROUP)}
    tagged = {} if known.issuperset(names) else _tasks_by_tag(catalogue)
    found: list[str] = []
    problems: list[Problem] = []
    for name in names:
        if name in catalogue.names(Kind.GROUP):
            found += _of_group(catalogue, name, within, done)
        elif name in tagged:
            found += tagged[name]
        else:
            try:
                catalogue.find(Kind.TASK, name)
                found.append(name)
            except SpecError as error:
                problems += error.problems
    if problems:
        raise SpecError(problems)
    return found


def _of_group(
    catalogue: Catalogue, name: str, within: tuple[str, ...], done: set[str]
) -> list[str]:
    if name in within or len(within) > _MOST_GROUPS:
        chain = " -> ".join((*within, name))
        what = "go round in a circle" if name in within else "stand too deep in each other"
        fix = f"take `{name}` out of `{within[-1]}`"
        raise SpecError(Problem(f"group `{within[0]}`", f"groups {what}", chain, fix=fix))
    if name in done:
        return []
    done.add(name)
    return _expanded(catalogue, load_group(catalogue, name).task, (*within, name), done)


def _tasks_by_tag(catalogue: Catalogue) -> dict[str, list[str]]:
    tagged: dict[str, list[str]] = {}
    for name in catalogue.names(Kind.TASK):
        try:
            tags = load_task(catalogue, name).tag
        except UserError:
            continue  # a broken task of the user's must not break the others
        for tag in tags:
            tagged.setdefault(tag, []).append(name)
    return tagged
