"""The seam between the harness and a model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

from harness.requests import Ahead, Ask, Failed, ModelFacts, Request, Response, misfit
from harness.specs.base import Spec
from harness.specs.model import ModelGeneration, ModelSpec


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a model runs, and for what."""

    device: str = "cpu"
    """The device of this process, as torch names it."""
    images_per_prompt: int = 1
    """The most images that a prompt of the run's tasks holds."""


PROMPTED = frozenset({"ow", "mc", "cw", "cw_plus"})
"""The protocols that ask with a prompt and read a text."""
CLASSIFY = frozenset({"classify"})
"""The protocol that asks for scores."""
TEXT_ONLY = frozenset({"generate_until"})
"""The output type of a model that only writes text."""
ALL_OUTPUTS = frozenset({"generate_until", "multiple_choice", "constrained"})
"""The output types of a model whose probabilities can be read."""
OF_EVERY_MODEL = frozenset({"model", "adapter", "description", "batch_size", "options"})
"""Keys of a model's YAML that every adapter has."""
MOST_KEYS = frozenset(ModelSpec.model_fields) - OF_EVERY_MODEL - {"generation"}
"""All other keys of a model's YAML, but for `generation`."""


class OutOfMemoryError(Exception):
    """The batch did not fit; the runner halves it and asks again."""


class NoOptions(Spec):
    """The `options` of an adapter that has none."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What an adapter can do, and what it uses of a model's YAML."""

    protocols: frozenset[str] = PROMPTED
    """Protocols that it can answer: `classify`, or those with a prompt."""
    output_types: frozenset[str] = TEXT_ONLY
    """Output types that it knows, of those with a prompt."""
    options: type[Spec] = NoOptions
    """What may stand under `options` in the YAML."""
    keys: frozenset[str] = MOST_KEYS
    """Keys of the YAML that it uses, besides those that every model has."""
    generation: frozenset[str] = frozenset(ModelGeneration.model_fields)
    """Which settings of the YAML's `generation` it can ask for, where `keys` has that."""
    counts_tokens: bool = False
    """Whether it knows the model's tokenizer, for `max_new_tokens: longest_name`."""
    batch_size: int | None = None
    """Requests in one call where neither the YAML nor the command says, and for `auto`, of an
    adapter that decides by itself how many go through the model together; else 8 and what fits."""


class Adapter(Protocol):
    """A loaded model. Made by `Adapter(spec, setting)`."""

    abilities: ClassVar[Abilities] = Abilities()

    def __init__(self, spec: ModelSpec, setting: Setting) -> None: ...

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model, for the manifest."""
        ...

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        """Answer a batch: one response for each request, in order. `ask` is the same object in all
        calls of a run.

        A failure that belongs to one request is a `Failed`; anything raised is a failure of the
        batch, which the runner takes apart. Raises OutOfMemoryError when the batch did not fit.
        """
        ...


def answer_fitting(
    requests: Sequence[Request], respond: Callable[[Sequence[Request]], Sequence[Response]]
) -> list[Response]:
    """Answer the requests whose images fit their text; the others are errors of their own."""
    wrong = [misfit(each) for each in requests]
    good = [each for each, told in zip(requests, wrong, strict=True) if told is None]
    answers = iter(respond(good) if good else ())
    return [next(answers) if told is None else Failed(told) for told in wrong]


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


@dataclass(frozen=True, slots=True)
class Counting:
    """How a preview counts tokens, and what it knows of the model's limits."""

    exact: bool
    """Whether the counts are those of the model's own tokenizer and image processor."""
    how: str
    """By what they are counted, in words for people."""
    reasons: bool = False
    """Whether the model may write reasoning, whose length nobody knows, before an answer."""
    context: int | None = None
    """How many tokens the model can read and write, where its files say so."""


class Preview(Protocol):
    """A model without its weights: what it gets to read, and how many tokens that is."""

    @property
    def counting(self) -> Counting:
        """How tokens are counted."""
        ...

    def prompt(self, request: Request) -> str:
        """Give the prompt of a request in full as the model gets it, with a mark for each image."""
        ...

    def text_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count for each text of a request the tokens of its prompt, without those that images
        add.
        """
        ...

    def image_tokens(self, request: Request) -> int | None:
        """Count the tokens that the images of a request add to its prompt; None: not known."""
        ...

    def answer_tokens(self, text: str, answers: Sequence[str]) -> list[int]:
        """Count for each of these answers to a text the tokens that the model writes, the one that
        ends the answer with them.
        """
        ...

    def most_tokens(self, ask: Ask, text: str) -> int:
        """Give the most tokens that the model may write as an answer to a text."""
        ...

    def cost(self, prompt_tokens: int, answer_tokens: int, cached_tokens: int = 0) -> float | None:
        """Give the price of so many tokens in US dollars, of which the server has some in its
        cache; None where the YAML names no prices.
        """
        ...


@runtime_checkable
class Previewing(Protocol):
    """The class of an adapter that can say without the weights how a model is asked."""

    @classmethod
    def preview(cls, spec: ModelSpec) -> Preview:
        """Open what it needs of a model: tokenizer, image processor, config; no weights.

        Raises SpecError for a mistake in the YAML, DataError or MissingPackageError for what is
        not on this machine.
        """
        ...
