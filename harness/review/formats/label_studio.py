"""Label Studio's JSON: a task an image, with annotations and with what models predict.

https://labelstud.io/guide/task_format. The labelling configuration that it is written for is in
docs/review.md; its `<Choices name="labels" value="$options">` shows the candidates of each image.
"""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_args

from harness.data.labels.files import LabelFile, parse_json
from harness.data.labels.rows import without_problems
from harness.errors import DataError, Problem
from harness.review.answers import AnswerRow, Flag
from harness.review.formats.base import STATUS_TEXT, Format, Found, Given, Source, Target
from harness.review.queue import ALL_PASSES, Item, Predicted

LABELS, FLAGS, PASS, COMMENT = "labels", "flags", "pass", "comment"
_FLAGS: tuple[Flag, ...] = get_args(Flag)


def write(source: Source) -> str:
    """Write a list of tasks. An annotator stands as the e-mail address of `completed_by`."""
    rows = source.by_image()
    number = iter(range(1, len(source.rows) + 1))
    tasks = [
        {
            "id": place,
            "data": _data(source, item),
            "annotations": [_annotation(source, row, next(number)) for row in rows[item.image_id]],
            "predictions": [_prediction(source, each) for each in item.predictions if each.classes],
        }
        for place, item in enumerate(source.queue.items, 1)
    ]
    return json.dumps(tasks, indent=1) + "\n"


def _data(source: Source, item: Item) -> dict[str, object]:
    texts = [source.texts.of[each] for each in item.candidates]
    return {
        "image": source.address(item.image_id),
        "image_id": item.image_id,
        "queue_sha256": source.queue.sha256,
        "options": [{"value": each} for each in (*texts, *STATUS_TEXT.values())],
    }


def _annotation(source: Source, row: AnswerRow, number: int) -> dict[str, object]:
    result = [_choices(LABELS, source.texts.answer(row)), _choices(PASS, [row.pass_])]
    result += [_choices(FLAGS, list(row.flags))] if row.flags else []
    if row.comment:
        value = {"text": [row.comment]}
        result.append({**_at(COMMENT), "type": "textarea", "value": value})
    found: dict[str, object] = {"id": number, "completed_by": {"email": row.annotator}}
    found |= {"result": result, "was_cancelled": False, "ground_truth": False}
    found |= {"created_at": row.at} if row.at else {}
    return found | ({"lead_time": row.seconds} if row.seconds is not None else {})


def _prediction(source: Source, found: Predicted) -> dict[str, object]:
    texts = [source.texts.of[each] for each in found.classes]
    score = {} if found.confidence is None else {"score": found.confidence}
    return {"model_version": found.model, "result": [_choices(LABELS, texts)], **score}


def _choices(name: str, texts: list[str]) -> dict[str, object]:
    return {**_at(name), "type": "choices", "value": {"choices": texts}}


def _at(name: str) -> dict[str, object]:
    return {"id": name, "from_name": name, "to_name": "image"}


def read(file: LabelFile, target: Target) -> Found:
    """Read a list of tasks: of each annotation the choices named `labels`, or the only ones there
    are. Predictions, boxes and other regions are not read; cancelled annotations and those without
    a choice are left out; the notes say how many.
    """
    tasks = parse_json(file)
    if not isinstance(tasks, list):
        fix = "export it with `Export > JSON`, which gives a list of tasks"
        raise DataError(Problem(str(file.path), "is no list", type(tasks).__name__, fix=fix))
    left_out: Counter[str] = Counter()
    found = (
        each
        for place, task in enumerate(tasks, 1)
        for each in _of_task(task, f"{file.path}: task {place}", target, left_out)
    )
    given = without_problems(found, str(file.path))
    return Found(given, tuple(f"{n} {what}" for what, n in sorted(left_out.items())))


