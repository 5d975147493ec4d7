"""`harness plan`: what a run would ask, take and cost, before a model is loaded or paid."""

import json
import logging
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options as opts
from harness.errors import Problem, UserError
from harness.report.terminal import paragraph, say
from harness.specs.catalogue import Catalogue, Kind

if TYPE_CHECKING:
    from harness.adapters.base import Preview
    from harness.checks.forecast.forecast import Forecast
    from harness.data.labels.of_task import Overrides
    from harness.specs.model import ModelSpec
    from harness.specs.task import TaskSpec
    from harness.store.lock import Shard

log = logging.getLogger("harness")
SCHEMA_VERSION = 1
"""Of what `--json` prints; docs/files.md has its keys."""


def plan(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="TASK", help="As of --tasks; or one study.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", help=f"{opts.MODELS} Not of a study.")
    ] = None,
    tasks: Annotated[
        str | None, typer.Option(help="Tasks, groups or tags, separated by commas.")
    ] = None,
    limit: opts.Limit = None,
    sample: opts.SampleSize = None,
    sample_seed: opts.SampleSeed = None,
    stratify: opts.Stratify = False,
    ids: opts.IdsFile = None,
    output: opts.Output = Path("runs"),
    settings: opts.TaskSettings = None,
    gen_kwargs: opts.GenKwargs = None,
    model_settings: opts.ModelSettings = None,
    label_set: opts.LabelSetPaths = None,
    equivalences: opts.EquivalencesFile = None,
    include_path: opts.IncludePath = None,
    shard: opts.Slice = None,
    images: Annotated[
        int, typer.Option(min=1, help="How many images are opened to see how large they are.")
    ] = 32,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
) -> None:
    """Print what `harness run` with the same options would ask, take and cost. Loads no weights.

    For each task: the first prompt in full, and the requests, tokens, price, time and disk of what
    has no answer yet in --output, with what is exact and what is estimated. Of a study: a line for
    each run that `harness study run` would make, and the sum.
    """
    from harness.data.labels.of_task import share_overrides

    wanted = ",".join([*(names or ()), *([tasks] if tasks else [])])
    if not wanted:
        raise UserError(Problem("plan", "names no task", fix="harness plan TASK --model MODEL"))
    catalogue = opts.catalogue_of(include_path)
    settings = [*(settings or ()), *opts.generation_settings(gen_kwargs)]
    settings += opts.part_settings(limit, sample, sample_seed, stratify, ids)
    overrides, part = opts.overrides_of(label_set, equivalences), opts.shard_of(shard, fresh=False)
    if wanted in catalogue.names(Kind.STUDY) or model is None:
        runs = _runs_of_study(catalogue, wanted, model, settings, limit, output)
    else:
        runs = _runs_of_tasks(catalogue, opts.tasks_of(catalogue, wanted, settings, limit), model,
                              model_settings or (), output)  # fmt: skip
    overrides = share_overrides(catalogue, [each.task for each in runs], overrides)
    found = []
    for each in _forecasts(catalogue, runs, overrides, part, images):
        found.append(each)
        if not as_json:
            _show_line(each) if model is None else _show(each)
    if as_json:
        requests, cost = _total(found)
        whole = {
            "schema_version": SCHEMA_VERSION,
            "model": model,
            "requests": requests,
            "cost": cost,
            "tasks": [asdict(each) for each in found],
        }
        say(json.dumps(whole, indent=2, ensure_ascii=False, default=str))
    elif len(found) > 1:
        _show_total(found)
    elif not found:
        say("no requests: the answers of all runs were imported")


@dataclass(frozen=True, slots=True)
class _Run:
    """A run that would be made."""

    model: "ModelSpec"
    task: "TaskSpec"
    output: Path
    settings: str = ""
    """Of a study's run, what is not as in the task."""


def _runs_of_tasks(
    catalogue: Catalogue,
    tasks: "Sequence[TaskSpec]",
    model: str,
    model_settings: Sequence[str],
    output: Path,
) -> list[_Run]:
    from harness.adapters.named import find_model
    from harness.adapters.registry import check_fits, checked_class

    named = find_model(catalogue, model, model_settings)
    if named.note:
        log.info("model `%s`: %s", model, named.note)
    spec = named.spec
    check_fits(spec, checked_class(spec), tasks)
    return [_Run(spec, task, output) for task in tasks]


