"""`results.json`: what it holds, and how it is written and read. Accuracies are percent."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, PlainSerializer, ValidationError

from harness.errors import DataError, Problem
from harness.score.metrics import Group

DECIMALS = 4
"""Digits written after the point; tables show two. Four keep any share of 50,000 images exact."""

Percent = Annotated[
    float,
    PlainSerializer(lambda value: round(value, DECIMALS), return_type=float),
    Field(description="Percent (or, for a change, percentage points)."),
]
Interval = tuple[Percent, Percent]
PValue = Annotated[
    float,
    PlainSerializer(lambda value: float(f"{value:.6g}"), return_type=float),
    Field(ge=0, le=1),
]
Protocol = Literal["ow", "mc", "cw", "cw_plus", "classify"]


class Part(BaseModel):
    """Ground of the parts: frozen; keys of a newer version are left out when an older one reads."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Share(Part):
    """An accuracy and its denominator; null accuracy when nothing can be scored."""

    n: int
    accuracy: Percent | None


class Score(Part):
    """The scores of one label set under one protocol."""

    n: int
    """Scored images: in the run and the label set, answered (no `error`), with a label."""
    n_right: int
    accuracy: Percent | None
    """100 n_right / n: images without a label are excluded."""
    ci95: Interval | None
    """Wilson's score interval of `accuracy`, images as independent."""
    ci95_classes: Interval | None
    """Percentile interval of `accuracy` when whole classes are redrawn; null for one class."""
    n_empty: int
    """Answered images that the label set knows to have no valid label."""
    n_error: int
    """Images of the label set whose row is an `error`; neither right nor wrong."""
    n_classes: int
    """Classes (original labels) that the n images are filed under."""
    accuracy_empty_correct: Percent | None
    """100 (n_right + n_empty) / (n + n_empty), as in the paper's evaluator."""
    accuracy_strict: Percent | None
    """Only answers that match strictly count; null where answers are not matched (ow, cw_plus,
    classify)."""
    accuracy_first_in_list: Percent | None
    """The first of several answers that is in the list counts; null without several answers."""
    mean_per_class: Percent | None
    """Mean of the accuracies of the n_classes classes."""
    top5: Percent | None
    """The answer is right or a label is among the first five of `top`; null without `top`."""
    groups: dict[Group, Share]
    """A = S + M are the n images; N the n_empty ones, whose accuracy is null: no class is right."""


class Change(Part):
    """From one label set to another on the images that have a label in both."""

    protocol: Protocol
    n: int
    from_: Percent | None = Field(validation_alias="from", serialization_alias="from")
    to: Percent | None
    delta: Percent | None
    """`to` less `from`."""
    ci95: Interval | None
    """Of `delta`, whole classes redrawn, both label sets by the same draws."""
    both: Percent | None
    """Right under both (Im^Re)."""
    p_mcnemar: PValue
    """Exact, two-sided."""
    p_holm: PValue
    """The same after Holm's correction for all changes listed."""


class MappedScore(Part):
    """How answers were mapped to classes, and how well that went."""

    model_config = ConfigDict(frozen=True, extra="allow")

    encoder: str | None = None
    class_template: str | None = None
    answer_template: str | None = None
    n_mapped: int
    mapped_share: Percent | None
    """Mapped answers among all answers."""
    accuracy_of_mapped: dict[str, Share]
    """By label set."""


class LetterShare(Part):
    """How often a letter was chosen."""

    n: int
    share: Percent | None


class ChoiceScore(Part):
    """Multiple choice: letters chosen, and accuracy by the position of the true option."""

    letters: dict[str, LetterShare]
    """By letter, and `none`; the n sum to the answered questions."""
    by_position: dict[str, Share]
    """By the true option's letter; `none`: not exactly one option is a label."""
    chance: Percent | None
    """Accuracy of blind guessing: the mean of 100 / k."""
    n_options: dict[str, int]
    """Number of options k to questions."""
    distractors: dict[str, JsonValue]
    """How the wrong options were drawn."""


class LabelSetInfo(Part):
    """Which labels were used."""

    source: str
    digest: str
    original: bool
    n_images: int
    n_empty: int
    n_common: int
    """Its images that the run has a row for."""
    notes: dict[str, int]


class ClassListInfo(Part):
    """Which class list was used."""

    name: str
    name_set: str
    n: int
    digest: str


class EquivalencesInfo(Part):
    """Which classes counted as one, under every label set alike."""

    source: str
    groups: list[list[int]]


class BootstrapInfo(Part):
    """How the class bootstrap drew."""

    draws: int
    seed: int


class Results(Part):
    """The whole of `results.json`."""

    schema_version: Literal[1] = 1
    task: str
    model: str
    protocol: Protocol
    n: int
    """Rows of the run, errors included."""
    complete: bool
    """No row is an `error`, and no expected image is without a row."""
    counts: dict[str, int]
    """Rows by status; they sum to n."""
    shares: dict[str, Percent | None]
    """The same in percent of n."""
    oop_strict: Percent | None
    """Answers that are text, yet not strictly one of the names, in percent of the answers; closed
    world only."""
    scores: dict[Protocol, dict[str, Score]]
    changes: dict[str, Change]
    mapping: MappedScore | None
    mc: ChoiceScore | None
    per_class: dict[str, dict[str, Share]]
    """Label set to class id to accuracy, under `protocol`; classes are those of `n_classes`."""
    confusion: str | None = None
    """File name of the confusion matrix, beside this file."""
    class_list: ClassListInfo
    label_sets: dict[str, LabelSetInfo]
    equivalences: EquivalencesInfo
    bootstrap: BootstrapInfo

    def to_json(self) -> dict[str, Any]:
        """Give JSON values: percent rounded to four decimals, p-values to six digits."""
        return self.model_dump(mode="json", by_alias=True)

    @classmethod
    def from_json(cls, data: Mapping[str, Any], where: str = "results.json") -> Self:
        """Read `to_json`'s values, of this version or with keys of a newer one.

        Raises DataError that names every key that is wrong.
        """
        try:
            return cls.model_validate(dict(data))
        except ValidationError as error:
            raise DataError(
                Problem(
                    f"{where}: {'.'.join(map(str, item['loc'])) or 'the whole'}",
                    item["msg"],
                    got=repr(item["input"])[:80],
                    fix="score the run again: `harness score`",
                )
                for item in error.errors()[:10]
            ) from error
