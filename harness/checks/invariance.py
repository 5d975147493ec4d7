"""Does an answer change with the batch, the order, or the number of processes? It must not."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.adapters.base import Adapter
from harness.errors import Problem, RunError
from harness.prompts.plan import Plan
from harness.requests import Ask, Failed, Request, Scores, Text
from harness.runner.batches import batches_by_size
from harness.runner.loop import ready_ahead
from harness.store.directory import find_runs
from harness.store.lines import read_predictions
from harness.store.prediction import Prediction
from harness.words import counted

_KEPT = 400  # characters of a failed launch's message


@dataclass(frozen=True, slots=True)
class Flip:
    """An answer that was another one under another way of asking."""

    setting: str
    image_ids: tuple[str, ...]
    alone: str
    """What the model says when each prompt is asked alone."""
    other: str


@dataclass(frozen=True, slots=True)
class Invariance:
    """What was compared, in how many prompts, and the answers that flipped."""

    prompts: int
    settings: tuple[str, ...]
    flips: tuple[Flip, ...]


def compare_ways(plan: Plan, adapter: Adapter, limit: int, batch_size: int) -> Invariance:
    """Ask the first `limit` prompts alone, in batches as a run makes them, and in batches from the
    last to the first.

    Prompts are made ready ahead as in a run, but where they are asked alone. A failed call raises
    RunError: nothing is known then.
    """
    found = ready_ahead(plan, adapter, plan.requests[:limit], batch_size)
    loaded = [each for each in found if each.ready]
    ready = [each.ready for each in loaded if each.ready]
    requests = [each.request for each in ready]
    ids = [each.planned.image_ids for each in ready]
    plain = [replace(each, ahead=None) for each in requests]
    alone = _answers(adapter, plan.ask, plain, 1)
    pairs = enumerate(loaded)
    grouped = batches_by_size(pairs, lambda pair: pair[1].size, lambda: batch_size)
    places = [place for batch in grouped for place, _ in batch]
    batched = _answers(adapter, plan.ask, [requests[place] for place in places], batch_size)
    in_order = [text for _, text in sorted(zip(places, batched, strict=True))]
    backwards = _answers(adapter, plan.ask, requests[::-1], batch_size)[::-1]
    ways = {f"batches of {batch_size}": in_order, f"batches of {batch_size}, backwards": backwards}
    flips = [flip for way, texts in ways.items() for flip in _flips(way, ids, alone, texts)]
    return Invariance(len(ready), tuple(ways), tuple(flips))


def compare_processes(words: Sequence[str], counts: Sequence[int]) -> Invariance:
    """Run `harness run WORDS` with so many processes each time, and compare the answers with those
    of the first count. Raises RunError with what a launch that fails says.
    """
    with tempfile.TemporaryDirectory() as folder:
        found = {count: _launched(words, count, Path(folder) / str(count)) for count in counts}
    first, *others = (found[count] for count in counts)
    ids = [(image_id,) for image_id in first]
    flips: list[Flip] = []
    for count, other in zip(counts[1:], others, strict=True):
        texts = [other[image_id] for (image_id,) in ids]
        flips += _flips(counted(count, "process", "processes"), ids, list(first.values()), texts)
    return Invariance(len(ids), tuple(f"{count} processes" for count in counts[1:]), tuple(flips))


def _answers(adapter: Adapter, ask: Ask, requests: Sequence[Request], size: int) -> list[str]:
    """Ask in batches of `size`; give the answers as texts, in order."""
    found: list[str] = []
    for start in range(0, len(requests), size):
        for each in adapter.respond(ask, requests[start : start + size]):
            if isinstance(each, Failed):
                fix = "harness run with the same model shows the whole error"
                raise RunError(str(Problem("invariance", "a call failed", got=each.error, fix=fix)))
            found.append(_text(each))
    return found


def _text(response: Text | Scores) -> str:
    if isinstance(response, Text):
        return response.text
    return f"choice {max(range(len(response.scores)), key=response.scores.__getitem__)}"


def _flips(
    way: str, ids: Sequence[tuple[str, ...]], alone: Sequence[str], other: Sequence[str]
) -> list[Flip]:
    rows = zip(ids, alone, other, strict=True)
    return [Flip(way, image_ids, a, b) for image_ids, a, b in rows if a != b]


def _launched(words: Sequence[str], count: int, output: Path) -> Mapping[str, str]:
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command = [*start, "--nproc-per-node", str(count), "-m", "harness", "run", *words]
    done = subprocess.run(
        [*command, "--output", str(output)], capture_output=True, text=True, errors="replace"
    )
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if "rror" in line]
        message = (lines[0] if lines else done.stderr.strip())[:_KEPT]
        fix = "run one process alone to see what fails: harness run"
        what = f"{counted(count, 'process', 'processes')} failed"
        raise RunError(str(Problem("invariance", what, got=message, fix=fix)))
    (path,) = find_runs(output)
    rows = read_predictions(path / "predictions.jsonl")
    return {row.image_id: _answer(row) for row in rows}


def _answer(row: Prediction) -> str:
    return row.answer if row.answer is not None else f"class {row.class_id}"
