"""`harness export`: tasks and results in the form that other tools read."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options as opts
from harness.errors import Problem, UserError
from harness.export.eee import Relationship
from harness.report.terminal import say
from harness.words import counted

if TYPE_CHECKING:
    from harness.export.hf.labels import LabelFacts

_Runs = Annotated[
    list[Path], typer.Argument(metavar="RUN", help="Run directories, or folders of them.")
]
app = typer.Typer(
    help="Write tasks or results in the form that another tool reads.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("hf", short_help="Write runs as a folder that `datasets` reads.")
def hf(
    runs: _Runs,
    output: Annotated[Path, typer.Option("--output", "-o", help="A new folder.")],
    repo: Annotated[
        str | None, typer.Option(help="OWNER/NAME that the dataset will have on the hub.")
    ] = None,
    push: Annotated[
        str | None, typer.Option(metavar="OWNER/NAME", help="As --repo, and upload it there.")
    ] = None,
    private: Annotated[
        bool, typer.Option("--private", help="For --push: nobody else sees a new dataset.")
    ] = False,
    license: Annotated[
        str, typer.Option(help="Licence of the predictions, by the hub's identifier.")
    ] = "unknown",
    label_set: opts.LabelSetPaths = None,
    settings: opts.RunSettings = None,
    include_path: opts.IncludePath = None,
) -> None:
    """Write runs as a folder that `datasets.load_dataset(DIR, NAME)` reads.

    NAME is predictions, prompts, labels, scores or classes. All labels that are here are in it, for
    local use; with --repo or --push those whose YAML names a licence that allows to pass them on,
    and the others are named. A dataset card, `eval.yaml` and `.eval_results/` are there too. --push
    needs a token of the hub (`hf auth login`, or HF_TOKEN).
    """
    from harness.export.hf.folder import HfOptions, export_hf
    from harness.export.hf.push import push as upload
    from harness.export.hf.push import refuse_without_token

    if push is not None and repo not in (None, push):
        what = "name two datasets"
        raise UserError(Problem("--repo and --push", what, f"{repo}, {push}", fix="give --push"))
    if private and push is None:
        raise UserError(Problem("--private", "acts only with --push", fix="leave it out"))
    if push is not None:
        refuse_without_token(push)
        repo = push
    options = HfOptions(repo, license, opts.overrides_of(label_set, None, settings))
    written = export_hf(opts.catalogue_of(include_path), runs, output, options)
    counts = f"{written.predictions} predictions of {written.runs} runs, {written.scores} scores"
    say(f"{output}: {counts}")
    _say_labels(written.label_sets)
    if repo is None:
        hint = "`--repo OWNER/NAME` makes one to pass on"
        say(f"the files name the dataset `{written.dataset}`; {hint}")
    if push is not None:
        say(f"pushed: {upload(output, push, private)}")


def _say_labels(label_sets: Iterable["LabelFacts"]) -> None:
    for each in label_sets:
        here = f"left out: {each.left_out}" if each.left_out else f"licence {each.license}"
        here = f"for local use alone: {each.only_here}" if each.only_here else here
        say(f"labels `{each.name}`: {here}")


@app.command("eee", short_help='Write runs as records of "Every Eval Ever".')
def eee(
    runs: _Runs,
    output: Annotated[Path, typer.Option("--output", "-o", help="A new folder.")],
    organization: Annotated[str | None, typer.Option(help="Who gives the results.")] = None,
    relationship: Annotated[
        Relationship | None, typer.Option(help="Of who asked the models to who made them.")
    ] = None,
    developer: Annotated[
        str | None, typer.Option(help="Who made the models that have no hub id.")
    ] = None,
    pass_on: Annotated[
        bool, typer.Option("--pass_on", help="Leave out the labels that may not be passed on.")
    ] = False,
    label_set: opts.LabelSetPaths = None,
    settings: opts.RunSettings = None,
    include_path: opts.IncludePath = None,
) -> None:
    """Write runs as records of "Every Eval Ever", a schema for results of evaluations (0.3.0).

    A record for each run, `data/TASK/DEVELOPER/MODEL/UUID.json`: every accuracy by protocol and
    label set, with n and its Wilson interval. Beside it stand its samples: each image's answer,
    labels, and whether it is right. All labels that are here are in it, for local use; with
    --pass_on those whose YAML names a licence that allows to pass them on.
    """
    from harness.export.eee.folder import export_eee
    from harness.export.eee.record import Source

    source = Source(organization, relationship, developer)
    overrides = opts.overrides_of(label_set, None, settings)
    catalogue, is_local = opts.catalogue_of(include_path), not pass_on
    written = export_eee(catalogue, runs, output, source, overrides=overrides, is_local=is_local)
    for path, n in written.records.items():
        say(f"{output / path}: {counted(n, 'sample')}")
    _say_labels(each for _, each in sorted(written.label_sets.items()))
    for option, what in written.unknown.items():
        say(f"not known: {option}; instead stands {what}")


@app.command("trackio", short_help="Log results into a local project of Trackio.")
def trackio(
    runs: _Runs, project: Annotated[str, typer.Option(help="Name of the project.")] = "harness"
) -> None:
    """Log the results of runs into a local project of Trackio, a tracker of experiments.

    Each run is a tracked run: its figures by protocol and label set, and as its settings the task,
    the model and what else its answers depend on. `trackio show --project NAME` shows them. Nothing
    leaves the machine.

    Needs Trackio: pip install 'mllm-classification-harness[trackio]'.
    """
    from harness.export.trackio import export_trackio

    for name, n in export_trackio(runs, project).items():
        say(f"{name}: {counted(n, 'figure')} in project {project}")


@app.command("lmms-eval", short_help="Write tasks as a folder that lmms-eval runs.")
def lmms_eval(
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    tasks: Annotated[str, typer.Option(help="Tasks, groups or tags, separated by commas.")],
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N images.")] = None,
    settings: opts.TaskSettings = None,
    label_set: opts.LabelSetPaths = None,
    equivalences: opts.EquivalencesFile = None,
    include_path: opts.IncludePath = None,
) -> None:
    """Write tasks as a folder that lmms-eval runs unchanged with `--include_path`.

    Prompts, images, options, classes and labels are in the folder; the images are stored without
    loss. Scoring there is the harness's own, so the package must be in the environment of
    lmms-eval. Tasks of protocol `classify` have no prompt and cannot be exported.
    """
    from harness.export.lmms_eval.folder import export_lmms_eval
    from harness.specs.groups import expand_tasks
    from harness.specs.load import load_task

    catalogue = opts.catalogue_of(include_path)
    limits = [f"limit={limit}"] if limit else []
    names = expand_tasks(catalogue, opts.split_names(tasks))
    specs = [load_task(catalogue, name, [*(settings or ()), *limits]) for name in names]
    overrides = opts.overrides_of(label_set, equivalences)
    for each in export_lmms_eval(catalogue, specs, folder, overrides):
        left_out = "".join(f"; {n} left out: {why}" for why, n in each.left_out.items())
        say(f"{each.task}: {each.prompts} prompts, {each.images} images{left_out}")
    say(f"python -m lmms_eval --include_path {folder} --tasks {','.join(names)} --model …")
