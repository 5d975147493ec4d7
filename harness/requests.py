"""What a model is asked and what it gives back: plain data, that every part may use."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from harness.specs.model import Kind
from harness.specs.task import GenerationSpec, OutputType


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
class ModelFacts:
    """What is known of a loaded model, for the manifest."""

    kind: Kind = "mllm"
    revision: str | None = None
    dtype: str | None = None
    device: str | None = None
    parameters: int | None = None
    architecture: str | None = None
    notes: tuple[str, ...] = field(default=())
