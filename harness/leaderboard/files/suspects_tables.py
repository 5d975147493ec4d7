"""The images whose labels look wrong as files, for people and for `harness review make`."""

import json
from pathlib import Path
from typing import Any

from harness.leaderboard.numbers.benchmark import Benchmark
from harness.leaderboard.numbers.suspects import Suspect
from harness.report.csv_text import csv_text
from harness.store.lines import write_text

_TEXTS = ("image_id", "label_set", "labels", "label_names", "suggested", "suggested_name")
_COLUMNS = (*_TEXTS, "votes", "voters")


def write_suspects(data: Path, benchmark: Benchmark) -> None:
    """Write `NAME/suspects.jsonl` and `NAME/suspects.csv` below `data`: a row for each image of
    `Benchmark.suspects`, none where there is none.
    """
    found = benchmark.suspects
    rows = [_row(benchmark, each, len(found.voters)) for each in found.images] if found else []
    folder = data / benchmark.name
    write_text(folder / "suspects.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    for row in rows:
        row["labels"] = " ".join(map(str, row["labels"]))
        row["label_names"] = "; ".join(row["label_names"])
    write_text(folder / "suspects.csv", csv_text(_COLUMNS, rows))


def _row(benchmark: Benchmark, suspect: Suspect, voters: int) -> dict[str, Any]:
    return {
        "image_id": suspect.image_id,
        "label_set": benchmark.headline,
        "labels": suspect.labels,
        "label_names": [benchmark.class_name(label) for label in suspect.labels],
        "suggested": suspect.class_id,
        "suggested_name": benchmark.class_name(suspect.class_id),
        "votes": suspect.n_votes,
        "voters": voters,
    }
