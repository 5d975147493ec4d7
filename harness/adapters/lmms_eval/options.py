"""What may stand under `options` in the YAML of a model that runs in a class of lmms-eval."""

from typing import Any

from pydantic import Field, field_validator

from harness.specs.base import Spec

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
