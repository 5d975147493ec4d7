"""Data scripts, which pages load on demand: from a disk they load scripts, but fetch no files."""

import base64
import json
import posixpath
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError, Problem
from harness.leaderboard.numbers.benchmark_labels import BenchmarkLabels, LaidRun
from harness.scores.answers import NO_CLASS, Bools

NO_ROW = 255
"""The status of an image without a row."""
TEXTS_A_FILE = 1000
"""Images whose answers are in one file."""
LONGEST_TEXT = 2000
"""Characters of an answer that are kept; more would make a page of one runaway model unusable."""
_MOST_IDS = 2**15


def run_key(benchmark: str, entry: str, task: str) -> str:
    """Give the key of a run's files: their path below `data/`, without the suffix."""
    return f"{benchmark}/{entry}--{task}"


def write_script(path: Path, key: str, value: Any) -> None:
    """Write a file of one statement that hands a JSON value over by its key, in plain ASCII."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    path.write_text(f"HARNESS.receive({json.dumps(key)}, {text});\n", encoding="ascii")


def write_run(data: Path, laid: LaidRun) -> None:
    """Write `KEY.js` and, of texts, `KEY/0.js`, … below `data`, for the images of a run."""
    run, judged = laid.case.run, laid.judged
    run_path = run_key(laid.benchmark.name, laid.entry.name, run.task)
    texts: list[str | None] = [None] * len(laid.benchmark.image_ids)
    for row, place in zip(laid.rows_here.tolist(), laid.places.tolist(), strict=True):
        texts[place] = laid.rows[row].answer
    files = -(-len(texts) // TEXTS_A_FILE) if any(text is not None for text in texts) else 0
    for number in range(files):
        part = texts[number * TEXTS_A_FILE : (number + 1) * TEXTS_A_FILE]
        key = f"{run_path}/{number}"
        write_script(data / f"{key}.js", f"text/{key}", _texts(part))
    cosines = np.array([row.similarity for row in laid.rows], dtype=np.float64)  # NaN for None
    similarity = laid.spread(np.rint(255 * np.clip(np.nan_to_num(cosines), 0, 1)), fill=0)
    is_mapped = not np.isnan(cosines[laid.rows_here]).all()
    scored = {each.truth.name: bits(laid.spread(each.scope.scored)) for each in judged}
    value = {
        "present": bits(laid.spread(np.ones(len(laid.rows), dtype=np.bool_))),
        "status": numbers(laid.spread(laid.answers.status, fill=NO_ROW), "<u1"),
        "class": numbers(laid.spread(laid.answers.first, fill=NO_CLASS), "<i2"),
        "right": {
            protocol: {
                each.truth.name: bits(laid.spread(each.right[protocol] & each.scope.scored))
                for each in judged
            }
            for protocol in run.protocols
        },
        "scored": dict.fromkeys(run.protocols, scored),
        "similarity": numbers(similarity, "<u1") if is_mapped else None,
        "texts": {"size": TEXTS_A_FILE, "files": files},
    }
    write_script(data / f"{run_path}.js", f"run/{run_path}", value)


def remove_run(data: Path, key: str) -> None:
    """Take away what `write_run` wrote."""
    (data / f"{key}.js").unlink()
    shutil.rmtree(data / key, ignore_errors=True)


def write_images(
    data: Path, labels: BenchmarkLabels, pictures: Mapping[str, str] | None = None
) -> None:
    """Write `NAME/images.js`: ids, classes, groups and labels of a benchmark's images, and the
    addresses of those that are linked, by id.

    Raises DataError for class ids that do not fit into 15 bits.
    """
    ids = labels.classes.ids
    if ids and not 0 <= ids[0] <= ids[-1] < _MOST_IDS:
        got, fix = f"{ids[0]} to {ids[-1]}", f"number its classes from 0 to {_MOST_IDS - 1}"
        raise DataError(Problem(f"class list `{labels.name}`", "has ids too large", got, fix=fix))
    value = {
        "ids": labels.image_ids,
        "classes": [[each.id, each.name] for each in labels.classes.classes],
        "home": numbers(labels.home(labels.headline), "<i2"),
        "group": numbers(labels.group_codes()[1], "<u1"),
        "labels": {
            each.name: _labels([each.labels.get(image_id) for image_id in labels.image_ids])
            for each in labels.labels.sets
        },
        **({"pictures": _addresses(labels.image_ids, pictures)} if pictures else {}),
    }
    write_script(data / labels.name / "images.js", f"images/{labels.name}", value)


def bits(mask: Bools) -> str:
    """Give a mask as base64 of bits, the first image in the lowest bit of the first byte."""
    return base64.b64encode(np.packbits(mask, bitorder="little").tobytes()).decode("ascii")


def numbers(values: NDArray[Any], dtype: str) -> str:
    """Give numbers as base64 of a little-endian type."""
    return base64.b64encode(values.astype(dtype).tobytes()).decode("ascii")


def _addresses(ids: Sequence[str], pictures: Mapping[str, str]) -> dict[str, Any]:
    """Give what all addresses begin with, and the rest of each, in the order of the images."""
    shared = posixpath.commonpath([posixpath.dirname(each) for each in pictures.values()])
    base = f"{shared}/" if shared else ""
    found = (pictures.get(each) for each in ids)
    return {"base": base, "paths": [each and each.removeprefix(base) for each in found]}


def _labels(found: Sequence[frozenset[int] | None]) -> dict[str, str]:
    lengths = [len(each or ()) for each in found]
    ids = [label for each in found for label in sorted(each or ())]
    return {
        "offsets": numbers(np.cumsum([0, *lengths]), "<u4"),
        "ids": numbers(np.array(ids, dtype=np.int64), "<i2"),
        "labelled": bits(np.array([each is not None for each in found], dtype=np.bool_)),
    }


def _texts(part: Sequence[str | None]) -> dict[str, list[Any]]:
    places: dict[str, int] = {}
    found = [
        NO_CLASS if text is None else places.setdefault(text[:LONGEST_TEXT], len(places))
        for text in part
    ]
    return {"texts": list(places), "places": found}
