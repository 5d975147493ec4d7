"""`scored.parquet`: the answers of a run with labels, names and what is right, for notebooks."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from harness.answers.mapping.vectors import well_formed
from harness.leaderboard.numbers.benchmark_labels import LaidRun
from harness.scores.answers import NO_CLASS


def write_scored(path: Path, laid: LaidRun) -> None:
    """Write one row an image of a run, sorted by id.

    Columns: `image_id`, `status`, `rule`, `answer` (verbatim), `class_id` and `class_name` (parsed
    or mapped), `similarity`; for each label set `labels_NAME` (class names; null where it does not
    know the image) and `right_NAME` under the run's protocol (null where the image is not scored);
    of a closed world `right_NAME_mapped` too, answers out of prompt taken as they were mapped.
    """
    names, rows = laid.case.opened.classes.by_id, laid.rows
    ids = [None if each == NO_CLASS else each for each in laid.answers.first.tolist()]
    columns: dict[str, Any] = {
        "image_id": pa.array(_whole([row.image_id for row in rows]), pa.string()),
        "status": pa.array([row.status.value for row in rows], pa.string()),
        "rule": pa.array([row.rule for row in rows], pa.string()),
        "answer": pa.array(_whole([row.answer for row in rows]), pa.string()),
        "class_id": pa.array(ids, pa.int64()),
        "class_name": pa.array(
            [None if each is None else names[each].name for each in ids], pa.string()
        ),
        "similarity": pa.array([row.similarity for row in rows], pa.float64()),
    }
    for labels, judged in zip(laid.benchmark.labels.sets, laid.judged, strict=True):
        known = [labels.labels.get(row.image_id) for row in rows]
        texts = [
            None if each is None else [names[class_id].name for class_id in sorted(each)]
            for each in known
        ]
        columns[f"labels_{labels.name}"] = pa.array(texts, pa.list_(pa.string()))
        for protocol in laid.case.run.protocols:
            end = "_mapped" if protocol != laid.case.run.protocol else ""
            right = pa.array(judged.right[protocol], pa.bool_(), mask=~judged.scope.scored)
            columns[f"right_{labels.name}{end}"] = right
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


def _whole(texts: Sequence[str | None]) -> list[str | None]:
    """Parquet has no place for half a pair of surrogates, as a model may write."""
    return [text and well_formed(text) for text in texts]
