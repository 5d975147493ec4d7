"""`study.json`, what a study found: accuracies in percent, differences and ranges in points."""

from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError

from harness.errors import DataError, Problem, faults_of
from harness.scores.result_parts import Placed, Relation, RelationShare
from harness.scores.results import Interval, Part, Percent, Protocol, PValue
from harness.scores.statistics import ALPHA
from harness.store.lines import read_json, write_json

SCHEMA_VERSION: Final = 1
FILE = "study.json"


class LevelEffect(Part):
    """One level of a factor, on the images that all levels of the factor have."""

    level: str
    """As a person reads it: the value in the YAML, or `as in the task`."""
    run: str | None
    """The run that its answers are of, relative to the folder of the runs."""
    protocol: Protocol
    n: int
    """Images that count for its accuracy."""
    n_right: int
    accuracy: Percent | None
    ci95: Interval | None
    """Whole classes redrawn."""
    oop: Percent | None
    """Share of the answers that are out of prompt."""
    is_baseline: bool
    delta: Percent | None
    """Accuracy less that of the baseline level; null for the baseline itself, and for seeds."""
    delta_ci95: Interval | None
    """Whole classes redrawn, both levels by the same draws."""
    only_baseline: int | None
    """Images that only the baseline level has right."""
    only_level: int | None
    flips: int | None
    """Images whose class answered is another one than the baseline's."""
    p_mcnemar: PValue | None
    """Exact, two-sided; null where the two levels do not count the same images."""
    p_holm: PValue | None
    """After Holm's correction for all levels of the study under this label set."""


class SeedSpread(Part):
    """Accuracy over runs that differ in a seed alone."""

    n: int
    mean: Percent
    deviation: Percent | None
    ci95: Interval | None
    """Of the mean: Student's t with n - 1 degrees of freedom."""


class FactorEffect(Part):
    """What one factor does to the score of one model under one label set."""

    factor: str
    """The key of the task, `labels`, `matching`, `equivalences`, `mapping`, `out_of_prompt`."""
    model: str
    label_set: str
    """The label set that counts; of the factor `labels`, the last one of its levels."""
    held: str
    """What else is not as in the task, as `images_per_prompt=4`; empty for nothing."""
    from_rows: bool
    """Whether its levels are computed from the answers of one run, and ask the model nothing."""
    levels: tuple[LevelEffect, ...]
    n_left_out: int
    """Images that are not in all levels, have no label, or failed in one."""
    n_least: int = 0
    """Images that the level with the fewest scores, which need not be in all levels."""
    range: Percent | None
    """The highest accuracy less the lowest."""
    range_ci95: Interval | None
    """Whole classes redrawn, all levels by the same draws. See `range_interval`."""
    p_cochran: PValue | None
    """Of seeds, Cochran's Q: that all are right equally often. Null for other levels, which may be
    near copies of each other, for which Q is no test; and where they do not count the same
    images."""
    seeds: SeedSpread | None
    """Where the levels are seeds."""

    @property
    def title(self) -> str:
        """Its name with what else is not as in the task: `image_order (images_per_prompt=4)`."""
        return f"{self.factor} ({self.held})" if self.held else self.factor

    @property
    def extremes(self) -> tuple[LevelEffect, LevelEffect] | None:
        """The levels of the lowest and of the highest accuracy; None where no level has one."""
        levels = [each for each in self.levels if each.accuracy is not None]
        if not levels:
            return None
        low, high = (choose(levels, key=lambda each: each.accuracy or 0) for choose in (min, max))
        return low, high

    @property
    def p_value(self) -> float | None:
        """That nothing moves: of seeds Cochran's Q; else the smallest of the levels against the
        baseline, after Holm's correction for all levels of the study. None without any.
        """
        if self.p_cochran is not None:
            return self.p_cochran
        return min((each.p_holm for each in self.levels if each.p_holm is not None), default=None)

    @property
    def is_told(self) -> bool:
        """Whether the levels differ by more than chance would have it: by `p_value`, and where
        there is none by the interval of a difference from the baseline that leaves 0 out.
        """
        if self.p_value is not None:
            return self.p_value <= ALPHA
        intervals = [each.delta_ci95 for each in self.levels if each.delta_ci95 is not None]
        return any(low > 0 or high < 0 for low, high in intervals)


