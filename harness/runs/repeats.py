"""A task run several times with different seeds, and the spread of its scores."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.scores.results import Results
from harness.specs.task import TaskSpec
from harness.store.directory import RunDirectory
from harness.store.lines import read_json, write_json, writing
from harness.store.lock import reading, remove_unfinished
from harness.store.manifest import Manifest

if TYPE_CHECKING:
    from harness.scores.statistics import Repeats

SPREAD_FILE = "repeats.json"


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and Student-t interval of the accuracy over the repeats, by protocol and label set."""

    task: str
    model: str
    accuracy: "dict[str, dict[str, Repeats]]"


def write_spreads(firsts: Sequence[tuple[Path, int]]) -> None:
    """Write `repeats.json` beside each of these first repeats of so many."""
    for path, repeats in firsts:
        write_spread(path, repeats)


def write_spread(repeat: Path, repeats: int) -> None:
    """Write `repeats.json` beside a run that is one of several repeats; take it away while they are
    not all scored over as many images. Of another run nothing is written.
    """
    paths = [repeat.with_name(repeat_name(number)) for number in range(repeats)]
    if repeats == 1 or repeat not in paths:
        return
    path = repeat.with_name(SPREAD_FILE)
    with reading([path.parent]), writing(path):
        remove_unfinished(path.parent)
        scored = [each for each in map(_scored, paths) if each is not None]
        if len(scored) < repeats or len({each.n for each in scored}) > 1:
            path.unlink(missing_ok=True)
        else:
            write_json(path, {"schema_version": 1, **asdict(spread(scored))})


def _scored(path: Path) -> Results | None:
    """Give the scores of a run; None where it has answers that are not scored yet."""
    directory = RunDirectory(path)
    if not directory.started or directory.parts() or not directory.results.is_file():
        return None
    if Manifest.read(path).status == "running":
        return None
    return Results.from_json(read_json(directory.results), str(directory.results))


def repeat_name(number: int) -> str:
    """Give the name of the folder of a repeat, from 0."""
    return f"repeat-{number}"


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


def spread(results: Sequence[Results]) -> Spread:
    """Summarise the repeats of one task under the label sets that all were scored by. Repeats in
    which nothing could be scored are left out.
    """
    from harness.scores.statistics import student_t  # SciPy: not before the last answer

    accuracy: dict[str, dict[str, Repeats]] = {}
    for protocol, scores in results[0].scores.items():
        for name in scores:
            if not all(name in each.scores.get(protocol, {}) for each in results):
                continue
            values = _accuracies(results, protocol, name)
            if values:
                accuracy.setdefault(protocol, {})[name] = student_t(values)
    return Spread(results[0].task, results[0].model, accuracy)


def _accuracies(results: Sequence[Results], protocol: str, label_set: str) -> list[float]:
    found = [dict(each.scores[protocol])[label_set].accuracy for each in results]  # type: ignore[index]
    return [accuracy for accuracy in found if accuracy is not None]
