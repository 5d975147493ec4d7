"""The one checker of entries, for submitters and for the leaderboard's own gate alike."""

import contextlib
import filecmp
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from harness.answers.outcome import MAPPED_STATUS
from harness.data.labels.of_task import NO_OVERRIDES, Overrides, share_overrides
from harness.data.opened import OpenTask, open_task
from harness.errors import DataError, Problem, UserError
from harness.leaderboard.entries.entry import Entry, Opened, RunCase, open_entry
from harness.leaderboard.entries.finding import Finding, Report, failed
from harness.leaderboard.entries.format import (
    MANIFEST,
    MAX_MANIFEST,
    EntryRun,
    TooLargeError,
    gzip_lines,
    parse_manifest,
    prompts_of,
    read_bounded,
    rows_of,
)
from harness.leaderboard.entries.ledger import (
    LEDGER,
    MAX_LEDGER,
    check_appended,
    check_ledger,
    read_ledger,
)
from harness.leaderboard.entries.rules.duplicates import Neighbours, check_copies
from harness.leaderboard.entries.rules.files import check_comparable, check_task, watched
from harness.leaderboard.entries.rules.replay import check_claims, check_mapped, check_parsed
from harness.leaderboard.entries.rules.rows import SHAPE, check_drawn, check_rendered
from harness.leaderboard.entries.rules.suspicions import SUSPICIONS
from harness.limits import below
from harness.scores.results import Protocol
from harness.scores.scoring import score_run
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_run_task
from harness.specs.task import TaskSpec

_REPLAY = (check_parsed, check_mapped, check_drawn)
"""Rules that find again what the rows say."""
_SUSPICIONS = (check_rendered, *SUSPICIONS)
_SCORES = "scores of classes, which only the model gives again"
_WHY: Mapping[str, str] = {
    "I503": "mapped by a text encoder that is not here",
    "I504": "classes without a text to read them from",
    "I313": "options that cannot be drawn again here",
    "W312": "options that came with the answers",
}
"""Why figures rest on their submitter's word, by the code of what could not be found again."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Examined:
    """A run beside its task, and what is wrong with it."""

    findings: tuple[Finding, ...]
    """Errors, and what could not be found again."""
    case: RunCase | None
    """None where there is an error."""

    def why_claimed(self, protocol: Protocol) -> str | None:
        """Say why an accuracy is a claim; None where the texts give all that counts again."""
        if protocol == "classify":
            return _SCORES
        # A closed world without mapping needs no encoder.
        needs_encoder = protocol in MAPPED_STATUS and protocol != "cw"
        codes = {each.code for each in self.findings if each.code != "I503" or needs_encoder}
        return "; ".join(why for code, why in _WHY.items() if code in codes) or None


def examine(entry: Entry, run: EntryRun, opened: OpenTask) -> Examined:
    """Hold a run against the task of its name: every rule that makes an error, but for the claims.

    The leaderboard ranks no run that has one, and the checker refuses it. Rules that build on
    others are left out where those failed.
    """
    found = list(check_comparable(run, opened))
    rows = _read(entry.folder, run.predictions, rows_of, found)
    has_prompts = run.prompts in entry.manifest.files
    prompts = _read(entry.folder, run.prompts, prompts_of, found) if has_prompts else []
    if not failed(found):
        case = RunCase(entry.name, run, opened, tuple(rows), tuple(prompts))
        found += [finding for rule in SHAPE for finding in rule(case)]
        if not failed(found):
            found += [finding for rule in _REPLAY for finding in rule(case)]
    return Examined(tuple(found), None if failed(found) else case)


def examine_run(
    catalogue: Catalogue, entry: Entry, run: EntryRun, overrides: Overrides
) -> Examined:
    """Do as `examine` with the catalogue's task of the run's name (E207): the settings of the run
    are a stranger's words, and could name any file.

    Raises SpecError or DataError when the catalogue's own files are missing or broken.
    """
    found = tuple(check_task(catalogue, run))
    if found:
        return Examined(found, None)
    opened = open_task(catalogue, load_run_task(catalogue, run.task), overrides, images="none")
    return examine(entry, run, opened)


def check_run(
    catalogue: Catalogue, entry: Entry, run: EntryRun, overrides: Overrides, others: Neighbours
) -> list[Finding]:
    """Give all findings on a run. Raises as `examine_run`."""
    examined = examine_run(catalogue, entry, run, overrides)
    found, case = list(examined.findings), examined.case
    if case is not None:
        results = score_run(case.opened, case.run.run, case.rows, draws=1)
        found += check_claims(case, results)
        found += [finding for rule in _SUSPICIONS for finding in rule(case)]
        found += check_copies(case, others)
    return found


def _read(
    folder: Path,
    name: str,
    reader: Callable[[Iterable[bytes], Path], Iterator[T]],
    found: list[Finding],
) -> list[T]:
    """Read a file of lines once; what is wrong with it (E104, E105, E301) is added to `found`."""
    path = folder / name
    secrets: list[Finding] = []
    rows: list[T] = []
    try:
        rows += reader(watched(name, gzip_lines(path), secrets), path)
    except TooLargeError as error:
        problem = error.problems[0]
        found.append(Finding("E104", name, f"{problem.what}; {problem.fix}"))
    except DataError as error:
        problem = error.problems[0]
        line = problem.where.removeprefix(str(path))
        text = f"{problem.what} {problem.got or ''}".strip()
        found.append(Finding("E301", f"{name}{line}", text))
    found += secrets
    return rows


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What the command line says beside the entries."""

    against: Path | None = None
    """Folder of the other entries; by default that in which an entry lies. For a folder of entries:
    what it was before, whose unchanged entries are not checked again."""
    overrides: Overrides = NO_OVERRIDES


