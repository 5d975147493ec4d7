"""Which answers of a run are left to map, read off its rows; mapping them to classes and nodes."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from harness.answers.mapping.nearest import Mapped, map_to_each
from harness.answers.mapping.vectors import ClassSide, class_side, embed_classes, refuse_same_rows
from harness.answers.nodes import NodeNames
from harness.answers.outcome import EXACT, MAPPED, MAPPED_STATUS, UNREADABLE, Level, Status
from harness.answers.parse import answer_text, read_open
from harness.data.classes import ClassList
from harness.encoders.base import TextEncoder
from harness.encoders.registry import is_here, open_encoder
from harness.errors import Problem, UserError
from harness.runs.several import classes_of_each, classes_together, is_to_map, texts_to_map
from harness.scores.answers import level_in
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_encoder_spec
from harness.specs.task import TaskSpec
from harness.specs.task_parts import MappingSpec
from harness.store.manifest import MAPPING_VERSION, MappingFacts
from harness.store.prediction import Prediction

log = logging.getLogger("harness")


def map_left(
    catalogue: Catalogue,
    task: TaskSpec,
    classes: ClassList,
    rows: Sequence[Prediction],
    facts: MappingFacts | None,
) -> tuple[Sequence[Prediction], MappingFacts | None]:
    """Map the answers that are not mapped as they would be today; `rows` itself where none is left.

    Which are not mapped at all, the rows say, whatever a manifest says. `facts` say by what the
    others were mapped: unless that is today's encoder by its digest, with today's templates,
    classes and rules, all are mapped again. Where the encoder, or the file of sentences of classes,
    is not here, answers that are all mapped stay so, with a warning: those of the same encoder's
    name, templates and classes. Raises UserError where it is not here and an answer is left,
    SpecError as `refuse_same_rows`.
    """
    if facts is None or facts.version != MAPPING_VERSION:
        rows = with_exact(task, rows, classes)
    is_plus = task.protocol == "cw_plus"  # others need no encoder for `nearest` alone
    if not (places_to_map(task, rows) or (is_plus and places_beside(task, rows))):
        return rows, None
    left, how = _places_left(task, rows, facts), task.mapping
    is_kept = facts is not None and facts.is_by(how, classes.digest) and not left
    try:
        encoder = _encoder(catalogue, how, fetch=not is_kept)
        side = class_side(task, classes)
    except UserError as error:
        if not is_kept:
            raise
        log.warning("answers stay as they were mapped, by what cannot be compared: %s", error)
        return rows, facts
    now = _facts_of(how, encoder, classes, side)
    if facts is not None and facts != now:
        log.warning("all answers are mapped again: %s", "; ".join(facts.differences(now)))
    if facts == now and not left:
        return rows, facts
    refuse_same_rows(encoder, classes, side, how.allow_shared_vectors)
    places = left if facts == now else range(len(rows))
    mapped = list(rows)
    again = map_rows(task, [rows[place] for place in places], classes, encoder)
    for place, row in zip(places, again, strict=True):
        mapped[place] = row
    return mapped, now


def places_unmapped(task: TaskSpec, rows: Sequence[Prediction]) -> list[int]:
    """Give the places of the rows whose answers the protocol maps, and that are not mapped."""
    done = (MAPPED, UNREADABLE)
    return [place for place in places_to_map(task, rows) if rows[place].rule not in done]


def _places_left(
    task: TaskSpec, rows: Sequence[Prediction], facts: MappingFacts | None
) -> list[int]:
    """Give the places of the rows that lack what their version's mapping gives them."""
    left = places_unmapped(task, rows)
    if facts is not None and facts.version == MAPPING_VERSION:
        left += [place for place in places_beside(task, rows) if not rows[place].nearest]
    return left


def _encoder(catalogue: Catalogue, how: MappingSpec, *, fetch: bool) -> TextEncoder:
    """Open a task's encoder. Raises UserError where it is not here, and not fetched."""
    spec = load_encoder_spec(catalogue, how.encoder)
    if not fetch and not is_here(spec):
        what = "its weights are not on this machine"
        fix = "fetch it where there is a network, or name its folder in the encoder's YAML"
        raise UserError(Problem(f"encoder `{how.encoder}`", what, got=spec.pretrained, fix=fix))
    return open_encoder(spec)


def with_exact(
    task: TaskSpec, rows: Sequence[Prediction], classes: ClassList
) -> Sequence[Prediction]:
    """Give the rows with the open-world answers that are a class name read as that class; `rows`
    itself where they are so already, as those of this version are.
    """
    found = list(rows)
    for place in places_to_map(task, rows) if task.protocol == "ow" else ():
        read = read_open(rows[place].answer, classes)
        if read.rule == EXACT:
            row = _bare(task, rows[place])
            found[place] = replace(row, class_id=read.class_id, also=read.also, rule=EXACT)
    return rows if found == list(rows) else found


