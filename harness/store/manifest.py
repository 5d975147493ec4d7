"""The manifest of a run: everything that its answers depend on, and how the run went."""

import importlib.metadata
import os
import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import harness
from harness.data.opened import OpenTask
from harness.data.sample import Sample, sample_of
from harness.errors import DataError, Problem, faults_of
from harness.specs.catalogue import own_root
from harness.specs.task_parts import MappingSpec
from harness.store.identity import Identity, named_differences
from harness.store.lines import read_json, write_json

SCHEMA_VERSION = 1
_PACKAGES = (
    "accelerate", "datasets", "jinja2", "lmms-eval", "numpy", "openai", "pillow",
    "sentence-transformers", "timm", "tokenizers", "torch", "torchvision", "transformers",
)  # fmt: skip


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)


class ClassListFacts(_Part):
    """Which classes were in play."""

    name: str
    name_set: str
    n: int
    sha256: str


class DataFacts(_Part):
    """Which images were in play."""

    dataset_path: str
    dataset_name: str | None = None
    split: str
    revision: str | None = None
    fingerprint: str
    """Changes when the data may have changed; of files, what the file system says of them."""
    n: int
    ids_sha256: str | None = None
    """Of the ids of all its images, in their order."""
    images_sha256: str | None = None
    """Of ids and pixels of the images that were answered, once all of the run are."""


MAPPING_VERSION = 2
"""Raised when the same encoder and templates map an answer otherwise: 2 takes an answer that is a
class name as that class, leaves one that the encoder cannot read without a class, and keeps beside
the class of an answer that was read loosely what it would be mapped to."""


class MappingFacts(_Part):
    """By what answers were mapped to classes."""

    version: int = 1
    encoder: str
    encoder_sha256: str
    class_template: str
    answer_template: str
    class_list_sha256: str
    class_prompts_sha256: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """Of the file of sentences that stood for the classes in place of a template."""
    hierarchy_sha256: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """Of the hierarchy over whose nodes answers were mapped too."""

    def is_by(self, how: MappingSpec, class_list_sha256: str) -> bool:
        """Whether this is what `how` asks for, over the same classes."""
        wanted = (how.encoder, how.class_template, how.answer_template, class_list_sha256)
        mine = (self.encoder, self.class_template, self.answer_template, self.class_list_sha256)
        has_file = self.class_prompts_sha256 is not None
        return mine == wanted and has_file == (how.class_prompts is not None)

    def differences(self, other: "MappingFacts") -> list[str]:
        """Name what differs, as `key: this one's -> the other's`."""
        return named_differences(self.model_dump(), other.model_dump())


