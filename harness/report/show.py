"""Print results: tables for people, JSON for machines."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.report.terminal import Console, say

if TYPE_CHECKING:
    from harness.runs.finished import Finished
    from harness.scores.results import Results
    from harness.store.lock import Shard

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
    from harness.report.notes import notes_of

    for note in notes_of(results):
        line = f"{results.model} on {results.task}: {note}"
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def show_spread(runs: "Sequence[Sequence[Finished]]") -> None:
    """Print mean and interval over the repeats of the tasks that have several."""
    from harness.report.results_table import repeats_table
    from harness.runs.repeats import spread

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
