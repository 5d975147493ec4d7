"""One exported task as a file beside its YAML: all that reading and scoring an answer needs, and
its requests in lmms-eval's terms.
"""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

import harness
from harness.data.classes import Class, ClassList
from harness.data.labels.label_set import Equivalences, LabelSet
from harness.errors import DataError, Problem
from harness.prompts.plan import Plan
from harness.requests import Failed, Request, Text
from harness.specs.task import GenerationSpec, TaskSpec
from harness.specs.template import IMAGE_MARK
from harness.store.lines import read_json, write_json

_FAILED = "[LMMS_EVAL_"
"""What a text begins with that a class of lmms-eval puts where an answer failed."""


def chat_messages(request: Request) -> list[dict[str, Any]]:
    """Give the one message of a request: pieces of its text and its images, in their order."""
    content: list[dict[str, Any]] = []
    for number, piece in enumerate(request.text.split(IMAGE_MARK)):
        if number:
            content.append({"type": "image", "url": request.images[number - 1]})
        if piece:
            content.append({"type": "text", "text": piece})
    return [{"role": "user", "content": content}]


def simple_text(text: str, image_mark: str) -> str:
    """Give the text for a class that is given images and text apart.

    Without a mark the pieces between the images follow each other, one below the other.
    """
    pieces = text.split(IMAGE_MARK)
    if not image_mark:
        stripped = (piece.strip() for piece in pieces)
        return "\n".join(piece for piece in stripped if piece)
    written = pieces[0]
    for number, piece in enumerate(pieces[1:], start=1):
        written += image_mark.format(n=number) + piece
    return written


def generation_kwargs(generation: GenerationSpec) -> dict[str, Any]:
    """Give all settings that classes look for: one that lacks has another default in each.

    `top_p` is 1 where nothing is said, which cuts nothing off: the vLLM classes take no null. Stop
    strings are left out; they are cut from the answer here, as not every class knows them.
    """
    temperature = 0.0
    if generation.do_sample:
        temperature = 1.0 if generation.temperature is None else generation.temperature
    return {
        "max_new_tokens": generation.max_new_tokens,
        "do_sample": generation.do_sample,
        "temperature": temperature,
        "top_p": 1.0 if generation.top_p is None else generation.top_p,
        "num_beams": 1,
    }


def response_of(text: object) -> Text | Failed:
    """Give the response that a class's answer is: None is an empty text."""
    if text is None:
        return Text("")
    if not isinstance(text, str):
        return Failed(f"no text: {text!r}"[:300])
    return Failed(text) if text.startswith(_FAILED) else Text(text)


SCHEMA_VERSION = 1
SUFFIX = ".harness.json"


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class ExportedClass(_Part):
    """A class of the list."""

    id: int
    name: str
    aliases: tuple[str, ...] = ()
    wnid: str | None = None


class ExportedLabels(_Part):
    """A label set, for the images that were exported."""

    name: str
    original: bool
    labels: dict[str, tuple[int, ...]]


class ExportedTask(_Part):
    """The file. It needs no catalogue, no data set and no label file to be read."""

    schema_version: int = SCHEMA_VERSION
    harness_version: str
    task: dict[str, Any]
    class_list: str
    name_set: str
    classes: tuple[ExportedClass, ...]
    label_sets: tuple[ExportedLabels, ...]
    equivalences: str
    """Where the classes that count as one come from."""
    equal_classes: dict[int, int]
    """Class id to the lowest id of its group."""
    left_out: dict[str, int]
    """Images of the task that were not exported, by reason."""

    @property
    def spec(self) -> TaskSpec:
        """The task as it was resolved."""
        return TaskSpec(**self.task)

    @property
    def class_names(self) -> ClassList:
        """The class list."""
        classes = tuple(Class(each.id, each.name, each.aliases, each.wnid) for each in self.classes)
        return ClassList(self.class_list, self.name_set, classes)

    @property
    def truths(self) -> tuple[LabelSet, ...]:
        """The label sets, in the task's order."""
        return tuple(
            LabelSet(
                each.name,
                {image_id: frozenset(ids) for image_id, ids in each.labels.items()},
                original=each.original,
            )
            for each in self.label_sets
        )

    @property
    def same(self) -> Equivalences:
        """The classes that count as one."""
        return Equivalences(self.equivalences, self.equal_classes)


def exported(plan: Plan, image_ids: frozenset[str], left_out: dict[str, int]) -> ExportedTask:
    """Give the file of an opened task, of which these images were exported."""
    return ExportedTask(
        harness_version=harness.__version__,
        task=plan.opened.task.model_dump(mode="json", exclude_defaults=True),
        class_list=plan.opened.classes.name,
        name_set=plan.opened.classes.name_set,
        classes=tuple(
            ExportedClass(id=each.id, name=each.name, aliases=each.aliases, wnid=each.wnid)
            for each in plan.opened.classes.classes
        ),
        label_sets=tuple(
            ExportedLabels(
                name=each.name,
                original=each.original,
                labels={
                    image_id: tuple(sorted(ids))
                    for image_id, ids in each.labels.items()
                    if image_id in image_ids
                },
            )
            for each in plan.opened.labels.sets
        ),
        equivalences=plan.opened.labels.equivalences.source,
        equal_classes=dict(plan.opened.labels.equivalences.representative),
        left_out=left_out,
    )


def write_task(folder: Path, task: ExportedTask) -> None:
    """Write the file of a task into the folder of an export."""
    write_json(folder / f"{task.spec.task}{SUFFIX}", task.model_dump(mode="json"))


def read_task(folder: Path, name: str) -> ExportedTask:
    """Read the file of a task. Raises DataError when it is missing, broken, or of a newer form."""
    path = folder / f"{name}{SUFFIX}"
    values = read_json(path)
    try:
        task = ExportedTask.model_validate(values)
    except ValueError as error:
        fix = "export the task again: harness export lmms-eval"
        raise DataError(Problem(str(path), "is no exported task", str(error), fix=fix)) from error
    if task.schema_version > SCHEMA_VERSION:
        got, fix = f"schema version {task.schema_version}", "update the harness"
        raise DataError(Problem(str(path), "comes from a newer harness", got, fix=fix))
    return task