def map_rows(
    task: TaskSpec, rows: Sequence[Prediction], classes: ClassList, encoder: TextEncoder
) -> list[Prediction]:
    """Give the rows with the answers that the protocol maps mapped to their nearest class.

    One that the encoder cannot read has rule `unreadable` and no class: in an open world it is
    `unparsed`, in a closed one still out of prompt. Answers of a closed world that are a name of
    the list, though not strictly, keep their class and are given `nearest` beside it: what they
    would be mapped to where answers are matched more closely. Where the class list has a
    hierarchy, `node` is the nearest of its names, None where "image" is nearer than all of them;
    the class does not depend on it.
    """
    places, beside = places_to_map(task, rows), places_beside(task, rows)
    texts = [texts_to_map(task.protocol, rows[place], classes) for place in places]
    answers = [answer_text(text) for of_row in texts for text in of_row]
    answers += [answer_text(rows[place].answer or "") for place in beside]
    how, names = task.mapping, NodeNames.of(classes)
    targets = [embed_classes(encoder, classes, class_side(task, classes))]
    targets += [embed_classes(encoder, names.mapped, how.class_template)] if names else []
    found, *over = map_to_each(encoder, answers, targets, how.answer_template)
    nodes = over[0] if over else [None] * len(found)
    pairs = iter(zip(found, nodes, strict=True))
    mapped = list(rows)
    for place, of_row in zip(places, texts, strict=True):
        own = [next(pairs) for _ in of_row]
        row = _mapped(task, rows[place], [nearest for nearest, _ in own], classes)
        node = None if row.meant else own[0][1]
        name = names.nearest(node.class_id) if names and node else None
        mapped[place] = replace(row, node=name)
    for place, (nearest, _) in zip(beside, pairs, strict=True):
        mapped[place] = replace(rows[place], nearest=nearest.class_ids if nearest else ())
    return mapped


def _mapped(
    task: TaskSpec, row: Prediction, found: Sequence[Mapped | None], classes: ClassList
) -> Prediction:
    bare = _bare(task, row)
    nearest = next((each for each in found if each is not None), None)
    groups = classes_of_each(task.protocol, row, found, classes)
    ids, bare = classes_together(found, groups), replace(bare, meant_classes=groups)
    if nearest is None and ids:  # of several answers one is a name, and none can be mapped
        return replace(bare, class_id=ids[0], also=ids[1:], rule=EXACT)
    if nearest is None:
        status = Status.UNPARSED if task.protocol == "ow" else bare.status
        return replace(bare, status=status, rule=UNREADABLE)
    return replace(
        bare,
        class_id=nearest.class_id,
        also=tuple(each for each in ids if each != nearest.class_id),
        rule=MAPPED,
        similarity=round(nearest.similarity, 6),
        margin=None if nearest.margin is None else round(nearest.margin, 6),
    )


def _bare(task: TaskSpec, row: Prediction) -> Prediction:
    """Give a row that is mapped, or may be, without what an earlier mapping found."""
    status = MAPPED_STATUS[task.protocol]
    return replace(
        row, status=status, class_id=None, also=(), similarity=None, margin=None, node=None
    )


def _facts_of(
    how: MappingSpec, encoder: TextEncoder, classes: ClassList, side: ClassSide
) -> MappingFacts:
    """Note by what answers were mapped."""
    return MappingFacts(
        version=MAPPING_VERSION,
        encoder=how.encoder,
        encoder_sha256=encoder.digest,
        class_template=how.class_template,
        answer_template=how.answer_template,
        class_list_sha256=classes.digest,
        class_prompts_sha256=None if isinstance(side, str) else side.digest,
        hierarchy_sha256=classes.hierarchy.digest if classes.hierarchy else None,
    )


def places_to_map(task: TaskSpec, rows: Sequence[Prediction]) -> list[int]:
    """Give the places of the rows whose answers the protocol maps, mapped already or not."""
    return [
        place
        for place, row in enumerate(rows)
        if row.answer and (is_to_map(task.protocol, row) or row.rule == UNREADABLE)
    ]


def places_beside(task: TaskSpec, rows: Sequence[Prediction]) -> list[int]:
    """Give the places of a closed world's rows that are a name of the list, though not strictly."""
    if task.protocol not in ("cw", "cw_plus"):
        return []
    return [
        place
        for place, row in enumerate(rows)
        if row.status is Status.OK and row.answer and level_in(row) > Level.STRICT
    ]
