"""The specs of a model (`models/*.yaml`) and of a text encoder (`models/encoders/*.yaml`).

A checkpoint may have settings of generation (`generation_config.json`). They are not used: a run
would be another one under the same task, and nothing would say so. What stands in the model's YAML
is used in every task, and is part of the run's identity.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from harness.errors import Problem
from harness.specs.base import FileSpec, Name, Spec, count_or, decisive

SAMPLING_ONLY = frozenset({"top_k", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff"})
"""Settings that act only where the task samples."""
_Share = Annotated[float, Field(ge=0, lt=1)]
_Tokens = tuple[int, ...]


class ModelGeneration(Spec):
    """Settings with the names of transformers' `generate`; the defaults change nothing.

    They act on text that is written freely, not on ranking or constrained decoding, which read the
    model's own probabilities. How long, whether and how warm is sampled is the task's alone.
    """

    repetition_penalty: float = Field(default=1.0, gt=0)
    """Above 1: makes tokens less likely that occur already."""
    no_repeat_ngram_size: int = Field(default=0, ge=0)
    """No sequence of so many tokens occurs twice; 0: any may."""
    min_new_tokens: int = Field(default=0, ge=0)
    """The fewest tokens of an answer."""
    num_beams: int = Field(default=1, ge=1)
    """Beams of beam search; 1: none."""
    length_penalty: float = 1.0
    """Above 0 favours long beams."""
    early_stopping: bool = False
    """End beam search with the first full set of beams."""
    suppress_tokens: _Tokens = ()
    """Token ids that are never written."""
    begin_suppress_tokens: _Tokens = ()
    """Token ids that are not written first."""
    bad_words_ids: tuple[_Tokens, ...] = ()
    """Sequences of token ids that are never written."""
    sequence_bias: tuple[tuple[_Tokens, float], ...] = ()
    """Pairs of the tokens of a sequence and what is added to the score of its last one."""
    exponential_decay_length_penalty: tuple[int, float] | None = None
    """From which token on, and by which factor, the end becomes likelier."""
    forced_eos_token_id: int | None = None
    """Token id that is written last when the tokens run out."""
    top_k: int = Field(default=0, ge=0)
    """Draw among so many of the likeliest tokens; 0: all."""
    min_p: _Share = 0.0
    """Draw among tokens at least so likely, relative to the likeliest."""
    typical_p: float = Field(default=1.0, gt=0, le=1)
    """Draw among typical tokens that together have this probability."""
    epsilon_cutoff: _Share = 0.0
    """Leave out tokens less likely than this."""
    eta_cutoff: _Share = 0.0
    """Leave out unlikely tokens, by the entropy of all."""

    @model_validator(mode="after")
    def _some_act_with_beams_alone(self) -> Self:
        if self.num_beams == 1 and (self.length_penalty != 1 or self.early_stopping):
            raise ValueError("length_penalty and early_stopping act only with `num_beams` above 1")
        return self

    @property
    def named(self) -> dict[str, object]:
        """The settings that change something, as JSON values."""
        return self.model_dump(mode="json", exclude_defaults=True)


Dtype = Literal["auto", "float32", "bfloat16", "float16"]
Kind = Literal["mllm", "dual_encoder", "supervised", "knn"]

_FREE = {"description", "batch_size"}
_FREE_OPTIONS = {
    "api_key_env", "backoff_s", "batch", "batch_discount", "batch_mb", "batch_requests",
    "concurrency", "longest_wait_s", "max_retries", "prices", "timeout_s",
    # of vLLM's engine: where it runs, how much memory it takes, what it does at a time
    "block_size", "cpu_offload_gb", "disable_custom_all_reduce", "distributed_executor_backend",
    "enable_expert_parallel", "enable_prefix_caching", "enforce_eager", "gpu_memory_utilization",
    "kv_cache_memory_bytes", "limit_mm_per_prompt", "max_model_len", "max_num_batched_tokens",
    "max_num_seqs", "mm_encoder_tp_mode", "mm_processor_cache_gb", "pipeline_parallel_size",
    "tensor_parallel_size",
}  # fmt: skip
"""Options of adapters that no answer depends on: how a server is reached and what it charges, how
an engine is laid out. Numbers may be rounded otherwise, as with another batch size or GPU."""


class ModelSpec(FileSpec):
    """One model. Keys that its adapter does not use are refused, by name."""

    model: Name
    """Name for `--model`."""
    adapter: str
    """Name of an adapter, or `module:Class` of one's own."""
    pretrained: str | None = None
    """Hub id, or a folder relative to the YAML."""
    revision: str | None = None
    """Commit, tag or branch on the hub."""
    dtype: Dtype = "auto"
    """`auto`: bfloat16 on a GPU that has it, float32 on a CPU."""
    attn_implementation: str | None = None
    """As in `from_pretrained`; absent: what transformers chooses."""
    device_map: str | dict[str, Any] | None = None
    """As in `from_pretrained`: one model over several GPUs."""
    batch_size: Annotated[int | Literal["auto"] | None, count_or("auto")] = None
    """Requests in one call of the model; `auto`: the largest power of two that fits. Without it 8,
    or what an adapter names that decides by itself how many go through the model together."""
    system_prompt: str | None = None
    """Text before every prompt, in the role of the system."""
    trust_remote_code: bool = False
    """Run code that comes with the checkpoint."""
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


EncoderKind = Literal["minilm", "sentence_transformers", "text_tower", "lexical"]


class EncoderSpec(FileSpec):
    """A text encoder by its kind and where its weights are."""

    encoder: Name
    """Name for `--encoders`."""
    kind: EncoderKind
    """Packaged, sentence-transformers, the text tower of CLIP or SigLIP, or n-grams of letters."""
    pretrained: str | None = None
    """Hub id or folder (relative to the YAML when it exists there); absent for packaged ones."""
    revision: str | None = None
    """Commit, tag or branch on the hub."""
    prompt: str | None = None
    """Text put before every input, for encoders trained with an instruction."""
    ngram_range: tuple[int, int] = (2, 4)
    """Lengths of the character n-grams, for `lexical`."""
    max_length: int | None = Field(default=None, gt=0)
    """Tokens kept of an input; the encoder's own limit when absent."""
