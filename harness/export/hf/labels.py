"""Which label sets and classes may be in the dataset, by their licence; and their files."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.data.classes import ClassList
from harness.data.labels.label_set import Equivalences, LabelSet
from harness.data.labels.of_task import Overrides
from harness.data.opened import OpenTask
from harness.errors import DataError, Problem, UserError
from harness.export.hf.runs import ExportRun, file_name
from harness.export.hf.tables import write_classes, write_labels
from harness.runs.reopen import reopen, share_among_runs
from harness.scores.results import ClassListInfo, EquivalencesInfo, LabelSetInfo
from harness.specs.catalogue import Catalogue
from harness.specs.label_set import License
from harness.specs.load import is_label_file, load_label_set_spec

NO_LICENSE = "no licence that allows to pass it on"
_NOT_HERE = "not on the machine that exported; `--label_set` points to it"
_OTHER_FILE = "a file of its user's own, and not the one that the licence is known of"


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """What became of a label set that runs were scored by."""

    name: str
    class_list: str
    info: LabelSetInfo
    license: License | None
    left_out: str | None
    """Why its labels are not in the dataset; None where they are."""
    only_here: str | None = None
    """Why they may be in it for local use alone; None where they may be passed on, or are not."""


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """A class list, and what is known of the classes that count as one."""

    info: ClassListInfo
    n_groups: int
    """How many groups of classes count as one."""
    known: bool
    """Whether the dataset says which: where they come from label sets that are in it."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What the runs have in common."""

    label_sets: tuple[LabelFacts, ...]
    class_lists: tuple[ClassFacts, ...]

    @property
    def exported(self) -> tuple[LabelFacts, ...]:
        """The label sets that are in the dataset."""
        return tuple(each for each in self.label_sets if each.left_out is None)

    @property
    def passed_on(self) -> tuple[LabelFacts, ...]:
        """Those of them that may be passed on."""
        return tuple(each for each in self.exported if each.only_here is None)


@dataclass(frozen=True, slots=True)
class _Classes:
    """A class list, and the groups that exported label sets over it bring."""

    classes: ClassList
    info: ClassListInfo
    equivalences: EquivalencesInfo
    groups: list[frozenset[int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Admission:
    """Decides by their licences which label sets may be in what is exported."""

    catalogue: Catalogue
    overrides: Overrides
    is_local: bool
    """Whether it is for local use, and may hold what may not be passed on."""

    def facts_of(
        self, run: ExportRun, opened: OpenTask, name: str
    ) -> tuple[LabelFacts, LabelSet | None]:
        """Decide by the licence in the label set's YAML; a label file of a task's has none. Give
        the labels too, where they may be in it. Raises DataError where they are not those that the
        run was scored by.
        """
        labels = next((each for each in opened.labels.sets if each.name == name), None)
        files = {Path(each).stem for each in opened.task.label_sets if is_label_file(each)}
        spec = None if name in files else load_label_set_spec(self.catalogue, name)
        license = spec.license if spec else None
        withheld = None
        if spec is None or license is None:
            withheld = NO_LICENSE
        elif labels is not None and self.overrides.label_sets.get(name):
            withheld = _OTHER_FILE if labels.digest != spec.sha256 else None
        left_out = None if self.is_local else withheld
        if labels is None:
            left_out = left_out or _NOT_HERE
        elif left_out is None:
            _check_digest(run, labels)
        only_here = withheld if left_out is None else None
        info = run.results.label_sets[name]
        facts = LabelFacts(name, opened.classes.name, info, license, left_out, only_here)
        return facts, labels if left_out is None else None


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes what runs have in common, once."""

    admission: Admission
    folder: Path
    label_sets: dict[str, LabelFacts] = field(default_factory=dict)
    class_lists: dict[str, _Classes] = field(default_factory=dict)

    def add(self, run: ExportRun) -> None:
        """Write the label sets of a run that are not written yet."""
        results = run.results
        new = [name for name in results.label_sets if name not in self.label_sets]
        if not new and results.class_list.name in self.class_lists:
            return
        opened = reopen(self.admission.catalogue, run.path, self.admission.overrides)
        known = _Classes(opened.classes, results.class_list, results.equivalences)
        classes = self.class_lists.setdefault(results.class_list.name, known)
        for name in new:
            self.label_sets[name], labels = self.admission.facts_of(run, opened, name)
            if labels is not None:
                classes.groups.extend(labels.equivalence_groups)
                path = self.folder / "labels" / f"{file_name(name)}.parquet"
                write_labels(path, labels, opened.classes)

    def write_classes(self, name: str) -> ClassFacts:
        """Write a class list of the runs that were added."""
        found = self.class_lists[name]
        merged = Equivalences.from_groups("", found.equivalences.groups)
        brought = Equivalences.from_groups("", found.groups)
        known = not merged.representative or merged == brought
        path = self.folder / "classes" / f"{file_name(name)}.parquet"
        write_classes(path, found.classes, merged if known else None)
        return ClassFacts(found.info, len(found.equivalences.groups), known)


def admission_of(
    catalogue: Catalogue, runs: Sequence[ExportRun], overrides: Overrides, is_local: bool
) -> Admission:
    """Give the admission for these runs, each of which takes the overrides that apply to its task.

    Raises UserError for a `--label_set` that no run was scored by.
    """
    scored = {name for run in runs for name in run.results.label_sets}
    for name in sorted(overrides.label_sets.keys() - scored):
        path = overrides.label_sets[name]
        fix = f"harness score RUN --label_set {name}" + (f"={path}" if path else "")
        what = f"no run was scored by label set `{name}`"
        raise UserError(Problem("--label_set", what, expected=", ".join(sorted(scored)), fix=fix))
    shared = share_among_runs(catalogue, [run.path for run in runs], overrides)
    return Admission(catalogue, shared, is_local)


def write_shared(admission: Admission, runs: Sequence[ExportRun], folder: Path) -> Shared:
    """Write `labels/*.parquet` and `classes/*.parquet`; one task's labels are in memory at a time.

    Raises DataError when labels or classes are not those that a run was scored by.
    """
    writer = _Writer(admission, folder)
    for run in runs:
        writer.add(run)
    classes = tuple(writer.write_classes(name) for name in sorted(writer.class_lists))
    return Shared(tuple(each for _, each in sorted(writer.label_sets.items())), classes)


def _check_digest(run: ExportRun, labels: LabelSet) -> None:
    expected = run.results.label_sets[labels.name].digest
    if labels.digest != expected:
        what = f"was scored by other labels of `{labels.name}` than are here now"
        got, fix = f"sha256 {labels.digest}", f"harness score {run.path}"
        raise DataError(Problem(str(run.path), what, got, f"sha256 {expected}", fix))
