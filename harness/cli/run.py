"""`harness run`: run a model over tasks, from where an earlier run of the same stopped."""

import logging
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options as opts

if TYPE_CHECKING:
    from harness.adapters.named import NamedModel
    from harness.runner.processes import Rank
    from harness.runner.session import RunOptions
    from harness.runs.finish import Finished

log = logging.getLogger("harness")


def run(
    tasks: opts.Tasks,
    model: opts.ModelName,
    limit: opts.Limit = None,
    sample: opts.SampleSize = None,
    sample_seed: opts.SampleSeed = None,
    stratify: opts.Stratify = False,
    ids: opts.IdsFile = None,
    batch_size: opts.BatchSizeText = None,
    output: opts.Output = Path("runs"),
    settings: opts.TaskSettings = None,
    gen_kwargs: opts.GenKwargs = None,
    model_settings: opts.ModelSettings = None,
    label_set: opts.LabelSetPaths = None,
    equivalences: opts.EquivalencesFile = None,
    include_path: opts.IncludePath = None,
    fresh: opts.Fresh = False,
    shard: opts.Slice = None,
    max_errors: opts.MaxErrors = "0.1",
    device: opts.Device = None,
    max_cost: Annotated[
        float | None,
        typer.Option("--max_cost", help="US dollars that all answers may cost, then it ends."),
    ] = None,
    call_timeout: Annotated[
        float | None,
        typer.Option("--call_timeout", min=0.001, help="Seconds that a model call may take."),
    ] = None,
    wide: opts.Wide = False,
    as_json: opts.AsJson = False,
) -> None:
    """Run a model over tasks and print one table of results.

    Answers are written as they come. The same command goes on where a stopped run left off. Exit
    code 0: complete; 1: some images have no answer (an error, too many of them, or --max_cost is
    spent); 2: something must be changed.
    """
    from harness.adapters.named import find_model
    from harness.adapters.registry import check_fits, checked_class, load_adapter
    from harness.runner.batch_size import batch_size_for
    from harness.runner.budget import ErrorBudget
    from harness.runner.repeats import run_all
    from harness.runner.session import RunOptions
    from harness.runner.spending import refuse_without_prices

    catalogue = opts.catalogue_of(include_path)
    settings = [*(settings or ()), *opts.generation_settings(gen_kwargs)]
    settings += opts.part_settings(limit, sample, sample_seed, stratify, ids)
    specs = opts.tasks_of(catalogue, tasks, settings, limit)
    named = find_model(catalogue, model, model_settings or ())
    spec = named.spec
    options = RunOptions(
        output=output,
        batch_size=batch_size_for(opts.batch_size_of(batch_size), spec),
        settings=tuple(settings),
        overrides=opts.overrides_of(label_set, equivalences),
        fresh=fresh,
        show_progress=not as_json,
        shard=opts.shard_of(shard, fresh),
        max_errors=ErrorBudget.parse(max_errors),
        call_timeout=call_timeout,
        model_settings=named.settings,
        max_cost=max_cost,
    )
    check_fits(spec, checked_class(spec), specs)
    if max_cost is not None:
        refuse_without_prices(spec, max_cost)
    rank = _rank(device, named)
    adapter = cache(partial(load_adapter, spec, rank.setting, specs))
    runs = run_all(catalogue, specs, spec, adapter, rank, options)
    rank.leave()
    raise typer.Exit(_show(runs, options, wide, is_first=rank.is_first, as_json=as_json))


def _rank(device: str | None, named: "NamedModel") -> "Rank":
    """Find this process, with the device that was named; the first says what was chosen."""
    from harness.runner.processes import current_rank

    if device is not None:
        from harness.adapters.device import refuse_device

        refuse_device(device, named.spec)
    rank = current_rank(device)
    if named.note and rank.is_first:
        log.info("model `%s`: %s", named.spec.pretrained, named.note)
    if named.spec.trust_remote_code and rank.is_first:
        log.warning("model `%s` runs Python code of its own repository", named.spec.model)
    return rank


def _show(
    runs: "list[list[Finished]]",
    options: "RunOptions",
    wide: bool,
    *,
    is_first: bool,
    as_json: bool,
) -> int:
    """Print what came of it, on the first process; give the exit code."""
    from harness.report.show import show_results, show_slices, show_spread

    finished = [each for repeats in runs for each in repeats]
    if not is_first:
        return 1 if any(each.failed for each in finished) else 0
    if not options.shard.is_whole:
        show_slices(finished, options.shard)
        return 1 if any(each.failed for each in finished) else 0
    show_results(finished, "json" if as_json else "table", wide=wide)
    if not as_json:
        show_spread(runs, wide)
    return 0 if all(each.results and each.results.complete for each in finished) else 1
