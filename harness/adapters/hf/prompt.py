"""From a text with `<image>` marks to the prompt of a model: its chat template or its own form."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
import jinja2.ext
import jinja2.meta
import jinja2.sandbox
from pydantic import Field

from harness.errors import Problem, SpecError
from harness.specs.base import Spec
from harness.specs.model import ModelSpec
from harness.specs.template import IMAGE_MARK

_IMAGES_FIRST = frozenset({"paligemma"})
"""Model types without a chat template that read all images before any text."""
_PROBE = "Which of the things?"
_OWN = "name another checkpoint, or write an adapter of your own (docs/own_model.md)"
_GENERATION = re.compile(r"\{%-?\s*(?:end)?generation\s*-?%\}")
"""Marks of transformers around what the model says, for training; Jinja2 does not know them."""
_ENVIRONMENT = jinja2.sandbox.ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols]
)


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


@dataclass(frozen=True, slots=True)
class PromptForm:
    """How one model is asked."""

    processor: Any
    mark: str
    """What stands for an image in a prompt, before the processor puts its features there."""
    template: str | None
    """The chat template; None for a model that has none."""
    system_prompt: str | None
    template_kwargs: dict[str, Any]
    prefix: str
    images_first: bool

    def render(self, text: str) -> str:
        """Give the prompt of a text."""
        if self.template is None:
            return self._plain(text)
        content: list[dict[str, str]] = []
        for number, piece in enumerate(text.split(IMAGE_MARK)):
            content += [{"type": "image"}] if number else []
            content += [{"type": "text", "text": piece}] if piece else []
        prompt = self._chat(content)
        if not self._in_place(prompt, text):
            # The template puts images before all text; the task says where they stand.
            whole = text.replace(IMAGE_MARK, self.mark)
            prompt = self._chat([{"type": "text", "text": whole}])
        return prompt

    @property
    def ending(self) -> str:
        """What the processor puts behind a prompt."""
        return "\n" if self.images_first else ""

    def __str__(self) -> str:
        if self.template is not None:
            return "chat template"
        return "no chat template, " + ("images first" if self.images_first else "images in place")

    def begins_itself(self, prompt: str) -> bool:
        """Say whether a prompt holds the token of its beginning, so that none must be added."""
        first = self.processor.tokenizer.bos_token
        return first is not None and prompt.startswith(first)

    def tokens(self, prompts: Sequence[str]) -> list[list[int]]:
        """Tokenize rendered prompts, which all begin alike, with the bare mark of each image."""
        special = not self.begins_itself(prompts[0])
        found = self.processor.tokenizer(list(prompts), add_special_tokens=special)
        return list(found["input_ids"])

    def _in_place(self, prompt: str, text: str) -> bool:
        """Say whether images and pieces of text follow each other in a prompt as in the text."""
        place = 0
        for number, piece in enumerate(text.split(IMAGE_MARK)):
            for part in (self.mark if number else "", piece.strip()):
                found = prompt.find(part, place)
                if found < 0:
                    return False
                place = found + len(part)
        return True

    def _chat(self, content: Sequence[dict[str, str]]) -> str:
        messages = [{"role": "user", "content": content}]
        if self.system_prompt:
            system = [{"type": "text", "text": self.system_prompt}]
            messages.insert(0, {"role": "system", "content": system})
        return str(
            self.processor.apply_chat_template(
                messages, add_generation_prompt=True, **self.template_kwargs
            )
        )

    def _plain(self, text: str) -> str:
        if not self.images_first:
            return self.prefix + text.replace(IMAGE_MARK, self.mark)
        pieces = [piece.strip() for piece in text.split(IMAGE_MARK)]
        words = "\n".join(piece for piece in pieces if piece)
        return self.mark * (len(pieces) - 1) + self.prefix + words


def prompt_form(
    spec: ModelSpec, options: PromptOptions, processor: Any, model_type: str
) -> PromptForm:
    """Find how a model is asked, and try it on a short prompt.

    Raises SpecError where the YAML asks for what the model's prompts have no place for: a system
    prompt, an argument of the chat template, a prefix.
    """
    template = _template(spec, processor)
    mark = getattr(processor, "boi_token", None) or getattr(processor, "image_token", None)
    if mark is None:
        what = f"{type(processor).__name__} does not say what stands for an image in a prompt"
        raise SpecError(spec.problem("pretrained", what, fix=_OWN))
    form = PromptForm(
        processor=processor,
        mark=mark,
        template=template,
        system_prompt=spec.system_prompt,
        template_kwargs=dict(options.chat_template_kwargs),
        prefix=options.prompt_prefix,
        images_first=template is None and model_type in _IMAGES_FIRST,
    )
    problems = _misplaced(spec, options, template)
    if problems:
        raise SpecError(problems)
    _try(spec, form)
    return form


def _template(spec: ModelSpec, processor: Any) -> str | None:
    found = processor.chat_template or processor.tokenizer.chat_template
    if isinstance(found, dict):  # several by name
        found = found.get("default")
        if found is None:
            what = "the processor has several chat templates and none is `default`"
            fix = "name one of them `default` in the checkpoint's chat_template files"
            raise SpecError(spec.problem("pretrained", what, fix=fix))
    return None if found is None else str(found)


def _misplaced(spec: ModelSpec, options: PromptOptions, template: str | None) -> list[Problem]:
    if template is None:
        unusable = {
            "system_prompt": spec.system_prompt,
            "options.chat_template_kwargs": options.chat_template_kwargs,
        }
        what = "the model has no chat template, so no place for `{}`"
        return [
            spec.problem(key, what.format(key), fix=f"remove `{key}`")
            for key, value in unusable.items()
            if value
        ]
    key = "options.prompt_prefix"
    if options.prompt_prefix:
        what = f"`{key}` is for models without a chat template; this one has one"
        return [spec.problem(key, what, fix=f"remove `{key}`")]
    parsed = _ENVIRONMENT.parse(_GENERATION.sub("", template))
    known = sorted(jinja2.meta.find_undeclared_variables(parsed))
    what, key = "the chat template does not speak of `{}`", "options.chat_template_kwargs"
    return [
        spec.problem(f"{key}.{name}", what.format(name)).among(name, known)
        for name in options.chat_template_kwargs
        if name not in known
    ]


def _try(spec: ModelSpec, form: PromptForm) -> None:
    try:
        prompt = form.render(f"{IMAGE_MARK}{_PROBE}")
    except (jinja2.TemplateError, ValueError, TypeError, KeyError) as error:
        key = "system_prompt" if form.system_prompt else "pretrained"
        what = "the chat template refuses a prompt"
        what += " with a system message" if form.system_prompt else ""
        fix = "remove `system_prompt`" if form.system_prompt else _OWN
        raise SpecError(spec.problem(key, what, got=str(error), fix=fix)) from error
    if form.system_prompt and form.system_prompt.strip() not in prompt:
        what = "the chat template leaves the system message out"
        fix = "remove `system_prompt`, or say it in the task's `doc_to_text`"
        raise SpecError(spec.problem("system_prompt", what, fix=fix))
    if prompt.count(form.mark) != 1 or _PROBE not in prompt:
        what = "the chat template does not put one image and its question into the prompt"
        raise SpecError(spec.problem("pretrained", what, got=repr(prompt), fix=_OWN))
