"""Several runs in one picture or table: what each is called; label sets that all must have."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import takewhile

from harness.errors import DataError, Problem, UserError, unknown_name
from harness.scores.results import Results


def named(result: Results) -> str:
    """Say which run results are of."""
    return f"{result.model} on {result.task}"


def told_apart(task: str, tasks: Iterable[str]) -> str:
    """Give what tells a task from others: its name without the words with which all begin."""
    words = [each.split("_") for each in tasks]
    same = takewhile(lambda each: len(set(each)) == 1, zip(*words, strict=False))
    begins = min(len(list(same)), *(len(each) - 1 for each in words))
    return "_".join(task.split("_")[begins:])


def run_names(results: Sequence[Results], settings: Sequence[Sequence[str]]) -> list[str]:
    """Give each run a name of its own: the model, with the task where runs are of one model, with
    the settings of each run where they are on one task too, with a number where all is the same.
    """
    names = [each.model for each in results]
    with_task = [named(each) for each in results]
    with_all = [
        f"{name}, {', '.join(own)}" if own else name
        for name, own in zip(with_task, settings, strict=True)
    ]
    for longer in (with_task, with_all):
        counts = Counter(names)
        names = [
            more if counts[name] > 1 else name for name, more in zip(names, longer, strict=True)
        ]
    return list(_numbered(names))


def told_by_settings(
    results: Sequence[Results], settings: Sequence[Sequence[str]]
) -> list[Results]:
    """Give results for tables, in which the rows of each are told from those of others: where
    several are of one model, task and part of the images, the model's name has the settings that
    not all of these runs have, and a number where these are the same too.
    """
    alike: dict[object, list[int]] = defaultdict(list)
    for place, each in enumerate(results):
        alike[each.model, each.task, str(each.sample), each.blank_images].append(place)
    models = [each.model for each in results]
    for places in (each for each in alike.values() if len(each) > 1):
        common = set[str].intersection(*(set(settings[place]) for place in places))
        own = [[word for word in settings[place] if word not in common] for place in places]
        names = (", ".join([models[place], *more]) for place, more in zip(places, own, strict=True))
        for place, name in zip(places, _numbered(list(names)), strict=True):
            models[place] = name
    return [
        each if each.model == model else each.model_copy(update={"model": model})
        for each, model in zip(results, models, strict=True)
    ]


def _numbered(names: Sequence[str]) -> Iterator[str]:
    counts, seen = Counter(names), Counter[str]()
    for name in names:
        seen[name] += 1
        yield f"{name} ({seen[name]})" if counts[name] > 1 else name


def last_label_set(result: Results) -> str | None:
    """Give the last label set that is not the original one, else that; None where there is none."""
    infos = result.label_sets
    others = [name for name, info in infos.items() if not info.original]
    return next(reversed(others or list(infos)), None)


def label_set_of_all(results: Sequence[Results], chosen: str | None) -> str:
    """Give the chosen label set, else the first run's last one. Raises as `check_label_sets`."""
    name = chosen or last_label_set(results[0])
    if name is None:
        fix = "score the run by a label set: harness score RUN --label_set NAME=PATH"
        raise UserError(Problem(f"plot of {named(results[0])}", "has no label set", fix=fix))
    check_label_sets(results, (name,))
    return name


def check_label_sets(results: Sequence[Results], names: Collection[str]) -> None:
    """Raise UserError for a label set that a run lacks, DataError where two runs have others."""
    first = results[0]
    for result, name in ((each, name) for each in results for name in names):
        if name not in result.label_sets:
            known = list(result.label_sets)
            raise UserError(unknown_name(f"plot of {named(result)}", "label set", name, known))
        if result.label_sets[name].digest != first.label_sets[name].digest:
            where = f"plot of {named(first)} and {named(result)}"
            what = f"their label sets `{name}` are different ones"
            fix = f"give both the same labels with --label_set {name}=PATH"
            raise DataError(Problem(where, what, expected="runs on the same labels", fix=fix))
