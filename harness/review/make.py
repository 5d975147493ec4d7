"""Make the folder of a review: the queue, and the page that annotators get."""

import hashlib
import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.data.classes import words_of
from harness.data.sample import ids_in
from harness.errors import Problem, UserError
from harness.limits import MOST_TEXT, read_bounded_bytes
from harness.review import page_data
from harness.review.drawing import Drawn, Size, assign, draw, padded
from harness.review.queue import ANSWERS, Item, Mode, Queue, Rules, Why, digest
from harness.review.rules import WHYS, Chosen, choose
from harness.review.sources import Sources
from harness.specs.base import name_fault
from harness.store.new_folder import new_folder, refuse_full

log = logging.getLogger("harness")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
"""What an annotator may be called: a part of file names and addresses."""
NAME_FIX = "use letters of a to z, digits, `_` and `-`, at most 40; a letter or digit first"
_MOST_ANNOTATORS = 1_000
_USUAL_OVERLAP = 2
_CHANCE = 0.1
"""Share of the images whose id may hold a class's name by chance (`mouse` in `mouse_photos/12`)."""


@dataclass(frozen=True, slots=True)
class QueueRequest:
    """What a queue is to be."""

    n: int
    """Images, without honeypots."""
    annotators: tuple[str, ...]
    rules: Rules
    """Without `flagged`, which is the digest of a file."""
    seed: int = 0
    mode: Mode = "blind"
    overlap: int | None = None
    """Annotators an image; None: two, or one where there is one alone."""
    base: str | None = None
    """The label set that is corrected; None: the one that the tasks trust most."""
    flagged: Path | None = None
    """File of image ids."""


@dataclass(frozen=True, slots=True)
class Made:
    """A review's folder that was made."""

    folder: Path
    queue: Queue
    available: Mapping[Why, int]
    """How many images each rule chooses, drawn or not; under `control`, all images of the runs."""
    has_images: bool
    """Whether the page has the images in it."""


def check_request(request: QueueRequest) -> None:
    """Raise UserError, with every mistake, for what can be no queue whatever the runs are."""
    problems = [*_annotator_faults(request.annotators)]
    people, overlap = len(request.annotators), request.overlap
    if overlap is not None and not 1 <= overlap <= people:
        what = "each image is for as many annotators as there are, at most"
        problems.append(Problem("--overlap", what, str(overlap), fix=f"give 1 to {people}"))
    if not 0 < request.rules.control <= 1:
        what = "is no share: some images are always drawn at random, to know the rate in all"
        what += " of them"
        got, fix = f"{request.rules.control:g}", "give a share above 0 and at most 1, as 0.1"
        problems.append(Problem("--control", what, got, fix=fix))
    elif not _has_rule(request) and request.rules.control < 1:
        what, fix = "no rule chooses images", "--disagree 1, or --control 1 for random images alone"
        problems.append(Problem("the queue", what, fix=fix))
    if problems:
        raise UserError(problems)


def _annotator_faults(names: Sequence[str]) -> list[Problem]:
    where = "--annotators"
    if not names or len(names) > _MOST_ANNOTATORS:
        fix = f"give 1 to {_MOST_ANNOTATORS} names with commas between them, as ann,bob"
        return [Problem(where, "are no people", f"{len(names)} names", fix=fix)]
    found = [
        Problem(where, "is no name of an annotator", ascii(each)[:80], fix=NAME_FIX)
        for each in names
        if not NAME.fullmatch(each) or name_fault(each)
    ]
    twice = [each for each, count in Counter(map(str.lower, names)).items() if count > 1]
    if twice:
        what = "stand twice, upper and lower case taken for one"
        found.append(Problem(where, what, ", ".join(twice), fix="name each person once"))
    return found


def _has_rule(request: QueueRequest) -> bool:
    rules = request.rules
    named = (rules.disagree, rules.low_margin, request.flagged)
    return bool(rules.groups or rules.split or rules.oop or any(x is not None for x in named))


