"""Options that several subcommands share, and what they mean."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from harness.errors import Problem, UserError
from harness.specs.catalogue import Catalogue

if TYPE_CHECKING:
    from harness.data.labels.of_task import Overrides
    from harness.specs.task import TaskSpec
    from harness.store.lock import Shard

IncludePath = Annotated[
    list[Path] | None,
    typer.Option("--include_path", help="A folder with YAML files of your own; repeatable."),
]
LabelSetPaths = Annotated[
    list[str] | None,
    typer.Option(
        "--label_set",
        help="NAME=PATH: read a label set from your file. NAME: score by this one too. Repeatable.",
    ),
]
EquivalencesFile = Annotated[
    str | None,
    typer.Option("--equivalences", help="Classes that count as one: `none`, or a ReGT config."),
]
RunSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="KEY=VALUE that the run was made with and that names a file or data: what its own "
        "manifest names is not opened. Repeatable.",
    ),
]
Tasks = Annotated[str, typer.Option(help="Tasks, groups or tags, separated by commas.")]
MODELS = (
    "A model's name, its YAML, MODULE:CLASS, a checkpoint's folder or hub id, or an adapter's name "
    "with --model_args."
)
ModelName = Annotated[str, typer.Option("--model", help=MODELS)]
TaskSettings = Annotated[
    list[str] | None, typer.Option("--set", help="KEY=VALUE instead of the task's; repeatable.")
]
ModelSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--set_model",
        "--model_args",
        metavar="KEY=VALUE,…",
        help="Keys of the model's YAML, or of its adapter's options, instead of what it says; "
        "repeatable. Both names are one option.",
    ),
]
GenKwargs = Annotated[
    list[str] | None,
    typer.Option(
        "--gen_kwargs",
        metavar="KEY=VALUE,…",
        help="The same as --set generation_kwargs.KEY=VALUE; repeatable.",
    ),
]
Device = Annotated[
    str | None,
    typer.Option(help="Where the model runs: cpu, cuda, cuda:1, mps; without it the first GPU."),
]


def limit_of(text: str) -> int | float:
    """Read `--limit`. Raises typer.BadParameter for what is neither a count nor a share."""
    try:
        number = float(text)
    except ValueError:
        number = 0
    if 0 < number < 1:
        return number
    if number < 1 or not number.is_integer():
        raise typer.BadParameter(f"{text!r} is neither a number of images nor a share below 1")
    return int(number)


Limit = Annotated[
    float | None,
    typer.Option(
        parser=limit_of, metavar="N", help="Only the first N images; below 1, that share of all."
    ),
]
SampleSize = Annotated[
    int | None,
    typer.Option("--sample", min=1, help="Only N images, drawn at random; may be raised."),
]
SampleSeed = Annotated[
    int | None, typer.Option("--sample_seed", help="For --sample; 0 where not said.")
]
Stratify = Annotated[
    bool, typer.Option("--stratify", help="For --sample: as many of each original class.")
]
IdsFile = Annotated[
    Path | None,
    typer.Option("--ids", help="Only the images of a file: one id a line, or JSONL rows."),
]
Output = Annotated[Path, typer.Option("--output", "--output_path", help="Folder of all runs.")]
ReviewFolder = Annotated[Path, typer.Argument(metavar="DIR", help="A review's folder.")]
Slice = Annotated[
    str | None,
    typer.Option(
        "--shard", help="I/N: answer one slice of the images; `harness merge` joins the slices."
    ),
]
BatchSizeText = Annotated[
    str | None, typer.Option("--batch_size", help="Requests per model call, or `auto`: what fits.")
]
MaxErrors = Annotated[
    str, typer.Option("--max_errors", help="Share (0.1) or count (20) of images that may fail.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the results as JSON, for machines.")]

Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="table (default), markdown, csv, latex (for booktabs) or json; --json is the same as "
        "--format json.",
    ),
]

Wide = Annotated[
    bool,
    typer.Option("--wide", help="Print whole tables, however wide the terminal is; as in a pipe."),
]


def catalogue_of(include_path: Sequence[Path] | None) -> Catalogue:
    """Open the catalogue with the user's folders. Raises UserError for one that is not there."""
    missing = [path for path in include_path or () if not path.is_dir()]
    if missing:
        what = "there is no such folder"
        fix = "give a folder that is there"
        raise UserError(Problem(f"--include_path {path}", what, fix=fix) for path in missing)
    return Catalogue(tuple(path.resolve() for path in include_path or ()))


