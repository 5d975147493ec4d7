"""The spec of a study (`tasks/studies/*.yaml`): which choices are varied, of which models."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from harness.specs.base import FileSpec, Name, Names, Spec

ROW_FACTORS = ("labels", "matching", "equivalences", "mapping", "out_of_prompt")
"""Factors whose levels are computed from the answers of one run."""


class OwnTaskSpec(Spec):
    """Models that the study's models are compared with, at a task of their own."""

    task: str
    """Name of the task."""
    models: Names = Field(min_length=1)
    """Names of the models."""


class StudySpec(FileSpec):
    """One study: models, a task, and the choices that are varied."""

    study: Name
    """Name for `harness study run`."""
    models: Names = Field(min_length=1)
    """Names of the models."""
    task: str
    """Name of the task that is varied."""
    factors: dict[str, Any] = Field(default_factory=dict)
    """Key of the task, or one of `ROW_FACTORS`, to its levels: a list, or a mapping with `levels`
    (or `seeds`, how many) and keys of the task that are held at another value meanwhile."""
    design: Literal["one_at_a_time", "grid"] | tuple[dict[str, Any], ...] = "one_at_a_time"
    """Each factor by itself; all combinations of their levels; or a list of combinations."""
    baselines: tuple[OwnTaskSpec, ...] = ()
    """Models at tasks of their own, for scale."""

    @model_validator(mode="after")
    def _varies_something(self) -> Self:
        if isinstance(self.design, tuple):
            asked = [name for name in self.factors if name not in ROW_FACTORS]
            if asked:
                raise ValueError(
                    f"`{asked[0]}` in the combinations of `design` and not in `factors`, which "
                    f"beside a list are of {', '.join(ROW_FACTORS)}"
                )
        if not self.factors and not isinstance(self.design, tuple):
            raise ValueError("`factors`, or a list of combinations in `design`")
        return self
