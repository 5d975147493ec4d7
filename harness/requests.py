"""What a model is asked and what it gives back: plain data that every part may use."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from harness.specs.model import Kind
from harness.specs.task import GenerationSpec, OutputType
from harness.specs.template import IMAGE_MARK


@dataclass(frozen=True, slots=True)
class Ahead:
    """What an adapter's `prepare` made of a request, for its own `respond`."""

    inputs: Any
    size: int = 0
    """How much the model has to read, in tokens or the like. Requests of one size share a batch."""
    memory: int = 0
    """Bytes of `inputs`, where they are many: fewer requests are got ready at a time then."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is the same in all requests of a run. It holds no task's name and no label."""

    generation: GenerationSpec = field(default_factory=GenerationSpec)
    output_type: OutputType = "generate_until"
    choices: tuple[str, ...] = ()
    """What may be answered, where only a choice can be: class names in the order of the class list
    for `classify`; these, or the letters of the options, for an `output_type` other than text; the
    names too for `max_new_tokens: longest_name`."""


@dataclass(frozen=True, slots=True)
class Request:
    """The images that a model is asked about, and the prompt."""

    images: tuple[Image.Image, ...]
    """RGB, in the order of the `<image>` marks in `text`."""
    text: str = ""
    """The prompt, with one `<image>` mark for each image; empty for `classify`."""
    noise: int = 0
    """Seed of the noise where the task samples, of 63 bits: see `noise_seed`."""
    ahead: Ahead | None = None
    """What the adapter's `prepare` gave, where it has one and was asked."""


def misfit(request: Request) -> str | None:
    """Say how many images a prompt has other than marks; None where they fit."""
    marks = request.text.count(IMAGE_MARK)
    if marks == len(request.images):
        return None
    return f"{len(request.images)} images for {marks} {IMAGE_MARK} in the text"


def noise_seed(seed: int, image_ids: Sequence[str]) -> int:
    """Give the seed of the noise of a request, from the task's own seed and the ids of its images:
    the same in any batch and process, and another one for other images.
    """
    digest = hashlib.sha256(json.dumps([seed, *image_ids]).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


@dataclass(frozen=True, slots=True)
class Text:
    """A model's answer, verbatim, and what is known of how it came about."""

    text: str
    tokens: int | None = None
    """How many tokens were generated."""
    prompt_tokens: int | None = None
    """How many tokens the prompt took, images included, where the model says so."""
    cached_tokens: int | None = None
    """How many of these were not read anew but came from a cache of prompts' beginnings."""
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
    outside: float | None = None
    """For constrained text, the share of probability that the model gave to anything else."""


@dataclass(frozen=True, slots=True)
class Scores:
    """One score for each of the choices, or for each output of a classifier that knows its own
    classes; higher is better.
    """

    scores: tuple[float, ...]
    """For ranked text, the sum of the log-probabilities."""
    lengths: tuple[int, ...] | None = None
    """For ranked text, how many tokens each choice has."""
    logits: tuple[float, ...] | None = None
    """The softmax of these is the model's probability of each of the scores' classes: of many
    classifiers the scores themselves. None where a model has no such probabilities; ranked text
    needs none, as its scores are logits of the choices."""
    tokens: int | None = None
    """How many tokens were generated, by a service that can give no scores without."""
    prompt_tokens: int | None = None
    """How many tokens the prompt took, images included, where the model says so."""
    cached_tokens: int | None = None
    """How many of these were not read anew but came from a cache of prompts' beginnings."""
    cost: float | None = None
    """Price of the call in US dollars, where the model's YAML names prices."""
    revision: str | None = None
    """What a service says that it answered with."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a request has no answer. It is asked again when the run is resumed."""

    error: str
    tokens: int | None = None
    """How many tokens were generated all the same."""
    prompt_tokens: int | None = None
    cost: float | None = None
    """What was paid all the same, in US dollars."""


Response = Text | Scores | Failed
"""What came back for one request."""


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
