"""Rules that find the outcome of every answer again: the parser, then the text encoder."""

from collections.abc import Iterator
from dataclasses import replace

from harness.answers.outcome import Outcome, Status
from harness.encoders.base import TextEncoder
from harness.encoders.registry import open_encoder
from harness.entries.case import RunCase
from harness.entries.finding import Finding, listed
from harness.errors import UserError
from harness.mapping.rules import EXACT, MAPPED, UNREADABLE
from harness.run.mapping import map_rows, places_beside
from harness.run.rows import REFUSED_BY_SERVICE, read_answer
from harness.spec.load import load_encoder_spec
from harness.store.prediction import Prediction

NO_ENTRY = "no_entry"
"""The rule of an image whose part of a shared answer could not be read; its row has the whole."""
COSINE = 1e-4
"""So much may a cosine differ between machines."""
TIE = 1e-5
"""Where the second class is as near as this, either is the nearest."""


def check_parsed(case: RunCase) -> Iterator[Finding]:
    """The parser finds in each verbatim answer what the row says (E501).

    Of a mapped or unreadable answer that is its status; the class is `check_mapped`'s. Rows without
    text are counted (I504): class ids of an import cannot be found again.
    """
    silent = [row.image_id for row in case.rows if row.answer is None and row.status is Status.OK]
    if silent and case.protocol != "classify":
        yield Finding("I504", case.where, listed(silent))
    wrong = [row for row in case.rows if row.answer is not None and not _is_replayed(row, case)]
    if wrong:
        first = wrong[0]
        found = _read(first, case)
        told = f"{first.status}/{first.class_id}/{first.rule}"
        parsed = f"{found.status}/{found.class_id}/{found.rule}"
        ids = [row.image_id for row in wrong]
        yield Finding("E501", case.where, f"{listed(ids)}; the first: row {told}, parsed {parsed}")


def _read(row: Prediction, case: RunCase) -> Outcome:
    return read_answer(case.protocol, row.answer, row.options, case.ending.classes)


def _is_replayed(row: Prediction, case: RunCase) -> bool:
    if row.rule == NO_ENTRY and (row.images_in_prompt or 1) > 1:
        return row.status is Status.UNPARSED and row.class_id is None
    if row.rule == REFUSED_BY_SERVICE:  # the text alone does not say it; it is never right
        return row.status is Status.REFUSED and row.class_id is None
    found = _read(row, case)
    if row.rule == MAPPED and found.rule != EXACT:
        return row.status is found.status
    if row.rule == MAPPED:  # by an older harness, which asked the encoder for names too
        return (row.status, row.class_id, row.also) == (found.status, found.class_id, found.also)
    if row.rule == UNREADABLE:
        wanted = Status.UNPARSED if case.protocol == "ow" else found.status
        return found.class_id is None and row.class_id is None and row.status is wanted
    mine = (row.status, row.class_id, row.also, row.rule)
    return mine == (found.status, found.class_id, found.also, found.rule)


def check_mapped(case: RunCase) -> Iterator[Finding]:
    """The text encoder maps each answer to the row's class, with the row's cosine (E502).

    A cosine may differ by 1e-4, and of two classes as near as 1e-5 either may be told. `nearest` is
    held to that too; rows of an older harness have none. Without the encoder of the run, by its
    digest, nothing is mapped (I503).
    """
    if not any(row.rule in (MAPPED, UNREADABLE) or row.nearest for row in case.rows):
        return
    facts = case.run.run.mapping
    try:
        name = case.ending.task.mapping.encoder
        encoder = open_encoder(load_encoder_spec(case.ending.catalogue, name))
        if facts is None or encoder.digest != facts.encoder_sha256:
            yield Finding("I503", case.where, f"the run's encoder is another `{name}` than here")
            return
        wrong = _mapped_otherwise(case, encoder)
    except UserError as error:
        yield Finding("I503", case.where, error.problems[0].what)
        return
    if wrong:
        yield Finding("E502", case.where, listed(wrong))


def _mapped_otherwise(case: RunCase, encoder: TextEncoder) -> list[str]:
    task = case.ending.task
    has_nearest = any(row.nearest for row in case.rows)
    beside = set(places_beside(task, case.rows)) if has_nearest else set()
    asked = [
        replace(row, status=Status.OOP, meant=()) if place in beside else row
        for place, row in enumerate(case.rows)
    ]
    again = map_rows(task, asked, case.ending.classes, encoder)
    pairs = enumerate(zip(case.rows, again, strict=True))
    return [
        row.image_id
        for place, (row, now) in pairs
        if not (_is_beside(row, now) if place in beside else _is_same(row, now))
    ]


def _is_beside(row: Prediction, now: Prediction) -> bool:
    """Tell whether `nearest` is what the answer is mapped to now."""
    if now.rule != MAPPED:
        return not row.nearest
    return row.nearest == (now.class_id, *now.also) or _is_tied(now)


def _is_same(row: Prediction, now: Prediction) -> bool:
    if row.rule != now.rule:
        return False
    if row.similarity is None or now.similarity is None:
        return row.similarity is now.similarity
    if abs(row.similarity - now.similarity) > COSINE:
        return False
    return (row.class_id, row.also) == (now.class_id, now.also) or _is_tied(now)


def _is_tied(now: Prediction) -> bool:
    return now.margin is not None and now.margin <= TIE
