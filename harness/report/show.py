"""Print results: tables for people, JSON for machines, and a line for all that is not plain about
the answers of a run.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from harness.answers import parts
from harness.answers.outcome import EXACT, UNREADABLE, Status
from harness.report.terminal import Console, escape, say
from harness.scores.results import Results

if TYPE_CHECKING:
    from harness.runs.finish import Finished
    from harness.runs.remap import MappingGrid
    from harness.scores.results import Results
    from harness.store.lock import Shard

_OFF = ", which was taken off before reading"
REMOVED: Mapping[str, str] = {
    parts.QUESTION: f"repeat the question or its options{_OFF}",
    parts.REASONING: f"hold reasoning{_OFF}",
    parts.DRAFT: f"hold an earlier answer{_OFF}",
    parts.CONTROL: f"hold control tokens{_OFF}",
    parts.MARKUP: f"hold markup{_OFF}",
    parts.CUT: f"are longer than {parts.MOST_CHARACTERS:,} characters, and the rest was not read",
}
"""What was taken off an answer, see `Prediction.removed`; the most telling first."""
_STATUSES: Mapping[Status, str] = {
    Status.REFUSED: "refuse to answer",
    Status.EMPTY: "are empty",
    Status.UNPARSED: "name no single class, and count as wrong",
}
_RULES: Mapping[str, str] = {
    EXACT: "are exactly a class name, and were not mapped",
    UNREADABLE: "cannot be read by the text encoder, and have no class",
}


def notes_of(results: Results) -> list[str]:
    """Give a line for everything that was not plain; none where there was nothing."""
    found = (_part, _lenient, _taken_off, _statuses, _ended)
    return [line for each in found for line in each(results)]


def _part(results: Results) -> Iterator[str]:
    part = results.sample
    if part is None:
        return
    line = f"a sample of {part.n:,} of {part.of:,} images, {part.how}"
    found = {name: score.ci95_whole for name, score in results.scores[results.protocol].items()}
    ends = ", ".join(
        f"[{each[0]:.2f}, {each[1]:.2f}] ({name})" for name, each in found.items() if each
    )
    yield f"{line}; accuracy on all of them, 95 %: {ends}" if ends else line


def _lenient(results: Results) -> Iterator[str]:
    n = results.reading.levels.get("read", 0) if results.reading else 0
    if not n:
        return
    found = {
        name: score.accuracy_by("stated")
        for name, score in results.scores[results.protocol].items()
    }
    without = ", ".join(
        f"{value:.2f} ({name})" for name, value in found.items() if value is not None
    )
    line = f"{_of(n, results)} were read by a lenient rule, as a mention in a sentence is"
    yield f"{line}; accuracy with these as out of prompt: {without}" if without else line


def _taken_off(results: Results) -> Iterator[str]:
    removed = results.reading.removed if results.reading else {}
    for kind, what in REMOVED.items():
        if removed.get(kind):
            yield f"{_of(removed[kind], results)} {what}"


def _statuses(results: Results) -> Iterator[str]:
    for status, what in _STATUSES.items():
        if results.counts.get(status):
            yield f"{_of(results.counts[status], results)} {what}"


def _ended(results: Results) -> Iterator[str]:
    reading = results.reading
    if reading is None:
        return
    if reading.n_truncated:
        yield f"{_of(reading.n_truncated, results)} were cut off at `max_new_tokens`"
    for rule, what in _RULES.items():
        if reading.rules.get(rule):
            yield f"{_of(reading.rules[rule], results)} {what}"
    if reading.n_several:
        yield (
            f"{_of(reading.n_several, results)} stand for several classes (of one name, or of "
            "several answers that are all meant), and are right if any of them is"
        )
    if reading.n_tied:
        yield (
            f"{_of(reading.n_tied, results)} were mapped with margin 0: another name is as near, "
            "and the lower class id was taken"
        )


def _of(n: int, results: Results) -> str:
    answers = results.n - results.counts.get(Status.ERROR, 0)
    return f"{n:,} of {answers:,} answers"


_MIN_WIDTH = 150


def show_results(finished: "Sequence[Finished]", *, as_json: bool, details: bool = False) -> None:
    """Print one table for all runs, what became of the answers, and where the files are.

    The details are tables for each run: groups of images, changes of label set, letters.
    """
    from harness.report.results_table import answers_table, matching_table, results_table

    results = [each.results for each in finished if each.results is not None]
    if as_json:
        say(json.dumps([each.to_json() for each in results], indent=2))
        return
    console = make_console()
    metrics = [metric for each in finished for metric in each.metrics]
    console.print(results_table(results, metrics))
    if any(each.counts["ok"] < each.n for each in results):
        console.print(answers_table(results))
    matching = matching_table(results)
    if matching is not None:
        console.print(matching)
    for scored in results if details else ():
        _show_details(console, scored)
    for scored in results:
        _show_notes(console, scored)
    for each in finished:
        say(f"files: {each.path}")


def _show_details(console: Console, results: "Results") -> None:
    from harness.report.results_table import changes_table, choice_table, groups_table

    console.print(groups_table(results))
    if results.changes:
        console.print(changes_table(results))
    letters = choice_table(results)
    if letters is not None:
        console.print(letters)


def _show_notes(console: Console, results: "Results") -> None:
    """Print a line for everything about the answers that was not plain."""
    for note in notes_of(results):
        line = f"{results.model} on {results.task}: {note}"
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def show_spread(runs: "Sequence[Sequence[Finished]]") -> None:
    """Print mean and interval over the repeats of the tasks that have several."""
    from harness.report.results_table import repeats_table
    from harness.runs.finish import spread

    for repeats in runs:
        results = [each.results for each in repeats if each.results is not None]
        if len(results) > 1:
            found = spread(results)
            make_console().print(repeats_table(found.model, found.task, found.accuracy))


def show_slices(finished: "Sequence[Finished]", shard: "Shard") -> None:
    """Say that one slice is done, and how the slices become a result."""
    for each in finished:
        left = f"; {each.failed} images failed" if each.failed else ""
        say(f"slice {shard} is done{left}: {each.path}")
    say("when all slices are done: harness merge " + " ".join(str(each.path) for each in finished))


def make_console() -> Console:
    """Make a console on stdout that is wide enough for the tables when stdout is no terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=max(console.width, _MIN_WIDTH))


