"""A row of `predictions.jsonl`: what one model answered about one image under one task."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from harness.answers.outcome import Status
from harness.data.image_ids import fault_of, written_id


@dataclass(frozen=True, slots=True)
class Prediction:
    """One row. Fields that do not apply are None or empty and absent from the file."""

    image_id: str
    """Unique within a model and a task."""
    status: Status
    """`ok`, `oop` (out of prompt), `unparsed`, `refused`, `empty` or `error`."""
    answer: str | None = None
    """Verbatim text of the model (of this image's part, when several images shared a prompt)."""
    class_id: int | None = None
    """The class by parsing or, for rule `mapped`, by the text encoder; None when there is none."""
    also: tuple[int, ...] = ()
    """Other classes that the answer stands for: of the same name, of one output of a classifier, or
    of the other ones of several answers. It is right if any of them is."""
    rule: str | None = None
    """The rule that decided: a rung of the parser's ladder, `mapped`, or `scores`."""
    similarity: float | None = None
    """Cosine between the answer and the mapped class."""
    margin: float | None = None
    """Similarity less that of the second class."""
    top: tuple[int, ...] = ()
    """Class ids, best first, where the model gives scores or several answers."""
    top_scores: tuple[float, ...] = ()
    """The model's own scores of the classes in `top`; sums of log-probabilities for ranked text."""
    confidence: float | None = None
    """The model's probability of `class_id` among all that it could choose from, 0 to 1: the
    softmax of its scores of them, see docs/statistics.md; None where it has none, as for text."""
    top_per_token: tuple[int, ...] = ()
    """Class ids, best first, by the mean log-probability of a token, for ranked text."""
    top_per_token_scores: tuple[float, ...] = ()
    """The mean log-probabilities of the classes in `top_per_token`."""
    outside: float | None = None
    """For constrained text, the share of probability outside of the list (soft out-of-prompt)."""
    options: tuple[int, ...] = ()
    """Class ids of the lettered options, in order, for multiple choice."""
    image_sha256: str | None = None
    """SHA-256 of width, height and decoded RGB pixels."""
    prompt_sha256: str | None = None
    """SHA-256 of the prompt as rendered."""
    batch: int | None = None
    """How many requests went through the model together."""
    tokens: int | None = None
    """How many tokens the model generated for the request."""
    prompt_tokens: int | None = None
    """How many tokens the prompt took, images included."""
    cached_tokens: int | None = None
    """How many of these came from a cache of prompts' beginnings, where the model says so."""
    cost: float | None = None
    """Price of the request in US dollars, where the model's YAML names prices."""
    images_in_prompt: int | None = None
    """How many images shared the request, where there were several; tokens and cost are theirs
    together."""
    place: int | None = None
    """Which of them the image was in the prompt, from 1."""
    revision: str | None = None
    """What a service says that it answered with, such as a dated snapshot."""
    mark: str | None = None
    """The mark of the run that the row is of, which stands in its manifest."""
    attempt: int | None = None
    """Where several images shared a request that was asked again, which attempt it is, from 2; only
    until the merge, in which the last attempt counts."""
    seconds: float | None = None
    """Wall-clock time of the batch, shared evenly over its requests."""
    error: str | None = None
    """What failed, for status `error`."""
    reasoning: str | None = None
    """The reasoning part of a thinking model's text, stripped from `answer`."""
    removed: tuple[str, ...] = ()
    """What was taken off the text before it was read, see `harness.answers.parts`."""
    truncated: bool | None = None
    """Whether the text ended at `max_new_tokens`; None where that is not known."""
    answers: tuple[str, ...] = ()
    """All answers, best first, verbatim, where an import gives several; `answer` is the first."""
    nearest: tuple[int, ...] = ()
    """What the text encoder takes an answer of a mapped closed world for that was read as a name of
    the list without being strictly one: the class, and others that bear the same name."""
    node: str | None = None
    """Of a mapped answer the name in the hierarchy of the class list that is nearest to its text,
    where there is one: of a class or of something above classes."""
    meant: tuple[str, ...] = ()
    """Several answers that are all meant, verbatim, where an import gave them; `answer` is the one
    that `status` and `rule` are of, and the classes of all are `class_id` and `also`."""
    meant_classes: tuple[tuple[int, ...], ...] = ()
    """For each of several answers that are all meant, the classes that it may stand for: several of
    one name, none of an answer that names none. Absent for one answer, and in older rows."""

    def to_json(self) -> dict[str, Any]:
        """Give the row as JSON values, without the fields that do not apply."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name in _FITS
            if (value := getattr(self, name)) is not None and value != ()
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Prediction":
        """Read a row; unknown fields are left out, so that newer files stay readable.

        Raises KeyError, TypeError or ValueError when the row is not one.
        """
        values: dict[str, Any] = {}
        for key, value in row.items():
            if key in _FITS:
                if not _FITS[key](value):
                    raise TypeError(f"`{key}` cannot be {repr(value)[:60]}")
                values[key] = tuple(value) if isinstance(value, list) else value
        if "meant_classes" in values:
            values["meant_classes"] = tuple(map(tuple, values["meant_classes"]))
        values["image_id"] = written_id(row["image_id"])
        values["status"] = Status(row["status"])
        fault = fault_of(values["image_id"])
        if fault is not None:
            raise ValueError(f"`image_id` {fault}")
        return cls(**values)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < _MOST


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and -_MOST < value < _MOST


_MOST = 2**63
_FITS_TYPE: Mapping[Any, Callable[[Any], bool]] = {
    str: lambda value: type(value) is str,
    Status: lambda value: type(value) is str,
    str | None: lambda value: value is None or type(value) is str,
    bool | None: lambda value: value is None or type(value) is bool,
    int | None: lambda value: value is None or _is_count(value),
    float | None: lambda value: value is None or _is_number(value),
    tuple[int, ...]: lambda value: type(value) is list and all(map(_is_count, value)),
    tuple[float, ...]: lambda value: (
        type(value) is list and all(type(each) in (int, float) for each in value)
    ),
    tuple[str, ...]: lambda value: type(value) is list and all(type(each) is str for each in value),
    tuple[tuple[int, ...], ...]: lambda value: (
        type(value) is list and all(map(_FITS_TYPE[tuple[int, ...]], value))
    ),
}


def is_share(value: float | None) -> bool:
    """Whether a number is from 0 to 1, where there is one."""
    return value is None or 0 <= value <= 1


_FITS = {field.name: _FITS_TYPE[field.type] for field in fields(Prediction)} | {
    "confidence": lambda value: _FITS_TYPE[float | None](value) and is_share(value)
}
"""Whether a value may stand in a field. No whole number is below 0 or has over 63 bits; scores in
lists may be endless, as the logarithm of nothing is."""
