"""The seam between the harness and a model."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

from PIL import Image

from harness.spec.base import Spec
from harness.spec.model import Kind, ModelSpec
from harness.spec.task import GenerationSpec, OutputType


@dataclass(frozen=True, slots=True)
class Ahead:
    """What an adapter's `prepare` made of a request, for its own `respond`."""

    inputs: Any
    size: int = 0
    """How much the model has to read, in tokens or the like. Requests of one size share a batch."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a model is asked. It holds no task's name and no label."""

    images: tuple[Image.Image, ...]
    """RGB, in the order of the `<image>` marks in `text`."""
    text: str = ""
    """The prompt, with one `<image>` mark for each image."""
    generation: GenerationSpec = field(default_factory=GenerationSpec)
    output_type: OutputType = "generate_until"
    choices: tuple[str, ...] = ()
    """What may be answered, where only a choice can be: class names in the order of the class list
    for `classify`; these, or the letters of the options, for an `output_type` other than text; the
    names too for `max_new_tokens: longest_name`. The same object in all requests of a run."""
    ahead: Ahead | None = None
    """What the adapter's `prepare` gave, where it has one and was asked."""
    seed: int | None = None
    """Seed of the noise where the task samples, of 63 bits, from the task's own seed and the ids of
    the images: the same in any batch and process, and another one for other images. None: the
    task's own seed alone."""

    @property
    def noise(self) -> int:
        """The seed of the noise, of 63 bits."""
        return noise_seed(self.generation.seed) if self.seed is None else self.seed


def noise_seed(seed: int, image_ids: Sequence[str] = ()) -> int:
    """Give the seed of 63 bits of the noise of a request, from the task's seed and its images."""
    digest = hashlib.sha256(json.dumps([seed, *image_ids]).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


@dataclass(frozen=True, slots=True)
class Response:
    """What came back: a verbatim text or scores, or an error; never both."""

    text: str | None = None
    error: str | None = None
    scores: tuple[float, ...] | None = None
    """One score for each of the request's choices, or for each output of a classifier that knows
    its own classes; higher is better. For ranked text, the sum of the log-probabilities."""
    lengths: tuple[int, ...] | None = None
    """For ranked text, how many tokens each choice has."""
    outside: float | None = None
    """For constrained text, the share of probability that the model gave to anything else."""
    tokens: int | None = None
    """How many tokens were generated."""
    prompt_tokens: int | None = None
    """How many tokens the prompt took, images included, where the model says so."""
    cost: float | None = None
    """Price of the call in US dollars, where the model's YAML names prices."""
    reasoning: str | None = None
    """What a thinking model wrote before its answer."""
    truncated: bool | None = None
    """Whether the text ended because `max_new_tokens` were reached; None where that is not known.
    A text that had come to a stop string by then is whole."""
    revision: str | None = None
    """What a service says that it answered with."""
    refused: bool = False
    """Whether the service refused, by its filter or in so many words; its text names no class then,
    whatever it says."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a model runs: the device of this process, as torch names it."""

    device: str = "cpu"


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a loaded model, for the manifest."""

    kind: Kind = "mllm"
    revision: str | None = None
    dtype: str | None = None
    device: str | None = None
    parameters: int | None = None
    architecture: str | None = None
    notes: tuple[str, ...] = field(default=())


PROMPTED = frozenset({"ow", "mc", "cw", "cw_plus"})
"""The protocols that ask with a prompt and read a text."""
CLASSIFY = frozenset({"classify"})
"""The protocol that asks for scores."""
TEXT_ONLY = frozenset({"generate_until"})
"""The output type of a model that only writes text."""
ALL_OUTPUTS = frozenset({"generate_until", "multiple_choice", "constrained"})
"""The output types of a model whose probabilities can be read."""


class OutOfMemoryError(Exception):
    """The batch did not fit; the runner halves it and asks again."""


class NoOptions(Spec):
    """The `Options` of an adapter that has none."""


class Adapter(Protocol):
    """A loaded model. Made by `Adapter(spec, setting)`."""

    keys: ClassVar[frozenset[str]]
    """Keys of the model's YAML that this adapter uses, besides those that every model has."""
    Options: ClassVar[type[Spec]]
    """What may stand under `options` in the model's YAML."""
    protocols: ClassVar[frozenset[str]]
    """Protocols that it can answer: `classify`, or those with a prompt."""
    output_types: ClassVar[frozenset[str]]
    """Output types that it knows, of those with a prompt."""

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


@runtime_checkable
class NamingOutputs(Protocol):
    """A classifier whose checkpoint has names for its outputs."""

    @property
    def output_names(self) -> Sequence[Sequence[str]] | None:
        """For each output, in order, its names: class names, WordNet ids, descriptions; none for an
        output without one. None where the checkpoint has no names.
        """
        ...


@runtime_checkable
class Preparing(Protocol):
    """An adapter that can do part of its work ahead of the model: decode, resize, tokenize."""

    def prepare(self, request: Request) -> Ahead:
        """Do what of a request needs no model; `respond` finds it as the request's `ahead`.

        Called in several threads at once while `respond` runs, so it must change nothing that
        others read. What it raises is that request's error. `respond` must answer requests without
        it too, with the same answers.
        """
        ...