class Manifest(_Part):
    """`manifest.json`. Written when the run starts, and again when it ends."""

    schema_version: int = SCHEMA_VERSION
    harness_version: str
    status: Literal["running", "complete", "incomplete"] = "running"
    task: str
    model: str
    identity: Identity
    mark: str | None = None
    """What each row bears, so that rows of two runs are never joined; runs that older versions
    began have none."""
    settings: tuple[str, ...] = ()
    """What `--set` replaced in the task's YAML."""
    model_settings: tuple[str, ...] | None = None
    """What `--set_model` replaced in the model's; None: not known."""
    class_list: ClassListFacts
    data: DataFacts
    n: int
    """Images of the run, when it is complete."""
    limit: int | None = None
    sample: Sample | None = Field(default=None, exclude_if=lambda value: value is None)
    """What part of its images the run is of, where the task chooses some; absent for others."""
    mapping: MappingFacts | None = None
    missing_labels: tuple[str, ...] = ()
    """Label sets of the task whose file was not on the machine."""
    skipped: dict[str, int] = Field(default_factory=dict)
    """Images that were left out on purpose, by reason."""
    model_outputs: int | None = None
    """How many classes a classifier knows; the best of the task's classes is its answer."""
    outputs_sha256: str | None = None
    """Of which output of a classifier stands for which class."""
    batch_size: int | None
    """None while `auto` has not found it yet."""
    auto_batch_size: bool = False
    """Whether it was found by `--batch_size auto`: the largest power of two that fits."""
    smaller_batch: int | None = None
    """What was left of it when memory had run out and it was halved."""
    processes: int
    model_facts: dict[str, Any] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    git: dict[str, Any] = Field(default_factory=dict)
    hardware: dict[str, Any] = Field(default_factory=dict)
    started: str
    ended: str | None = None
    seconds: float | None = None
    counts: dict[str, int] = Field(default_factory=dict)
    tokens: int | None = None
    """Tokens generated for the answers in `predictions.jsonl`, where they are known."""
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    """How many of the prompts' tokens came from a cache of their beginnings."""
    uncounted: dict[str, int] | None = None
    """By sum of tokens, how many answers do not say theirs, where some do not: the sum is of the
    others. None where nobody counted them (version 0.2.0 and older)."""
    cost: float | None = None
    """What these answers cost in US dollars; tries that failed are not in it."""
    unpriced: int | None = None
    """How many answers do not say what they cost, so that `cost` is at least so much; None where
    none does, or nobody counted (version 0.2.0 and older)."""

    @property
    def replaced(self) -> tuple[str, ...]:
        """What `--set` and `--set_model` replaced, as far as it is known."""
        return (*self.settings, *(self.model_settings or ()))

    def write(self, folder: Path) -> None:
        """Write `manifest.json` into a run directory."""
        write_json(folder / "manifest.json", self.model_dump(mode="json"))

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Read a run directory's manifest. Raises DataError when it is missing or another thing."""
        path = folder / "manifest.json"
        if not path.is_file():
            fix = "give the folder that holds manifest.json and predictions.jsonl"
            raise DataError(Problem(str(folder), "is not a run directory", fix=fix))
        values = read_json(path)
        fix = "name a run's folder as `harness run` or `harness import` wrote it"
        if _is_of_entry(values):
            what = "is the manifest of an entry, which is packed for the leaderboard, and of no run"
            raise DataError(Problem(str(path), what, fix=fix))
        try:
            manifest = cls.model_validate(values)
        except ValidationError as error:
            got = faults_of(error)
            raise DataError(Problem(str(path), "is not a manifest", got, fix=fix)) from error
        if manifest.schema_version > SCHEMA_VERSION:
            fix = "update the harness"
            got = f"schema version {manifest.schema_version}"
            raise DataError(Problem(str(path), "comes from a newer harness", got, fix=fix))
        return manifest


def is_entry(folder: Path) -> bool:
    """Whether a folder is an entry of a leaderboard: its `manifest.json` is that of no run."""
    try:
        return _is_of_entry(read_json(folder / "manifest.json"))
    except (DataError, OSError):  # left to whoever reads it as a run's
        return False


def _is_of_entry(values: object) -> bool:
    return isinstance(values, dict) and "entry" in values and "identity" not in values


def manifest_of(opened: OpenTask, identity: Identity, **more: Any) -> Manifest:
    """Give the manifest of a run that begins now; `more` are fields of its kind of run alone."""
    task, classes, source = opened.task, opened.classes, opened.source
    return Manifest(
        harness_version=harness.__version__,
        task=task.task,
        model=identity.model["model"],
        identity=identity,
        mark=identity.mark,
        class_list=ClassListFacts(
            name=classes.name, name_set=classes.name_set, n=len(classes), sha256=classes.digest
        ),
        data=DataFacts(
            dataset_path=task.dataset_path,
            dataset_name=task.dataset_name,
            split=task.test_split,
            revision=task.revision,
            fingerprint=source.fingerprint,
            n=len(source),
            ids_sha256=source.ids_sha256,
        ),
        limit=opened.limit,
        sample=sample_of(task, len(opened.rows), len(source)),
        versions=package_versions(),
        git=git_state(own_root()),
        hardware=hardware_facts(),
        started=now(),
        **more,
    )


def now() -> str:
    """Give the time, to the second, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def package_versions() -> dict[str, str]:
    """Give the versions of Python and of the installed packages that a score can depend on."""
    found = {name: version for name in _PACKAGES if (version := _version(name)) is not None}
    return {"python": platform.python_version(), **found}


@cache  # those of this process: reading them takes longer than scoring a small run
def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


@cache  # the code of this process was read when it began
def git_state(folder: Path) -> dict[str, Any]:
    """Give commit and dirty flag of the checkout that the harness runs from; empty without one."""

    def ask(*words: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(folder), *words], capture_output=True, timeout=10
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        # File names are in whatever encoding the disk has.
        return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else None

    if not (folder / ".git").exists():
        return {}
    commit, changes = ask("rev-parse", "HEAD"), ask("status", "--porcelain")
    return {} if commit is None else {"commit": commit, "dirty": bool(changes)}


def hardware_facts() -> dict[str, Any]:
    """Give what of the machine matters to times, without its name."""
    return {"machine": platform.machine(), "system": platform.system(), "cpus": os.cpu_count()}
