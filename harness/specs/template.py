"""Prompt templates: sandboxed Jinja2 over fixed variables, checked before any model runs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any

import jinja2
import jinja2.nodes
import jinja2.runtime
import jinja2.sandbox

from harness.errors import nearest
from harness.specs.template_cost import Size, check_cost

IMAGE_MARK = "<image>"
VARIABLES = ("classes", "options", "letters", "images")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

MOST_SOURCE, MOST_TOKENS = 1 << 20, 10_000
"""Characters of a template, and names, signs and texts in it."""
_FAILS = (
    jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError,
    SyntaxError, TypeError, ValueError,
)  # fmt: skip
"""What Jinja2, and the Python that it makes of a template, may raise."""


class _Environment(jinja2.sandbox.ImmutableSandboxedEnvironment):
    """Reads items of lists and what a loop counts; no attribute of anything else."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Give what a loop counts."""
        if isinstance(obj, jinja2.runtime.LoopContext):
            return super().getattr(obj, attribute)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Give an item, and never an attribute of that name."""
        try:
            return obj[argument]
        except (LookupError, TypeError):
            return self.undefined(obj=obj, name=argument)


_ENVIRONMENT = _Environment(
    undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
)
_ENVIRONMENT.globals.clear()


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
    """Raise ValueError where a template does not parse, or names or says what none may."""
    for name in sorted(uses(source) - set(VARIABLES)):
        guess = nearest(name, VARIABLES)
        hint = f"; did you mean `{guess}`?" if guess else ""
        raise ValueError(f"variables {', '.join(VARIABLES)}, not `{name}`{hint}")
    try:
        check_cost(_parsed(source), dict.fromkeys(VARIABLES, Size(1, 1)))
    except _FAILS as error:
        raise _no_template(error) from error


def uses(source: str) -> set[str]:
    """Give the variables that a template speaks of. Raises ValueError when it does not parse."""
    try:
        names = list(_parsed(source).find_all(jinja2.nodes.Name))
    except _FAILS as error:
        raise _no_template(error) from error
    own = {each.name for each in names if each.ctx != "load"}
    return {each.name for each in names} - own - {"loop"}


def render(source: str, values: TemplateValues) -> str:
    """Render a template and strip its ends. Raises ValueError where it fails, would cost too much,
    or does not hold one `<image>` for each image.
    """
    lists = {name: list(getattr(values, name)) for name in VARIABLES}
    sizes = tuple((name, _size(tuple(items))) for name, items in lists.items())
    try:  # the cost first: to compile a template is to compute what is constant in it
        _check_cost(source, sizes)
        text = _compiled(source).render(lists)
    except _FAILS as error:
        raise _no_template(error) from error
    marks = text.count(IMAGE_MARK)
    if marks != len(values.images):
        raise ValueError(f"one {IMAGE_MARK} for each of {len(values.images)} images, found {marks}")
    return text.strip()


@lru_cache(maxsize=32)
def _parsed(source: str) -> jinja2.nodes.Template:
    if len(source) > MOST_SOURCE:
        raise ValueError(f"it has {len(source)} characters, more than {MOST_SOURCE}")
    if sum(1 for _ in islice(_ENVIRONMENT.lex(source), MOST_TOKENS + 1)) > MOST_TOKENS:
        raise ValueError(f"it has more than {MOST_TOKENS} names, signs and texts")
    return _ENVIRONMENT.parse(source)


@lru_cache(maxsize=32)
def _compiled(source: str) -> jinja2.Template:
    return _ENVIRONMENT.from_string(source)


@lru_cache(maxsize=256)  # prompts differ in their options, seldom in how long these are
def _check_cost(source: str, sizes: tuple[tuple[str, Size], ...]) -> None:
    check_cost(_parsed(source), dict(sizes))


@lru_cache(maxsize=256)
def _size(items: tuple[object, ...]) -> Size:
    return Size(max((len(str(each)) for each in items), default=0), len(items))


def _no_template(error: BaseException) -> ValueError:
    """Say what is wrong with a template."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return ValueError(f"a Jinja2 template; line {error.lineno}: {error.message}"[:500])
    message = str(error) if str(error) else type(error).__name__
    return ValueError(f"a template that renders; {message}"[:500])
