"""The seam between the harness and a model: what every adapter has, and what one may have."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
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

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        """Answer a batch: one response for each request, in order. `ask` is the same object in all
        calls of a run.

        A failure that belongs to one request is a `Failed`; anything raised is a failure of the
        batch, which the runner takes apart. Raises OutOfMemoryError when the batch did not fit.
        """


def answer_fitting(
    requests: Sequence[Request],
    respond: Callable[[Sequence[Request]], Sequence[Response]],
    fault: Callable[[Request], str | None] = misfit,
) -> list[Response]:
    """Answer the requests without a `fault`; the others are errors of their own, with what it says.
    By default it is images that do not fit their text.
    """
    wrong = [fault(each) for each in requests]
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


@runtime_checkable
class Preparing(Protocol):
    """An adapter that can do part of its work ahead of the model: decode, resize, tokenize."""

    def prepare(self, request: Request) -> Ahead:
        """Do what of a request needs no model; `respond` finds it as the request's `ahead`.

        Called in several threads at once while `respond` runs, so it must change nothing that
        others read. What it raises is that request's error. `respond` must answer requests without
        it too, with the same answers.
        """


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

    def prompt(self, request: Request) -> str:
        """Give the prompt of a request in full as the model gets it, with a mark for each image."""

    def text_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count for each text the tokens of its prompt, without those that images add."""

    def image_tokens(self, request: Request) -> int | None:
        """Count the tokens that the images of a request add to its prompt; None: not known."""

    def answer_tokens(self, text: str, answers: Sequence[str]) -> list[int]:
        """Count for each answer to a text the tokens that the model writes, with its end."""

    def most_tokens(self, ask: Ask, text: str) -> int:
        """Give the most tokens that the model may write as an answer to a text."""

    def cost(self, prompt_tokens: int, answer_tokens: int, cached_tokens: int = 0) -> float | None:
        """Give the price of so many tokens in US dollars, of which the server has some in its
        cache; None where the YAML names no prices.
        """


@runtime_checkable
class Previewing(Protocol):
    """The class of an adapter that can say without the weights how a model is asked."""

    @classmethod
    def preview(cls, spec: ModelSpec) -> Preview:
        """Open what it needs of a model: tokenizer, image processor, config; no weights.

        Raises SpecError for a mistake in the YAML, DataError or MissingPackageError for what is
        not on this machine.
        """


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Why a request that was sent off has no answer, though it may have one if it is sent again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """A request that is written, ready to be sent off with others."""

    key: str
    """What it is known by, the same in any launch."""
    hashes: tuple[str, ...]
    """SHA-256 of the pixels of its images."""
    body: bytes


class Deferred(Protocol):
    """Requests of a run that are sent off together, and answered hours later: also to another
    launch, which finds them by the folder of the run.
    """

    @property
    def sends(self) -> bool:
        """Whether requests may be sent off; else only what was sent is known."""

    @property
    def sent(self) -> Mapping[str, tuple[str, ...]]:
        """The keys of what has been sent and may have an answer, each with its images' hashes."""

    def seal(self, key: str, hashes: tuple[str, ...], request: Request) -> Sealed:
        """Write a request. Called in several threads at once; what it raises is that request's
        error.
        """

    def send(self, requests: Iterable[Sealed]) -> None:
        """Send requests off. What has been sent is on disk before anything is waited for."""

    def collect(
        self, keys: Collection[str]
    ) -> Iterator[Sequence[tuple[str, Response | Unanswered]]]:
        """Wait for the answers to these keys, of those that were sent, and yield them as they come;
        nothing, about once a second, while none does. What was yielded has been written to disk
        when the next is asked for.
        """

    def forget(self, keys: Iterable[str]) -> None:
        """Have what was sent under these keys no longer be `sent`."""


@runtime_checkable
class Deferring(Protocol):
    """An adapter that may want all requests of a run at once instead of batch by batch."""

    def deferred(self, ask: Ask, folder: Path) -> Deferred | None:
        """Give what sends off the requests of a run, whose folder this is; None where they are
        asked batch by batch, and nothing that was sent off before is known.
        """
