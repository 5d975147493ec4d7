"""`manifest.json` of an entry: one model, its runs, what they claim, and a hash of every file."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.errors import DataError, Problem
from harness.runs.importing import ADAPTER
from harness.scores.results import Percent, Protocol
from harness.store.manifest import Manifest

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
CARD = "MODEL_CARD.md"
SLUG = r"^[a-z0-9][a-z0-9._-]{0,63}$"
"""Form of an entry's and a task's name where it becomes a file name."""
MAX_MANIFEST, MAX_FILE = 1 << 20, 64 << 20
"""Bytes of `manifest.json`, and of a file of rows or prompts."""
_SHOWN = 5  # faults of a document that a message names
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class FileFacts(_Part):
    """What a file must be."""

    sha256: Sha256
    bytes: int = Field(ge=0)


class Claim(_Part):
    """What a run is said to have scored; the leaderboard scores it again."""

    n: int = Field(ge=0)
    n_right: int = Field(ge=0)
    accuracy: Percent | None
    accuracy_empty_correct: Percent | None
    label_set_digest: str
    """SHA-256 of the labels that it was scored by."""


class EntryRun(_Part):
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


class EntryManifest(_Part):
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


def faults_of(error: ValidationError) -> str:
    """Say what pydantic found in one line, without the values, which are a stranger's."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(
        f"{'.'.join(map(str, each['loc']))[:80] or 'the whole'}: {each['msg']}"
        for each in found[:_SHOWN]
    )
