"""The requests of a batch as the one task, in memory, that a model class of lmms-eval answers."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.export.lmms_eval.task import chat_messages, generation_kwargs, simple_text
from harness.requests import Ask, Request

_SPLIT = "test"


@dataclass(frozen=True, slots=True)
class Form:
    """How requests are written for a class, beside what they say themselves."""

    image_mark: str = ""
    """What stands where an image belongs, in the text for a simple class."""
    num_beams: int = 1


def generate(model: Any, ask: Ask, requests: Sequence[Request], form: Form) -> list[Any]:
    """Ask a model for all requests; give what it returns.

    The task has a name of its own each time: some classes keep answers by task and place.
    """
    from lmms_eval.api.instance import Instance

    settings = generation_kwargs(ask.generation) | {"num_beams": form.num_beams}
    task = f"harness_{uuid.uuid4().hex}"
    model.task_dict[task] = {_SPLIT: list(requests)}
    instances = [
        Instance(
            request_type="generate_until",
            arguments=(*_arguments(model, request, form, settings), place, task, _SPLIT),
            idx=0,
            metadata={"task": task, "doc_id": place, "repeats": 1, "split": _SPLIT},
        )
        for place, request in enumerate(requests)
    ]
    try:
        return list(model.generate_until(instances))
    finally:
        del model.task_dict[task]


def _arguments(
    model: Any, request: Request, form: Form, settings: dict[str, Any]
) -> tuple[Any, ...]:
    if model.is_simple:
        return (simple_text(request.text, form.image_mark), dict(settings), _images)
    return (simple_text(request.text, ""), chat_messages, dict(settings))


def _images(request: Request) -> list[Any]:
    return list(request.images)
