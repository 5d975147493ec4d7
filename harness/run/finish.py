"""End a run: merge what the processes wrote, map answers to classes, score on every label set."""

import hashlib
import logging
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from harness.answers.outcome import Status
from harness.answers.parse import answer_text
from harness.answers.rules import Level
from harness.answers.sentences import NONE_LISTED
from harness.catalogue import Catalogue
from harness.classes import ClassList
from harness.encoders.base import TextEncoder
from harness.encoders.registry import open_encoder
from harness.errors import UserError
from harness.labels.label_set import original_of
from harness.mapping.apart import refuse_same_rows
from harness.mapping.exact import read_open
from harness.mapping.nearest import Mapped, map_answers
from harness.mapping.rules import EXACT, MAPPED, MAPPED_STATUS, UNREADABLE
from harness.prompt.options import CONFUSION_FILE
from harness.run.bench import Truths
from harness.run.several import classes_together, texts_to_map
from harness.score.answers import level_in
from harness.score.confusion import confusion, save_confusion
from harness.score.results import Results
from harness.score.scoring import ScoreRequest, score
from harness.spec.load import load_encoder_spec
from harness.spec.task import MappingSpec, TaskSpec
from harness.store.directory import RunDirectory
from harness.store.lines import write_json
from harness.store.manifest import MAPPING_VERSION, Manifest, MappingFacts
from harness.store.prediction import Prediction

log = logging.getLogger("harness")
OPTIONS, GIVEN = "options", "given"
"""Where an imported run's manifest counts its options, and what results say of those that came with
the answers."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What a run is ended with."""

    catalogue: Catalogue
    task: TaskSpec
    classes: ClassList
    truths: Truths


def finish(directory: RunDirectory, ending: Ending) -> Results:
    """Merge, map, score, and write `predictions.jsonl`, `results.json` and the manifest.

    Every step can be made again from the files before it. Raises RunError or DataError when the
    files contradict each other, UserError when the text encoder cannot be had; the merged answers
    are on disk by then.
    """
    manifest = Manifest.read(directory.path)
    merged = directory.merge()
    rows, facts = _map_new(ending, merged, manifest.mapping)
    manifest = manifest.model_copy(update={"mapping": facts})
    if rows is not merged:
        directory.replace(rows)
        manifest.write(directory.path)
    return _score(directory, ending, manifest, rows)


def _map_new(
    ending: Ending, rows: Sequence[Prediction], facts: MappingFacts | None
) -> tuple[Sequence[Prediction], MappingFacts | None]:
    """Map the answers, unless `facts` say that they are mapped so; `rows` itself when they are.

    What an older harness mapped stays where the encoder is not here, but for exact names.
    """
    task, classes, wanted = ending.task, ending.classes, ending.task.mapping
    old = facts is not None and facts.is_by(wanted, classes.digest)
    if not is_mapped(task, rows) or (old and facts and facts.version == MAPPING_VERSION):
        return rows, facts
    rows = with_exact(task, rows, classes)
    if not is_mapped(task, rows):
        return rows, None
    try:
        encoder = open_encoder(load_encoder_spec(ending.catalogue, wanted.encoder))
    except UserError as error:
        if not old:
            raise
        log.warning("answers stay as an older version has mapped them: %s", error)
        return rows, facts
    refuse_same_rows(encoder, classes, wanted.class_template, wanted.allow_shared_vectors)
    return map_rows(task, rows, classes, encoder), mapping_facts(wanted, encoder, classes)


def with_exact(task: TaskSpec, rows: Sequence[Prediction], classes: ClassList) -> list[Prediction]:
    """Give the rows with the open-world answers that are a class name read as that class.

    Rows of this version are so already.
    """
    found = list(rows)
    for place in places_to_map(task, rows) if task.protocol == "ow" else ():
        read = read_open(rows[place].answer, classes)
        if read.rule == EXACT:
            row = _bare(task, rows[place])
            found[place] = replace(row, class_id=read.class_id, also=read.also, rule=EXACT)
    return found


def map_rows(
    task: TaskSpec, rows: Sequence[Prediction], classes: ClassList, encoder: TextEncoder
) -> list[Prediction]:
    """Give the rows with the answers that the protocol maps mapped to their nearest class.

    One that the encoder cannot read has rule `unreadable` and no class: in an open world it is
    `unparsed`, in a closed one still out of prompt. Answers of a closed world that are a name of
    the list, though not strictly, keep their class and are given `nearest` beside it: what they
    would be mapped to where answers are matched more closely.
    """
    places, beside = places_to_map(task, rows), places_beside(task, rows)
    texts = [texts_to_map(task.protocol, rows[place], classes) for place in places]
    answers = [answer_text(text) for of_row in texts for text in of_row]
    answers += [answer_text(rows[place].answer or "") for place in beside]
    how = task.mapping
    found = iter(map_answers(encoder, answers, classes, how.class_template, how.answer_template))
    mapped = list(rows)
    for place, of_row in zip(places, texts, strict=True):
        mapped[place] = _mapped(task, rows[place], [next(found) for _ in of_row], classes)
    for place, nearest in zip(beside, found, strict=True):
        mapped[place] = replace(rows[place], nearest=nearest.class_ids if nearest else ())
    return mapped


