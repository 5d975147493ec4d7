"""The one checker of entries, for submitters and for the leaderboard's own gate alike."""

import contextlib
import filecmp
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.catalogue import Catalogue
from harness.entries.bounded import read_bounded
from harness.entries.check_run import check_run, failed
from harness.entries.finding import Finding, Report
from harness.entries.ledger import LEDGER, MAX_LEDGER, read_ledger
from harness.entries.manifest import CARD, MANIFEST, EntryManifest
from harness.entries.read import (
    MAX_CARD,
    MAX_MANIFEST,
    Entry,
    parse_card,
    parse_manifest,
    read_entry,
)
from harness.entries.rules import manifest as manifest_rules
from harness.entries.rules.files import check_files
from harness.entries.rules.ledger import check_appended, check_ledger
from harness.entries.rules.text import check_hidden, check_manifest_text, check_secrets
from harness.errors import DataError, Problem, UserError
from harness.run.bench import NO_OVERRIDES, Overrides, share_overrides
from harness.spec.load import load_run_task
from harness.spec.task import TaskSpec


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
        raise UserError(Problem(str(path), "there is no such folder"))
    options = share_options(catalogue, [path], options)
    if (path / LEDGER).is_file() or not (path / MANIFEST).exists():
        return _check_folder(catalogue, path, options)
    return [check_entry(catalogue, path, options)]


def share_options(
    catalogue: Catalogue, paths: Sequence[Path], options: CheckOptions
) -> CheckOptions:
    """Let each task of some entries, or folders of entries, take the label sets that apply to it.

    Manifests and tasks that cannot be read are told by their own rules. Raises SpecError for a
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
        inside = sorted(path.iterdir()) if path.is_dir() else []
        for folder in (path, *filter(_is_entry, inside)):
            with contextlib.suppress(DataError):
                data = read_bounded(folder / MANIFEST, MAX_MANIFEST)
                yield from (run.task for run in parse_manifest(data, MANIFEST).runs)


def check_entry(catalogue: Catalogue, folder: Path, options: CheckOptions) -> Report:
    """Check one entry by every rule, from the files to the suspicions.

    Rules that build on others are left out where those failed, so that each mistake is told once.
    """
    options = share_options(catalogue, [folder], options)
    given, folder = folder, folder.absolute()
    findings = list(check_files(folder))
    if not failed(findings):
        findings += _check_said(folder)
    if not failed(findings):
        entry = read_entry(folder)
        others = _others(folder, options.against or folder.parent)
        for run in entry.manifest.runs:
            findings += check_run(catalogue, entry, run, options.overrides, others)
    return Report(folder.name, str(given), tuple(findings))


def _others(folder: Path, among: Path) -> list[Entry]:
    """Read the other entries of a folder; one that cannot be read is told of by its own check."""
    found = []
    for path in sorted(among.iterdir()) if among.is_dir() else ():
        if path.name != folder.name and _is_entry(path):
            with contextlib.suppress(DataError):
                found.append(read_entry(path))
    return found


def _check_folder(catalogue: Catalogue, folder: Path, options: CheckOptions) -> list[Report]:
    before = options.against
    if before is not None and before.resolve() == folder.resolve():
        before = None
    entries = [path for path in sorted(folder.iterdir()) if _is_entry(path)]
    if not entries and not (folder / LEDGER).is_file():
        fix = "give an entry's folder, or the folder of all of them"
        raise UserError(Problem(str(folder), f"has no {MANIFEST} and no entries", fix=fix))
    own = CheckOptions(folder, options.overrides)
    reports = [
        check_entry(catalogue, path, own)
        for path in entries
        if before is None or not _is_unchanged(before / path.name, path)
    ]
    findings = tuple(_check_ledger(folder, before, entries))
    return [*reports, Report(LEDGER, str(folder), findings)]


def _is_entry(path: Path) -> bool:
    return not path.name.startswith(".") and (path.is_symlink() or path.is_dir())


def _is_unchanged(before: Path, after: Path) -> bool:
    """Whether two folders hold the same files with the same bytes, and no links."""
    found = []
    for folder in (before, after):
        if not folder.is_dir() or any(path.is_symlink() for path in (folder, *folder.rglob("*"))):
            return False
        found.append(sorted(path.relative_to(folder) for path in folder.rglob("*")))
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
        try:
            data = read_bounded(path / MANIFEST, MAX_MANIFEST)
        except DataError:
            continue  # told by the entry's own check
        yield path.name, hashlib.sha256(data).hexdigest()


def _check_said(folder: Path) -> Iterator[Finding]:
    """Check manifest and card, and the files by their hashes."""
    for name in (MANIFEST, CARD):
        if not (folder / name).is_file():
            yield Finding("E203", name, "is not there")
            return
    data = read_bounded(folder / MANIFEST, MAX_MANIFEST)
    try:
        manifest = parse_manifest(data, MANIFEST)
    except DataError as error:
        yield Finding("E201", MANIFEST, error.problems[0].got or error.problems[0].what)
        return
    yield from check_secrets(MANIFEST, data.splitlines())
    yield from check_manifest_text(MANIFEST, data)
    yield from manifest_rules.check_names(folder, manifest)
    yield from manifest_rules.check_hashes(folder, manifest)
    yield from _check_card(folder, manifest)


def _check_card(folder: Path, manifest: EntryManifest) -> Iterator[Finding]:
    data = read_bounded(folder / CARD, MAX_CARD)
    yield from check_secrets(CARD, data.splitlines())
    try:
        card, _ = parse_card(data, Path(CARD))
    except DataError as error:
        for problem in error.problems:
            yield Finding("E204", CARD, f"{problem.what}: {problem.got or problem.expected}")
        return
    yield from check_hidden(CARD, data.decode())
    yield from manifest_rules.check_card(card, manifest)
