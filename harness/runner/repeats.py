"""Run a model over tasks, each as often as its `repeats` say, with seeds of their own."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace

from harness.adapters.base import Adapter
from harness.data.labels.of_task import share_overrides
from harness.runner.processes import Rank
from harness.runner.session import RunOptions, complete, prepare, spending_of
from harness.runner.signals import stop_flag
from harness.runs.finish import Finished, repeat_name, repeat_of, write_spreads
from harness.specs.catalogue import Catalogue
from harness.specs.model import ModelSpec
from harness.specs.task import TaskSpec


def run_all(
    catalogue: Catalogue,
    tasks: Sequence[TaskSpec],
    model: ModelSpec,
    adapter: Callable[[], Adapter],
    rank: Rank,
    options: RunOptions,
) -> list[list[Finished]]:
    """Run a model over tasks, each as often as its `repeats` say, with seeds of their own.

    All are opened and checked before the first is answered. Where a task has several repeats, each
    has a folder of its own and `repeats.json` beside them holds the spread.
    """
    shared = share_overrides(catalogue, tasks, options.overrides)
    options = replace(options, overrides=shared)
    with ExitStack() as stack, stop_flag() as flag:
        prepared = [
            [
                prepare(catalogue, repeat_of(task, number), model, rank, own, stack)
                for number, own in enumerate(_options(task, options))
            ]
            for task in tasks
        ]
        spending = spending_of([each for repeats in prepared for each in repeats])
        firsts = [(each[0].directory.path, len(each)) for each in prepared if rank.is_first]
        write_spreads(firsts)  # takes away what answers that are to come make old
        rank.start_together()
        runs = [
            [complete(each, adapter, flag, spending) for each in repeats] for repeats in prepared
        ]
        write_spreads(firsts)
    return runs


def _options(task: TaskSpec, options: RunOptions) -> list[RunOptions]:
    if task.repeats == 1:
        return [options]
    return [
        replace(options, subfolder=repeat_name(number), says_before=number == 0)
        for number in range(task.repeats)
    ]