def _mapped(
    task: TaskSpec, row: Prediction, found: Sequence[Mapped | None], classes: ClassList
) -> Prediction:
    bare = _bare(task, row)
    nearest = next((each for each in found if each is not None), None)
    ids = classes_together(task.protocol, row, found, classes)
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
    return replace(row, status=status, class_id=None, also=(), similarity=None, margin=None)


def mapping_facts(how: MappingSpec, encoder: TextEncoder, classes: ClassList) -> MappingFacts:
    """Note by what answers were mapped."""
    return MappingFacts(
        version=MAPPING_VERSION,
        encoder=how.encoder,
        encoder_sha256=encoder.digest,
        class_template=how.class_template,
        answer_template=how.answer_template,
        class_list_sha256=classes.digest,
    )


def places_to_map(task: TaskSpec, rows: Sequence[Prediction]) -> list[int]:
    """Give the places of the rows whose answers the protocol maps, mapped already or not; a text
    that says that nothing of the list fits is mapped to none of it.
    """
    status, never = MAPPED_STATUS.get(task.protocol), (EXACT, NONE_LISTED)
    return [
        place
        for place, row in enumerate(rows)
        if row.answer
        and ((row.status is status and row.rule not in never) or row.rule == UNREADABLE)
    ]


def places_beside(task: TaskSpec, rows: Sequence[Prediction]) -> list[int]:
    """Give the places of the rows of a closed world that were read as a name of the list without
    being strictly one.
    """
    if task.protocol not in ("cw", "cw_plus"):
        return []
    return [
        place
        for place, row in enumerate(rows)
        if row.status is Status.OK and row.answer and level_in(row) > Level.STRICT
    ]


def is_mapped(task: TaskSpec, rows: Sequence[Prediction]) -> bool:
    """Tell whether a run needs the text encoder.

    A closed world without mapping does not for `nearest` alone: it is not scored as mapped then.
    """
    if places_to_map(task, rows):
        return True
    return task.protocol == "cw_plus" and bool(places_beside(task, rows))


def distractors_of(task: TaskSpec, manifest: Manifest) -> dict[str, JsonValue] | None:
    """Say how the wrong options of a run were drawn: as the task says, or, for answers that brought
    their own options, that they were given; None where there are none.
    """
    if task.distractors is None:
        return None
    drawn: dict[str, JsonValue] = task.distractors.model_dump(mode="json")
    counts = manifest.model_facts.get(OPTIONS, {})
    given, rest = counts.get("given", 0), counts.get("drawn", 0)
    if not given:
        return drawn
    if not rest:
        return {"strategy": GIVEN, "n_given": given}
    return {"strategy": f"{GIVEN} and drawn", "n_given": given, "n_drawn": rest, "drawn": drawn}


def spent(rows: Sequence[Prediction]) -> dict[str, int | float | None]:
    """Sum tokens and cost, once a request; None where no row knows any."""

    def total(name: str) -> float | None:
        shares = [
            value / (row.images_in_prompt or 1)
            for row in rows
            if (value := getattr(row, name)) is not None
        ]
        return math.fsum(shares) if shares else None

    tokens, prompt_tokens, cost = map(total, ("tokens", "prompt_tokens", "cost"))
    return {
        "tokens": None if tokens is None else round(tokens),
        "prompt_tokens": None if prompt_tokens is None else round(prompt_tokens),
        "cost": None if cost is None else round(cost, 6),
    }


def images_digest(rows: Sequence[Prediction]) -> str | None:
    """Give the SHA-256 of ids and pixels of all images, sorted by id; None where one has none."""
    pairs = sorted((row.image_id, row.image_sha256 or "") for row in rows)
    if not all(pixels for _, pixels in pairs):
        return None
    text = "\n".join(f"{image_id} {pixels}" for image_id, pixels in pairs)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _score(
    directory: RunDirectory, ending: Ending, manifest: Manifest, rows: Sequence[Prediction]
) -> Results:
    task, facts = ending.task, manifest.mapping
    request = ScoreRequest(
        task=manifest.task,
        model=manifest.model,
        protocol=task.protocol,
        class_list=ending.classes,
        label_sets=ending.truths.label_sets,
        equivalences=ending.truths.equivalences,
        mapping=facts.model_dump() if facts else None,
        distractors=distractors_of(task, manifest),
        n_expected=manifest.n,
        n_images=manifest.data.n,
    )
    results = score(rows, request)
    original = original_of(ending.truths.label_sets)
    if original is not None:
        matrix = confusion(rows, task.protocol, ending.classes, original)
        save_confusion(directory.path / CONFUSION_FILE, matrix)
        results = results.model_copy(update={"confusion": CONFUSION_FILE})
    write_json(directory.results, results.to_json())
    counts = Counter(row.status.value for row in rows)
    status = "complete" if results.complete else "incomplete"
    ended = {"counts": dict(counts), "status": status, "missing_labels": ending.truths.missing}
    data = manifest.data.model_copy(update={"images_sha256": images_digest(rows)})
    manifest.model_copy(update=ended | spent(rows) | {"data": data}).write(directory.path)
    return results
