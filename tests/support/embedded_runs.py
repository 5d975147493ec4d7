"""Run directories of the embedded models on `mini`, made of their entries' rows without a model."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

from harness.data.opened import open_task
from harness.runs.finish import finish
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.store.directory import RunDirectory, run_path
from harness.store.identity import Identity
from harness.store.manifest import manifest_of, now
from harness.store.prediction import Prediction

ENTRIES = Path(__file__).parents[2] / "leaderboard" / "submissions"
ADAPTERS = {
    "mini": "hf", "mini_classifier": "linear_head", "mini_dual": "dual_encoder", "mini_knn": "knn"
}  # fmt: skip
CLASSIFY = (
    ("mini_classifier", "mini_classify"),
    ("mini_dual", "mini_classify"),
    ("mini_knn", "mini_classify"),
)
EVERY = (*CLASSIFY, *(("mini", task) for task in ("mini_ow", "mini_cw", "mini_mc_hard")))


def embedded_run(output: Path, model: str, task: str, limit: int | None = None) -> Path:
    """Write the rows of an embedded model's entry as a complete, scored run directory."""
    settings = (f"limit={limit}",) if limit else ()
    opened = open_task(Catalogue(), load_task(Catalogue(), task, settings), images="ids")
    file = ENTRIES / model / "runs" / task / "predictions.jsonl.gz"
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = [Prediction.from_json(json.loads(line)) for line in lines]
    wanted = set(opened.image_ids)
    rows = [row for row in rows if row.image_id in wanted]
    identity = Identity(
        task=opened.task.identity(),
        model={"model": model, "adapter": ADAPTERS[model]},
        class_list=opened.classes.digest,
        data=opened.source.ids_sha256,
    )
    manifest = manifest_of(
        opened, identity, settings=settings, n=len(rows), batch_size=1, processes=1, ended=now()
    )
    directory = RunDirectory(run_path(output, model, task))
    directory.path.mkdir(parents=True)
    manifest.write(directory.path)
    directory.replace(replace(row, mark=manifest.mark) for row in rows)
    finish(directory, opened)
    return directory.path
