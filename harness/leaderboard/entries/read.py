"""Open an entry: files, manifest and card checked, each read and hashed once; rows on demand."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError
from harness.leaderboard.entries.bounded import gzip_lines, read_bounded
from harness.leaderboard.entries.card import MAX_CARD, ModelCard, parse_card
from harness.leaderboard.entries.finding import Finding, failed
from harness.leaderboard.entries.ledger import Decision, Level, level_of
from harness.leaderboard.entries.manifest import (
    CARD,
    MANIFEST,
    MAX_MANIFEST,
    EntryManifest,
    EntryRun,
    parse_manifest,
)
from harness.leaderboard.entries.rows import rows_of
from harness.leaderboard.entries.rules import manifest as manifest_rules
from harness.leaderboard.entries.rules.files import check_files
from harness.leaderboard.entries.rules.text import check_hidden, check_manifest_text, check_secrets
from harness.store.prediction import Prediction


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
    decisions: tuple[Decision, ...] = ()
    """About this entry, oldest first."""

    @property
    def name(self) -> str:
        """The entry's name."""
        return self.manifest.entry

    @property
    def level(self) -> Level:
        """How far it was verified."""
        return level_of(self.decisions, self.sha256)

    def rows(self, run: EntryRun) -> Iterator[Prediction]:
        """Read the rows of a run, one after the other. Raises DataError as `rows_of`."""
        path = self.folder / run.predictions
        return rows_of(gzip_lines(path), path)


@dataclass(frozen=True, slots=True)
class Opened:
    """An entry's folder, looked at once: what is wrong with it as a whole, and its parts."""

    path: Path
    findings: tuple[Finding, ...]
    entry: Entry | None
    """None where there is an error."""


def open_entry(folder: Path) -> Opened:
    """Check files, manifest and card of an entry, each file read and hashed once."""
    whole = folder.absolute()
    findings = list(check_files(whole))
    entry = None if failed(findings) else _open(whole, findings)
    return Opened(folder, tuple(findings), None if failed(findings) else entry)


def _open(folder: Path, findings: list[Finding]) -> Entry | None:
    """Read manifest and card, and hold the files against their hashes; None where there is none."""
    for name in (MANIFEST, CARD):
        if not (folder / name).is_file():
            findings.append(Finding("E203", name, "is not there"))
            return None
    data = read_bounded(folder / MANIFEST, MAX_MANIFEST)
    try:
        manifest = parse_manifest(data, MANIFEST)
    except DataError as error:
        problem = error.problems[0]
        findings.append(Finding("E201", MANIFEST, problem.got or problem.what))
        return None
    findings += check_secrets(MANIFEST, data.splitlines())
    findings += check_manifest_text(MANIFEST, data)
    findings += manifest_rules.check_names(folder, manifest)
    findings += manifest_rules.check_hashes(folder, manifest)
    card = _read_card(folder, manifest, findings)
    return card and Entry(folder, manifest, *card, hashlib.sha256(data).hexdigest())


def _read_card(
    folder: Path, manifest: EntryManifest, findings: list[Finding]
) -> tuple[ModelCard, str] | None:
    data = read_bounded(folder / CARD, MAX_CARD)
    findings += check_secrets(CARD, data.splitlines())
    try:
        card, text = parse_card(data, Path(CARD))
    except DataError as error:
        findings += [
            Finding("E204", CARD, f"{problem.what}: {problem.got or problem.expected}")
            for problem in error.problems
        ]
        return None
    findings += check_hidden(CARD, data.decode())
    findings += manifest_rules.check_card(card, manifest)
    findings += manifest_rules.check_filled_in(text)
    return card, text
