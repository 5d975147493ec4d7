"""Parts of a task's spec: how answers are mapped, how wrong options are chosen, a random sample."""

from typing import Literal, Self

from pydantic import Field, model_validator

from harness.specs.base import Names, Spec

TemplateName = Literal["raw", "photo", "avg", "avg_raw"]


class MappingSpec(Spec):
    """Which text encoder maps an answer to a class, and what it is shown (design, section 7)."""

    encoder: str = "minilm"
    """Name of a text encoder (`harness list encoders`)."""
    class_template: TemplateName = "raw"
    """What is put around a class name: nothing, a photo caption, an average of many."""
    class_prompts: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """JSON file of sentences for each class in place of `class_template`, relative to the YAML."""
    answer_template: TemplateName = "raw"
    """What is put around an answer."""
    allow_shared_vectors: Names = ()
    """Class names that may be one to the encoder, which is else an error."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.class_prompts is not None and "class_template" in self.model_fields_set:
            raise ValueError("`class_template` or `class_prompts`, not both")
        return self


class DistractorSpec(Spec):
    """How the wrong options of a multiple-choice question are chosen (design, section 5)."""

    strategy: Literal["random", "confusion", "embedding", "image_embedding", "given"] = "random"
    """By chance, by a confusion matrix, by likeness of the names, by what a classifier scores
    highest for the image, or as a file has them."""
    n_options: int = Field(default=4, ge=2, le=26)
    """Options of a question, the right one included."""
    rank: tuple[int, int] | None = None
    """Window over the candidates sorted from the hardest, both ends included, from 1."""
    source: str | None = None
    """For `confusion`: a matrix file (npz, CSV) or a run directory, relative to the YAML. For
    `image_embedding`: the run directory of a task of protocol `classify`."""
    path: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """For `given`: the file of the options (our JSON Lines, FOCI's JSON), relative to the YAML."""
    shuffle: bool = Field(default=True, exclude_if=lambda value: value is True)
    """For `given`: whether the order of the letters is drawn, as for all others, or the file's."""
    encoder: str = "minilm"
    """For `embedding`: the encoder of the class names."""
    seed: int = 0
    """Seed of the choice and of the order of the options."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.strategy in ("confusion", "image_embedding")) != (self.source is not None):
            what = "`strategy: confusion` or `image_embedding`"
            raise ValueError(f"`source` goes with {what}, and with no other")
        if (self.strategy == "given") != (self.path is not None):
            raise ValueError("`path` goes with `strategy: given`, and with no other")
        if self.strategy == "given" and self.rank:
            raise ValueError("no `rank` with `strategy: given`, whose file says the options")
        if self.strategy != "given" and not self.shuffle:
            raise ValueError("`shuffle: false` with `strategy: given` alone: others have no order")
        if self.rank and not 1 <= self.rank[0] <= self.rank[1]:
            raise ValueError("`rank: [lo, hi]` with 1 <= lo <= hi")
        if self.rank and self.rank[1] - self.rank[0] + 1 < self.n_options - 1:
            raise ValueError(f"a `rank` window of at least {self.n_options - 1} candidates")
        return self


class SampleSpec(Spec):
    """Images drawn at random, by a hash of the seed and the image's id, so that those of a smaller
    sample are among those of a larger one.
    """

    n: int = Field(gt=0)
    """Number of images."""
    seed: int = 0
    """Seed of the draw."""
    stratify: bool = False
    """As many of each original class, as far as it has them."""
