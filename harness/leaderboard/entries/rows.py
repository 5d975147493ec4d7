"""The rows and prompts of an entry, a JSON line each: what stands in them and how they are read."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from harness.data.image_ids import written_id
from harness.errors import DataError, Problem
from harness.leaderboard.entries.manifest import Sha256, faults_of
from harness.store.prediction import Prediction

HOW_IT_RAN = ("batch", "tokens", "prompt_tokens", "cost", "seconds")
"""Fields of a prediction that are no part of the answer but of how it was had; their sums stand
in the manifest."""
ROW_FIELDS = tuple(each.name for each in fields(Prediction) if each.name not in HOW_IT_RAN)
"""What may stand in a row. Labels do not: they are the benchmark's, not the submitter's."""
_PREDICTION = TypeAdapter(Prediction)


class Prompt(BaseModel):
    """One line of `prompts.jsonl.gz`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    sha256: Sha256
    text: str


def rows_of(lines: Iterable[bytes], path: Path) -> Iterator[Prediction]:
    """Give the rows of the lines of `predictions.jsonl.gz`, which lie at `path`, in their order.

    Raises DataError that names the line which is no row: not JSON, a field that no row has, a value
    of another type, a number that is none; or as what gives the lines.
    """
    for number, line in enumerate(lines, start=1):
        try:
            row = _PREDICTION.validate_json(line, strict=True, extra="forbid")
        except ValidationError as error:
            raise _no_line(path, number, error, "a row") from error
        extra = [name for name in HOW_IT_RAN if getattr(row, name) is not None]
        if extra or not _finite(row):
            what = f"has `{extra[0]}`" if extra else "has a score that is no finite number"
            expected = "only " + ", ".join(ROW_FIELDS)
            raise DataError(Problem(f"{path}:{number}", what, expected=expected))
        image_id = written_id(row.image_id)
        yield row if image_id == row.image_id else replace(row, image_id=image_id)


def prompts_of(lines: Iterable[bytes], path: Path) -> Iterator[Prompt]:
    """Give the lines of `prompts.jsonl.gz`. Raises DataError as `rows_of`."""
    for number, line in enumerate(lines, start=1):
        try:
            yield Prompt.model_validate_json(line)
        except ValidationError as error:
            raise _no_line(path, number, error, "a prompt") from error


def _finite(row: Prediction) -> bool:
    numbers = (row.similarity, row.margin, row.outside, *row.top_scores, *row.top_per_token_scores)
    return all(number is None or math.isfinite(number) for number in numbers)


def _no_line(path: Path, number: int, error: ValidationError, what: str) -> DataError:
    return DataError(Problem(f"{path}:{number}", f"is not {what}", got=faults_of(error)))