def _runs_of_study(
    catalogue: Catalogue,
    name: str,
    model: str | None,
    settings: Sequence[str],
    limit: float | None,
    output: Path,
) -> list[_Run]:
    from harness.runner.study import model_runs
    from harness.studies.opening import open_study

    if model is not None:
        raise UserError(Problem(f"--model {model}", "a study names its models", fix="leave it out"))
    if name not in catalogue.names(Kind.STUDY) and not name.endswith((".yaml", ".yml")):
        what, fix = "names no model, and is no study", f"harness plan {name} --model MODEL"
        raise UserError(Problem(f"plan {name}", what, fix=fix))
    limits = [f"limit={limit}"] if limit else []
    study = open_study(catalogue, name)
    for note in study.notes:
        say(paragraph("note:", note), err=True)
    return [
        _Run(each.spec, task, variant.folder(output), variant.text)
        for each in model_runs(catalogue, study, output, [*settings, *limits])
        for variant, task in each.tasks.items()
    ]


def _forecasts(
    catalogue: Catalogue,
    runs: "Sequence[_Run]",
    overrides: "Overrides",
    shard: "Shard",
    images: int,
) -> "Iterator[Forecast]":
    from harness.adapters.registry import load_preview
    from harness.checks.forecast.forecast import ForecastOptions, forecast

    previews: dict[str, Preview] = {}
    for run in runs:
        name, preview = run.model.model, None
        if run.task.protocol != "classify":
            if name not in previews and run.model.trust_remote_code:
                log.warning("model `%s` runs Python code of its own repository", name)
            preview = previews[name] = previews.get(name) or load_preview(run.model)
        options = ForecastOptions(run.output, overrides, shard, images)
        yield replace(
            forecast(catalogue, run.task, run.model, preview, options), settings=run.settings
        )


def _total(found: "Sequence[Forecast]") -> tuple[int, dict[str, float] | None]:
    """Give the requests of all tasks and their cost in US dollars, `expected` and `at_most`; None
    where that of a task is not known.
    """
    known = [each.cost for each in found if each.cost is not None]
    cost = {"expected": sum(c.expected for c in known), "at_most": sum(c.at_most for c in known)}
    requests = sum(each.requests.left for each in found)
    return requests, cost if len(known) == len(found) else None


def _show_total(found: "Sequence[Forecast]") -> None:
    from harness.checks.forecast.lines import dollars

    requests, cost = _total(found)
    text = f"{requests:,} requests"
    if cost is not None:
        text += f"; {dollars(cost['expected'])}, at most {dollars(cost['at_most'])}"
    elif any(each.cost is not None for each in found):
        text += "; the cost of some is not known"
    say(paragraph(f"{'together':<9}", text))


def _show_line(found: "Forecast") -> None:
    """Print what one run of a study would ask, in a line."""
    from harness.checks.forecast.lines import dollars

    what = ", ".join(filter(None, (found.task, found.settings)))
    text = f"{what}: {found.requests.left:,} requests"
    prompts = found.prompt_tokens
    if prompts is not None and prompts.total:
        text += f", {prompts.total:,.0f} prompt tokens"
    if found.cost is not None:
        text += f", {dollars(found.cost.expected)}"
    say(paragraph(f"{found.model}: ", text))


def _show(found: "Forecast") -> None:
    from harness.checks.forecast.lines import lines_of

    say(f"{found.task} (protocol {found.protocol}) with {found.model}\n")
    if found.prompt is not None:
        _show_prompt(found.prompt, found.prompt_images)
    for name, text in lines_of(found):
        say(paragraph(f"{name:<9}", text))
    say()


def _show_prompt(prompt: str, images: Sequence[str]) -> None:
    """Print a prompt with `|` before each of its lines; one that is too wide goes on below."""
    width = max(20, shutil.get_terminal_size().columns - 2)
    text = f"prompt, of image {', '.join(images)}; `|` begins each of its lines"
    say(paragraph(f"{'first':<9}", text))
    for line in prompt.split("\n"):
        pieces = textwrap.wrap(line, width, replace_whitespace=False, break_on_hyphens=False)
        for number, piece in enumerate(pieces or [""]):
            say(f"{' ' if number else '|'} {piece}".rstrip(" "))
    say()
