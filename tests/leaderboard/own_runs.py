"""Runs of the colour task, whole and not, and their site."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.data.labels.of_task import NO_OVERRIDES
from harness.runs.importing import ImportOptions, import_answers
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from support.colours import NAMES, N


def colour_run(
    folder: Path, model: str, wrong: str = "red-ish", n: int = N, settings: Sequence[str] = ()
) -> Path:
    """Import answers to the first images of `colours`; those to grey images are `wrong`."""
    catalogue = Catalogue((folder,))
    task = load_task(catalogue, "colours", settings)
    rows = [
        {"image_id": f"i{place:02d}", "answer": wrong if place % 4 == 3 else NAMES[place % 4]}
        for place in range(n)
    ]
    file = folder / "answers.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    options = ImportOptions(
        model=model,
        output=folder / "runs",
        settings=tuple(settings),
        overrides=NO_OVERRIDES,
        partial=n < N,
    )
    return import_answers(catalogue, task, file, options).path


def interrupt(run: Path, kept: int, without: Sequence[str] = ()) -> None:
    """Make a run one that goes on: some rows in the part of a process, nothing merged or scored."""
    rows = (run / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    lines = [_bare(json.loads(row), without) for row in rows[:kept]]
    (run / "parts").mkdir()
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (run / "parts" / "rank-0000-of-0001.jsonl").write_text(text + '{"image_id": "to', "utf-8")
    for name in ("predictions.jsonl", "results.json"):
        (run / name).unlink()
    manifest = json.loads((run / "manifest.json").read_text())
    manifest |= {"status": "running", "ended": None}
    (run / "manifest.json").write_text(json.dumps(manifest))


def _bare(row: Mapping[str, Any], without: Sequence[str]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in without}


def received(path: Path) -> Any:
    """Read what a data script hands over."""
    text = path.read_text(encoding="ascii")
    return json.loads(text[text.index(", ") + 2 : text.rindex(")")])
