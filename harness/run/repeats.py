"""A task run several times with different seeds, and the spread of its scores."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from harness.adapters.base import Adapter
from harness.catalogue import Catalogue
from harness.ranks import Rank
from harness.run.bench import share_overrides
from harness.run.session import Finished, RunOptions, complete, prepare
from harness.run.signals import stop_flag
from harness.score.results import Results
from harness.spec.model import ModelSpec
from harness.spec.task import TaskSpec
from harness.store.directory import run_path
from harness.store.lines import write_json

if TYPE_CHECKING:
    from harness.score.statistics import Repeats

SPREAD_FILE = "repeats.json"


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and Student-t interval of the accuracy over the repeats, by protocol and label set."""

    task: str
    model: str
    accuracy: "dict[str, dict[str, Repeats]]"


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
        rank.start_together()
        runs = [[complete(each, adapter, flag) for each in repeats] for repeats in prepared]
    for task, finished in zip(tasks, runs, strict=True):
        if len(finished) > 1 and all(each.results for each in finished):
            path = run_path(options.output, model.model, task.task) / SPREAD_FILE
            write_json(path, {"schema_version": 1, **asdict(spread(finished))})
    return runs


def _options(task: TaskSpec, options: RunOptions) -> list[RunOptions]:
    if task.repeats == 1:
        return [options]
    return [replace(options, subfolder=f"repeat-{number}") for number in range(task.repeats)]


def repeat_of(task: TaskSpec, number: int) -> TaskSpec:
    """Give the task with every seed raised by `number`; 0 gives the task itself.

    The seeds are those of the image order, the distractors and the sampling of text.
    """
    if number == 0:
        return task
    generation = task.generation_kwargs
    update: dict[str, object] = {
        "order_seed": task.order_seed + number,
        "generation_kwargs": generation.model_copy(update={"seed": generation.seed + number}),
    }
    if task.distractors is not None:
        seed = task.distractors.seed + number
        update["distractors"] = task.distractors.model_copy(update={"seed": seed})
    return task.model_copy(update=update)


def spread(finished: Sequence[Finished]) -> Spread:
    """Summarise the repeats of one task. Repeats in which nothing could be scored are left out."""
    results = [each.results for each in finished if each.results is not None]
    from harness.score.statistics import student_t  # SciPy: not before the last answer

    accuracy: dict[str, dict[str, Repeats]] = {}
    for protocol, scores in results[0].scores.items():
        for name in scores:
            values = _accuracies(results, protocol, name)
            if values:
                accuracy.setdefault(protocol, {})[name] = student_t(values)
    return Spread(results[0].task, results[0].model, accuracy)


def _accuracies(results: Sequence[Results], protocol: str, label_set: str) -> list[float]:
    found = [dict(each.scores[protocol])[label_set].accuracy for each in results]  # type: ignore[index]
    return [accuracy for accuracy in found if accuracy is not None]
