"""Does an answer change with the batch, the order, or the number of processes? It must not."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.adapters.base import Adapter, Request, Response
from harness.errors import Problem, RunError
from harness.run.answer import readable
from harness.run.bench import Bench
from harness.run.feed import load_ahead
from harness.store.directory import find_runs
from harness.store.lines import read_predictions
from harness.store.prediction import Prediction

_KEPT = 400  # characters of what a failed launch said


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


def compare_ways(bench: Bench, adapter: Adapter, limit: int, batch_size: int) -> Invariance:
    """Ask the first `limit` prompts alone, in batches, and in batches from the last to the first.

    A failed call raises RunError: nothing can be said then.
    """
    loaded = load_ahead(bench.source, bench.requests[:limit], batch_size)
    ready = [each for each in (readable(bench, one) for one in loaded) if each]
    requests = [request for _, _, request in ready]
    ids = [planned.image_ids for planned, _, _ in ready]
    alone = [_said(each) for each in _ask(adapter, requests, 1)]
    batched = [_said(each) for each in _ask(adapter, requests, batch_size)]
    backwards = [_said(each) for each in _ask(adapter, requests[::-1], batch_size)][::-1]
    ways = {f"batches of {batch_size}": batched, f"batches of {batch_size}, backwards": backwards}
    flips = [flip for way, said in ways.items() for flip in _flips(way, ids, alone, said)]
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
        said = [other[image_id] for (image_id,) in ids]
        flips += _flips(f"{count} processes", ids, list(first.values()), said)
    return Invariance(len(ids), tuple(f"{count} processes" for count in counts[1:]), tuple(flips))


def _ask(adapter: Adapter, requests: Sequence[Request], size: int) -> list[Response]:
    found: list[Response] = []
    for start in range(0, len(requests), size):
        found += adapter.respond(requests[start : start + size])
    failed = next((each.error for each in found if each.error is not None), None)
    if failed is not None:
        raise RunError(str(Problem("invariance", "a call failed", got=failed)))
    return found


def _said(response: Response) -> str:
    if response.scores is None:
        return response.text or ""
    return f"choice {max(range(len(response.scores)), key=response.scores.__getitem__)}"


def _flips(
    way: str, ids: Sequence[tuple[str, ...]], alone: Sequence[str], other: Sequence[str]
) -> list[Flip]:
    rows = zip(ids, alone, other, strict=True)
    return [Flip(way, image_ids, a, b) for image_ids, a, b in rows if a != b]


def _launched(words: Sequence[str], count: int, output: Path) -> Mapping[str, str]:
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command = [*start, "--nproc-per-node", str(count), "-m", "harness", "run", *words]
    done = subprocess.run([*command, "--output", str(output)], capture_output=True, text=True)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if "rror" in line]
        told = (lines[0] if lines else done.stderr.strip())[:_KEPT]
        raise RunError(str(Problem("invariance", f"{count} processes failed", got=told)))
    (path,) = find_runs(output)
    rows = read_predictions(path / "predictions.jsonl")
    return {row.image_id: _answer(row) for row in rows}


def _answer(row: Prediction) -> str:
    return row.answer if row.answer is not None else f"class {row.class_id}"
