"""Before the first request: can the text encoders of a task tell its class names apart?"""

from collections.abc import Iterator
from dataclasses import dataclass

from harness.answers.mapping.rules import MAPPED_STATUS
from harness.encoders.base import TextEncoder
from harness.encoders.registry import is_here, open_encoder
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_encoder_spec
from harness.specs.task import TaskSpec


@dataclass(frozen=True, slots=True)
class NameReader:
    """A text encoder that a task shows its class names."""

    key: str
    """Where the task names it."""
    name: str
    template: str
    encoder: TextEncoder | None
    """None when it is not on this machine; it is not fetched for a check."""


def name_readers(catalogue: Catalogue, task: TaskSpec) -> Iterator[NameReader]:
    """Yield the encoder that maps answers, where an answer need not be a name of the list, and the
    one that ranks distractors. Raises UserError for one that cannot be opened.
    """
    named: list[tuple[str, str, str]] = []
    if task.protocol in MAPPED_STATUS and task.output_type == "generate_until":
        named.append(("mapping.encoder", task.mapping.encoder, task.mapping.class_template))
    if task.distractors and task.distractors.strategy == "embedding":
        named.append(("distractors.encoder", task.distractors.encoder, "raw"))
    for key, name, template in named:
        spec = load_encoder_spec(catalogue, name)
        yield NameReader(key, name, template, open_encoder(spec) if is_here(spec) else None)
