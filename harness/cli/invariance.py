"""`harness invariance TASK MODEL`: answers must not depend on how they are asked for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options as opts
from harness.report.terminal import say
from harness.words import counted

if TYPE_CHECKING:
    from harness.checks.invariance import Flip

_SHOWN = 20


def invariance(
    task_name: Annotated[str, typer.Argument(metavar="TASK", help="A task's name or path.")],
    model_name: Annotated[str, typer.Argument(metavar="MODEL", help="As of `run --model`.")],
    settings: opts.TaskSettings = None,
    limit: Annotated[int, typer.Option(min=2, help="Prompts.")] = 32,
    batch_size: Annotated[int, typer.Option("--batch_size", min=2)] = 8,
    include_path: opts.IncludePath = None,
) -> None:
    """Do answers flip with batch, order or processes? Each prompt is asked alone, too.

    Prints every answer that flips. Exit code 0 when none does, 1 when one does.
    """
    from harness.adapters.named import find_model
    from harness.adapters.registry import check_fits, checked_class, load_adapter
    from harness.checks.invariance import compare_processes, compare_ways
    from harness.data.opened import open_task, require_images
    from harness.prompts.plan import make_plan
    from harness.runner.processes import current_rank
    from harness.specs.load import load_task

    catalogue = opts.catalogue_of(include_path)
    settings = settings or []
    task = load_task(catalogue, task_name, [*settings, f"limit={limit}"])
    model = find_model(catalogue, model_name).spec
    check_fits(model, checked_class(model), [task])
    plan = make_plan(open_task(catalogue, task))
    require_images(plan.opened)
    adapter = load_adapter(model, current_rank().setting, [task])
    ways = compare_ways(plan, adapter, limit, batch_size)
    include = [word for path in catalogue.include_paths for word in ("--include_path", str(path))]
    sets = [word for setting in settings for word in ("--set", setting)]
    words = ["--tasks", task_name, "--model", model_name, "--limit", str(limit), *sets, *include]
    processes = compare_processes([*words, "--batch_size", str(batch_size)], (1, 2))
    flips = [*ways.flips, *processes.flips]
    dtype = adapter.facts.dtype or "unknown dtype"
    say(f"{model_name} ({dtype}) on {task_name}, {ways.prompts} prompts, against asking alone:")
    for way in (*ways.settings, *processes.settings):
        count = sum(flip.setting == way for flip in flips)
        say(f"  {way}: {counted(count, 'answer flips', 'answers flip')}")
    _show(flips, dtype)
    raise typer.Exit(1 if flips else 0)


def _show(flips: "Sequence[Flip]", dtype: str) -> None:
    for flip in flips[:_SHOWN]:
        ids = ", ".join(flip.image_ids)
        say(f"    {ids} ({flip.setting}): {flip.alone!r} -> {flip.other!r}")
    if len(flips) > _SHOWN:
        say(f"    and {len(flips) - _SHOWN} more")
    if flips and dtype in ("bfloat16", "float16"):
        say(
            f"In {dtype} sums are rounded differently in batches of different shape, which flips "
            "near ties. Report these flips, or run with `dtype: float32`."
        )
