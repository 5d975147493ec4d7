"""What is not plain about the answers of a run, a line each, with counts."""

from collections.abc import Iterator, Mapping

from harness.answers import parts
from harness.answers.mapping.rules import EXACT, UNREADABLE
from harness.answers.outcome import Status
from harness.scores.results import Results

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
