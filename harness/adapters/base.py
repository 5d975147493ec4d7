"""The seam between the harness and a model."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from PIL import Image

from harness.spec.model import ModelSpec
from harness.spec.task import GenerationSpec


@dataclass(frozen=True, slots=True)
class Request:
    """What a model is asked. It holds no task's name and no label."""

    images: tuple[Image.Image, ...]
    """RGB, in the order of the `<image>` marks in `text`."""
    text: str = ""
    """The prompt, with one `<image>` mark for each image."""
    generation: GenerationSpec = field(default_factory=GenerationSpec)


@dataclass(frozen=True, slots=True)
class Response:
    """What came back: a verbatim text, or an error; never both."""

    text: str | None = None
    error: str | None = None
    tokens: int | None = None
    """How many tokens were generated."""
    reasoning: str | None = None
    """What a thinking model wrote before its answer."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a model runs: the device of this process, as torch names it."""

    device: str = "cpu"


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a loaded model, for the manifest."""

    revision: str | None = None
    dtype: str | None = None
    device: str | None = None
    parameters: int | None = None
    architecture: str | None = None
    notes: tuple[str, ...] = field(default=())


class OutOfMemoryError(Exception):
    """The batch did not fit; the runner halves it and asks again."""


class Adapter(Protocol):
    """A loaded model. Made by `Adapter(spec, setting)`."""

    def __init__(self, spec: ModelSpec, setting: Setting) -> None: ...

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model, for the manifest."""
        ...

    def respond(self, requests: Sequence[Request]) -> list[Response]:
        """Answer a batch: one response for each request, in order.

        A failure that belongs to one request is a Response with `error`; anything raised is a
        failure of the batch, which the runner takes apart. Raises OutOfMemoryError when the batch
        did not fit.
        """
        ...
