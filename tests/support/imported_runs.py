"""Small real runs, made without a model of answers that stand here."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.data.labels.of_task import NO_OVERRIDES, Overrides
from harness.data.opened import open_task
from harness.runs.importing import ImportOptions, import_answers
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task

N = 60
ANSWERS = ("{}", "{}", "a Bee", "", "{}s", "I cannot help with that.", "cat or dog", "timber wolf")
"""Some of every status, dealt out in turn; `{}` is the name of the original label."""


def imported_run(
    output: Path,
    model: str,
    task: str,
    settings: Sequence[str] = (),
    *,
    catalogue: Catalogue | None = None,
    overrides: Overrides = NO_OVERRIDES,
    answers: Sequence[str] = ANSWERS,
) -> Path:
    """Import answers to the first images of a task; the run is complete."""
    catalogue = catalogue or Catalogue()
    own = (f"limit={N}", "mapping.encoder=lexical", *settings)
    spec = load_task(catalogue, task, own)
    opened = open_task(catalogue, spec, overrides, images="ids")
    original = opened.labels.sets[0].labels
    rows: list[dict[str, Any]] = []
    for number, image_id in enumerate(opened.image_ids):
        (label,) = original[image_id]
        text = answers[number % len(answers)].format(opened.classes.names[label])
        ranked = [(label + number % 3) % len(opened.classes), (label + 1) % len(opened.classes)]
        top = list(dict.fromkeys(ranked))
        told = {"top": top} if spec.protocol == "classify" else {"answer": text}
        rows.append({"image_id": image_id, **told})
    output.mkdir(parents=True, exist_ok=True)
    file = output / "answers.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    options = ImportOptions(model=model, output=output, settings=own, overrides=overrides)
    return import_answers(catalogue, spec, file, options).path
