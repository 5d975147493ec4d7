"""The spec of a task (`tasks/**/*.yaml`), in lm-eval's vocabulary."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from harness.specs.base import FileSpec, Name, Names, Spec, count_or, count_or_share, decisive
from harness.specs.task_parts import DistractorSpec, MappingSpec, SampleSpec
from harness.specs.template import TemplateValues, check_template, render, uses

Protocol = Literal["ow", "mc", "cw", "cw_plus", "classify"]
Metric = Literal[
    "accuracy",
    "accuracy_strict",
    "accuracy_normalized",
    "accuracy_empty_correct",
    "accuracy_first_in_list",
    "mean_per_class",
    "macro_f1",
    "top5",
]
OutputType = Literal["generate_until", "multiple_choice", "constrained"]


_FREE = {
    "description", "tag", "label_sets", "equivalences", "metric_list", "limit", "mapping",
    "prompt", "repeats",
}  # fmt: skip
"""Keys that no answer depends on; everything else must be equal for a run to be resumed."""
_FREE_METADATA = {"reference", "notes", "license", "images", "redistribute_images"}
PARTS = ("sample", "ids")
"""Keys that choose some of the images; where a task has none, its identity has no such keys."""
WHERE_IMAGES_ARE = frozenset(
    {
        "dataset_path", "dataset_name", "revision", "test_split", "data_files", "doc_to_visual",
        "doc_to_id", "doc_to_target",
    }
)  # fmt: skip
"""Keys in which runs that were asked alike may differ: everyone has the images in another place,
and an answer is scored by its image's id."""


class GenerationSpec(Spec):
    """How text is generated, with the names of transformers' `generate`."""

    max_new_tokens: Annotated[int | Literal["longest_name"], count_or("longest_name")] = 32
    """The most tokens of an answer. `longest_name`: as many as the longest class name has under the
    model's own tokenizer, and one for the end."""
    do_sample: bool = False
    """Draw tokens at random; without it the likeliest is taken (greedy)."""
    temperature: float | None = Field(default=None, ge=0)
    """How evenly tokens are drawn; absent: 1."""
    top_p: float | None = Field(default=None, gt=0, le=1)
    """Draw among the likeliest tokens that together have this probability."""
    seed: int = 0
    """Seed of the draws."""
    until: Names = ()
    """Texts at which an answer is cut, as in lm-eval; one of white space alone cuts nothing before
    the first visible character."""

    @field_validator("until")
    @classmethod
    def _stops_can_be_met(cls, until: tuple[str, ...]) -> tuple[str, ...]:
        if "" in until:
            raise ValueError("texts of at least one character; every answer holds the empty one")
        spelt = next((stop for stop in until if re.fullmatch(r"(\\[nrt])+", stop)), None)
        if spelt is not None:
            raise ValueError(f'"{spelt}" in double quotes; in others YAML leaves the backslash')
        return until

    @model_validator(mode="after")
    def _sampling_needs_do_sample(self) -> Self:
        if not self.do_sample and (self.temperature or self.top_p is not None):
            raise ValueError("temperature and top_p act only with `do_sample: true`")
        if self.do_sample and self.temperature == 0:
            raise ValueError("a temperature above 0 with `do_sample: true`, or `do_sample: false`")
        return self

    def most_tokens(self, longest_name: int | None = None) -> int:
        """Give the most tokens of an answer. Raises ValueError where it needs `longest_name`."""
        if self.max_new_tokens != "longest_name":
            return self.max_new_tokens
        if longest_name is None:
            raise ValueError("`max_new_tokens: longest_name` needs the model's tokenizer")
        return longest_name + 1


class MetricSpec(Spec):
    """A column of the printed table. `results.json` holds every metric whatever is listed."""

    metric: Metric
    """Name of the column; `accuracy` has its interval beside it."""


class MetadataSpec(Spec):
    """Facts about the task; `version` rises when its answers or scores would change."""

    version: int = Field(ge=0)
    """Version of the task."""
    reference: str | None = None
    """Where the data or the task is described."""
    notes: str | None = None
    """Anything else that a reader should know, such as what could not be verified."""
    license: str | None = None
    """Under which terms the images are, as their publishers say."""
    images: int | None = Field(default=None, gt=0)
    """How many images the split has; `harness check` says where there are others."""
    redistribute_images: bool = False
    """Whether the licence of the images lets a leaderboard ship copies of them."""