def _of_task(
    task: Any, where: str, target: Target, left_out: Counter[str]
) -> Iterator[Given | Problem]:
    data = task.get("data") if isinstance(task, dict) else None
    if not isinstance(data, dict):
        yield Problem(where, "has no `data`", fix="export it with `Export > JSON`, in full")
        return
    other = target.other_queue(data.get("queue_sha256"), where)
    if other is not None:
        yield other
        return
    image = data.get("image_id", data.get("image"))
    annotations = task.get("annotations", [])
    if not isinstance(image, str) or not isinstance(annotations, list):
        fix = "export as JSON from Label Studio, from a project of `harness review export`"
        yield Problem(where, "has no `image` in `data`, or no list of `annotations`", fix=fix)
        return
    left_out["predictions are not read"] += len(task.get("predictions") or ())
    for number, each in enumerate(annotations, 1):
        place = f"{where}, annotation {number}"
        if not isinstance(each, dict) or not isinstance(each.get("result"), list):
            fix = "export from Label Studio as JSON, not as JSON-MIN"
            yield Problem(place, "has no list `result`", fix=fix)
        elif each.get("was_cancelled"):
            left_out["annotations are cancelled and were left out"] += 1
        else:
            yield from _of_annotation(each, place, image, target, left_out)
    left_out += Counter()  # nothing that was counted 0 times


def _of_annotation(
    found: dict[str, Any], where: str, image: str, target: Target, left_out: Counter[str]
) -> Iterator[Given | Problem]:
    parts: dict[str, list[str]] = {}
    for each in found["result"]:
        name, texts = _texts_of(each)
        if texts is None:
            left_out["boxes and other regions are not read"] += 1
        else:
            parts.setdefault(name, []).extend(texts)
    others = [name for name in parts if name not in (LABELS, FLAGS, PASS, COMMENT)]
    named = LABELS if LABELS in parts or len(others) != 1 else others[0]
    if LABELS not in parts and len(others) > 1:
        what = f"has several choices and none is named `{LABELS}`"
        yield Problem(where, what, ", ".join(others), fix=f"name the classes' choices `{LABELS}`")
        return
    if not parts.get(named):
        left_out["annotations choose nothing and were left out"] += 1
        return
    answer = target.texts.read(parts[named], where)
    if isinstance(answer, Problem):
        yield answer
        return
    said = parts.get(PASS, [])
    labels, status = answer
    yield Given(
        where=where,
        image=image,
        labels=labels,
        status=status,
        annotator=_person(found.get("completed_by")),
        pass_=next((each for each in ALL_PASSES if [each] == said), None),
        flags=tuple(each for each in _FLAGS if each in parts.get(FLAGS, ())),
        comment="\n".join(parts.get(COMMENT, ())),
        at=_time(found.get("updated_at") or found.get("created_at")),
    )


def _texts_of(part: Any) -> tuple[str, list[str] | None]:
    """Give the name of a part of a result and its texts; None for what is no choice or comment."""
    value = part.get("value") if isinstance(part, dict) else None
    kind = part.get("type") if isinstance(part, dict) else None
    texts = (
        value.get("choices" if kind == "choices" else "text") if isinstance(value, dict) else None
    )
    texts = [texts] if isinstance(texts, str) else texts
    is_read = kind == "choices" or (kind == "textarea" and part.get("from_name") == COMMENT)
    if not is_read or not isinstance(texts, list):
        return "", None
    return str(part.get("from_name")), [str(each) for each in texts]


def _person(found: Any) -> str | None:
    """Give whom `completed_by` names: an e-mail address, or a number."""
    if isinstance(found, dict):
        found = found.get("email", found.get("id"))
    return None if found is None else str(found)


def _time(found: Any) -> str | None:
    """Give a time in UTC, as it is written where it is; None where it is none, or of no zone."""
    try:
        time = datetime.fromisoformat(found)
    except (TypeError, ValueError):
        return None
    if time.tzinfo is None:
        return None
    return str(found) if found.endswith("Z") else time.astimezone(UTC).isoformat()


LABEL_STUDIO = Format(
    "label_studio", write, read,
    "the order of candidates, nor seconds: its `lead_time` counts hidden time too and is not read",
    has_queue=True,
)  # fmt: skip