def overrides_of(
    label_sets: Sequence[str] | None,
    equivalences: str | None,
    settings: Sequence[str] | None = None,
) -> "Overrides":
    """Read `--label_set NAME[=PATH]`, `--equivalences` and, for runs that are there, `--set`."""
    from harness.data.labels.of_task import Overrides

    paths: dict[str, Path | None] = {}
    for setting in label_sets or ():
        name, equals, path = setting.partition("=")
        if not name or bool(equals) != bool(path):
            what = "is neither NAME nor NAME=PATH"
            fix = "--label_set NAME=PATH, or the NAME that `harness list label_sets` shows"
            raise UserError(Problem("--label_set", what, setting, fix=fix))
        paths[name] = Path(path).expanduser() if equals else None
    return Overrides(paths, equivalences, tuple(settings or ()))


def tasks_of(
    catalogue: Catalogue, names: str, settings: Sequence[str], limit: float | None
) -> "list[TaskSpec]":
    """Load the tasks that `--tasks` names, with `--set` and `--limit` in place of their own."""
    from harness.specs.groups import expand_tasks
    from harness.specs.load import load_task

    limits = [f"limit={limit}"] if limit else []
    return [
        load_task(catalogue, name, [*settings, *limits])
        for name in expand_tasks(catalogue, split_names(names))
    ]


def generation_settings(gen_kwargs: Sequence[str] | None) -> list[str]:
    """Give as `--set` what `--gen_kwargs` says."""
    from harness.specs.settings import split_settings

    pairs = [each for text in gen_kwargs or () for each in split_settings(text)]
    return [f"generation_kwargs.{each}" for each in pairs]


def part_settings(
    limit: float | None, sample: int | None, seed: int | None, stratify: bool, ids: Path | None
) -> list[str]:
    """Give as `--set` what `--sample`, `--sample_seed`, `--stratify` and `--ids` say.

    Raises UserError for those that do not go together, with each other or with `--limit`.
    """
    parts = {"--limit": limit, "--sample": sample, "--ids": ids}
    given = [name for name, value in parts.items() if value is not None]
    if len(given) > 1:
        raise UserError(Problem(" and ".join(given), "each choose images", fix="give one of them"))
    if sample is None and (stratify or seed is not None):
        name = "--stratify" if stratify else "--sample_seed"
        fix = "leave it out, or give --sample N"
        raise UserError(Problem(name, "acts only with --sample", fix=fix))
    found = [f"ids={json.dumps(str(ids), ensure_ascii=False)}"] if ids is not None else []
    found += [f"sample.n={sample}"] if sample is not None else []
    found += [f"sample.seed={seed}"] if seed is not None else []
    return [*found, *(["sample.stratify=true"] if stratify else [])]


Fresh = Annotated[
    bool, typer.Option(help="Move an earlier run aside and start anew; nothing is deleted.")
]


def batch_size_of(text: str | None) -> int | Literal["auto"] | None:
    """Read `--batch_size`. Raises UserError when it is neither a number above 0 nor `auto`."""
    if text is None:
        return None
    if text == "auto":
        return "auto"
    if not text.isdecimal() or int(text) < 1:
        fix = "give 1, 2, … or auto"
        raise UserError(Problem("--batch_size", "is no batch size", text, fix=fix))
    return int(text)


def shard_of(text: str | None, fresh: bool) -> "Shard":
    """Read `--shard I/N`, I from 1. Raises UserError when it is none, or stands with `--fresh`."""
    from harness.store.lock import WHOLE, Shard

    if text is None:
        return WHOLE
    index, slash, count = text.partition("/")
    if not (slash and index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
        raise UserError(Problem("--shard", "is no slice", text, fix="give I/N with I from 1 to N"))
    if fresh:
        what = "moves aside what the other slices have done"
        fix = "move the directory yourself, or choose another --output"
        raise UserError(Problem("--fresh with --shard", what, fix=fix))
    return Shard(int(index) - 1, int(count))


def split_names(text: str) -> list[str]:
    """Split `a,b` into names."""
    return [name.strip() for name in text.split(",") if name.strip()]