class TaskSpec(FileSpec):
    """One task: which images, which question, how the answer is read and against what it scores."""

    task: Name
    """Name for `--tasks`."""
    tag: Names = ()
    """Names under which several tasks are run together."""
    protocol: Protocol
    """Open world, multiple choice, closed world (`cw_plus`: mapped), or scores without a text."""
    dataset_path: str
    """Hub id, `datasets` folder, parquet or JSONL file, or folder of images."""
    dataset_name: str | None = None
    """Configuration of a data set on the hub."""
    revision: str | None = None
    """Commit, tag or branch of a data set on the hub."""
    test_split: str = "test"
    """Split whose images are asked about."""
    data_files: str | None = None
    """On the hub: pattern of the split's files, so that the other splits are not fetched too."""
    doc_to_visual: str = "image"
    """Column that holds the image."""
    doc_to_id: str | None = None
    """Column that holds the image id; without it the id is taken from the image's file name.
    `row_number`: the number of the row, for data without ids and file names."""
    doc_to_target: str | None = None
    """Column that holds the original class id or name, for label sets of format `column` that name
    no other. Absent: `label`, which in a folder with one folder a class is the folder's name."""
    doc_to_text: str | None = None
    """The prompt, a Jinja2 template; `<image>` marks where the image goes."""
    prompt: Name | None = None
    """Name of a prompt (`harness list prompts`) whose template for the protocol is the task's
    `doc_to_text`."""
    class_list: str
    """Name of the class list."""
    name_set: str | None = None
    """Which names of the classes the model is shown; absent: the class list's own choice."""
    label_sets: Names = Field(min_length=1)
    """Names of label sets, or label files (our JSONL, or CSV) relative to this file."""
    equivalences: str | None = None
    """`none`, or a ReGT `class_update_config.json`; absent: what the label sets bring."""
    output_type: OutputType = "generate_until"
    """How an answer is had: text as the model writes it; the most likely of the names (or letters);
    or text that can only be one of them."""
    generation_kwargs: GenerationSpec = GenerationSpec()
    """How text is generated."""
    mapping: MappingSpec = MappingSpec()
    """How an answer that is no class name is mapped to a class."""
    distractors: DistractorSpec | None = None
    """The wrong options, of `mc` alone."""
    images_per_prompt: int = Field(default=1, ge=1, le=256)
    """Images that are shown and answered together."""
    image_order: Literal["dataset", "shuffled", "class_sorted"] = "dataset"
    """Order in which images are asked about."""
    order_seed: int = 0
    """Seed of `image_order: shuffled`."""
    repeats: int = Field(default=1, ge=1, le=100)
    """How often every image is asked about, each time with another seed."""
    limit: Annotated[int | float | None, count_or_share()] = None
    """The first images only: so many or, below 1, that share of all."""
    sample: SampleSpec | None = None
    """A random sample of the images."""
    ids: str | None = None
    """File of the ids of the images that are asked about, relative to this file."""
    blank_images: bool = False
    """Show a grey picture of the same size in place of each image: what is left is what a model
    answers without looking."""
    metric_list: tuple[MetricSpec, ...] = (MetricSpec(metric="accuracy"),)
    """Columns of the printed table."""
    metadata: MetadataSpec
    """Facts about the task."""

    @field_validator("doc_to_text")
    @classmethod
    def _template_is_sound(cls, source: str | None) -> str | None:
        if source is not None:
            check_template(source)
        return source

    @model_validator(mode="after")
    def _keys_fit_protocol(self) -> Self:
        if (self.protocol == "classify") != (self.doc_to_text is None):
            raise ValueError("`doc_to_text` for every protocol but `classify`, which has no prompt")
        if (self.protocol == "mc") != (self.distractors is not None):
            raise ValueError("`distractors` for protocol `mc`, and for no other")
        if sum(each is not None for each in (self.limit, self.sample, self.ids)) > 1:
            raise ValueError("one of `limit`, `sample` and `ids`; `--set KEY=null` takes one away")
        if self.output_type != "generate_until":
            self._check_choices()
        if self.generation_kwargs.max_new_tokens == "longest_name":
            self._check_longest_name()
        if self.doc_to_text is not None:
            self._check_variables(self.doc_to_text)
        return self

    def _check_choices(self) -> None:
        if self.protocol not in ("mc", "cw", "cw_plus"):
            raise ValueError(
                f"`output_type: {self.output_type}` for the protocols with a list: mc, cw, cw_plus"
            )
        if self.images_per_prompt > 1:
            raise ValueError(f"`images_per_prompt: 1` for `output_type: {self.output_type}`")

    def _check_longest_name(self) -> None:
        if self.protocol not in ("cw", "cw_plus") or self.images_per_prompt > 1:
            raise ValueError(
                "`max_new_tokens: longest_name` for an answer that is one name of the list: cw or "
                "cw_plus, with `images_per_prompt: 1`"
            )

    def _check_variables(self, source: str) -> None:
        allowed = {"mc": {"options", "letters", "images"}, "ow": {"images"}}.get(
            self.protocol, {"classes", "images"}
        )
        wrong = sorted(uses(source) - allowed)
        if wrong:
            raise ValueError(f"no `{wrong[0]}` in the prompt of protocol `{self.protocol}`")
        if self.protocol == "mc" and self.images_per_prompt > 1:
            raise ValueError("`images_per_prompt: 1` for protocol `mc`: options differ by image")
        k = self.distractors.n_options if self.distractors else 0
        options = [f"option {number}" for number in range(k)]
        images = range(1, self.images_per_prompt + 1)
        render(source, TemplateValues(classes=("one", "two"), options=options, images=images))

    @property
    def columns(self) -> tuple[Metric, ...]:
        """The columns of a table of results that `metric_list` asks for."""
        return tuple(each.metric for each in self.metric_list)

    def identity(self) -> dict[str, Any]:
        """Give the values that an answer depends on: what a resumed run must have in common."""
        return self.identity_of(self.model_dump(mode="json"))

    @classmethod
    def identity_of(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Give of JSON values of a task, or of an older one's identity, those that an answer
        depends on, with the defaults of those that are not there.

        The size of a sample decides none, unless its images share prompts.
        """
        found = decisive(cls, values, _FREE, metadata=_FREE_METADATA)
        for key in PARTS:
            if found.get(key) is None:
                found.pop(key, None)
        if not found.get("blank_images"):
            found.pop("blank_images", None)
        drawn = found.get("sample")
        if isinstance(drawn, Mapping) and found.get("images_per_prompt") == 1:
            found["sample"] = {key: value for key, value in drawn.items() if key != "n"}
        return found


def digest_of(values: Any) -> str:
    """Give the SHA-256 of JSON values, independent of the order of keys."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
