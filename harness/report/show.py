"""Print results: tables for people, JSON for machines, lines on what is not plain in answers."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.answers import parts
from harness.answers.outcome import EXACT, UNREADABLE, Status
from harness.errors import UserError, unknown_name
from harness.report.terminal import paragraph, room, say
from harness.scores.results import Results

if TYPE_CHECKING:
    from harness.report import table as report_table
    from harness.report.forms import Form
    from harness.runs.finish import Finished
    from harness.specs.catalogue import Catalogue
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
    removed = results.reading.removed if results.reading else {}
    return [
        *_part(results),
        *_lenient(results),
        *_each(results, removed, REMOVED),
        *_each(results, results.counts, _STATUSES),
        *_ended(results),
    ]


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


def _each(
    results: Results, counts: Mapping[Any, int], meanings: Mapping[Any, str]
) -> Iterator[str]:
    """Say of how many answers each thing is true that some are counted for."""
    for key, what in meanings.items():
        if counts.get(key):
            yield f"{_of(counts[key], results)} {what}"


def _ended(results: Results) -> Iterator[str]:
    reading = results.reading
    if reading is None:
        return
    if reading.n_truncated:
        yield f"{_of(reading.n_truncated, results)} were cut off at `max_new_tokens`"
    yield from _each(results, reading.rules, _RULES)
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


def show_results(
    finished: "Sequence[Finished]",
    form: "Form" = "table",
    *,
    details: bool = False,
    table: str | None = None,
    catalogue: "Catalogue | None" = None,
    wide: bool = False,
) -> None:
    """Print the tables of all runs, or the one named, in one form; for people also what was not
    plain about the answers, and where the files are. With a `catalogue`, also its groups' averages.
    CSV is one kind of table, by default the accuracies. Raises UserError for a table that is none.
    """
    from harness.report.averages import average_table
    from harness.report.drawn_runs import told_by_settings
    from harness.report.forms import written
    from harness.report.results_table import tables_of

    results = [each.results for each in finished if each.results is not None]
    if form == "json":
        say(json.dumps([each.to_json() for each in results], indent=2))
        return
    metrics = [metric for each in finished for metric in each.metrics]
    asked = [each.asked for each in finished if each.results is not None]
    average = average_table(catalogue, results) if catalogue and len(results) > 1 else None
    results = told_by_settings(results, [run.settings for run in finished if run.results])
    found = list(tables_of(results, metrics, details, asked))
    tables = chosen([*found, average] if average else found, form, table, "these runs")
    notes = [f"{each.model} on {each.task}: {note}" for each in results for note in notes_of(each)]
    notes += [  # a table that is copied has no exit code
        f"{each.model} on {each.task}: NOT COMPLETE, answers are missing"
        for each in results
        if not each.complete
    ]
    if form != "table":
        say(written(tables, notes, form), end="")
        return
    print_tables(tables, wide)
    for note in notes:
        say(note if room(wide) is None else paragraph("", note))
    for run in finished:
        say(f"files: {run.path}")


def chosen(
    tables: "Sequence[report_table.Table]", form: "Form", name: str | None, of: str
) -> "list[report_table.Table]":
    """Give the tables of one name; without a name all, and of CSV the first, saying which others
    there are. Raises UserError for a name that none of the tables `of` something has.
    """
    kinds = list(dict.fromkeys(each.name for each in tables))
    if name is None and form == "csv":
        name = kinds[0]
        if kinds[1:]:
            others = ", ".join(kinds[1:])
            say(f"CSV of the table `{name}`; --table gives the others: {others}", err=True)
    if name is not None and name not in kinds:
        raise UserError(unknown_name("--table", f"table of {of}", name, kinds))
    return [each for each in tables if name in (None, each.name)]


def print_tables(tables: "Iterable[report_table.Table]", wide: bool = False) -> None:
    """Print tables for people: as the terminal has room; whole where it is none, or `wide`."""
    from harness.report.layout import to_text

    for each in tables:
        say(to_text(each, room(wide)))


def show_tables(
    tables: "Sequence[report_table.Table]", notes: Sequence[str], form: "Form", wide: bool = False
) -> None:
    """Print tables and lines about them in one form; JSON has the rows as CSV has them."""
    from harness.report.forms import records, written

    if form == "json":
        found = [
            {"table": each.name, "title": each.title, "rows": list(records(each))}
            for each in tables
        ]
        say(json.dumps({"tables": found, "notes": list(notes)}, indent=2, ensure_ascii=False))
    elif form != "table":
        say(written(tables, notes, form), end="")
    else:
        print_tables(tables, wide)
        for note in notes:
            say(paragraph("note:", note))


def show_spread(runs: "Sequence[Sequence[Finished]]", wide: bool = False) -> None:
    """Print mean and interval over the repeats of the tasks that have several."""
    from harness.report.results_table import repeats_table
    from harness.runs.finish import spread

    for repeats in runs:
        results = [each.results for each in repeats if each.results is not None]
        if len(results) > 1:
            found = spread(results)
            print_tables([repeats_table(found.model, found.task, found.accuracy)], wide)


def show_slices(finished: "Sequence[Finished]", shard: "Shard") -> None:
    """Say that one slice is done, and how the slices become a result."""
    for each in finished:
        left = f"; {each.failed} images failed" if each.failed else ""
        say(f"slice {shard} is done{left}: {each.path}")
    say("when all slices are done: harness merge " + " ".join(str(each.path) for each in finished))
