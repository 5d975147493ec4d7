"""Check one run of an entry: that it can be read, that its rows are sound, what they mean."""

from collections.abc import Iterable, Iterator, Sequence

from harness.catalogue import Catalogue
from harness.entries.bounded import TooLargeError, gzip_lines
from harness.entries.case import RunCase
from harness.entries.finding import Finding
from harness.entries.manifest import EntryRun
from harness.entries.read import Entry
from harness.entries.rows import read_prompts, read_rows
from harness.entries.rules.drift import check_drift
from harness.entries.rules.duplicates import check_copies
from harness.entries.rules.health import check_frequent, check_never, check_no_class
from harness.entries.rules.manifest import check_comparable, check_task
from harness.entries.rules.mimicry import check_mimicry
from harness.entries.rules.options import check_drawn, check_options
from harness.entries.rules.prompts import check_prompts, check_rendered
from harness.entries.rules.replay import check_mapped, check_parsed
from harness.entries.rules.rows import check_class_ids, check_fit, check_ids
from harness.entries.rules.scores import check_claims
from harness.entries.rules.text import check_secrets
from harness.errors import DataError
from harness.run.bench import Overrides
from harness.run.finish import Ending
from harness.run.rescore import open_ending
from harness.spec.load import load_run_task

_SHAPE = (check_ids, check_class_ids, check_fit, check_options, check_prompts)
"""Rules that the others rely on: scoring rows that break one of these says nothing."""
_MEANING = (
    check_rendered, check_drawn, check_claims, check_parsed, check_mapped, check_no_class,
    check_frequent, check_never, check_drift, check_mimicry,
)  # fmt: skip


def check_run(
    catalogue: Catalogue,
    entry: Entry,
    run: EntryRun,
    overrides: Overrides,
    others: Sequence[Entry],
) -> list[Finding]:
    """Give all findings on a run. Rules that build on others are left out where those failed.

    The task is the catalogue's: the settings of the run are a stranger's words, and could name any
    file. Raises SpecError or DataError when the catalogue's own files are missing or broken.
    """
    found = [*check_task(catalogue, run), *_check_packed(entry, run)]
    if failed(found):
        return found
    ending = open_ending(catalogue, load_run_task(catalogue, run.task), overrides)
    found += check_comparable(run, ending)
    found += _check_lines(entry, run)
    if failed(found):
        return found
    return found + _check_rows(_case(entry, run, ending), others)


def failed(findings: Iterable[Finding]) -> bool:
    """Whether there is an error among findings."""
    return any(each.severity == "error" for each in findings)


def _check_rows(case: RunCase, others: Sequence[Entry]) -> list[Finding]:
    found = [finding for rule in _SHAPE for finding in rule(case)]
    if failed(found):
        return found
    found += [finding for rule in _MEANING for finding in rule(case)]
    return [*found, *check_copies(case, others)]


def _case(entry: Entry, run: EntryRun, ending: Ending) -> RunCase:
    prompts = read_prompts(entry.folder / run.prompts) if _has_prompts(entry, run) else ()
    return RunCase(run, ending, tuple(entry.rows(run)), tuple(prompts))


def _has_prompts(entry: Entry, run: EntryRun) -> bool:
    return run.prompts in entry.manifest.files


def _check_packed(entry: Entry, run: EntryRun) -> Iterator[Finding]:
    """Check what the gzip files unpack to, before anything is made of it (E104, E105, E301)."""
    for name in (run.predictions, *([run.prompts] if _has_prompts(entry, run) else [])):
        try:
            yield from check_secrets(name, gzip_lines(entry.folder / name))
        except TooLargeError as error:
            problem = error.problems[0]
            yield Finding("E104", name, f"{problem.what}; {problem.expected}")
        except DataError as error:
            yield Finding("E301", name, error.problems[0].what)


def _check_lines(entry: Entry, run: EntryRun) -> Iterator[Finding]:
    """Read every line once, and tell the first that is none (E301)."""
    readers = [(run.predictions, read_rows(entry.folder / run.predictions))]
    more = [(run.prompts, read_prompts(entry.folder / run.prompts))]
    for name, lines in (*readers, *(more if _has_prompts(entry, run) else [])):
        try:
            for _ in lines:
                pass
        except DataError as error:
            problem = error.problems[0]
            line = problem.where.rpartition(":")[2]
            yield Finding("E301", f"{name}:{line}", f"{problem.what} {problem.got or ''}".strip())
