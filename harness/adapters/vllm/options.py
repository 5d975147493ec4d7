"""What may stand under `options` in the YAML of a model with adapter `vllm`."""

from typing import Any, Literal

from pydantic import Field

from harness.adapters.hf.prompt import PromptOptions

_OWN = frozenset(PromptOptions.model_fields) | {"engine_args"}


class VllmOptions(PromptOptions):
    """Keys under `options` of a model with adapter `vllm`: of the prompt, and settings of vLLM's
    engine by vLLM's own names. What is not said is left to vLLM.
    """

    max_model_len: int | None = Field(default=None, ge=1)
    """Most tokens of a prompt with its answer; without it as many as the model has places for and
    fit into memory."""
    gpu_memory_utilization: float | None = Field(default=None, gt=0, le=1)
    kv_cache_memory_bytes: int | None = Field(default=None, ge=1)
    kv_cache_dtype: str | None = None
    quantization: str | None = None
    load_format: str | None = None
    tensor_parallel_size: int = Field(default=1, ge=1)
    pipeline_parallel_size: int = Field(default=1, ge=1)
    enable_expert_parallel: bool | None = None
    distributed_executor_backend: Literal["mp", "ray", "uni"] | None = None
    disable_custom_all_reduce: bool | None = None
    enable_prefix_caching: bool = True
    block_size: int | None = Field(default=None, ge=1)
    max_num_seqs: int | None = Field(default=None, ge=1)
    max_num_batched_tokens: int | None = Field(default=None, ge=1)
    cpu_offload_gb: float | None = Field(default=None, ge=0)
    enforce_eager: bool | None = None
    limit_mm_per_prompt: dict[str, int] | None = None
    """Without it as many images as the tasks put into a prompt, and no videos."""
    mm_encoder_tp_mode: Literal["weights", "data"] | None = None
    mm_processor_cache_gb: float | None = Field(default=None, ge=0)
    hf_overrides: dict[str, Any] | None = None
    tokenizer_mode: str | None = None
    config_format: str | None = None
    engine_args: dict[str, Any] = Field(default_factory=dict)
    """Any other argument of vLLM's engine by its name. All of them count as deciding answers."""

    def engine(self) -> dict[str, Any]:
        """Give what the engine is told of what stands in the YAML."""
        said = {
            name: value
            for name in sorted(VllmOptions.model_fields.keys() - _OWN)
            if (value := getattr(self, name)) is not None
        }
        return said | self.engine_args
