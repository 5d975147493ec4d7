"""Rules that find again what an entry says: the outcome of every answer, by the parser and then the
text encoder, and the claimed figures, by scoring the rows.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from harness.answers.mapping.nearest import map_answers
from harness.answers.mapping.vectors import TIE as SAME
from harness.answers.mapping.vectors import ClassSide, class_side
from harness.answers.names import NONE_LISTED
from harness.answers.nodes import NOTHING, NodeNames
from harness.answers.outcome import EXACT, MAPPED, UNREADABLE, Outcome, Status
from harness.answers.parse import answer_text
from harness.answers.parts import DRAFT, REASONING
from harness.data.class_lists import list_of_names
from harness.data.classes import ClassList
from harness.encoders.base import TextEncoder
from harness.encoders.registry import is_here, open_encoder
from harness.errors import UserError
from harness.leaderboard.entries.entry import RunCase
from harness.leaderboard.entries.finding import Finding, listed
from harness.leaderboard.entries.format import MANIFEST, Claim
from harness.runs.importing import listed_classes
from harness.runs.mapping import map_rows, places_beside, places_to_map
from harness.runs.rows import NO_ENTRY, REFUSED_BY_SERVICE
from harness.scores.results import Protocol, Results
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_encoder_spec
from harness.store.prediction import Prediction

COSINE = 1e-4
"""So much may a cosine differ between machines."""
TIE = 1e-5
"""Where the second class is as near as this, either is the nearest."""


def check_parsed(case: RunCase) -> Iterator[Finding]:
    """The parser finds in each verbatim answer what the row says (E501): status, class, rule, the
    other classes of the name, what was taken off the text, and of several ranked answers `top`.

    Of a mapped or unreadable answer that is its status; the class is `check_mapped`'s. Rows without
    text are counted (I504): class ids of an import cannot be found again.
    """
    silent = [row.image_id for row in case.rows if row.answer is None and row.status is Status.OK]
    if silent and case.protocol != "classify":
        yield Finding("I504", case.where, listed(silent))
    wrong = [row for row in case.rows if row.answer is not None and not _is_replayed(row, case)]
    if wrong:
        first = wrong[0]
        found = case.read(first.answer, first.options)
        given = f"{first.status}/{first.class_id}/{first.rule}"
        parsed = f"{found.status}/{found.class_id}/{found.rule}"
        ids = [row.image_id for row in wrong]
        yield Finding("E501", case.where, f"{listed(ids)}; the first: row {given}, parsed {parsed}")


def _is_replayed(row: Prediction, case: RunCase) -> bool:
    if row.rule == NO_ENTRY and (row.images_in_prompt or 1) > 1:
        return row.status is Status.UNPARSED and row.class_id is None
    if row.rule == REFUSED_BY_SERVICE:  # the text alone does not say it; it is never right
        return row.status is Status.REFUSED and row.class_id is None
    found = case.read(row.answer, row.options)
    if row.top != _top(row, case) or _own_removed(row) != found.removed:
        return False
    return _is_read_so(row, found, case)


def _is_read_so(row: Prediction, found: Outcome, case: RunCase) -> bool:
    if row.rule == MAPPED and found.rule != EXACT:
        return row.status is found.status and found.rule != NONE_LISTED
    if row.rule == MAPPED:  # by an older harness, which asked the encoder for names too
        return (row.status, row.class_id, row.also) == (found.status, found.class_id, found.also)
    if row.rule == UNREADABLE:
        wanted = Status.UNPARSED if case.protocol == "ow" else found.status
        return found.class_id is None and row.class_id is None and row.status is wanted
    mine = (row.status, row.class_id, row.also, row.rule)
    return mine == (found.status, found.class_id, found.also, found.rule)


def _top(row: Prediction, case: RunCase) -> tuple[int, ...]:
    """Give the classes that several ranked answers name, as an import does."""
    outcomes = [case.read(text, row.options) for text in row.answers]
    found = listed_classes(case.protocol, outcomes)
    return tuple(each for each in found if not row.options or each in row.options)


def _own_removed(row: Prediction) -> tuple[str, ...]:
    """Give what was taken off the answer itself: reasoning, which has a field of its own, and the
    drafts of a shared answer are not in it any more.
    """
    removed = row.removed
    if row.reasoning is not None and removed[:1] == (REASONING,):
        removed = removed[1:]
    if (row.images_in_prompt or 1) > 1 and removed[:1] == (DRAFT,):
        removed = removed[1:]
    return removed


def check_mapped(case: RunCase) -> Iterator[Finding]:
    """The text encoder maps each answer to the row's class, with the row's cosine (E502).

    A cosine may differ by 1e-4, and of classes as near as 1e-5 any will do. `nearest` is held to
    that too; rows of an older harness have none. So is `node`, where the manifest says that it is
    of the hierarchy as it is today; else it counts for nothing. What counts is the encoder that the
    task names, as it is here, whatever the manifest says of the run's; where it cannot be had
    without a network nothing is mapped (I503).
    """
    task, facts = case.opened.task, case.run.run.mapping
    if not places_to_map(task, case.rows) and not any(row.nearest for row in case.rows):
        return
    if facts is None:
        yield Finding("E502", case.where, "the manifest does not say by what they were mapped")
        return
    name = task.mapping.encoder
    try:
        encoder = _opened(case.opened.catalogue, name)
        if encoder is None:
            yield Finding("I503", case.where, f"the weights of `{name}` are not here")
            return
        hierarchy = case.opened.classes.hierarchy
        has_nodes = hierarchy is not None and facts.hierarchy_sha256 == hierarchy.digest
        nodes = NodeNames.of(case.opened.classes) if has_nodes else None
        wrong = _Again(case, encoder, nodes).differing()
    except UserError as error:
        yield Finding("I503", case.where, error.problems[0].what)
        return
    if wrong:
        other = "" if facts.encoder_sha256 == encoder.digest else f"; by another `{name}` than here"
        yield Finding("E502", case.where, listed(wrong) + other)


@lru_cache(maxsize=2)
def _opened(catalogue: Catalogue, name: str) -> TextEncoder | None:
    """Open an encoder, once for all entries; None where its weights are not on this machine."""
    spec = load_encoder_spec(catalogue, name)
    return open_encoder(spec) if is_here(spec) else None


@dataclass(frozen=True, slots=True)
class _Again:
    """Maps the answers of a run again."""

    case: RunCase
    encoder: TextEncoder
    nodes: NodeNames | None
    """Of the hierarchy that the rows were mapped over; None where they were over none of today."""

    def differing(self) -> list[str]:
        """Give the images whose answers are mapped otherwise than their rows say."""
        task, rows = self.case.opened.task, self.case.rows
        has_nearest = any(row.nearest for row in rows)
        beside = set(places_beside(task, rows)) if has_nearest else set()
        asked = [
            replace(row, status=Status.OOP) if place in beside else row
            for place, row in enumerate(rows)
        ]
        again = map_rows(task, asked, self.case.opened.classes, self.encoder)
        pairs = enumerate(zip(rows, again, strict=True))
        return [
            row.image_id
            for place, (row, now) in pairs
            if not (self._is_beside(row, now) if place in beside else self._is_same(row, now))
        ]

    def _is_beside(self, row: Prediction, now: Prediction) -> bool:
        """Say whether `nearest` is what the answer is mapped to now."""
        if now.rule != MAPPED:
            return not row.nearest
        return row.nearest == (now.class_id, *now.also) or self._is_tied(row, row.nearest, now)

    def _is_same(self, row: Prediction, now: Prediction) -> bool:
        if row.rule != now.rule:
            return False
        similarities = (row.similarity, now.similarity)
        if not _is_close(*similarities) or not _is_close(row.margin, now.margin, 2 * COSINE):
            return False
        if self.nodes and row.node != now.node and not self._is_as_near(self.nodes, row, now):
            return False
        if (row.class_id, row.also) == (now.class_id, now.also):
            return True
        ids = () if row.class_id is None else (row.class_id, *row.also)
        return self._is_tied(row, ids, now)

    def _is_as_near(self, nodes: NodeNames, row: Prediction, now: Prediction) -> bool:
        """Say whether `node` is a name of the hierarchy, and as near as the nearest."""
        if not nodes.mapped.lookup(row.node or NOTHING):
            return False
        template = self.case.opened.task.mapping.class_template
        mine, nearest = (
            self._similarity(row, list_of_names([each.node or NOTHING]), template)
            for each in (row, now)
        )
        return mine >= nearest - TIE - SAME

    def _is_tied(self, row: Prediction, ids: tuple[int, ...], now: Prediction) -> bool:
        """Say whether the classes of a row are those of one name, and as near as the nearest."""
        if now.margin is None or now.margin > TIE or now.similarity is None:
            return False
        classes, task = self.case.opened.classes, self.case.opened.task
        if ids not in classes.by_normalized.values():
            return False
        alone = ClassList(
            classes.name, classes.name_set, tuple(classes.by_id[each] for each in ids)
        )
        found = self._similarity(row, alone, class_side(task, classes))
        return found >= now.similarity - TIE - SAME

    def _similarity(self, row: Prediction, classes: ClassList, side: ClassSide) -> float:
        """Give how near an answer is to the nearest of some names; NaN where it is near to none."""
        template = self.case.opened.task.mapping.answer_template
        text = answer_text(row.answer or "")
        (found,) = map_answers(self.encoder, [text], classes, side, template)
        return math.nan if found is None else found.similarity


def _is_close(one: float | None, other: float | None, by: float = COSINE) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= by


_ROUNDED = 1e-4
"""Claims have four decimals."""


def claims_of(results: Results) -> dict[Protocol, dict[str, Claim]]:
    """Give the claims of a run, by protocol and label set."""
    return {
        protocol: {
            name: Claim(
                n=score.n,
                n_right=score.n_right,
                accuracy=score.accuracy,
                accuracy_empty_correct=score.accuracy_empty_correct,
                label_set_digest=results.label_sets[name].digest,
            )
            for name, score in scores.items()
        }
        for protocol, scores in results.scores.items()
    }


def check_claims(case: RunCase, results: Results) -> Iterator[Finding]:
    """Every claim is what scoring by today's label sets gives, the `results` (E401).

    A claim is compared only where the labels are the same by their digest, and so are the classes
    that count as one: W402 says where they are not, I403 where a label set is not here, or was not
    there when the run was scored.
    """
    run, now = case.run, claims_of(results)
    names = {name for claims in run.claims.values() for name in claims}
    for name in sorted(names ^ results.label_sets.keys()):
        side = "the leaderboard" if name in names else "the claim"
        yield Finding("I403", MANIFEST, f"`{run.task}`: {side} has no label set `{name}`")
    if run.claims.keys() != now.keys():
        got = ", ".join(sorted(run.claims)) or "nothing"
        yield Finding("E401", MANIFEST, f"`{run.task}`: claims under {got}")
    for protocol, claims in run.claims.items():
        for name, claim in claims.items():
            found = now.get(protocol, {}).get(name)
            if found is not None:
                what = f"`{run.task}` {protocol} {name}"
                yield from _compare(what, claim, found, sure=case.equivalences_are_known)


def _compare(what: str, claim: Claim, found: Claim, *, sure: bool) -> Iterator[Finding]:
    if claim.label_set_digest != found.label_set_digest:
        yield Finding("W402", MANIFEST, f"{what}: other labels than today's")
    elif not sure and not _same(claim, found):
        yield Finding("W402", MANIFEST, f"{what}: other classes may have counted as one")
    elif not _same(claim, found):
        text = f"claimed {_figures(claim)}; scored {_figures(found)}"
        yield Finding("E401", MANIFEST, f"{what}: {text}")


def _same(a: Claim, b: Claim) -> bool:
    names = ("n", "n_right", "accuracy", "accuracy_empty_correct")
    return all(_is_close(getattr(a, name), getattr(b, name), _ROUNDED) for name in names)


def _figures(claim: Claim) -> str:
    return f"{claim.n_right}/{claim.n}, {claim.accuracy}, {claim.accuracy_empty_correct}"
