"""Runs on their common images, two by two, label set by label set (`harness compare`)."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.data.labels.label_set import LabelSet
from harness.errors import DataError, Problem, SpecError, UserError, unknown_name
from harness.runs.reopen import OpenRun
from harness.scores.compare import Comparison, Side, compare_all, with_holm
from harness.scores.results import Protocol
from harness.specs.task import PARTS, WHERE_IMAGES_ARE
from harness.store.manifest import Manifest

_NO_MATTER = WHERE_IMAGES_ARE | {"task", "metadata", *PARTS}
"""Keys of a task in which two runs that were asked alike may differ."""


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """One of the runs, with the name by which the comparisons call it."""

    name: str
    path: str
    task: str
    protocol: Protocol
    n: int
    """Its images."""


@dataclass(frozen=True, slots=True)
class RunComparison:
    """What runs have in common, and how every two of them differ under each label set."""

    runs: tuple[ComparedRun, ...]
    n_common: int
    """Images that are in all runs."""
    by_label_set: tuple[tuple[Comparison, ...], ...]
    """For each label set all pairs of runs, (0, 1), (0, 2), … ."""
    differing: tuple[str, ...] = ()
    """Settings in which any of the runs were not asked, or their answers not mapped, alike: keys of
    the task, `class names`, `mapping`."""

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """All comparisons."""
        return tuple(each for pairs in self.by_label_set for each in pairs)

    @property
    def first_to_last(self) -> tuple[Comparison, ...]:
        """The last run against the first, under each label set."""
        return tuple(pairs[len(self.runs) - 2] for pairs in self.by_label_set)

    def to_json(self) -> dict[str, Any]:
        """Give JSON values; accuracies in percent. Two runs are `a` and `b`; more are a list."""
        if len(self.runs) == 2:
            a, b = self.runs
            runs: dict[str, Any] = {"a": a.path, "b": b.path, "n_a": a.n, "n_b": b.n}
        else:
            runs = {"runs": [asdict(each) for each in self.runs]}
        return {
            **runs,
            "n_common": self.n_common,
            "differing": list(self.differing),
            "comparisons": [each.to_json() for each in self.comparisons],
        }


def compare_runs(runs: Sequence[OpenRun], names: Sequence[str] = ()) -> RunComparison:
    """Compare every two of at least two runs, each under its own protocol, on the images that all
    have.

    `names` are the label sets, by default those that all tasks have. Holm's correction is, for two
    runs, for the number of label sets; for more, under each label set, for the number of pairs.
    Raises DataError for runs over different classes, without a common image, or whose tasks count
    different classes as one, or have other labels of these images under one name; SpecError for a
    label set that one of them lacks; UserError for one of more than two runs that is named twice.
    """
    paths = [str(run.path) for run in runs]
    where = " and ".join(paths) if len(runs) == 2 else ", ".join(paths)
    _check_alike(runs)
    ids = [{row.image_id for row in run.rows} for run in runs]
    common = set.intersection(*ids)
    if not common:
        got = " and ".join(f"`{min(each, default='nothing')}`, …" for each in ids)
        which = "both runs" if len(runs) == 2 else "all of the runs"
        fix = "compare runs that answered some of the same images"
        raise DataError(Problem(where, f"no image is in {which}", got, fix=fix))
    sets = _common_label_sets(runs, where, names)
    for run in runs[1:]:
        _check_same_labels(runs[0], run, sets, common)
    first = runs[0].opened.labels
    original = next((labels for labels in first.sets if labels.original), None)
    compared = tuple(
        ComparedRun(name, str(run.path), run.manifest.task, run.opened.task.protocol, len(images))
        for name, run, images in zip(_names(runs), runs, ids, strict=True)
    )
    sides = [Side(a.name, a.protocol, run.rows) for a, run in zip(compared, runs, strict=True)]
    found = [compare_all(sides, each, first.equivalences, original) for each in sets]
    return RunComparison(compared, len(common), _with_holm(found), _all_differing(runs))


def _with_holm(found: Sequence[Sequence[Comparison]]) -> tuple[tuple[Comparison, ...], ...]:
    if all(len(pairs) == 1 for pairs in found):
        return tuple((each,) for each in with_holm([pair for pairs in found for pair in pairs]))
    return tuple(map(with_holm, found))


def refuse_twice(paths: Sequence[Path]) -> None:
    """Raise UserError for a run that is named twice."""
    counts = Counter(path.resolve() for path in paths)
    twice = next((path for path in paths if counts[path.resolve()] > 1), None)
    if twice is not None:
        raise UserError(Problem(str(twice), "is named twice", fix="name each run once"))


def _check_alike(runs: Sequence[OpenRun]) -> None:
    first, *others = runs
    if len(runs) > 2:
        refuse_twice([run.path for run in runs])
    for other in others:
        where = f"{first.path} and {other.path}"
        check_same_classes(first, other, where)
        check_same_equivalences(first, other, where)


def _all_differing(runs: Sequence[OpenRun]) -> tuple[str, ...]:
    found = (_differing(runs[0].manifest, run.manifest) for run in runs[1:])
    return tuple(dict.fromkeys(name for each in found for name in each))


def _differing(a: Manifest, b: Manifest) -> tuple[str, ...]:
    """Name the settings that differ, but for the task's name and where its images are."""
    tasks = (
        {key: value for key, value in each.identity.task.items() if key not in _NO_MATTER}
        for each in (a, b)
    )
    one, two = (
        each.identity.model_copy(
            update={
                **{"task": task, "model": {}, "data": "", "options": None, "adapter": 1},
                **{"order": 1, "prompt": None, "contents": None},
            }
        )
        for each, task in zip((a, b), tasks, strict=True)
    )
    keys = [text.partition(":")[0].removeprefix("task.") for text in one.differences(two)]
    named = ["class names" if key == "class_list" else key for key in keys]
    mapped = a.mapping is not None and b.mapping is not None
    return (*named, *(["mapping"] if mapped and a.mapping != b.mapping else []))


