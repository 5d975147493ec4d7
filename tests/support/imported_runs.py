"""Small real runs, made without a model of answers that stand here."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.runs.bench import NO_OVERRIDES, Overrides
from harness.runs.importing import ImportOptions, import_answers
from harness.runs.roster import open_roster
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
    roster = open_roster(catalogue, spec, overrides)
    original = roster.truths.label_sets[0].labels
    rows: list[dict[str, Any]] = []
    for number, image_id in enumerate(roster.image_ids):
        (label,) = original[image_id]
        text = answers[number % len(answers)].format(roster.classes.names[label])
        ranked = [(label + number % 3) % len(roster.classes), (label + 1) % len(roster.classes)]
        top = list(dict.fromkeys(ranked))
        told = {"top": top} if spec.protocol == "classify" else {"answer": text}
        rows.append({"image_id": image_id, **told})
    output.mkdir(parents=True, exist_ok=True)
    file = output / "answers.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    options = ImportOptions(model=model, output=output, settings=own, overrides=overrides)
    return import_answers(catalogue, spec, file, options).path
