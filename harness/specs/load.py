"""From a name to a spec: find the file, read it, check it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from harness.errors import Problem, SpecError
from harness.specs.base import FileSpec, Name, S, not_followed, validate
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.label_set import ClassListSpec, LabelFormat, LabelSetSpec
from harness.specs.model import EncoderSpec, ModelSpec
from harness.specs.settings import in_manifest, of_model, with_settings
from harness.specs.task import TaskSpec
from harness.specs.template import check_template
from harness.specs.yaml_file import Origin, YamlFile, read_yaml

_LABEL_FILES: dict[str, LabelFormat] = {
    ".jsonl": "jsonl", ".csv": "csv", ".txt": "list", ".mat": "list",
}  # fmt: skip
_PATH_ENDS = (".yaml", ".yml", ".gz", *_LABEL_FILES)


class GroupSpec(FileSpec):
    """A name for several tasks."""

    group: Name
    """Name for `--tasks`."""
    task: tuple[str, ...] = Field(min_length=1)
    """Names of the tasks, or of other groups."""
    average: Literal["macro"] | None = None
    """Whether tables show the mean over the data sets, each of which is a group among `task`."""


class PromptSpec(FileSpec):
    """A prompt by name (`tasks/prompts/*.yaml`): a template for each protocol that it is for."""

    prompt: Name
    """Name for `prompt` of a task."""
    source: str | None = None
    """Where the wording is from; without it the words are the project's own."""
    ow: str | None = None
    """Template of the open world."""
    mc: str | None = None
    """Template of multiple choice."""
    cw: str | None = None
    """Template of the closed world, and of `cw_plus`."""

    @field_validator("ow", "mc", "cw")
    @classmethod
    def _template_is_sound(cls, source: str | None) -> str | None:
        if source is not None:
            check_template(source)
        return source

    @property
    def templates(self) -> dict[str, str]:
        """The templates by protocol."""
        found = {"ow": self.ow, "mc": self.mc, "cw": self.cw, "cw_plus": self.cw}
        return {protocol: each for protocol, each in found.items() if each is not None}


def load_task(
    catalogue: Catalogue, name: str, settings: Sequence[str] = (), at: Origin | None = None
) -> TaskSpec:
    """Load a task by name or path; `settings` are `key=value` that replace what the file says, and
    stand on the command line, or `at` a line of another file.

    Raises SpecError with every problem of the file.
    """
    file = with_settings(read_yaml(catalogue.find(Kind.TASK, name)), settings, at)
    return validate(TaskSpec, _with_prompt(catalogue, file))


def load_prompt(catalogue: Catalogue, name: str) -> PromptSpec:
    """Load a prompt by its name, which is never a path."""
    return validate(PromptSpec, read_yaml(catalogue.named(Kind.PROMPT, name)))


def _with_prompt(catalogue: Catalogue, file: YamlFile) -> YamlFile:
    """Give a task's file with the template of its `prompt`; `--set` of either goes first."""
    name = file.data.get("prompt")
    if not isinstance(name, str):
        return file
    key, text = ("prompt",), ("doc_to_text",)
    named, said = file.origins[key], file.origins.get(text)
    if said is not None and (said.path == named.path or said.line == named.line == 0):
        what = "one of `prompt` and `doc_to_text`; a prompt by name brings its own text"
        raise SpecError(Problem(file.origin(key), what, fix="leave `doc_to_text` out"))
    if said is not None and said.line == 0:
        data = {each: value for each, value in file.data.items() if each != "prompt"}
        return YamlFile(file.path, data, file.origins)
    try:
        templates = load_prompt(catalogue, name).templates
    except SpecError as error:
        raise SpecError(
            [replace(each, where=file.origin(key)) if each.where == "catalogue" else each
             for each in error.problems]
        ) from error  # fmt: skip
    protocol = str(file.data.get("protocol"))
    if protocol not in templates:
        what = f"prompt `{name}` has no template for protocol `{protocol}`"
        fix = f"name another prompt, or add a template to it: it is for {' and '.join(templates)}"
        raise SpecError(Problem(file.origin(key), what, fix=fix))
    origins = {**file.origins, text: file.origins[key]}
    return YamlFile(file.path, {**file.data, "doc_to_text": templates[protocol]}, origins)


