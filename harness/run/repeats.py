"""A task run several times with different seeds, and the spread of its scores."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

from harness.adapters.base import Adapter
from harness.catalogue import Catalogue
from harness.ranks import Rank
from harness.run.session import Finished, RunOptions, run_task
from harness.score.results import Results
from harness.score.statistics import Repeats, student_t
from harness.spec.model import ModelSpec
from harness.spec.task import TaskSpec
from harness.store.directory import run_path
from harness.store.lines import write_json

SPREAD_FILE = "repeats.json"


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and Student-t interval of the accuracy over the repeats, by protocol and label set."""

    task: str
    model: str
    accuracy: dict[str, dict[str, Repeats]]


def run_repeats(
    catalogue: Catalogue,
    task: TaskSpec,
    model: ModelSpec,
    adapter: Callable[[], Adapter],
    rank: Rank,
    options: RunOptions,
) -> list[Finished]:
    """Run a task as often as its `repeats` say, each in a folder of its own with its own seeds.

    With more than one, `repeats.json` beside the folders holds the spread.
    """
    if task.repeats == 1:
        return [run_task(catalogue, task, model, adapter, rank, options)]
    finished = []
    for number in range(task.repeats):
        own = replace(options, subfolder=f"repeat-{number}")
        finished.append(run_task(catalogue, repeat_of(task, number), model, adapter, rank, own))
    if rank.is_first:
        path = run_path(options.output, model.model, task.task) / SPREAD_FILE
        write_json(path, {"schema_version": 1, **asdict(spread(finished))})
    return finished


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
