"""The files of an entry, and how they are read without believing a stranger's sizes."""

import math
import os
import stat
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from harness.data.image_ids import written_id
from harness.errors import DataError, Problem, faults_of
from harness.runs.importing import ADAPTER
from harness.scores.results import Percent, Protocol
from harness.store.manifest import Manifest
from harness.store.prediction import Prediction, is_share

_CHUNK = 1 << 16
_WINDOW = 16 + zlib.MAX_WBITS  # a gzip member, nothing else
_RATIO_FROM = 1 << 20  # below a megabyte no ratio does harm


class TooLargeError(DataError):
    """A file has more in it than it may."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a gzip file of lines may grow to. Honest rows stay well below: 50,000 answers that are
    all alike shrink by a factor of 36.
    """

    total: int = 512 << 20
    """Bytes after decompression."""
    ratio: int = 150
    """Bytes after decompression for each byte before; a bomb has up to 1,032."""
    line: int = 1 << 20
    """Bytes of one line."""


LIMITS = Limits()


def open_plain(path: Path) -> BinaryIO:
    """Open a file that is a file, and not a link, a device or a pipe. Raises DataError else."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise _broken(path, "cannot be read", str(error)) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise _broken(path, "is no plain file")
    return os.fdopen(handle, "rb")


def read_bounded(path: Path, limit: int) -> bytes:
    """Read a whole file. Raises DataError when it is no plain file, or larger than `limit`."""
    with open_plain(path) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise _too_large(path, "is too large", f"at most {limit} bytes")
    return data


def gzip_lines(path: Path, limits: Limits = LIMITS) -> Iterator[bytes]:
    """Give the lines of a gzip file, without their ends, reading as little ahead as it can.

    Raises DataError when it is no gzip file of one member, is cut off, or passes a limit; by then
    no more than a few chunks are in memory.
    """
    rest = b""
    for chunk in _decompressed(path, limits):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
        if len(rest) > limits.line:
            raise _too_large(path, "has a line that is too long", f"at most {limits.line} bytes")
    if rest:
        raise _broken(path, "does not end with the end of a line")


def _decompressed(path: Path, limits: Limits) -> Iterator[bytes]:
    grown, read = 0, 0
    stream = zlib.decompressobj(_WINDOW)
    with open_plain(path) as file:
        while not stream.eof:
            data = stream.unconsumed_tail
            if not data:
                data = file.read(_CHUNK)
                read += len(data)
            if not data:
                raise _broken(path, "is cut off")
            try:
                chunk = stream.decompress(data, _CHUNK)
            except zlib.error as error:
                raise _broken(path, "is no gzip file", str(error)) from error
            grown += len(chunk)
            _check_growth(path, limits, grown, read)
            yield chunk
        if stream.unused_data or file.read(1):
            raise _broken(path, "goes on after its end")


def _check_growth(path: Path, limits: Limits, grown: int, read: int) -> None:
    if grown > limits.total:
        raise _too_large(path, "decompresses to too much", f"at most {limits.total} bytes")
    if grown > max(_RATIO_FROM, limits.ratio * read):
        raise _too_large(path, "decompresses to too much", f"at most {limits.ratio} to 1")


def _broken(path: Path, what: str, got: str | None = None) -> DataError:
    fix = "pack the entry again: harness submit pack"
    return DataError(Problem(str(path), what, got=got, fix=fix))


def _too_large(path: Path, what: str, most: str) -> TooLargeError:
    return TooLargeError(Problem(str(path), what, fix=f"make it smaller: {most}"))


SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
CARD = "MODEL_CARD.md"
SLUG = r"^[a-z0-9][a-z0-9._-]{0,63}$"
"""Form of an entry's and a task's name where it becomes a file name."""
MAX_MANIFEST, MAX_FILE = 1 << 20, 64 << 20
"""Bytes of `manifest.json`, and of a file of rows or prompts."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Part(BaseModel):
    """Ground of what a file of a leaderboard says: frozen; a key that is not known is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class FileFacts(Part):
    """What a file must be."""

    sha256: Sha256
    bytes: int = Field(ge=0)


class Claim(Part):
    """What a run is said to have scored; the leaderboard scores it again."""

    n: int = Field(ge=0)
    n_right: int = Field(ge=0)
    accuracy: Percent | None
    accuracy_empty_correct: Percent | None
    label_set_digest: str
    """SHA-256 of the labels that it was scored by."""


class EntryRun(Part):
    """One run: the answers to one task."""

    task: str = Field(pattern=SLUG)
    protocol: Protocol
    run: Manifest
    """The run's own manifest, as written by `harness run` or `harness import`."""
    claims: dict[Protocol, dict[str, Claim]]
    """Protocol to label set to claim."""

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        """Those of the boards that the run may be on; the first is the task's own."""
        return ("cw", "cw_plus") if self.protocol == "cw" else (self.protocol,)

    @property
    def is_imported(self) -> bool:
        """Whether something else than the harness has asked the model."""
        return self.run.model_facts.get("adapter") == ADAPTER

    @property
    def predictions(self) -> str:
        """Path of the rows inside the entry, gzip over JSON lines."""
        return f"runs/{self.task}/predictions.jsonl.gz"

    @property
    def prompts(self) -> str:
        """Path of the prompts inside the entry: gzip over JSON lines `{"sha256", "text"}`."""
        return f"runs/{self.task}/prompts.jsonl.gz"


