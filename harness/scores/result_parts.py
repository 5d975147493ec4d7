"""Parts of `results.json` that are beside the scores, and what all of them are made of."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from harness.scores.statistics import wilson

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
Matching = Literal["strict", "normalized", "stated", "read"]
"""How answers are matched with the names, or letters, of the prompt: in lower case and stripped (as
the paper's evaluator does), normalized, as the answer states, or by all rules of the parser."""


class Part(BaseModel):
    """Ground of the parts: frozen; keys of a newer version are left out when an older one reads."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, defer_build=True)


class Share(Part):
    """An accuracy and its denominator; null accuracy when nothing can be scored."""

    n: int
    accuracy: Percent | None


class ReadingInfo(Part):
    """How the answers were read, in rows; errors left out."""

    rules: dict[str, int]
    """By the rule that decided, see docs/reading_answers.md."""
    levels: dict[Matching, int]
    """Answers that were read as a name of the prompt, by the closest matching that finds it."""
    removed: dict[str, int]
    """By what was taken off the text before it was read."""
    n_truncated: int
    """Ended at `max_new_tokens`, as far as the rows know."""
    n_tied: int
    """Mapped with margin 0: another name is as near, and the lower class id was taken."""
    n_several: int = 0
    """Stand for several classes (one name of several, or several answers that are all meant), and
    are right if any of them is."""


class Relation(StrEnum):
    """What an answer is to a label, in a hierarchy of classes; of several the first one holds."""

    EXACT = "exact"
    """The label's class, or one that counts as the same."""
    GENERIC = "generic"
    """Too generic: an ancestor of the label, above the level of the class list."""
    SPECIFIC = "specific"
    """Too specific: a kind of the label, below the level of the class list."""
    SIBLING = "sibling"
    """Another thing whose lowest common ancestor with the label is within the sibling height."""
    WRONG = "wrong"
    """Another thing."""
    NONE = "none"
    """The answer is no node of the hierarchy."""


RELATIONS: Mapping[Relation, str] = {
    Relation.EXACT: "exact",
    Relation.GENERIC: "too generic",
    Relation.SPECIFIC: "too specific",
    Relation.SIBLING: "sibling",
    Relation.WRONG: "wrong",
    Relation.NONE: "no node",
}
"""With their headings."""


class Placed(StrEnum):
    """How it was found which node of a hierarchy an answer is."""

    CLASS = "class"
    """It is a class of the list: chosen, or read as its name."""
    NAME = "name"
    """Its text, which is no name of the list, was read as the name of a node."""
    NEAREST_NODE = "nearest_node"
    """The text encoder mapped it to the nearest name in the hierarchy."""
    NEAREST_CLASS = "nearest_class"
    """The text encoder mapped it to the nearest class alone: in rows of an older version or mapped
    over another hierarchy, and where an image has several answers that are all meant."""
    NONE = "none"
    """It is no node."""


class RelationShare(Part):
    """How many answers are in one relation to the labels."""

    n: int
    share: Percent | None
    ci95: Interval | None
    """Wilson's."""


class Granularity(Part):
    """How general the answers are under one label set and protocol, see docs/granularity.md."""

    n: int
    """Scored images, as of the accuracy."""
    relations: dict[Relation, RelationShare]
    """They sum to n."""
    placed: dict[Placed, int] = Field(default_factory=dict)
    """How many of the n were placed how; empty in results of an older version."""
    precision: Percent | None
    """Hierarchical precision: nodes that answers and labels have in common, of the answers'."""
    recall: Percent | None
    """The same, of the labels' nodes."""
    f1: Percent | None
    """Their harmonic mean."""
    n_mistakes: int
    """Answers of relation `sibling` or `wrong`."""
    mistake_height: float | None
    """Mean height of their lowest common ancestor with the label."""
    accuracy_at: dict[str, Percent | None]
    """By height h: right is what has a common ancestor with a label at height h or lower."""


class GranularityPart(Part):
    """Key `granularity` of `results.json`."""

    hierarchy: str
    """SHA-256 of the nodes, their parents and names."""
    sibling_height: int
    scores: dict[Protocol, dict[str, Granularity]]
    """By protocol and label set."""


class SeveralAnswers(Part):
    """How answers that are several, all meant, are right under one label set and protocol."""

    n: int
    """Scored images, as of the accuracy."""
    n_several: int
    """Of these, images with several answers."""
    n_unclear: int
    """Images whose classes may be of several answers or of one: rows of an older version."""
    accuracy_any: Percent | None
    """One answer at least is a label: the accuracy, as in the authors' evaluator."""
    accuracy_all: Percent | None
    """All answers that name a class name a label, and one does; null where any image is unclear."""
    accuracy_all_ci95: Interval | None
    """Wilson's."""
    accuracy_all_ci95_classes: Interval | None
    """When whole classes are redrawn; null for one class."""
    label_recall: Percent | None
    """Mean over the images of the share of their labels that the answers name."""
    label_recall_ci95_classes: Interval | None
    """When whole classes are redrawn."""


class ReliabilityBin(Part):
    """One point of the reliability curve."""

    n: int
    confidence: Percent
    """Mean probability of its answers."""
    accuracy: Percent

    @property
    def ci95(self) -> Interval:
        """Wilson's 95 % interval of the accuracy; a bin is never empty."""
        return wilson(round(self.accuracy * self.n / 100), self.n) or (0.0, 100.0)


class CalibrationError(Part):
    """How far probabilities are from the accuracy."""

    ece: Percent
    """Expected calibration error in bins of equal mass, percentage points."""
    ci95: Interval | None
    """When whole classes are redrawn, in fixed bins; null for one class."""
    expected: Percent
    """What a perfectly calibrated model with these probabilities has on average, by chance."""
    bins: tuple[ReliabilityBin, ...]
    """Ascending; those that have answers."""


class Calibration(Part):
    """How one signal of confidence goes with what is right, under one label set and protocol."""

    n: int
    """Scored images whose answer counts under the protocol and has the signal."""
    accuracy: Percent
    """Of these n."""
    auroc: Percent | None
    """Probability that a right answer is surer than a wrong one; null without both."""
    auroc_ci95: Interval | None
    """DeLong's."""
    aurc: Percent
    """Area under the risk-coverage curve; 100 less accuracy for a signal that says nothing."""
    accuracy_at_80: Percent
    """Of the surest 80 % of the n."""
    ece: CalibrationError | None
    """Null for a signal that is no probability."""
