"""The spec of a model (`models/*.yaml`): which adapter, which weights, how they are loaded."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from harness.errors import Problem
from harness.specs.base import FileSpec, Name, count_or, decisive
from harness.specs.model_generation import ModelGeneration

Dtype = Literal["auto", "float32", "bfloat16", "float16"]
Kind = Literal["mllm", "dual_encoder", "supervised", "knn"]

_FREE = {"description", "batch_size"}
_FREE_OPTIONS = {
    "api_key_env", "backoff_s", "concurrency", "longest_wait_s", "max_retries", "prices",
    "timeout_s",
}  # fmt: skip
"""Options of adapters that no answer depends on: how a server is reached and what it charges."""


class ModelSpec(FileSpec):
    """One model. Keys that its adapter does not use are refused, by name."""

    model: Name
    adapter: str
    """Name of an adapter, or `module:Class` of one's own."""
    pretrained: str | None = None
    """Hub id, or a folder relative to the YAML."""
    revision: str | None = None
    dtype: Dtype = "auto"
    """`auto`: bfloat16 on a GPU that has it, float32 on a CPU."""
    attn_implementation: str | None = None
    device_map: str | dict[str, Any] | None = None
    batch_size: Annotated[int | Literal["auto"], count_or("auto")] = 8
    """Requests in one call of the model; `auto`: the largest power of two that fits."""
    system_prompt: str | None = None
    trust_remote_code: bool = False
    processor_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Reach `AutoProcessor.from_pretrained` as they are (`min_pixels`, `max_pixels`, …)."""
    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Reach `from_pretrained` of the model as they are (`quantization_config`, …)."""
    generation: ModelGeneration = ModelGeneration()
    """Settings of generation that this model is asked with in every task, beside the task's own."""
    class_list: str | None = None
    """Class list that the outputs of a classifier stand for, in its order; absent: the task's."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Keys of this adapter alone, checked by its `Options`."""

    def problem(
        self,
        key: str,
        what: str,
        *,
        got: str | None = None,
        expected: str | None = None,
        fix: str | None = None,
    ) -> Problem:
        """Make the problem of a key (`a.b` inside), where it stands in the YAML."""
        where = self.file.origin(tuple(key.split("."))) if self.file else f"model `{self.model}`"
        return Problem(where, what, got=got, expected=expected, fix=fix)

    def identity(self) -> dict[str, Any]:
        """Give the keys that an answer depends on; the batch size must not be one of them."""
        return self.identity_of(self.model_dump(mode="json"))

    @classmethod
    def identity_of(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Give of JSON values of a model, or of an older one's identity, those that an answer
        depends on, with the defaults of those that are not there.
        """
        found = decisive(cls, values, _FREE, options=_FREE_OPTIONS)
        servers = found["options"].get("base_url") if isinstance(found["options"], dict) else None
        if isinstance(servers, (list, tuple)):  # which of them answers, nobody asks
            one_or_all = servers[0] if len(servers) == 1 else sorted(map(str, servers))
            found["options"] = {**found["options"], "base_url": one_or_all}
        return found
