"""`results.json`: what it holds, and how it is written and read. Accuracies are percent."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, ValidationError

from harness.answers.outcome import Level
from harness.data.sample import Sample
from harness.errors import DataError, Problem
from harness.scores.confidence import Signal
from harness.scores.metrics import Group
from harness.scores.older_results import to_version_2
from harness.scores.result_parts import DECIMALS as DECIMALS
from harness.scores.result_parts import Calibration, GranularityPart, ReadingInfo, SeveralAnswers
from harness.scores.result_parts import Interval as Interval
from harness.scores.result_parts import Matching as Matching
from harness.scores.result_parts import Part as Part
from harness.scores.result_parts import Percent as Percent
from harness.scores.result_parts import Protocol as Protocol
from harness.scores.result_parts import PValue as PValue
from harness.scores.result_parts import Share as Share

MATCHED: tuple[Protocol, ...] = ("cw", "cw_plus", "mc")
"""Protocols under which an answer is matched with what the prompt lists."""
MATCHINGS: Mapping[Matching, Level] = {
    "strict": Level.STRICT,
    "normalized": Level.NORMALIZED,
    "stated": Level.STATED,
    "read": Level.LENIENT,
}
SIDE_BY_SIDE: Mapping[Matching, str] = {
    "strict": "strict", "normalized": "normalized", "read": "as read"
}  # fmt: skip
"""What tables show, with its heading."""


class Matched(Part):
    """What counts as right when answers are matched in one way."""

    n_right: int | None
    accuracy: Percent | None
    """100 n_right / n; null for no image, and under `cw_plus` where the rows do not tell what the
    text encoder takes the answers for that do not match."""


class OutShare(Part):
    """Answers that are no name of the prompt when they are matched in one way."""

    n: int
    share: Percent | None
    """In percent of the answers, that is, of the rows without `error`."""


class Score(Part):
    """The scores of one label set under one protocol."""

    n: int
    """Scored images: in the run and the label set, answered (no `error`), with a label."""
    n_right: int
    accuracy: Percent | None
    """100 n_right / n: images without a label are excluded."""
    ci95: Interval | None
    """Wilson's score interval of `accuracy`, images as independent."""
    ci95_whole: Interval | None = Field(default=None, exclude_if=lambda value: value is None)
    """Of a complete random sample: Wilson's interval, with the correction for a finite population,
    of what `accuracy` is on all images of the data set. Absent for others."""
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
    matching: dict[Matching, Matched] | None
    """For `cw`, `cw_plus` and `mc`; `read` is `accuracy`. An answer that does not match is out of
    prompt: wrong, and under `cw_plus` mapped."""
    accuracy_first_in_list: Percent | None
    """The first of several answers that is spelled exactly as a name of the list counts, as in
    published results of such models; for `cw`, null without several answers."""
    mean_per_class: Percent | None
    """Mean of the accuracies of the n_classes classes."""
    macro_f1: Percent | None = Field(default=None, exclude_if=lambda value: value is None)
    """Mean F1 of the n_classes_f1 classes that are a label or an answer; absent for no image."""
    n_classes_f1: int = Field(default=0, exclude_if=lambda value: value == 0)
    top5: Percent | None
    """The answer is right or a label is among the first five of `top`; null without `top`."""
    chance: Percent | None = Field(default=None, exclude_if=lambda value: value is None)
    """Accuracy of blind guessing on these images, see `harness.scores.guessing`; absent for none,
    and in older results."""
    constant_answer: Percent | None = Field(default=None, exclude_if=lambda value: value is None)
    """Accuracy of the one class, or letter, that is right most often, given to every image."""
    groups: dict[Group, Share]
    """A = S + M are the n images; N the n_empty ones, whose accuracy is null: no class is right."""

    def accuracy_by(self, matching: Matching) -> float | None:
        """Give the accuracy under one way to match answers; None where answers are not matched."""
        found = self.matching.get(matching) if self.matching else None
        return found.accuracy if found else None


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

    model_config = ConfigDict(frozen=True, extra="allow", defer_build=True)

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
    """Accuracy of blind guessing where one option is right: the mean of 100 / k."""
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

    schema_version: Literal[2] = 2
    task: str
    model: str
    protocol: Protocol
    n: int
    """Rows of the run, errors included."""
    complete: bool
    """No row is an `error`, and no expected image is without a row."""
    sample: Sample | None = Field(default=None, exclude_if=lambda value: value is None)
    """What part of the data set's images the run is of, where its task chooses some; else
    absent."""
    blank_images: bool = Field(default=False, exclude_if=lambda value: not value)
    """Whether grey pictures were shown in place of the images; absent where they were not."""
    counts: dict[str, int]
    """Rows by status; they sum to n."""
    shares: dict[str, Percent | None]
    """The same in percent of n."""
    out_of_prompt: dict[Matching, OutShare] | None
    """For `cw`, `cw_plus` and `mc`. `read` is the status `oop`; `strict` and `normalized` compare
    the whole text and know no refusals: all text that is no name is out of prompt."""
    reading: ReadingInfo | None
    """Null in results of schema version 1."""
    scores: dict[Protocol, dict[str, Score]]
    changes: dict[str, Change]
    mapping: MappedScore | None
    mc: ChoiceScore | None
    per_class: dict[str, dict[str, Share]]
    """Label set to class id to accuracy, under `protocol`; classes are those of `n_classes`."""
    granularity: GranularityPart | None = Field(
        default=None, exclude_if=lambda value: value is None
    )
    """Where the class list has a hierarchy; else absent."""
    calibration: dict[Protocol, dict[str, dict[Signal, Calibration]]] = Field(
        default_factory=dict, exclude_if=lambda value: not value
    )
    """By protocol, label set and signal of confidence; absent where no answer has one."""
    several_answers: dict[Protocol, dict[str, SeveralAnswers]] = Field(
        default_factory=dict, exclude_if=lambda value: not value
    )
    """By protocol and label set; absent where no image has several answers that are all meant."""
    confusion: str | None = None
    """File name of the confusion matrix, beside this file."""
    class_list: ClassListInfo
    label_sets: dict[str, LabelSetInfo]
    equivalences: EquivalencesInfo
    bootstrap: BootstrapInfo

    def out_share(self, matching: Matching) -> float | None:
        """Give the share of out-of-prompt answers under one way to match them; None for none."""
        found = self.out_of_prompt.get(matching) if self.out_of_prompt else None
        return found.share if found else None

    def to_json(self) -> dict[str, Any]:
        """Give JSON values: percent rounded to four decimals, p-values to six digits."""
        return self.model_dump(mode="json", by_alias=True)

    @classmethod
    def from_json(cls, data: Mapping[str, Any], where: str = "results.json") -> Self:
        """Read `to_json`'s values, of this version, of an older one, or with keys of a newer one.

        Raises DataError that names every key that is wrong.
        """
        try:
            return cls.model_validate(to_version_2(data))
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
