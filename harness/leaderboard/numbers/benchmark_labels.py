"""The labels of a benchmark as arrays over its images, and the rows of a run laid beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.data.classes import ClassList
from harness.data.labels.label_set import Labels, foreign
from harness.data.opened import OpenTask
from harness.errors import DataError, Problem
from harness.leaderboard.entries.entry import Entry, RunCase
from harness.leaderboard.numbers.benchmark import Benchmark, Difference
from harness.scores.answers import NO_CLASS, Answers, Bools, Ints, to_answers
from harness.scores.judgement import Judgement, judge, open_truths
from harness.scores.metrics import Group, Scope, group_rows
from harness.scores.provenance import describe_labels
from harness.scores.results import Protocol
from harness.scores.truth import Truth
from harness.store.prediction import Prediction

EXCLUSIVE: tuple[Group, ...] = ("N", "S+", "S-", "M+", "M-", "S", "M")
"""Groups of which an image has at most one; S and M are those without an original label."""
_CHANGED = ("N", "S-", "M+", "M-")
"""Those whose labels are not the original one alone."""
NO_GROUP = 255


@dataclass(frozen=True, slots=True)
class BenchmarkLabels:
    """One class list, its label sets, and the n images that any of them knows."""

    name: str
    classes: ClassList
    labels: Labels
    image_ids: tuple[str, ...]
    """Sorted."""
    truths: tuple[Truth, ...]
    """Of the n images, in the order of the label sets."""

    @property
    def original(self) -> Truth | None:
        """The data set's own labels, where one of the label sets is them."""
        pairs = zip(self.labels.sets, self.truths, strict=True)
        return next((truth for labels, truth in pairs if labels.original), None)

    @property
    def headline(self) -> Truth:
        """The labels that rank; the original ones where the task names no others."""
        labels = self.labels.headline or self.labels.named[0]
        return self.truths[self.labels.sets.index(labels)]

    @property
    def before(self) -> Truth | None:
        """The original labels, where other labels rank: what these are set against."""
        original = self.original
        return None if original is self.headline else original

    def home(self, truth: Truth) -> Ints:
        """Give the class [n] that each image is filed under; -1 for none."""
        original = self.original
        if original is None:
            return truth.lowest
        return np.where(original.lowest != NO_CLASS, original.lowest, truth.lowest)

    def group_masks(self, truth: Truth) -> dict[Group, Bools]:
        """Give the images [n] of each group under a label set, as if all were answered."""
        has_label = truth.n_labels > 0
        everywhere = Scope(
            truth.labelled & has_label,
            truth.labelled & ~has_label,
            np.zeros_like(has_label),
            self.home(truth),
        )
        return group_rows(truth, everywhere, self.original)

    def group_codes(self) -> tuple[tuple[Group, ...], Ints]:
        """Give the exclusive groups that there are, and each image's place [n] among them.

        An image that the headline labels do not know has 255.
        """
        masks = self.group_masks(self.headline)
        masks["S"] = masks["S"] & ~masks["S+"] & ~masks["S-"]
        masks["M"] = masks["M"] & ~masks["M+"] & ~masks["M-"]
        signed = self.original is not None
        groups = tuple(
            group
            for group in EXCLUSIVE
            if masks[group].any() or group == "N" or signed == (len(group) == 2)
        )
        codes = np.full(len(self.image_ids), NO_GROUP, dtype=np.int64)
        for code, group in enumerate(groups):
            codes[masks[group]] = code
        return groups, codes


def labels_of(name: str, opened: OpenTask) -> BenchmarkLabels:
    """Lay the label sets of a task out. The images are those of the label sets that it names.

    Raises DataError for label sets of different data sets, and where only such are here as were
    added on the command line, since nothing could rank then.
    """
    found = opened.labels
    if not found.named:
        what = "none of the label sets that it names is on this machine"
        fix = "say where one is with --label_set NAME=PATH"
        missing = ", ".join(found.missing)
        raise DataError(Problem(f"task `{opened.task.task}`", what, got=missing, fix=fix))
    label_sets = tuple(replace(each, source=_file_name(each.source)) for each in found.sets)
    equivalences = replace(found.equivalences, source=_file_name(found.equivalences.source))
    labels = replace(found, sets=label_sets, equivalences=equivalences)
    image_ids = tuple(sorted({image_id for each in found.named for image_id in each.labels}))
    return BenchmarkLabels(
        name=name,
        classes=opened.classes,
        labels=labels,
        image_ids=image_ids,
        truths=open_truths(labels, image_ids),
    )


def _file_name(source: str) -> str:
    """Leave out of a path the folders, which are this machine's."""
    return source.replace("\\", "/").rpartition("/")[2]


def labels_by_task(
    opened_tasks: Mapping[str, OpenTask], *, numbered: bool = False
) -> dict[str, BenchmarkLabels]:
    """Give every task, by name, its labels: one for all of one class list and equal label sets.

    They bear the name of the class list; where that would be the name of several, the first label
    set's is added. Where this does not keep them apart either they are `numbered`, or DataError is
    raised.
    """
    keys = {task: _key(opened) for task, opened in opened_tasks.items()}
    first: dict[tuple[object, ...], str] = {}
    for task, key in keys.items():
        first.setdefault(key, task)
    names = _names([opened_tasks[task] for task in first.values()], numbered)
    found = {
        key: labels_of(name, opened_tasks[task])
        for (key, task), name in zip(first.items(), names, strict=True)
    }
    return {task: found[key] for task, key in keys.items()}


