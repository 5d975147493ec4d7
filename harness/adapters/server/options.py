"""What may stand under `options` in the YAML of a model behind an OpenAI-compatible server."""

import os
import re
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from harness.errors import Problem, SpecError
from harness.specs.base import Spec

OPENAI_URL = "https://api.openai.com/v1"
OPENAI_KEY = "OPENAI_API_KEY"
URL_VARIABLE = "OPENAI_BASE_URL"
Omitted = Literal["temperature", "top_p", "seed"]
Dialect = Literal["vllm", "transformers", "openai"]
_OURS = frozenset({
    "model", "messages", "max_tokens", "max_completion_tokens", "temperature", "top_p", "seed",
    "stop", "response_format", "stream", "n",
})  # fmt: skip
"""Fields of a request that the adapter itself fills in."""


class Prices(Spec):
    """US dollars for a million tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached_input: float | None = Field(default=None, ge=0)
    """Input that the server had in its cache; absent: as `input`."""

    def cost(self, prompt_tokens: int, tokens: int, cached_tokens: int = 0) -> float:
        """Give the price of a request in US dollars; `cached_tokens` are among `prompt_tokens`."""
        cached = self.input if self.cached_input is None else self.cached_input
        fresh = prompt_tokens - cached_tokens
        total = fresh * self.input + cached_tokens * cached + tokens * self.output
        return round(total / 1_000_000, 10)

    def less(self, share: float) -> "Prices":
        """Give prices that are lower by a share."""
        return Prices(**{name: each * (1 - share) for name, each in self if each is not None})


class OpenAIOptions(Spec):
    """How a server is reached, how often it is asked, and how a request is written."""

    base_url: tuple[str, ...] | None = Field(default=None, min_length=1, repr=False)
    """Address up to `/v1`, or several of servers of the same model; absent: the variable
    OPENAI_BASE_URL, else OpenAI itself."""
    api_key_env: str | None = Field(default=None, pattern="^[A-Za-z_][A-Za-z0-9_]*$", repr=False)
    """Name of the environment variable that holds the key. Absent: OPENAI_API_KEY where `base_url`
    is OpenAI's or not named here, and no key for any other server."""
    concurrency: int = Field(default=8, ge=1, le=1000)
    """Requests that are under way at one time at each server; the batch size bounds all."""
    max_retries: int = Field(default=6, ge=0, le=100)
    """How often a request is sent again after a fault that may pass."""
    timeout_s: float = Field(default=120.0, gt=0)
    """For one try, from sending to the last byte of the answer."""
    backoff_s: float = Field(default=1.0, gt=0)
    """About how long the first wait is; each further one is twice as long."""
    longest_wait_s: float = Field(default=120.0, gt=0)
    """No wait is longer. A server that asks for a longer one is not asked again."""
    prices: Prices | None = None
    batch: bool = False
    """All requests at once, through the provider's batch interface, answered within a day."""
    batch_discount: float = Field(default=0.5, ge=0, lt=1)
    """Share by which an answer of a batch is cheaper than `prices`."""
    batch_requests: int = Field(default=50_000, ge=1)
    """The most requests that the provider takes in one batch."""
    batch_mb: float = Field(default=200.0, gt=0)
    """The largest file that the provider takes for one batch, in millions of bytes."""
    image_detail: Literal["auto", "low", "high"] | None = None
    """Sent with each image; absent: not sent, and the server has its own default."""
    image_format: Literal["png", "jpeg"] = "png"
    """`png` loses nothing."""
    jpeg_quality: int | None = Field(default=None, ge=1, le=100)
    """For `jpeg`; 95 when not named."""
    structured: Literal["auto", "on", "off"] = "auto"
    """A JSON schema for prompts with several images. `auto`: until the server says that it knows
    none. `on`: such a server is an error."""
    token_limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """Name of the limit; OpenAI's reasoning models know the second alone."""
    reasoning_tokens: int = Field(default=0, ge=0)
    """Room for a model's reasoning, over and above the task's `max_new_tokens`."""
    reasoning_end: str | None = Field(default=None, min_length=1)
    """What ends the reasoning in the text of a server that does not part the two (`</think>`)."""
    dialect: Literal["auto", "vllm", "transformers", "openai"] = "auto"
    """How settings are sent that OpenAI's protocol has no words for, so that none of the
    checkpoint's act: as vLLM and SGLang take them, as `transformers serve` does, or not at all.
    `auto`: as vLLM takes them, until the server says that it knows them not; not to OpenAI."""
    omit: tuple[Omitted, ...] = ()
    """Settings that the server refuses and that are not sent."""
    extra_body: dict[str, Any] = Field(default_factory=dict)
    """Sent as they are with each request (`reasoning_effort`, `mm_processor_kwargs`, …)."""

    @field_validator("structured", mode="before")
    @classmethod
    def _words_that_yaml_takes_for_others(cls, value: object) -> object:
        """Take back what YAML makes of `on` and `off`."""
        return {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value

    @field_validator("base_url", mode="before")
    @classmethod
    def _may_be_one_alone(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("base_url")
    @classmethod
    def _are_servers_and_hold_no_secret(cls, urls: tuple[str, ...] | None) -> object:
        for url in urls or ():
            _check_address(url)
        plain = [url.rstrip("/") for url in urls or ()]
        if len({*plain}) < len(plain):
            raise ValueError("addresses that differ")
        if len(plain) > 1 and OPENAI_URL in plain:
            raise ValueError("servers of one's own, or OpenAI's address alone")
        return urls

    @field_validator("extra_body")
    @classmethod
    def _leaves_ours_alone(cls, body: dict[str, Any]) -> dict[str, Any]:
        taken = sorted(_OURS & body.keys())
        if taken:
            raise ValueError(f"fields that the adapter does not fill in itself; not `{taken[0]}`")
        return body

    @model_validator(mode="after")
    def _quality_is_of_jpeg(self) -> Self:
        if self.jpeg_quality is not None and self.image_format != "jpeg":
            raise ValueError("`jpeg_quality` acts only with `image_format: jpeg`")
        return self

    @model_validator(mode="after")
    def _batches_are_of_one_server(self) -> Self:
        if self.batch and len(self.base_url or ()) > 1:
            raise ValueError("`batch` acts only with a single address in `base_url`")
        return self

    @property
    def charged(self) -> Prices | None:
        """The prices of the answers of a run: in batches they are lower."""
        if self.prices is None or not self.batch:
            return self.prices
        return self.prices.less(self.batch_discount)

    @property
    def quality(self) -> int:
        """Quality of JPEG images."""
        return 95 if self.jpeg_quality is None else self.jpeg_quality

    @property
    def encoding(self) -> str:
        """How images are sent, for the manifest."""
        return "png" if self.image_format == "png" else f"jpeg, quality {self.quality}"

    @property
    def first_dialect(self) -> Dialect:
        """The dialect that a run begins with."""
        if self.dialect != "auto":
            return self.dialect
        return "openai" if self.is_openai else "vllm"

    @property
    def is_openai(self) -> bool:
        """Whether the server is OpenAI's own."""
        return self.addresses[0].rstrip("/") == OPENAI_URL

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where the servers are; mostly one."""
        return self.base_url or (os.environ.get(URL_VARIABLE) or OPENAI_URL,)

    def key(self, model: str) -> str | None:
        """Read the key from the environment; None where none is needed.

        A key goes to no server that it was not meant for: OPENAI_API_KEY is read on its own only
        for OpenAI's address and the one in OPENAI_BASE_URL. Raises SpecError when the variable is
        empty though one is needed.
        """
        if self.api_key_env is None and self.base_url is not None and not self.is_openai:
            return None
        where = f"model `{model}`"
        try:
            _check_address(self.addresses[0])
        except ValueError as error:
            what = f"the environment variable `{URL_VARIABLE}` holds no address of a server"
            fix = f"export {URL_VARIABLE}=http://localhost:8000/v1, or unset it"
            raise SpecError(Problem(where, what, str(error), fix=fix)) from error
        name = self.api_key_env or OPENAI_KEY
        key = os.environ.get(name, "").strip()
        if not key and (self.api_key_env or self.is_openai):
            what = f"the environment variable `{name}` holds no key"
            fix = f"export {name}=…; keys are never read from a file"
            raise SpecError(Problem(where, what, fix=fix))
        if not re.fullmatch(r"[!-~]*", key):
            what = f"the environment variable `{name}` holds more than a key"
            fix = "one line of visible characters"
            raise SpecError(Problem(where, what, fix=fix))
        return key or None


def _check_address(url: str) -> None:
    """Raise ValueError for an address that is none, or holds a secret: it stands in manifests."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an address that begins with http:// or https://")
    if parts.username or parts.password or parts.query:
        raise ValueError("an address without password or query; keys come from variables")
