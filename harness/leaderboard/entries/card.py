"""The front matter of `MODEL_CARD.md`: what a submitter says of the model."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from harness.specs.model import Kind


def _word(value: Any) -> Any:
    """YAML takes a bare `yes` or `no` for a truth value."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


Disclosure = Annotated[Literal["yes", "no", "unknown"], BeforeValidator(_word)]


class TrainingData(BaseModel):
    """Whether the model has seen the benchmark's images or labels in training."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    imagenet_train: Disclosure
    imagenet_val: Disclosure


class ModelCard(BaseModel):
    """The front matter, checked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(min_length=1, max_length=200)
    kind: Kind
    training_data: TrainingData
    organization: str = Field(default="", max_length=200)
    url: str = Field(default="", max_length=500, pattern=r"^$|^https://")
    license: str = Field(default="", max_length=100)
    parameters: int | None = Field(default=None, gt=0)
    """How many weights the model has."""
