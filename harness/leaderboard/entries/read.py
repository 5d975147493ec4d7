"""Open an entry: manifest and card checked, every file held against its hash, rows on demand."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError

from harness.errors import DataError, Problem, SpecError
from harness.leaderboard.entries.bounded import read_bounded
from harness.leaderboard.entries.card import ModelCard
from harness.leaderboard.entries.manifest import CARD, MANIFEST, EntryManifest, EntryRun
from harness.leaderboard.entries.rows import read_prompts, read_rows, told
from harness.specs.yaml_file import parse_yaml
from harness.store.prediction import Prediction

MAX_MANIFEST = 1 << 20
MAX_CARD = 64 << 10
MAX_FILE = 64 << 20
_FRONT = re.compile(r"---\n(.*?\n)---\n?(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Entry:
    """A folder of the leaderboard's `submissions/`. What it says is its submitter's."""

    folder: Path
    manifest: EntryManifest
    card: ModelCard
    card_text: str
    """The card below its front matter, markdown as written."""
    sha256: str
    """Of `manifest.json`, and so of every file."""

    @property
    def name(self) -> str:
        """The entry's name."""
        return self.manifest.entry

    def rows(self, run: EntryRun) -> Iterator[Prediction]:
        """Read the rows of a run, one after the other. Raises DataError as `read_rows`."""
        return read_rows(self.folder / run.predictions)

    def prompts(self, run: EntryRun) -> Mapping[str, str]:
        """Give the prompts of a run, SHA-256 to text; none for a run without prompts.

        Raises DataError as `read_rows`.
        """
        if run.prompts not in self.manifest.files:
            return {}
        return {each.sha256: each.text for each in read_prompts(self.folder / run.prompts)}


def read_entry(folder: Path) -> Entry:
    """Open an entry's folder.

    Raises DataError when manifest or card cannot be read or break their schema, when the entry is
    not named as its folder, or when a file that it needs is missing, is no plain file, or is not
    the one that the manifest has the hash of. The rows are not looked at: `harness submit check`
    does that.
    """
    data = read_bounded(folder / MANIFEST, MAX_MANIFEST)
    manifest = parse_manifest(data, str(folder / MANIFEST))
    problems = [*named_wrongly(folder, manifest), *changed_files(folder, manifest)]
    if problems:
        raise DataError(problems)
    card, text = parse_card(read_bounded(folder / CARD, MAX_CARD), folder / CARD)
    return Entry(folder, manifest, card, text, hashlib.sha256(data).hexdigest())


def parse_manifest(data: bytes, where: str) -> EntryManifest:
    """Read `manifest.json`. Raises DataError when it is none of this version."""
    try:
        return EntryManifest.model_validate_json(data)
    except ValidationError as error:
        fix = "make the entry with `harness submit pack`"
        problem = Problem(where, "is not the manifest of an entry", got=told(error), fix=fix)
        raise DataError(problem) from error


def parse_card(data: bytes, path: Path) -> tuple[ModelCard, str]:
    """Read `MODEL_CARD.md`: the front matter, checked, and the text below it.

    Raises DataError when there is no front matter, or it says something that it cannot say.
    """
    where = str(path)
    try:
        found = _FRONT.fullmatch(data.decode().replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        raise DataError(Problem(where, "is no text", got=str(error))) from error
    if found is None:
        what = "has no front matter"
        raise DataError(Problem(where, what, expected="--- at the top, YAML, and --- below it"))
    try:
        # An alias lets a few lines stand for gigabytes.
        events = yaml.parse(found[1], yaml.CSafeLoader)
        if any(isinstance(event, yaml.AliasEvent) for event in events):
            raise DataError(Problem(where, "has an alias in its front matter"))
        return ModelCard.model_validate(parse_yaml(found[1], path).data), found[2]
    except yaml.YAMLError as error:
        raise DataError(Problem(where, "is not valid YAML above", got=str(error))) from error
    except SpecError as error:
        raise DataError(error.problems) from error
    except ValidationError as error:
        raise DataError(Problem(where, "says what it cannot say", got=told(error))) from error


def named_wrongly(folder: Path, manifest: EntryManifest) -> list[Problem]:
    """Tell when the entry does not bear its folder's name, or has two runs of one task."""
    name = folder.resolve().name
    where = str(folder / MANIFEST)
    found = []
    if manifest.entry != name:
        found.append(Problem(where, "names another entry than its folder", manifest.entry, name))
    counts = Counter(run.task for run in manifest.runs)
    found += [
        Problem(where, f"has {count} runs of one task", got=task)
        for task, count in sorted(counts.items())
        if count > 1
    ]
    return found


def changed_files(folder: Path, manifest: EntryManifest) -> list[Problem]:
    """Tell which files are missing, not told of, or not those of the manifest."""
    needed = {CARD, *(run.predictions for run in manifest.runs)}
    allowed = needed | {run.prompts for run in manifest.runs}
    told_of = manifest.files.keys()
    found = [
        Problem(str(folder / MANIFEST), "has no hash of a file that an entry needs", got=name)
        for name in sorted(needed - told_of)
    ]
    found += [
        Problem(str(folder / MANIFEST), "has the hash of a file that no entry has", got=repr(name))
        for name in sorted(told_of - allowed)
    ]
    for name in sorted(told_of & allowed):
        found += changed_file(folder, name, manifest)
    return found


def changed_file(folder: Path, name: str, manifest: EntryManifest) -> list[Problem]:
    """Tell when a file is not the one that the manifest has the hash of."""
    facts = manifest.files[name]
    try:
        data = read_bounded(folder / name, MAX_FILE)
    except DataError as error:
        return list(error.problems)
    digest = hashlib.sha256(data).hexdigest()
    if (digest, len(data)) == (facts.sha256, facts.bytes):
        return []
    got = f"{len(data)} bytes, sha256 {digest}"
    expected = f"{facts.bytes} bytes, sha256 {facts.sha256}"
    return [Problem(str(folder / name), "is not the file of the manifest", got, expected)]
