"""End a run: merge what the processes wrote, map answers to classes, score on every label set."""

import hashlib
import logging
import math
from collections import Counter
from collections.abc import Sequence

from harness.data.opened import OpenTask
from harness.prompts.options import CONFUSION_FILE
from harness.runs.mapping import map_left
from harness.scores.judgement import confusion, save_confusion
from harness.scores.results import Results
from harness.scores.scoring import score_run
from harness.store.directory import RunDirectory
from harness.store.lines import write_json
from harness.store.manifest import Manifest
from harness.store.prediction import Prediction

log = logging.getLogger("harness")


def finish(directory: RunDirectory, opened: OpenTask) -> Results:
    """Merge, map, score, and write `predictions.jsonl`, `results.json` and the manifest.

    Every step can be made again from the files before it, and what is left of it is read off the
    rows. Raises RunError or DataError when the files contradict each other, UserError when the text
    encoder cannot be had; the merged answers are on disk by then.
    """
    manifest = Manifest.read(directory.path)
    merged = directory.merge()
    mapped = map_left(opened.catalogue, opened.task, opened.classes, merged, manifest.mapping)
    rows, facts = mapped
    if rows is not merged:
        if manifest.mapping != facts:  # of rows that are just being mapped anew, nothing is known
            manifest.model_copy(update={"mapping": None}).write(directory.path)
        directory.replace(rows)
    manifest = manifest.model_copy(update={"mapping": facts})
    manifest.write(directory.path)
    return _score(directory, opened, manifest, rows)


def spent(rows: Sequence[Prediction]) -> dict[str, int | float | None]:
    """Sum tokens and cost, once a request; None where no row knows any."""

    def total(name: str) -> float | None:
        shares = [
            value / (row.images_in_prompt or 1)
            for row in rows
            if (value := getattr(row, name)) is not None
        ]
        return math.fsum(shares) if shares else None

    tokens, prompt_tokens, cost = map(total, ("tokens", "prompt_tokens", "cost"))
    return {
        "tokens": None if tokens is None else round(tokens),
        "prompt_tokens": None if prompt_tokens is None else round(prompt_tokens),
        "cost": None if cost is None else round(cost, 6),
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
    status = "complete" if results.complete else "incomplete"
    ended = {"counts": dict(counts), "status": status, "missing_labels": opened.labels.missing}
    data = manifest.data.model_copy(update={"images_sha256": images_digest(rows)})
    manifest.model_copy(update=ended | spent(rows) | {"data": data}).write(directory.path)
    return results
