"""A suspicion about copies: answers that are those of another entry."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from harness.entries.case import RunCase
from harness.entries.finding import Finding
from harness.entries.manifest import EntryRun
from harness.entries.read import Entry
from harness.errors import DataError

EQUAL = 0.99


@dataclass(frozen=True, slots=True)
class Given:
    """What was said of an image."""

    class_id: int | None
    answer: str | None


def check_copies(case: RunCase, others: Iterable[Entry]) -> Iterator[Finding]:
    """No other entry has nearly the same answers to a task: above 99 % equal classes, or equal
    texts, of the images for which both have one (W605). Two good models agree on what is easy:
    the texts say more than the classes.

    An entry that cannot be read is passed over; its own check tells why.
    """
    mine = {row.image_id: Given(row.class_id, row.answer) for row in case.rows}
    for other in others:
        for run in other.manifest.runs:
            if run.task == case.run.task:
                yield from _compare(case, mine, other, run)


def _compare(
    case: RunCase, mine: Mapping[str, Given], other: Entry, run: EntryRun
) -> Iterator[Finding]:
    try:
        theirs = {row.image_id: Given(row.class_id, row.answer) for row in other.rows(run)}
    except DataError:
        return
    pairs = [(mine[each], theirs[each]) for each in mine.keys() & theirs.keys()]
    classes = _equal([(a.class_id, b.class_id) for a, b in pairs])
    texts = _equal([(a.answer, b.answer) for a, b in pairs])
    if max(classes, texts) > EQUAL:
        told = f"`{other.name}`: {100 * classes:.2f} % equal classes, {100 * texts:.2f} % texts"
        yield Finding("W605", case.where, told)


def _equal(pairs: list[tuple[object, object]]) -> float:
    both = [(one, two) for one, two in pairs if one is not None and two is not None]
    return sum(one == two for one, two in both) / len(both) if both else 0.0