def make_review(sources: Sources, request: QueueRequest, folder: Path) -> Made:
    """Make a review's folder, whole or not at all; the same again has the same bytes.
    Raises UserError as `check_request`, `choose` and `draw`, and for a folder that is there;
    DataError for an image that cannot be copied.
    """
    refuse_full(folder)
    check_request(request)
    rules, flagged = request.rules, {}
    if request.flagged is not None:
        flagged = ids_in(request.flagged)
        data = read_bounded_bytes(request.flagged, MOST_TEXT)
        rules = rules.model_copy(update={"flagged": hashlib.sha256(data).hexdigest()})
    chosen = choose(sources, rules, flagged, request.base)
    size = Size(request.n, rules.control, rules.honeypots, request.seed)
    drawn = draw(sources, chosen, size)
    queue = _queue(sources, chosen, drawn, request, rules)
    files = page_data.file_names(sources)
    _warn_of_names(sources, queue, files)
    with new_folder(folder) as hidden:
        queue.write(hidden)
        (hidden / ANSWERS).mkdir()
        page_data.copy_page(hidden)
        images, examples = page_data.copy_images(hidden, sources, queue)
        has_images = bool(images)
        page_data.write_queue_data(hidden, queue, has_images=has_images)
        page_data.write_classes(hidden, sources, examples)
        page_data.write_items(hidden, queue, images, files)
    counts = Counter(each for why in chosen.why.values() for each in why)
    available: dict[Why, int] = {each: counts[each] for each in WHYS if counts[each]}
    available["control"] = len(sources.image_ids)
    return Made(folder, queue, available, has_images)


def _warn_of_names(sources: Sources, queue: Queue, files: Mapping[str, str]) -> None:
    """Log a warning where ids or file names, which are in the page's data, name the class."""
    names = {each.id: f" {words_of(each.name)} " for each in sources.classes.classes}
    wnids = {each.id: each.wnid for each in sources.classes.classes if each.wnid}

    def names_class(item: Item) -> bool:
        text = f"{item.image_id} {files[item.image_id]}"
        words = f" {words_of(text)} "
        return any(
            names[each] in words or wnids.get(each, "\0") in text for each in item.candidates
        )

    n = sum(map(names_class, queue.items))
    if n > _CHANCE * len(queue.items):
        log.warning(
            "the ids or file names of %d of %d images hold the name of one of their candidates, "
            "where an annotator who looks for it can read it: rename them for a blind review",
            n, len(queue.items),
        )  # fmt: skip


def _queue(
    sources: Sources, chosen: Chosen, drawn: Drawn, request: QueueRequest, rules: Rules
) -> Queue:
    overlap = request.overlap or min(_USUAL_OVERLAP, len(request.annotators))
    others = (*drawn.by_rule, *drawn.control)
    candidates = {each: sources.candidates(each) for each in drawn.all}
    if request.mode == "blind":  # where sources are shown, a class without one would stand out
        sizes = [len(candidates[each]) for each in others]
        candidates |= padded(sources, drawn.honeypots, sizes, request.seed)
    people = assign(drawn.all, request.annotators, overlap, request.seed)
    known = {each: sources.labels_of(each)[chosen.base] for each in drawn.honeypots}
    control = frozenset(drawn.control)
    items = tuple(
        Item(
            image_id=each,
            image_sha256=sources.image_sha256.get(each),
            why=(
                *chosen.why.get(each, ()),
                *(("control",) if each in control else ()),
                *(("honeypot",) if each in known else ()),
            ),
            group=chosen.group.get(each),
            labels=sources.labels_of(each),
            predictions=tuple(answered.predicted for answered in sources.of(each)),
            candidates=candidates[each],
            known=known.get(each),
            annotators=people[each],
        )
        for each in sorted(drawn.all)
    )
    ids = sources.classes.ids
    queue = Queue(
        review_queue=1,
        sha256="",
        mode=request.mode,
        seed=request.seed,
        n=request.n,
        overlap=overlap,
        annotators=request.annotators,
        task=sources.task.task,
        class_list=sources.classes.name,
        n_classes=len(sources.classes),
        class_ids=() if ids == tuple(range(len(ids))) else ids,
        classes_sha256=sources.classes.digest,
        base=chosen.base,
        label_sets=tuple(each.name for each in sources.labels.sets),
        rules=rules,
        runs=sources.runs,
        items=items,
        n_images=len(sources.image_ids),
        n_chosen=len(chosen.why.keys() & set(sources.image_ids)),
    )
    return queue.model_copy(update={"sha256": digest(queue)})
