"""What annotators answered: one append-only JSONL file for each, `answers/NAME.jsonl`."""

from typing import Literal

from pydantic import ConfigDict, Field

from harness.scores.results import Part

Status = Literal["labelled", "none", "unsure"]
"""Labels were given; none of all classes is right; the person cannot say."""
Pass = Literal["blind", "shown", "adjudicate"]
Flag = Literal["crowd", "reflection", "rendition", "text", "truncated"]


class AnswerRow(Part):
    """One answer of one annotator. A later row for the same image and pass takes the place of an
    earlier one (undo, or a changed mind); all stay in the file.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, defer_build=True, strict=False
    )

    queue_sha256: str
    image_id: str
    image_sha256: str | None
    annotator: str
    pass_: Pass = Field(alias="pass")
    labels: tuple[int, ...]
    """Class ids, ascending; empty unless `labelled`."""
    status: Status
    candidates: tuple[int, ...]
    """What was offered, ascending."""
    order: tuple[int, ...]
    """The same, in the order in which they stood."""
    flags: tuple[Flag, ...]
    comment: str
    """At most 2,000 characters; required in an adjudication."""
    seconds: float
    """From the image's appearance to the answer, without the time in which the page was hidden."""
    at: str
    """Time of the answer, ISO 8601 in UTC."""
    tool_version: str
