"""What may stand under `options` in the YAML of a model with adapter `hf`."""

from typing import Any

from pydantic import Field

from harness.specs.base import Spec


class PromptOptions(Spec):
    """How a model of a checkpoint is asked and its reasoning found: the same for every adapter that
    renders prompts itself.
    """

    chat_template_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Arguments of the chat template, as `enable_thinking: false`."""
    thinking_markers: tuple[str, str] | None = None
    """What begins and ends the reasoning of a thinking model, where neither its tokenizer nor its
    chat template shows it."""
    prompt_prefix: str = ""
    """Stands before the text of a model without a chat template, as PaliGemma's `answer en `."""


class HfOptions(PromptOptions):
    """Keys under `options` of a model with adapter `hf`."""

    shared_prefix: bool = True
    """Compute the prompt's part before the first image once for all images. The answers are the
    same; to measure what it gives, say false."""
