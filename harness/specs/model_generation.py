"""Settings of generation that belong to a model and not to a task, kept by name in its YAML.

A checkpoint may bring such settings (`generation_config.json`). They are not used: a run would be
another one under the same task, and nothing would say so. What stands here is used in every task,
and is part of the run's identity.
"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from harness.specs.base import Spec

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
    no_repeat_ngram_size: int = Field(default=0, ge=0)
    min_new_tokens: int = Field(default=0, ge=0)
    num_beams: int = Field(default=1, ge=1)
    length_penalty: float = 1.0
    early_stopping: bool = False
    suppress_tokens: _Tokens = ()
    begin_suppress_tokens: _Tokens = ()
    bad_words_ids: tuple[_Tokens, ...] = ()
    sequence_bias: tuple[tuple[_Tokens, float], ...] = ()
    """Pairs of the tokens of a sequence and what is added to the score of its last one."""
    exponential_decay_length_penalty: tuple[int, float] | None = None
    forced_eos_token_id: int | None = None
    top_k: int = Field(default=0, ge=0)
    min_p: _Share = 0.0
    typical_p: float = Field(default=1.0, gt=0, le=1)
    epsilon_cutoff: _Share = 0.0
    eta_cutoff: _Share = 0.0

    @model_validator(mode="after")
    def _some_act_with_beams_alone(self) -> Self:
        if self.num_beams == 1 and (self.length_penalty != 1 or self.early_stopping):
            raise ValueError("length_penalty and early_stopping act only with `num_beams` above 1")
        return self

    @property
    def named(self) -> dict[str, object]:
        """The settings that change something, as JSON values."""
        return self.model_dump(mode="json", exclude_defaults=True)
