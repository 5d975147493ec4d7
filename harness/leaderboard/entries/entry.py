"""An entry, opened and checked, with rows on demand; and one of its runs beside its task."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

from harness.answers.outcome import Outcome
from harness.data.labels.label_set import Labels
from harness.data.opened import OpenTask
from harness.errors import DataError
from harness.leaderboard.entries.card import MAX_CARD, ModelCard, parse_card
from harness.leaderboard.entries.finding import Finding, failed
from harness.leaderboard.entries.format import (
    CARD,
    MANIFEST,
    MAX_MANIFEST,
    EntryManifest,
    EntryRun,
    Prompt,
    gzip_lines,
    parse_manifest,
    read_bounded,
    rows_of,
)
from harness.leaderboard.entries.ledger import Decision, Level, level_of
from harness.leaderboard.entries.rules import files as file_rules
from harness.runs.rows import read_answer
from harness.scores.answers import Answers, Bools, to_answers
from harness.scores.judgement import Judgement, judge
from harness.scores.metrics import counted_rows
from harness.scores.results import Protocol
from harness.store.prediction import Prediction

_SHORT, _MOST_KNOWN = 100, 1 << 16
Reading = tuple[str | None, tuple[int, ...]]


@lru_cache(maxsize=4)
def _readings(protocol: Protocol, class_list_digest: str) -> dict[Reading, Outcome]:
    """Give what was read so far in this process; models repeat each other's answers."""
    return {}


@dataclass(frozen=True)
class RunCase:
    """One run, read and in memory."""

    entry: str
    """Name of the entry."""
    run: EntryRun
    opened: OpenTask
    """The task of that name, its classes and its label sets, as the leaderboard has them."""
    rows: tuple[Prediction, ...]
    prompts: tuple[Prompt, ...]
    asked: frozenset[str] | None = None
    """The images that it is of; None for an entry's, which is of all that the task has."""

    @property
    def where(self) -> str:
        """Path of the rows."""
        return self.run.predictions

    @property
    def protocol(self) -> Protocol:
        """How the task asks."""
        return self.opened.task.protocol

    @cached_property
    def labels(self) -> Labels:
        """The label sets that the task names or that the run was scored by; one that was only added
        to this check decides on no rule.
        """
        claimed = {name for claims in self.run.claims.values() for name in claims}
        found = self.opened.labels
        kept = tuple(each for each in found.sets if not each.added or each.name in claimed)
        return replace(found, sets=kept)

    @cached_property
    def labels_changed(self) -> tuple[str, ...]:
        """Label sets that are not those, or not all of those, that the run was scored by."""
        claimed = {
            (name, claim.label_set_digest)
            for claims in self.run.claims.values()
            for name, claim in claims.items()
        }
        now = {(each.name, each.digest) for each in self.labels.sets}
        return tuple(sorted({name for name, _ in claimed ^ now}))

    @property
    def equivalences_are_known(self) -> bool:
        """Whether the classes that count as one are those that the run was scored by: they come
        from the task or its label sets, which are the same, and from nothing that was added.
        """
        found = self.opened.labels
        return not (
            self.labels_changed
            or found.overridden
            or any(each.added and each.equivalence_groups for each in found.sets)
        )

    @cached_property
    def answers(self) -> Answers:
        """The rows as arrays. Raises DataError for rows that break E304 or E306."""
        return to_answers(self.rows, self.opened.classes, self.where)

    @property
    def widest(self) -> Protocol:
        """The widest reading of the protocol."""
        return "cw_plus" if self.protocol == "cw" else self.protocol

    @cached_property
    def counted(self) -> Bools:
        """Which rows name a class, under the widest reading of the protocol."""
        return counted_rows(self.answers, self.widest)

    @cached_property
    def judged(self) -> tuple[Judgement, ...]:
        """The answers under each label set, under the widest reading of the protocol."""
        return judge(self.answers, self.opened.labels, [self.widest])

    def read(self, answer: str | None, options: Sequence[int]) -> Outcome:
        """Give what the parser finds in an answer; of short ones that many give, once."""
        classes = self.opened.classes
        known, key = _readings(self.protocol, classes.digest), (answer, tuple(options))
        if key in known:
            return known[key]
        found = read_answer(self.protocol, answer, options, classes)
        if len(answer or "") <= _SHORT and len(known) < _MOST_KNOWN:
            known[key] = found
        return found


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
    findings = list(file_rules.check_files(whole))
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
    findings += file_rules.check_secrets(MANIFEST, data.splitlines())
    findings += file_rules.check_manifest_text(MANIFEST, data)
    findings += file_rules.check_names(folder, manifest)
    findings += file_rules.check_hashes(folder, manifest)
    card = _read_card(folder, manifest, findings)
    return card and Entry(folder, manifest, *card, hashlib.sha256(data).hexdigest())


def _read_card(
    folder: Path, manifest: EntryManifest, findings: list[Finding]
) -> tuple[ModelCard, str] | None:
    data = read_bounded(folder / CARD, MAX_CARD)
    findings += file_rules.check_secrets(CARD, data.splitlines())
    try:
        card, text = parse_card(data, Path(CARD))
    except DataError as error:
        findings += [
            Finding("E204", CARD, f"{problem.what}: {problem.got or problem.fix}")
            for problem in error.problems
        ]
        return None
    findings += file_rules.check_hidden(CARD, data.decode())
    findings += file_rules.check_card(card, manifest)
    findings += file_rules.check_filled_in(text)
    return card, text
