"""FiftyOne's JSON of a data set, as `fiftyone.Dataset.from_json` reads it: a sample an image, a
field for each annotator and pass, for each model, and for a label set.

A field is a `Classification` where each of its answers is one class, `none` or `unsure`, else
`Classifications`. https://docs.voxel51.com/user_guide/using_datasets.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from harness.data.labels.files import LabelFile, parse_json
from harness.data.labels.rows import without_problems
from harness.errors import DataError, Problem
from harness.review.formats.base import NOT_SURE, Format, Found, Given, Source, Target
from harness.review.queue import ALL_PASSES

SINGLE, MULTI = "Classification", "Classifications"
MERGED: Final = "merged_labels"
_MODEL = "model_"
_BETWEEN = "__"
"""Between an annotator and the pass, in a field's name."""
_NO_FIELD = re.compile(r"[^A-Za-z0-9_]")
_FIXED: Mapping[str, str] = {
    "filepath": "fiftyone.core.fields.StringField",
    "tags": "fiftyone.core.fields.ListField(fiftyone.core.fields.StringField)",
    "metadata": "fiftyone.core.fields.EmbeddedDocumentField(fiftyone.core.metadata.ImageMetadata)",
    "image_id": "fiftyone.core.fields.StringField",
}
_Label = tuple[str, float | None]
"""A text and a confidence."""
_Field = dict[str, list[_Label]]
"""Image id to labels; no label is an empty list."""


def write(source: Source) -> str:
    """Write a data set; a label set stands in the field `merged_labels`."""
    fields = {name: values for name, values in _fields(source).items() if values}
    single = {name for name, each in fields.items() if all(len(one) == 1 for one in each.values())}
    embedded = "fiftyone.core.fields.EmbeddedDocumentField(fiftyone.core.labels.{})".format
    kinds = {name: SINGLE if name in single else MULTI for name in fields}
    samples = [
        {
            "filepath": source.address(each.image_id),
            "tags": list(each.why),
            "metadata": None,
            "image_id": each.image_id,
            **{
                name: _label(kinds[name], values[each.image_id])
                for name, values in fields.items()
                if each.image_id in values
            },
        }
        for each in source.queue.items
    ]
    found = {
        "name": f"review-{source.queue.sha256[:8]}",
        "media_type": "image",
        "num_samples": len(samples),
        "sample_fields": {**_FIXED, **{name: embedded(kind) for name, kind in kinds.items()}},
        "info": {"queue_sha256": source.queue.sha256, "task": source.queue.task},
        "samples": samples,
    }
    return json.dumps(found, indent=1) + "\n"


def _fields(source: Source) -> dict[str, _Field]:
    fields: dict[str, _Field] = {}
    for row in sorted(source.rows, key=lambda row: (row.annotator, row.pass_)):
        field = fields.setdefault(f"{row.annotator}{_BETWEEN}{row.pass_}", {})
        field[row.image_id] = [(text, None) for text in source.texts.answer(row)]
    for item in source.queue.items:
        for each in item.predictions:
            if each.classes:
                name = _NO_FIELD.sub("_", f"{_MODEL}{each.model}{_BETWEEN}{each.task}")
                field = fields.setdefault(name, {})
                texts = [source.texts.of[one] for one in each.classes]
                field[item.image_id] = [(text, each.confidence) for text in texts]
    known = source.queue.item_of
    labelled = {name: labels for name, labels in source.labels.items() if name in known}
    if labelled:
        fields[MERGED] = {
            name: [(source.texts.of[each], None) for each in sorted(labels) if each != NOT_SURE]
            for name, labels in labelled.items()
        }
    return fields


def _label(kind: str, labels: list[_Label]) -> dict[str, object]:
    each: list[dict[str, object]] = [
        {"_cls": SINGLE, "tags": [], "label": text, "confidence": confidence, "logits": None}
        for text, confidence in labels
    ]
    if kind == SINGLE:
        return each[0]
    return {"_cls": MULTI, "classifications": each, "logits": None}


def read(file: LabelFile, target: Target) -> Found:
    """Read a data set, or a list of samples: each field that holds `Classification` or
    `Classifications` and is named after an annotator, with the pass behind `__` or without one.
    An empty list of classifications is `none`. The notes name the other fields.
    """
    data = parse_json(file)
    samples = data.get("samples") if isinstance(data, dict) else data
    if not isinstance(samples, list):
        fix = "export a data set of FiftyOne with a list `samples`"
        raise DataError(Problem(str(file.path), "has no samples", fix=fix))
    info = data.get("info") if isinstance(data, dict) else None
    sha256 = info.get("queue_sha256") if isinstance(info, dict) else None
    other = target.other_queue(sha256, str(file.path))
    if other is not None:
        raise DataError(other)
    others: dict[str, None] = {}
    found = (
        each
        for place, sample in enumerate(samples, 1)
        for each in _of_sample(sample, f"{file.path}: sample {place}", target, others)
    )
    given = without_problems(found, str(file.path))
    note = f"fields that are named after no annotator were left out: {', '.join(others)}"
    return Found(given, (note,) if others else ())


def _of_sample(
    sample: Any, where: str, target: Target, others: dict[str, None]
) -> Iterator[Given | Problem]:
    image = sample.get("image_id", sample.get("filepath")) if isinstance(sample, dict) else None
    if not isinstance(image, str):
        yield Problem(where, "has no `filepath`", fix="give each sample its `filepath`")
        return
    for name, value in sample.items():
        if not isinstance(value, dict) or value.get("_cls") not in (SINGLE, MULTI):
            continue
        who, between, last = name.rpartition(_BETWEEN)
        pass_ = next((each for each in ALL_PASSES if between and each == last), None)
        person = who if pass_ else name
        if target.person(person) is None:
            others[name] = None
            continue
        place = f"{where}, field `{name}`"
        texts = _texts(value)
        if texts is None:
            fix = "export the samples again with their classifications' labels"
            yield Problem(place, "has a classification without a `label`", fix=fix)
            continue
        answer = target.texts.read(texts, place) if texts else ((), "none")
        if isinstance(answer, Problem):
            yield answer
        else:
            yield Given(place, image, *answer, person, pass_)


def _texts(value: dict[str, Any]) -> list[str] | None:
    """Give the labels of a field; None where it has none that is text."""
    labels = [value] if value["_cls"] == SINGLE else value.get("classifications")
    if not isinstance(labels, list):
        return None
    found = [each.get("label") if isinstance(each, dict) else None for each in labels]
    texts = [each for each in found if isinstance(each, str)]
    return texts if len(texts) == len(labels) else None


FIFTYONE = Format(
    "fiftyone", write, read, "flags, comments, times and seconds", has_queue=True,
    takes_labels=True
)  # fmt: skip
