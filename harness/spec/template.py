"""Prompt templates: sandboxed Jinja2 over fixed variables, checked before any model runs."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import jinja2
import jinja2.meta
import jinja2.sandbox

from harness.errors import nearest

IMAGE_MARK = "<image>"
VARIABLES = ("classes", "options", "letters", "images")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_ENVIRONMENT = jinja2.sandbox.ImmutableSandboxedEnvironment(
    undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
)


@dataclass(frozen=True, slots=True)
class TemplateValues:
    """What a template may speak of."""

    classes: Sequence[str] = ()
    """Names of the class list, in its order."""
    options: Sequence[str] = ()
    """Names of the options of a multiple-choice question, in order."""
    images: Sequence[int] = field(default=(1,))
    """Numbers of the images in the prompt, from 1."""

    @property
    def letters(self) -> tuple[str, ...]:
        """Letters of the options, in order."""
        return tuple(LETTERS[: len(self.options)])


def check_template(source: str) -> None:
    """Raise ValueError when a template does not parse, or names a variable that does not exist."""
    try:
        names = jinja2.meta.find_undeclared_variables(_ENVIRONMENT.parse(source))
    except jinja2.TemplateSyntaxError as error:
        raise ValueError(f"a Jinja2 template; line {error.lineno}: {error.message}") from error
    for name in sorted(names - set(VARIABLES)):
        guess = nearest(name, VARIABLES)
        hint = f"; did you mean `{guess}`?" if guess else ""
        raise ValueError(f"variables {', '.join(VARIABLES)}, not `{name}`{hint}")


def uses(source: str) -> set[str]:
    """Give the variables that a template speaks of."""
    return jinja2.meta.find_undeclared_variables(_ENVIRONMENT.parse(source))


def render(source: str, values: TemplateValues) -> str:
    """Render a template and strip its ends.

    Raises ValueError when the template fails, or does not hold one `<image>` for each image.
    """
    try:
        text = _ENVIRONMENT.from_string(source).render(
            classes=list(values.classes),
            options=list(values.options),
            letters=list(values.letters),
            images=list(values.images),
        )
    except jinja2.TemplateError as error:
        raise ValueError(f"a template that renders; {error}") from error
    marks = text.count(IMAGE_MARK)
    if marks != len(values.images):
        raise ValueError(f"one {IMAGE_MARK} for each of {len(values.images)} images, found {marks}")
    return text.strip()