def _common_label_sets(runs: Sequence[OpenRun], where: str, names: Sequence[str]) -> list[LabelSet]:
    every = [run.opened.labels.sets for run in runs]
    common = set.intersection(*({each.name for each in sets} for sets in every))
    known = [labels.name for labels in every[0] if labels.name in common]
    if not known:
        got = " and ".join(", ".join(each.name for each in sets) for sets in every)
        fix = "--label_set NAME=PATH scores both by one label set"
        raise DataError(Problem(where, "the runs have no label set in common", got, fix=fix))
    strange = [name for name in names if name not in known]
    if strange:
        kind = f"label set of {'both' if len(runs) == 2 else 'all'} runs"
        raise SpecError(unknown_name("--label_set", kind, strange[0], known))
    return [labels for labels in every[0] if labels.name in (names or known)]


def _check_same_labels(
    first: OpenRun, other: OpenRun, sets: Sequence[LabelSet], images: Collection[str]
) -> None:
    """Raise DataError where a label set of the same name has other labels of these images: the
    numbers would depend on which run is named first.
    """
    theirs = {labels.name: labels.labels for labels in other.opened.labels.sets}
    for labels in sets:
        own, second = labels.labels, theirs[labels.name]
        differing = sorted(each for each in images if own.get(each) != second.get(each))
        if differing:
            where = f"{first.path} and {other.path}"
            what = f"their label sets `{labels.name}` are different ones"
            got = f"other labels of {len(differing)} of {len(images)} common images, as "
            got += f"`{differing[0]}`"
            fix = f"give both the same labels with --label_set {labels.name}=PATH"
            raise DataError(Problem(where, what, got, "runs on the same labels", fix))


def _names(runs: Sequence[OpenRun]) -> list[str]:
    """Name runs by their models, and tasks where these differ; else by their paths."""
    names = [run.manifest.model for run in runs]
    if len({run.manifest.task for run in runs}) > 1:
        names = [f"{run.manifest.model} on {run.manifest.task}" for run in runs]
    return names if len(set(names)) == len(names) else [str(run.path) for run in runs]


def check_same_classes(a: OpenRun, b: OpenRun, where: str) -> None:
    """Raise DataError for runs over different class lists; their name sets may differ."""
    one, two = a.opened.classes, b.opened.classes
    if one.name != two.name or one.ids != two.ids:
        got = f"`{one.name}` ({len(one)} classes) and `{two.name}` ({len(two)} classes)"
        what = "the runs are over different class lists"
        fix = "compare runs over one class list; its name sets may differ"
        raise DataError(Problem(where, what, got, fix=fix))


def check_same_equivalences(a: OpenRun, b: OpenRun, where: str) -> None:
    """Raise DataError for runs whose tasks count different classes as one."""
    one, two = a.opened.labels.equivalences, b.opened.labels.equivalences
    if dict(one.representative) != dict(two.representative):
        what = "the tasks of the runs count different classes as one"
        fix = "say what holds for both with --equivalences none|FILE"
        raise DataError(Problem(where, what, f"{one.source} and {two.source}", fix=fix))