def grid_table(found: "MappingGrid", label_set: str) -> Table:
    """Give one row for each combination under one label set, in percent with Wilson intervals."""
    from harness.runs.remap import halves

    table = Table(
        title=escape(
            f"{found.model} on {found.task}, {found.protocol}, label set {label_set}: accuracy (%) "
            "with 95 % Wilson interval"
        )
    )
    for name in ("", "encoder", "class template", "answer template"):
        table.add_column(name, overflow="fold")
    rows = found.rows[label_set]
    chosen = [row.chosen for row in found.rows[found.by]]
    counts = halves(rows[0])
    for name in ("choosing", "reporting", "all"):
        table.add_column(f"{name} (n = {counts[name]['n']})", justify="right")
    for row, best in zip(rows, chosen, strict=True):
        cells = halves(row)
        table.add_row(
            "*" if best else "",
            escape(row.encoder),
            escape(row.class_template),
            escape(row.answer_template),
            *(_cell(cells[name]) for name in ("choosing", "reporting", "all")),
        )
    table.caption = (
        f"* best on the choosing half of {escape(found.by)}; its honest score is that of the "
        f"reporting half. {found.n_mapped} answers are mapped, the others count as parsed. "
        f"Equivalent classes: {escape(found.equivalences)}."
    )
    return table


def _cell(share: dict[str, Any]) -> str:
    if share["accuracy"] is None:
        return "–"
    low, high = share["ci95"]
    return escape(f"{share['accuracy']:.2f} [{low:.2f}, {high:.2f}]")
