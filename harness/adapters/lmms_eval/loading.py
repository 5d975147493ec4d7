"""Find a model class of lmms-eval and make it, with the `options` that its YAML may have; report
failures plainly.
"""

import importlib
import inspect
from typing import Any

from pydantic import Field, field_validator

from harness.errors import MissingPackageError, Problem, SpecError
from harness.specs.base import Spec
from harness.specs.model import ModelSpec
from harness.weights import locate

_SECRETS = ("api_key", "password", "secret", "hf_token", "auth_token", "access_token")


class LmmsEvalOptions(Spec):
    """Which class of lmms-eval, how it is made, and how its prompts are written."""

    model: str = Field(min_length=1)
    """A name that lmms-eval knows (`--model` there), or `package.module.Class` of one's own."""
    model_args: dict[str, Any] = Field(default_factory=dict, repr=False)
    """Arguments of the class (`--model_args` there), with YAML's types. `device` and `device_map`,
    where it has them, are the device of the process if not said; `pretrained` stands above, beside
    `adapter`."""
    force_simple: bool = False
    """Where a name has a chat class and a simple one, take the simple one."""
    image_mark: str = ""
    """For a simple class, what stands in the text where an image belongs: empty for a class that
    puts all images first by itself; `<image>` or `<image {n}>` for one that looks for these."""
    reasoning_end: str | None = Field(default=None, min_length=1)
    """What ends the reasoning in the text of a thinking model (`</think>`)."""

    @field_validator("model_args")
    @classmethod
    def _hold_no_secret(cls, values: dict[str, Any]) -> dict[str, Any]:
        secret = [name for name in values if name.lower().endswith(_SECRETS)]
        if secret:
            raise ValueError(f"no `{secret[0]}`: keys come from environment variables alone")
        return values

    @field_validator("image_mark")
    @classmethod
    def _is_a_mark(cls, mark: str) -> str:
        try:
            mark.format(n=1)
        except (ValueError, KeyError, IndexError) as error:
            raise ValueError("a text in which `{n}` alone stands for the image's number") from error
        return mark


_KEY = "options.model"
_ARGS = "options.model_args"
_INSTALL = "install what this class of lmms-eval needs"
_BROKEN = (
    ArithmeticError, AssertionError, AttributeError, LookupError, NameError, OSError, RuntimeError,
    TypeError, ValueError,
)  # fmt: skip
"""What may come out of importing or making a class that somebody else wrote."""


def load(spec: ModelSpec, options: LmmsEvalOptions, device: str) -> Any:
    """Import a class and make its model.

    Raises MissingPackageError when a package that the class needs is not installed, SpecError for
    an unknown class, one that is none of lmms-eval's, or arguments that it refuses.
    """
    found = _find(spec, options)
    if options.force_simple and not found.is_simple:
        what = f"`{options.model}` has no simple class"
        raise SpecError(spec.problem("options.force_simple", what, fix="remove it"))
    if options.image_mark and not found.is_simple:
        what = f"`{options.model}` is a chat class, which is given images in their places"
        raise SpecError(spec.problem("options.image_mark", what, fix="remove it"))
    return _make(spec, options, device, found)


def _find(spec: ModelSpec, options: LmmsEvalOptions) -> Any:
    what = f"`{options.model}` cannot be imported"
    try:
        found = _own(options.model) if "." in options.model else _named(spec, options)
    except ImportError as error:
        problem = spec.problem(_KEY, what, got=str(error), fix=_INSTALL)
        raise MissingPackageError(problem) from error
    except _BROKEN as error:
        fix = "mend that module, or install the version of lmms-eval that it is written for"
        raise SpecError(spec.problem(_KEY, what, got=_message(error), fix=fix)) from error
    from lmms_eval.api.model import lmms

    if not (isinstance(found, type) and issubclass(found, lmms)):
        fix = "name a subclass of lmms_eval.api.model.lmms"
        what = f"`{options.model}` is no model class of lmms-eval"
        raise SpecError(spec.problem(_KEY, what, got=repr(found), fix=fix))
    return found


def _own(path: str) -> Any:
    module, _, name = path.replace(":", ".").rpartition(".")
    return getattr(importlib.import_module(module), name)


def _named(spec: ModelSpec, options: LmmsEvalOptions) -> Any:
    from lmms_eval import models

    known = models.list_available_models(include_aliases=True)
    if options.model not in known:
        problem = spec.problem(_KEY, "unknown model of lmms-eval", got=options.model)
        raise SpecError(problem.among(options.model, known))
    return models.get_model(options.model, force_simple=options.force_simple)


def _make(spec: ModelSpec, options: LmmsEvalOptions, device: str, found: Any) -> Any:
    parameters = inspect.signature(found.__init__).parameters
    arguments = dict(options.model_args)
    if spec.pretrained is not None:
        if "pretrained" in arguments:
            what = "`pretrained` is said twice"
            raise SpecError(spec.problem(f"{_ARGS}.pretrained", what, fix="remove this one"))
        arguments["pretrained"] = locate(spec).source
    known = [name for name in parameters if name not in ("self", "args", "kwargs")]
    takes_any = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    unknown = [name for name in arguments if name not in known]
    if unknown and not takes_any:
        raise SpecError([_unknown(spec, found, name, known) for name in unknown])
    for name in ("device", "device_map"):  # the harness gives each process one device
        if name in known:
            arguments.setdefault(name, device)
    try:
        return found(**arguments)
    except ImportError as error:
        what = f"`{found.__name__}` needs a package that is not installed"
        problem = spec.problem(_KEY, what, got=str(error), fix=_INSTALL)
        raise MissingPackageError(problem) from error
    except (*_BROKEN, SystemExit) as error:
        what = f"`{found.__name__}` of lmms-eval cannot be made with these arguments"
        got, expected = _message(error), f"arguments of {', '.join(known)}"
        fix = f"correct them, or {_INSTALL}"
        problem = spec.problem(_ARGS, what, got=got, expected=expected, fix=fix)
        raise SpecError(problem) from error


def _unknown(spec: ModelSpec, found: Any, name: str, known: list[str]) -> Problem:
    key = name if name == "pretrained" and spec.pretrained is not None else f"{_ARGS}.{name}"
    what = f"`{found.__name__}` of lmms-eval has no argument `{name}`"
    return spec.problem(key, what).among(name, known)


def _message(error: BaseException) -> str:
    first = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {first}"[:300]
