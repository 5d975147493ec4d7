"""A small review's queue that is made up, and folders of real ones."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.data.classes import Class, ClassList
from harness.data.labels.label_set import Equivalences, Labels, LabelSet
from harness.review.make import Made, QueueRequest, make_review
from harness.review.queue import Item, Mode, Predicted, Queue, Rules, SourceRun
from harness.review.sources import Answered, Sources
from harness.specs.task import TaskSpec
from support.small_review import item, queue_of
from support.tasks import task_over

CLASSES = 6


def made_up_queue(
    n: int = 20,
    annotators: tuple[str, ...] = ("ann", "bob", "cem"),
    *,
    mode: Mode = "blind",
    overlap: int | None = None,
) -> Queue:
    """A queue of n images and 6 classes, of which nobody but the test knows a picture.

    Image i (`image_00`, …) is labelled i % 6; every third image is labelled otherwise under the
    re-annotated label set `new`; model `a` answers as `new`, model `b` the class after it. The
    last two images are honeypots. Each is for `overlap` annotators in turn (all, where not given).
    """
    size = len(annotators) if overlap is None else overlap
    items = tuple(_item(number, n, annotators, size) for number in range(n))
    return queue_of(
        items,
        mode,
        n=n - 2,
        overlap=size,
        annotators=annotators,
        task="made_up",
        class_list="six",
        n_classes=CLASSES,
        base="new",
        label_sets=("old", "new"),
        rules=Rules(disagree=1, control=0.2, honeypots=2),
        runs=(_run("a"), _run("b")),
    )


def made_up_sources(
    labels: Mapping[str, Mapping[str, Iterable[int]]],
    answers: Mapping[str, Mapping[str, Answered | int | None]],
    *,
    n_classes: int = CLASSES,
    equivalences: Iterable[Iterable[int]] = (),
    task: TaskSpec | None = None,
) -> Sources:
    """Labels by label set (the first is the original one) and image, answers by model and image: a
    class, None for an answer that names none, or an answer in full.
    """
    sets = [
        LabelSet(name, {key: frozenset(ids) for key, ids in rows.items()}, original=not place)
        for place, (name, rows) in enumerate(labels.items())
    ]
    ids = sorted({image_id for rows in answers.values() for image_id in rows})
    return Sources(
        task=task or task_over("nowhere"),
        classes=ClassList("six", "clean", tuple(Class(i, f"class {i}") for i in range(n_classes))),
        labels=Labels(tuple(sets), Equivalences.from_groups("test", equivalences)),
        runs=tuple(_run(model) for model in answers),
        answers={
            image_id: tuple(
                answered(model, rows[image_id])
                for model, rows in answers.items()
                if image_id in rows
            )
            for image_id in ids
        },
        image_ids=tuple(ids),
        image_sha256={},
        images=None,
    )


def answered(
    model: str, found: Answered | int | None, *, oop: bool = False, margin: float | None = None
) -> Answered:
    """An answer of a model; of a class, of none, or as it is given."""
    if isinstance(found, Answered):
        return found
    predicted = _predicted(model, 0 if found is None else found)
    classes = () if found is None else (found,)
    return Answered(predicted.model_copy(update={"classes": classes, "oop": oop}), margin)


PEOPLE = ("ann", "bob", "cem", "dee")


def made_review(sources: Sources, folder: Path, n: int = 40, **more: Any) -> Made:
    """Make a real review's folder; `more` are fields of its request or of its rules."""
    of_rules = {
        key: more.pop(key) for key in list(more) if key in set(Rules.model_fields) - {"flagged"}
    }
    rules = Rules.model_validate({"disagree": 2, "honeypots": 4, **of_rules})
    request = {"base": "mini_imgt", "seed": 1, "overlap": 3, "annotators": PEOPLE, **more}
    return make_review(sources, QueueRequest(n=n, rules=rules, **request), folder)


def new_label(number: int) -> int:
    return (number + (number % 3 == 0)) % CLASSES


def _run(model: str) -> SourceRun:
    return SourceRun(path=f"{model}/made_up", model=model, task="made_up", predictions_sha256="1")


def _item(number: int, n: int, annotators: tuple[str, ...], overlap: int) -> Item:
    old, new, honeypot = number % CLASSES, new_label(number), number >= n - 2
    old = new if honeypot else old
    a, b = new, (new + 1) % CLASSES
    why = (
        ("honeypot",) if honeypot else ("disagree", "control") if number % 5 == 0 else ("disagree",)
    )
    return item(
        f"image_{number:02}",
        image_sha256=f"{number:064}",
        why=why,
        group="S+" if old == new else "S-",
        labels={"old": (old,), "new": (new,)},
        predictions=(_predicted("a", a), _predicted("b", b)),
        candidates=tuple(sorted({old, new, a, b})),
        known=(new,) if honeypot else None,
        annotators=tuple(annotators[(number + k) % len(annotators)] for k in range(overlap)),
    )


def _predicted(model: str, class_id: int) -> Predicted:
    return Predicted(
        model=model,
        task="made_up",
        protocol="classify",
        classes=(class_id,),
        answer=None,
        confidence=0.75,
        oop=False,
    )