def load_run_task(
    catalogue: Catalogue, name: str, settings: Sequence[str] = (), overriding: Sequence[str] = ()
) -> TaskSpec:
    """Load the task that the manifest of a run or an entry names, which may be anybody's words.

    The name is one of the catalogue and never a path. Of the manifest's `settings` those that name
    files or data are not followed: they are an error where they would be opened, unless `said`
    says them again, which is the command line's. Raises SpecError as `load_task`.
    """
    file = with_settings(read_yaml(_task_of_run(catalogue, name)), settings, in_manifest())
    task = validate(TaskSpec, _with_prompt(catalogue, with_settings(file, overriding)))
    problems = [
        not_followed(key, each)
        for key, names in _names_in(task)
        if not task.follows(key)
        for each in names
        if each.endswith(_PATH_ENDS)
    ]
    if problems:
        raise SpecError(problems)
    return task


def load_run_model(catalogue: Catalogue, name: str, settings: Sequence[str]) -> ModelSpec:
    """Load the model of a run's manifest, to compare; paths in that are not followed."""
    file = read_yaml(catalogue.named(Kind.MODEL, name))
    return validate(ModelSpec, with_settings(file, settings, in_manifest()))


def _task_of_run(catalogue: Catalogue, name: str) -> Path:
    try:
        return catalogue.named(Kind.TASK, name)
    except SpecError as error:
        fix = "give the folder of its YAML: --include_path DIR"
        raise SpecError(replace(each, fix=fix) for each in error.problems) from error


def _names_in(task: TaskSpec) -> Iterator[tuple[str, Sequence[str]]]:
    """Give the keys of a task that name other YAML or label files, with what they name."""
    yield "class_list", [task.class_list]
    yield "label_sets", task.label_sets
    yield "mapping.encoder", [task.mapping.encoder]
    if task.distractors is not None:
        yield "distractors.encoder", [task.distractors.encoder]


def load_model(catalogue: Catalogue, name: str, settings: Sequence[str] = ()) -> ModelSpec:
    """Load a model by name or path; `module:Class` is an adapter of one's own without a YAML."""
    return validate(ModelSpec, with_settings(model_file(catalogue, name), settings, of_model()))


def model_file(catalogue: Catalogue, name: str) -> YamlFile:
    """Give what `load_model` makes a spec of, before settings and checks."""
    if is_class(name):
        return YamlFile(Path(name), {"model": name.partition(":")[2], "adapter": name}, {})
    return read_yaml(catalogue.find(Kind.MODEL, name))


def is_class(name: str) -> bool:
    """Whether a text is `module:Class`."""
    module, colon, adapter = name.partition(":")
    return bool(colon and module and adapter.isidentifier())


def load_encoder_spec(catalogue: Catalogue, name: str) -> EncoderSpec:
    """Load a text encoder's spec by name or path."""
    return _load(EncoderSpec, catalogue, Kind.ENCODER, name)


def load_label_set_spec(catalogue: Catalogue, name: str) -> LabelSetSpec:
    """Load a label set's spec by name or path."""
    return _load(LabelSetSpec, catalogue, Kind.LABEL_SET, name)


def is_label_file(name: str) -> bool:
    """Whether an entry of a task's `label_sets` is a label file and not a label set's name."""
    return _suffix(name) in _LABEL_FILES


def label_format(path: Path) -> LabelFormat:
    """Give the format of a label file by the end of its name. Raises SpecError for another end."""
    if _suffix(path.name) not in _LABEL_FILES:
        fix = f"name it as one of {', '.join(_LABEL_FILES)}"
        raise SpecError(Problem(str(path), "is no label file by its name", fix=fix))
    return _LABEL_FILES[_suffix(path.name)]


def _suffix(name: str) -> str:
    return Path(name.removesuffix(".gz")).suffix


def label_file_spec(task: TaskSpec, name: str) -> LabelSetSpec:
    """Give the label set that a file named in the task itself stands for.

    It bears the file's name without the suffix; the first of a task's label sets counts as the
    data set's own labels.
    """
    path = task.resolve(name, "label_sets")
    return LabelSetSpec(
        label_set=path.stem,
        format=label_format(path),
        class_list=task.class_list,
        path=str(path),
        original=name == task.label_sets[0],
    )


def load_class_list_spec(catalogue: Catalogue, name: str) -> ClassListSpec:
    """Load a class list's spec by name or path."""
    return _load(ClassListSpec, catalogue, Kind.CLASS_LIST, name)


def load_group(catalogue: Catalogue, name: str) -> GroupSpec:
    """Load a group by name or path."""
    return _load(GroupSpec, catalogue, Kind.GROUP, name)


def _load(model: type[S], catalogue: Catalogue, kind: Kind, name: str) -> S:
    return validate(model, read_yaml(catalogue.find(kind, name)))
