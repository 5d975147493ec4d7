"""Check one run of an entry: that it can be read, that its rows are sound, what they mean."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from harness.answers.outcome import MAPPED_STATUS
from harness.data.labels.of_task import Overrides
from harness.data.opened import OpenTask, open_task
from harness.errors import DataError
from harness.leaderboard.entries.bounded import TooLargeError, gzip_lines
from harness.leaderboard.entries.case import RunCase
from harness.leaderboard.entries.finding import Finding, failed
from harness.leaderboard.entries.manifest import EntryRun
from harness.leaderboard.entries.read import Entry
from harness.leaderboard.entries.rows import prompts_of, rows_of
from harness.leaderboard.entries.rules.drift import check_drift
from harness.leaderboard.entries.rules.duplicates import Neighbours, check_copies
from harness.leaderboard.entries.rules.health import check_frequent, check_never, check_no_class
from harness.leaderboard.entries.rules.manifest import check_comparable, check_task
from harness.leaderboard.entries.rules.mimicry import check_mimicry
from harness.leaderboard.entries.rules.options import check_drawn, check_options
from harness.leaderboard.entries.rules.prompts import check_prompts, check_rendered
from harness.leaderboard.entries.rules.replay import check_mapped, check_parsed
from harness.leaderboard.entries.rules.rows import check_class_ids, check_fit, check_ids
from harness.leaderboard.entries.rules.scores import check_claims
from harness.leaderboard.entries.rules.text import watched
from harness.scores.results import Protocol
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_run_task

_SHAPE = (check_ids, check_class_ids, check_fit, check_options, check_prompts)
"""Rules that the others rely on: scoring rows that break one of these says nothing."""
_REPLAY = (check_parsed, check_mapped, check_drawn)
"""Rules that find again what the rows say."""
_SUSPICIONS = (
    check_rendered, check_no_class, check_frequent, check_never, check_drift, check_mimicry,
)  # fmt: skip
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
        """Say why a run's accuracy under a protocol is a claim: nothing in the entry gives it
        again. None where every class that counts was found again from the texts.
        """
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
        found += [finding for rule in _SHAPE for finding in rule(case)]
        if not failed(found):
            found += [finding for rule in _REPLAY for finding in rule(case)]
    return Examined(tuple(found), None if failed(found) else case)


def check_run(
    catalogue: Catalogue,
    entry: Entry,
    run: EntryRun,
    overrides: Overrides,
    others: Neighbours,
) -> list[Finding]:
    """Give all findings on a run. Rules that build on others are left out where those failed.

    The task is the catalogue's: the settings of the run are a stranger's words, and could name any
    file. Raises SpecError or DataError when the catalogue's own files are missing or broken.
    """
    found = [*check_task(catalogue, run)]
    if failed(found):
        return found
    opened = open_task(catalogue, load_run_task(catalogue, run.task), overrides, images="none")
    examined = examine(entry, run, opened)
    case = examined.case
    if case is None:
        return [*found, *examined.findings]
    found += [*examined.findings, *check_claims(case)]
    found += [finding for rule in _SUSPICIONS for finding in rule(case)]
    return [*found, *check_copies(case, others)]


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
        found.append(Finding("E104", name, f"{problem.what}; {problem.expected}"))
    except DataError as error:
        problem = error.problems[0]
        line = problem.where.removeprefix(str(path))
        text = f"{problem.what} {problem.got or ''}".strip()
        found.append(Finding("E301", f"{name}{line}", text))
    found += secrets
    return rows