class PlaceEffect(Part):
    """Accuracy at one place in the prompt, where several images share one."""

    model: str
    label_set: str
    run: str
    images_per_prompt: int
    place: int
    """From 1."""
    n: int
    accuracy: Percent | None
    ci95: Interval | None


class Score(Part):
    """The accuracy of a run under one label set, on all its images."""

    model: str
    task: str
    protocol: Protocol
    settings: str
    """What is not as in the task."""
    label_set: str
    n: int
    accuracy: Percent | None
    ci95: Interval | None
    oop: Percent | None
    complete: bool


class ModelGap(Part):
    """The difference between two models as the task asks them, for scale."""

    a: str
    b: str
    label_set: str
    n: int
    delta: Percent | None
    """b less a."""
    ci95: Interval | None
    p_mcnemar: PValue
    accuracy_a: Percent | None = None
    """On these n images, as that of b: where the pictures put the two."""
    accuracy_b: Percent | None = None

    @property
    def size(self) -> float:
        """The difference without its sign."""
        return abs(self.delta or 0)

    @property
    def size_ci95(self) -> Interval | None:
        """The interval of the difference, turned so that the difference is positive."""
        if self.ci95 is None or (self.delta or 0) >= 0:
            return self.ci95
        return -self.ci95[1], -self.ci95[0]


class LabelChange(Part):
    """From the first level of the factor `labels` to the last, of a run of a task as it is, on the
    images that have a label in both."""

    model: str
    task: str
    protocol: Protocol
    settings: str
    """What is not as in the task; of the runs that the factor itself holds so."""
    before: str
    after: str
    n: int
    accuracy_before: Percent
    accuracy_after: Percent
    delta: Percent
    ci95: Interval | None
    """Whole classes redrawn, both label sets by the same draws."""


class RunGranularity(Part):
    """What the answers of a run of a task as it is are to the labels, see docs/granularity.md."""

    model: str
    task: str
    protocol: Protocol
    label_set: str
    n: int
    relations: dict[Relation, RelationShare]
    """They sum to n; intervals are Wilson's."""
    placed: dict[Placed, int]
    """How many of the n were placed how in the hierarchy."""


class VarianceTerm(Part):
    """How much of the variance of the accuracies in a grid a factor, or a pair of them, takes."""

    model: str
    label_set: str
    factors: tuple[str, ...]
    """One or two; none for what is left."""
    share: Percent | None
    """Of the sum of squares; null where all cells have one accuracy."""


class StudyResults(Part):
    """All that a study found."""

    schema_version: int = SCHEMA_VERSION
    study: str
    description: str
    harness_version: str
    task: str
    models: tuple[str, ...]
    label_sets: tuple[str, ...]
    """The last one is that of the figures."""
    original: str | None
    """The label set of the data set's own labels."""
    design: Literal["one_at_a_time", "grid", "list"]
    equivalences: str
    scores: tuple[Score, ...]
    factors: tuple[FactorEffect, ...]
    places: tuple[PlaceEffect, ...]
    gaps: tuple[ModelGap, ...]
    label_changes: tuple[LabelChange, ...] = ()
    """Of all runs of tasks as they are, where the study varies the labels."""
    granularity: tuple[RunGranularity, ...] = ()
    """Of all runs of tasks as they are, where the classes of two or more have a hierarchy."""
    variance: tuple[VarianceTerm, ...]
    notes: tuple[str, ...] = ()
    """What one must know, in words: factors that are varied on another task than the YAML says, or
    whose levels have few images in common; runs that `label_changes` leaves out."""
    missing: tuple[str, ...]
    """Runs of the study that do not exist, or are not complete."""

    @property
    def headline(self) -> str:
        """The label set that figures are drawn under."""
        return self.label_sets[-1]

    def write(self, folder: Path) -> None:
        """Write `study.json`, whole or not at all."""
        write_json(folder / FILE, self.model_dump(mode="json"))

    @classmethod
    def read(cls, folder: Path) -> "StudyResults":
        """Read `study.json`. Raises DataError where it is none."""
        path = folder / FILE
        try:
            return cls.model_validate(read_json(path))
        except ValidationError as error:
            fix = "make it again: harness study report NAME"
            raise DataError(
                Problem(str(path), "is no `study.json`", got=faults_of(error), fix=fix)
            ) from error
