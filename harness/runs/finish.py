"""End a run: merge, map answers to classes, score on every label set; the spread of its repeats."""

import hashlib
import logging
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.answers.outcome import Status
from harness.data.opened import OpenTask
from harness.prompts.confusion import CONFUSION_FILE
from harness.runs.mapping import map_left
from harness.scores.judgement import confusion, save_confusion
from harness.scores.results import Results
from harness.scores.scoring import score_run
from harness.scores.statistics import Repeats, student_t
from harness.specs.task import Metric, TaskSpec, digest_of
from harness.store.directory import RunDirectory
from harness.store.lines import read_json, write_json, writing
from harness.store.lock import reading, remove_unfinished
from harness.store.manifest import Manifest
from harness.store.prediction import Prediction

log = logging.getLogger("harness")


@dataclass(frozen=True, slots=True)
class Finished:
    """Where the files of a run are, and its scores (on the first process of a whole run only)."""

    path: Path
    results: Results | None
    metrics: tuple[Metric, ...] = ()
    """Columns that the task's `metric_list` asks for."""
    failed: int = 0
    """Images of this process that have an error and no answer."""
    asked: str | None = None
    """`asked_of` its manifest, where runs are laid beside each other."""
    settings: tuple[str, ...] = ()
    """What `--set` and `--set_model` replaced, there too."""


def asked_of(manifest: Manifest) -> str:
    """Give what is the same for runs that were asked the same about the same images, of any model:
    a SHA-256 of the task with its settings and of the part of the images.
    """
    task = TaskSpec.identity_of(manifest.identity.task)
    ids = (manifest.identity.contents or {}).get("ids")
    sample = manifest.sample.model_dump() if manifest.sample else None
    return digest_of([task, ids, manifest.limit, sample])


def finish(directory: RunDirectory, opened: OpenTask) -> Results:
    """Merge, map, score, and write `predictions.jsonl`, `results.json` and the manifest.

    Every step can be made again from the files before it, and what is left of it is read off the
    rows. Raises RunError or DataError when the files contradict each other, UserError when the text
    encoder cannot be had; the merged answers are on disk by then.
    """
    manifest = Manifest.read(directory.path)
    merged = directory.merge()
    rows, facts = map_left(opened.catalogue, opened.task, opened.classes, merged, manifest.mapping)
    if rows is not merged:
        if manifest.mapping != facts:  # of rows that are just being mapped anew, nothing is known
            manifest.model_copy(update={"mapping": None}).write(directory.path)
        directory.replace(rows)
    manifest = manifest.model_copy(update={"mapping": facts})
    manifest.write(directory.path)
    return _score(directory, opened, manifest, rows)


def spent(rows: Sequence[Prediction]) -> dict[str, Any]:
    """Sum tokens and cost, once a request (None where no row knows), and count what is left out."""

    def total(name: str) -> float | None:
        shares = [
            value / (row.images_in_prompt or 1)
            for row in rows
            if (value := getattr(row, name)) is not None
        ]
        return math.fsum(shares) if shares else None

    def without(name: str) -> int:
        return sum(getattr(row, name) is None and row.status is not Status.ERROR for row in rows)

    counts = {name: total(name) for name in ("tokens", "prompt_tokens", "cached_tokens")}
    missing = {name: without(name) for name, count in counts.items() if count is not None}
    cost = total("cost")
    return {
        **{name: None if count is None else round(count) for name, count in counts.items()},
        "uncounted": {name: count for name, count in missing.items() if count},
        "cost": None if cost is None else round(cost, 6),
        "unpriced": None if cost is None else without("cost"),
    }


def images_digest(rows: Sequence[Prediction]) -> str | None:
    """Give the SHA-256 of ids and pixels of all images, sorted by id; None where one has none."""
    pairs = sorted((row.image_id, row.image_sha256 or "") for row in rows)
    if not all(pixels for _, pixels in pairs):
        return None
    text = "\n".join(f"{image_id} {pixels}" for image_id, pixels in pairs)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _score(
    directory: RunDirectory, opened: OpenTask, manifest: Manifest, rows: Sequence[Prediction]
) -> Results:
    results = score_run(opened, manifest, rows)
    original = opened.labels.original
    if original is None:
        (directory.path / CONFUSION_FILE).unlink(missing_ok=True)  # it would be of older answers
    else:
        matrix = confusion(rows, opened.task.protocol, opened.classes, original)
        save_confusion(directory.path / CONFUSION_FILE, matrix)
        results = results.model_copy(update={"confusion": CONFUSION_FILE})
    write_json(directory.results, results.to_json())
    counts = Counter(row.status.value for row in rows)
    served = Counter(row.revision for row in rows if row.revision is not None)
    if len(served) > 1:
        names = ", ".join(f"{n} by {name}" for name, n in sorted(served.items()))
        log.warning("the answers are of several models that go by one name: %s", names)
    took = spent(rows)
    for name, count in took["uncounted"].items():
        log.warning("`%s` of the run leave out %d answers that do not say theirs", name, count)
    _note_cached(took, rows)
    status = "complete" if results.complete else "incomplete"
    ended = {"counts": dict(counts), "status": status, "missing_labels": opened.labels.missing}
    data = manifest.data.model_copy(update={"images_sha256": images_digest(rows)})
    manifest.model_copy(update=ended | took | {"data": data}).write(directory.path)
    return results


def _note_cached(took: Mapping[str, Any], rows: Sequence[Prediction]) -> None:
    cached, prompts = took["cached_tokens"], took["prompt_tokens"]
    silent = any(row.cached_tokens is None for row in rows if row.prompt_tokens is not None)
    if cached is None or not prompts or silent:
        return
    if cached:
        share = 100 * cached / prompts
        log.info("%.0f %% of the prompts' tokens came from the prefix cache", share)
        return
    log.warning(
        "no token of the prompts came from the prefix cache: what stands before the image was read "
        "anew for each (it is shorter than a block of the cache, or the cache is too small)"
    )


SPREAD_FILE = "repeats.json"


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and Student-t interval of the accuracy over the repeats, by protocol and label set."""

    task: str
    model: str
    accuracy: dict[str, dict[str, Repeats]]


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
    """Summarise repeats of one task by the label sets that all have; unscored ones are left out."""
    accuracy: dict[str, dict[str, Repeats]] = {}
    for protocol, scores in results[0].scores.items():
        for name in scores:
            found = [each.scores.get(protocol, {}).get(name) for each in results]
            values = [each.accuracy for each in found if each and each.accuracy is not None]
            if values and None not in found:
                accuracy.setdefault(protocol, {})[name] = student_t(values)
    return Spread(results[0].task, results[0].model, accuracy)
