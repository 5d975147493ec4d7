"""`harness plan`: what a run would ask, take and cost, before a model is loaded or paid."""

import json
import logging
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import (
    EquivalencesFile,
    IdsFile,
    IncludePath,
    LabelSetPaths,
    Limit,
    ModelName,
    ModelSettings,
    Output,
    SampleSeed,
    SampleSize,
    Slice,
    Stratify,
    TaskSettings,
    catalogue_of,
    overrides_of,
    part_settings,
    shard_of,
    tasks_of,
)
from harness.errors import Problem, UserError
from harness.report.terminal import paragraph, say
from harness.specs.catalogue import Catalogue

if TYPE_CHECKING:
    from harness.checks.forecast.forecast import Forecast, ForecastOptions
    from harness.specs.model import ModelSpec
    from harness.specs.task import TaskSpec

log = logging.getLogger("harness")
SCHEMA_VERSION = 1
"""Of what `--json` prints; docs/files.md has its keys."""


def plan(
    model: ModelName,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="TASK", help="As of --tasks.")
    ] = None,
    tasks: Annotated[
        str | None, typer.Option(help="Tasks, groups or tags, separated by commas.")
    ] = None,
    limit: Limit = None,
    sample: SampleSize = None,
    sample_seed: SampleSeed = None,
    stratify: Stratify = False,
    ids: IdsFile = None,
    output: Output = Path("runs"),
    settings: TaskSettings = None,
    model_settings: ModelSettings = None,
    label_set: LabelSetPaths = None,
    equivalences: EquivalencesFile = None,
    include_path: IncludePath = None,
    shard: Slice = None,
    images: Annotated[
        int, typer.Option(min=1, help="How many images are opened to see how large they are.")
    ] = 32,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
) -> None:
    """Print what `harness run` with the same options would ask, take and cost. Loads no weights.

    For each task: the first prompt in full, and the requests, tokens, price, time and disk of what
    has no answer yet in --output, with what is exact and what is estimated.
    """
    from harness.adapters.registry import check_fits, checked_class
    from harness.checks.forecast.forecast import ForecastOptions
    from harness.data.labels.of_task import share_overrides
    from harness.specs.load import load_model

    wanted = ",".join([*(names or ()), *([tasks] if tasks else [])])
    if not wanted:
        raise UserError(Problem("plan", "names no task", fix="harness plan TASK --model MODEL"))
    catalogue = catalogue_of(include_path)
    settings = [*(settings or ()), *part_settings(limit, sample, sample_seed, stratify, ids)]
    specs = tasks_of(catalogue, wanted, settings, limit)
    spec = load_model(catalogue, model, model_settings or ())
    check_fits(spec, checked_class(spec), specs)
    overrides = share_overrides(catalogue, specs, overrides_of(label_set, equivalences))
    options = ForecastOptions(output, overrides, shard_of(shard, fresh=False), images)
    found = []
    for each in _forecasts(catalogue, specs, spec, options):
        found.append(each)
        if not as_json:
            _show(each)
    if as_json:
        whole = {"schema_version": SCHEMA_VERSION, "model": spec.model, **asdict(_total(found))}
        whole["tasks"] = [asdict(each) for each in found]
        say(json.dumps(whole, indent=2, ensure_ascii=False, default=str))
    elif len(found) > 1:
        _show_total(found)


def _forecasts(
    catalogue: Catalogue,
    tasks: "Sequence[TaskSpec]",
    model: "ModelSpec",
    options: "ForecastOptions",
) -> "Iterator[Forecast]":
    from harness.adapters.registry import load_preview
    from harness.checks.forecast.forecast import forecast

    prompted = any(task.protocol != "classify" for task in tasks)
    if prompted and model.trust_remote_code:
        log.warning("model `%s` runs Python code of its own repository", model.model)
    preview = load_preview(model) if prompted else None
    for task in tasks:
        own = None if task.protocol == "classify" else preview
        yield forecast(catalogue, task, model, own, options)


@dataclass(frozen=True, slots=True)
class _Total:
    """What all tasks ask and cost together."""

    requests: int
    cost: dict[str, float] | None
    """US dollars, `expected` and `at_most`; None where that of a task is not known."""


def _total(found: "Sequence[Forecast]") -> _Total:
    known = [each.cost for each in found if each.cost is not None]
    cost = {"expected": sum(c.expected for c in known), "at_most": sum(c.at_most for c in known)}
    requests = sum(each.requests.left for each in found)
    return _Total(requests, cost if len(known) == len(found) else None)


def _show_total(found: "Sequence[Forecast]") -> None:
    from harness.checks.forecast.lines import dollars

    total = _total(found)
    text = f"{total.requests:,} requests"
    if total.cost is not None:
        text += f"; {dollars(total.cost['expected'])}, at most {dollars(total.cost['at_most'])}"
    elif any(each.cost is not None for each in found):
        text += "; the cost of some is not known"
    say(paragraph(f"{'together':<9}", text))


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
