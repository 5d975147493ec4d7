"""The rows and prompts of an entry, a JSON line each: what stands in them and how they are read."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from harness.data.image_ids import written_id
from harness.errors import DataError, Problem
from harness.leaderboard.entries.bounded import gzip_lines
from harness.leaderboard.entries.manifest import Sha256
from harness.store.prediction import Prediction

HOW_IT_RAN = ("batch", "tokens", "prompt_tokens", "cost", "seconds")
"""Fields of a prediction that are no part of the answer but tell how it was had; their sums stand
in the manifest."""
ROW_FIELDS = tuple(each.name for each in fields(Prediction) if each.name not in HOW_IT_RAN)
"""What may stand in a row. Labels do not: they are the benchmark's, not the submitter's."""
_PREDICTION = TypeAdapter(Prediction)


class Prompt(BaseModel):
    """One line of `prompts.jsonl.gz`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    sha256: Sha256
    text: str


def read_rows(path: Path) -> Iterator[Prediction]:
    """Give the rows of `predictions.jsonl.gz` in the order of the file.

    Raises DataError that names the line which is no row: not JSON, a field that no row has, a value
    of another type, a number that is none; or as `gzip_lines`.
    """
    yield from rows_of(gzip_lines(path), path)


def rows_of(lines: Iterable[bytes], path: Path) -> Iterator[Prediction]:
    """Do as `read_rows` for the lines of the file."""
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


def read_prompts(path: Path) -> Iterator[Prompt]:
    """Give the lines of `prompts.jsonl.gz`. Raises DataError as `read_rows`."""
    yield from prompts_of(gzip_lines(path), path)


def prompts_of(lines: Iterable[bytes], path: Path) -> Iterator[Prompt]:
    """Do as `read_prompts` for the lines of the file."""
    for number, line in enumerate(lines, start=1):
        try:
            yield Prompt.model_validate_json(line)
        except ValidationError as error:
            raise _no_line(path, number, error, "a prompt") from error


def told(error: ValidationError) -> str:
    """Say what pydantic found in one line, without the values, which are a stranger's."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(
        f"{'.'.join(map(str, each['loc']))[:80] or 'the whole'}: {each['msg']}"
        for each in found[:_TOLD]
    )


_TOLD = 5


def _finite(row: Prediction) -> bool:
    numbers = (row.similarity, row.margin, row.outside, *row.top_scores, *row.top_per_token_scores)
    return all(number is None or math.isfinite(number) for number in numbers)


def _no_line(path: Path, number: int, error: ValidationError, what: str) -> DataError:
    return DataError(Problem(f"{path}:{number}", f"is not {what}", got=told(error)))