def check_path(catalogue: Catalogue, path: Path, options: CheckOptions) -> list[Report]:
    """Check an entry, or a folder of entries with its ledger.

    Raises UserError when the path is neither.
    """
    if not path.is_dir():
        fix = "give the folder of an entry"
        raise UserError(Problem(str(path), "there is no such folder", fix=fix))
    options = share_options(catalogue, [path], options)
    if (path / LEDGER).is_file() or not (path / MANIFEST).exists():
        return _check_folder(catalogue, path, options)
    return [check_entry(catalogue, path, options)]


def share_options(
    catalogue: Catalogue, paths: Sequence[Path], options: CheckOptions
) -> CheckOptions:
    """Let each task of some entries, or folders of entries, take the label sets that apply to it.

    Manifests and tasks that cannot be read are named by their own rules. Raises SpecError for a
    label set that applies to none of the tasks.
    """
    overrides = options.overrides
    if overrides.shared or not (overrides.label_sets or overrides.equivalences):
        return options
    tasks: dict[str, TaskSpec] = {}
    for name in _task_names(paths):
        with contextlib.suppress(UserError):
            tasks[name] = load_run_task(catalogue, name)
    shared = share_overrides(catalogue, [*tasks.values()], options.overrides)
    return replace(options, overrides=shared)


def _task_names(paths: Sequence[Path]) -> Iterator[str]:
    for path in paths:
        for folder in (path, *entries_in(path)):
            with contextlib.suppress(DataError):
                data = read_bounded(folder / MANIFEST, MAX_MANIFEST)
                yield from (run.task for run in parse_manifest(data, MANIFEST).runs)


def check_entry(catalogue: Catalogue, folder: Path, options: CheckOptions) -> Report:
    """Check one entry by every rule, from the files to the suspicions.

    Rules that build on others are left out where those failed, so that each mistake is named once.
    """
    options = share_options(catalogue, [folder], options)
    among = options.against or folder.absolute().parent
    found = [path for path in entries_in(among) if path.name != folder.absolute().name]
    opened = open_entry(folder)
    others = Neighbours(_sound(map(open_entry, found))) if opened.entry else Neighbours()
    return _report(catalogue, opened, options.overrides, others)


def _report(
    catalogue: Catalogue, opened: Opened, overrides: Overrides, others: Neighbours
) -> Report:
    findings = list(opened.findings)
    if opened.entry is not None:
        for run in opened.entry.manifest.runs:
            findings += check_run(catalogue, opened.entry, run, overrides, others)
    return Report(opened.path.absolute().name, str(opened.path), tuple(findings))


def _sound(opened: Iterable[Opened]) -> tuple[Entry, ...]:
    """Give the entries that can be opened; their own check says why the others cannot."""
    return tuple(each.entry for each in opened if each.entry is not None)


def entries_in(folder: Path) -> list[Path]:
    """Give what is, or pretends to be, an entry in a folder of entries, by name."""
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [
        path
        for path in found
        if not path.name.startswith(".") and (path.is_symlink() or path.is_dir())
    ]


def _check_folder(catalogue: Catalogue, folder: Path, options: CheckOptions) -> list[Report]:
    before = options.against
    if before is not None and before.resolve() == folder.resolve():
        before = None
    entries = entries_in(folder)
    if not entries and not (folder / LEDGER).is_file():
        fix = "give an entry's folder, or the folder of all of them"
        raise UserError(Problem(str(folder), f"has no {MANIFEST} and no entries", fix=fix))
    opened = [open_entry(path) for path in entries]
    others = Neighbours(_sound(opened))
    reports = [
        _report(catalogue, each, options.overrides, others)
        for each in opened
        if before is None or not _is_unchanged(before / each.path.name, each.path)
    ]
    findings = tuple(_check_ledger(folder, before, entries))
    return [*reports, Report(LEDGER, str(folder), findings)]


def _is_unchanged(before: Path, after: Path) -> bool:
    """Whether two folders hold the same files with the same bytes, and no links."""
    found = []
    for folder in (before, after):
        if not folder.is_dir() or any(path.is_symlink() for path in (folder, *below(folder))):
            return False
        found.append(sorted(path.relative_to(folder) for path in below(folder)))
    files = [path for path in found[0] if (before / path).is_file()]
    return found[0] == found[1] and all(
        filecmp.cmp(before / path, after / path, shallow=False) for path in files
    )


def _check_ledger(folder: Path, before: Path | None, entries: list[Path]) -> Iterator[Finding]:
    path = folder / LEDGER
    try:
        ledger = read_ledger(path)
    except DataError as error:
        for problem in error.problems:
            where = problem.where.removeprefix(f"{folder}/")
            yield Finding("E701", where, f"{problem.what}: {problem.got}")
        return
    if before is not None and (before / LEDGER).is_file():
        now = read_bounded(path, MAX_LEDGER) if path.is_file() else b""
        yield from check_appended(read_bounded(before / LEDGER, MAX_LEDGER), now)
    yield from check_ledger(ledger, dict(_manifests(entries)))


def _manifests(entries: list[Path]) -> Iterator[tuple[str, str]]:
    for path in entries:
        with contextlib.suppress(DataError):  # the entry's own check says why
            data = read_bounded(path / MANIFEST, MAX_MANIFEST)
            yield path.name, hashlib.sha256(data).hexdigest()