class EntryManifest(Part):
    """The whole of an entry's `manifest.json`."""

    schema_version: Literal[1] = 1
    entry: str = Field(pattern=SLUG)
    """The entry's name, which is its folder's."""
    model: str = Field(min_length=1, max_length=200)
    harness_version: str
    date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    """Day on which the last run ended."""
    runs: tuple[EntryRun, ...] = Field(min_length=1)
    files: dict[str, FileFacts]
    """Every file of the entry but this one, by its path."""


def parse_manifest(data: bytes, where: str) -> EntryManifest:
    """Read `manifest.json`. Raises DataError when it is none of this version."""
    try:
        return EntryManifest.model_validate_json(data)
    except ValidationError as error:
        fix = "make the entry with `harness submit pack`"
        problem = Problem(where, "is not the manifest of an entry", got=faults_of(error), fix=fix)
        raise DataError(problem) from error


HOW_IT_RAN = ("batch", "tokens", "prompt_tokens", "cached_tokens", "cost", "seconds")
"""Fields of a prediction that are no part of the answer but of how it was had; their sums stand
in the manifest."""
ROW_FIELDS = tuple(each.name for each in fields(Prediction) if each.name not in HOW_IT_RAN)
"""What may stand in a row. Labels do not: they are the benchmark's, not the submitter's."""
_PREDICTION = TypeAdapter(Prediction)


class Prompt(Part):
    """One line of `prompts.jsonl.gz`."""

    model_config = ConfigDict(strict=True)

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
        what = _fault_of(row)
        if what is not None:
            expected = "only " + ", ".join(ROW_FIELDS)
            fix = "pack the entry again: harness submit pack"
            raise DataError(Problem(f"{path}:{number}", what, None, expected, fix))
        image_id = written_id(row.image_id)
        yield row if image_id == row.image_id else replace(row, image_id=image_id)


def prompts_of(lines: Iterable[bytes], path: Path) -> Iterator[Prompt]:
    """Give the lines of `prompts.jsonl.gz`. Raises DataError as `rows_of`."""
    for number, line in enumerate(lines, start=1):
        try:
            yield Prompt.model_validate_json(line)
        except ValidationError as error:
            raise _no_line(path, number, error, "a prompt") from error


def _fault_of(row: Prediction) -> str | None:
    extra = [name for name in HOW_IT_RAN if getattr(row, name) is not None]
    if extra:
        return f"has `{extra[0]}`"
    if not is_share(row.confidence):
        return "has a `confidence` that is not from 0 to 1"
    numbers = (row.similarity, row.margin, row.outside, *row.top_scores, *row.top_per_token_scores)
    is_finite = all(number is None or math.isfinite(number) for number in numbers)
    return None if is_finite else "has a score that is no finite number"


def _no_line(path: Path, number: int, error: ValidationError, what: str) -> DataError:
    fix = "mend the line, or pack the entry again: harness submit pack"
    return DataError(Problem(f"{path}:{number}", f"is not {what}", got=faults_of(error), fix=fix))