def _key(opened: OpenTask) -> tuple[object, ...]:
    found = opened.labels
    return (
        opened.classes.name,
        opened.classes.ids,
        tuple((labels.name, labels.digest, labels.original, labels.added) for labels in found.sets),
        tuple(sorted(found.equivalences.representative.items())),
    )


def _names(opened_tasks: Sequence[OpenTask], numbered: bool) -> list[str]:
    lists = [opened.classes.name for opened in opened_tasks]
    names = [
        name if lists.count(name) == 1 else f"{name}.{opened.labels.sets[0].name}"
        for name, opened in zip(lists, opened_tasks, strict=True)
    ]
    if numbered:
        return [
            f"{name}.{place}" if names.count(name) > 1 else name for place, name in enumerate(names)
        ]
    if len(set(names)) < len(names):
        tasks = ", ".join(f"`{opened.task.task}`" for opened in opened_tasks)
        what = "have one class list and label sets of one name, but not the same labels"
        fix = "give their label sets names of their own, or build two sites"
        raise DataError(Problem(f"tasks {tasks}", what, fix=fix))
    return names


def describe(
    benchmark: BenchmarkLabels, images: str | None, pictures: Mapping[str, str] | None = None
) -> Benchmark:
    """Give what the site says of a benchmark; `images` and `pictures` are those of `Benchmark`."""
    pairs = zip(benchmark.labels.sets, benchmark.truths, strict=True)
    masks = benchmark.group_masks(benchmark.headline)
    return Benchmark(
        name=benchmark.name,
        classes=benchmark.classes,
        image_ids=benchmark.image_ids,
        label_sets={labels.name: describe_labels(labels, truth) for labels, truth in pairs},
        original=benchmark.original.name if benchmark.original else None,
        headline=benchmark.headline.name,
        groups={group: int(mask.sum()) for group, mask in masks.items()},
        exclusive=benchmark.group_codes()[0],
        differences=tuple(_differences(benchmark)),
        images=images,
        pictures=pictures or {},
    )


def _differences(benchmark: BenchmarkLabels) -> list[Difference]:
    """List the images where a label is added, replaced or taken away, by image id."""
    original, headline = benchmark.before, benchmark.headline
    if original is None:
        return []
    labels = {each.name: each.labels for each in benchmark.labels.sets}
    groups, codes = benchmark.group_codes()
    found = []
    for place in np.flatnonzero((codes != NO_GROUP) & (original.n_labels > 0)):
        group = groups[codes[place]]
        if group in _CHANGED:
            image_id = benchmark.image_ids[place]
            before, after = labels[original.name][image_id], labels[headline.name][image_id]
            found.append(Difference(image_id, tuple(sorted(before)), tuple(sorted(after)), group))
    return found


@dataclass(frozen=True, slots=True)
class LaidRun:
    """The rows, sorted by image id, and what the labels say of them."""

    entry: Entry
    case: RunCase
    benchmark: BenchmarkLabels
    rows: Sequence[Prediction]
    answers: Answers
    judged: tuple[Judgement, ...]
    rows_here: Ints
    """The rows whose image the benchmark has, …"""
    places: Ints
    """… and their places among its images."""

    def _under(self, name: str) -> Judgement:
        return next(each for each in self.judged if each.truth.name == name)

    @property
    def headline(self) -> Judgement:
        """The answers under the labels that rank."""
        return self._under(self.benchmark.headline.name)

    @property
    def original(self) -> Judgement | None:
        """The answers under the original labels, unless these are the headline."""
        before = self.benchmark.before
        return self._under(before.name) if before else None

    def spread(self, values: NDArray[Any], fill: Any = False) -> NDArray[Any]:
        """Lay values of the rows out over the benchmark's n images."""
        spread = np.full(len(self.benchmark.image_ids), fill, dtype=values.dtype)
        spread[self.places] = values[self.rows_here]
        return spread


def lay(entry: Entry, case: RunCase, benchmark: BenchmarkLabels) -> LaidRun:
    """Lay the rows of a run out. Raises DataError when none is of the benchmark's images."""
    where = f"entry `{entry.name}`, task `{case.run.task}`"
    rows = sorted(case.rows, key=lambda row: row.image_id)
    answers = to_answers(rows, case.opened.classes, where)
    truths = benchmark.truths if answers.image_ids == benchmark.image_ids else None
    # A task of cw_plus has no board of cw, and yet results under both.
    both: tuple[Protocol, ...] = ("cw", "cw_plus")
    protocols = both if "cw_plus" in case.run.protocols else case.run.protocols
    judged = judge(answers, benchmark.labels, protocols, truths)
    index = {image_id: place for place, image_id in enumerate(benchmark.image_ids)}
    places = np.array([index.get(each, -1) for each in answers.image_ids], dtype=np.int64)
    here = np.flatnonzero(places >= 0)
    if rows and not len(here):
        raise DataError(foreign(benchmark.labels.sets[0], answers.image_ids))
    return LaidRun(entry, case, benchmark, rows, answers, judged, here, places[here])
