"""Two runs on their common images, label set by label set (`harness compare`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.data.labels.label_set import Equivalences, LabelSet
from harness.errors import DataError, Problem, SpecError, unknown_name
from harness.runs.reopen import OpenRun
from harness.scores.compare import Comparison, Side, compare, with_holm
from harness.specs.task import PARTS, WHERE_IMAGES_ARE
from harness.store.manifest import Manifest

_NO_MATTER = WHERE_IMAGES_ARE | {"task", "metadata", *PARTS}
"""Keys of a task in which two runs that were asked alike may differ."""


@dataclass(frozen=True, slots=True)
class RunComparison:
    """What two runs have in common, and how they differ under each label set."""

    n_a: int
    n_b: int
    n_common: int
    """Images that are in both runs."""
    comparisons: tuple[Comparison, ...]
    differing: tuple[str, ...] = ()
    """Settings in which the runs were not asked, or their answers not mapped, alike: keys of the
    task, `class names`, `mapping`."""

    def to_json(self) -> dict[str, Any]:
        """Give JSON values; accuracies in percent."""
        return {
            "n_a": self.n_a,
            "n_b": self.n_b,
            "n_common": self.n_common,
            "differing": list(self.differing),
            "comparisons": [each.to_json() for each in self.comparisons],
        }


def compare_runs(a: OpenRun, b: OpenRun, names: Sequence[str] = ()) -> RunComparison:
    """Compare run b with run a, each under its own protocol, on the images that both have.

    `names` are the label sets, by default all that both tasks have; Holm's correction is for
    their number. Raises DataError for runs over different classes, without a common image, or
    whose tasks count different classes as one; SpecError for a label set that one of them lacks.
    """
    where = f"{a.path} and {b.path}"
    _check_classes(a, b, where)
    equivalences = _same_equivalences(a, b, where)
    ids_a, ids_b = ({row.image_id for row in run.rows} for run in (a, b))
    if not ids_a & ids_b:
        got = f"`{min(ids_a, default='nothing')}`, … and `{min(ids_b, default='nothing')}`, …"
        raise DataError(Problem(where, "no image is in both runs", got))
    common = _common_label_sets(a, b, where, names)
    original = next((labels for labels in a.opened.labels.sets if labels.original), None)
    sides = _sides(a, b)
    found = [compare(*sides, labels, equivalences, original) for labels in common]
    counts = (len(ids_a), len(ids_b), len(ids_a & ids_b))
    return RunComparison(*counts, with_holm(found), _differing(a.manifest, b.manifest))


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


def _common_label_sets(a: OpenRun, b: OpenRun, where: str, names: Sequence[str]) -> list[LabelSet]:
    mine, theirs = (run.opened.labels.sets for run in (a, b))
    known = [labels.name for labels in mine if labels.name in {each.name for each in theirs}]
    if not known:
        got = " and ".join(", ".join(each.name for each in sets) for sets in (mine, theirs))
        raise DataError(Problem(where, "the runs have no label set in common", got))
    strange = [name for name in names if name not in known]
    if strange:
        raise SpecError(unknown_name("--label_set", "label set of both runs", strange[0], known))
    return [labels for labels in mine if labels.name in (names or known)]


def _sides(a: OpenRun, b: OpenRun) -> tuple[Side, Side]:
    """Name the runs by what tells them apart: the model; the task too where it is another one; else
    the path.
    """
    pair: tuple[str, ...] = (a.manifest.model, b.manifest.model)
    if a.manifest.task != b.manifest.task:
        pair = tuple(f"{run.manifest.model} on {run.manifest.task}" for run in (a, b))
    elif pair[0] == pair[1]:
        pair = (str(a.path), str(b.path))
    one, two = (
        Side(name, run.opened.task.protocol, run.rows)
        for name, run in zip(pair, (a, b), strict=True)
    )
    return one, two


def _check_classes(a: OpenRun, b: OpenRun, where: str) -> None:
    one, two = a.opened.classes, b.opened.classes
    if one.name != two.name or one.ids != two.ids:
        got = f"`{one.name}` ({len(one)} classes) and `{two.name}` ({len(two)} classes)"
        what = "the runs are over different class lists"
        raise DataError(Problem(where, what, got, "one class list; its name sets may differ"))


def _same_equivalences(a: OpenRun, b: OpenRun, where: str) -> Equivalences:
    one, two = a.opened.labels.equivalences, b.opened.labels.equivalences
    if dict(one.representative) != dict(two.representative):
        raise DataError(
            Problem(
                where,
                "the tasks of the runs count different classes as one",
                got=f"{one.source} and {two.source}",
                fix="say what holds for both with --equivalences none|FILE",
            )
        )
    return one
