"""Data files that the page's scripts load on demand: plain scripts of one statement, as a page that
is opened from a disk may load scripts, but not fetch files.
"""

import base64
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError, Problem
from harness.leaderboard.numbers.ground import Ground
from harness.score.answers import NO_CLASS, Bools, Ints
from harness.score.results import Protocol

NO_ROW = 255
"""The status of an image without a row."""
TEXTS_A_FILE = 1000
"""Images whose answers are in one file."""
LONGEST_TEXT = 2000
"""Characters of an answer that are kept; more would make a page of one runaway model unusable."""
_MOST_IDS = 2**15


@dataclass(frozen=True, slots=True)
class RunShard:
    """One run over the n images of its benchmark."""

    key: str
    """`NAME/ENTRY--TASK`."""
    present: Bools
    """[n] whether there is a row."""
    status: Ints
    """[n] places in `STATUSES`; `NO_ROW` without a row."""
    class_id: Ints
    """[n] class of the row, -1 for none."""
    right: Mapping[Protocol, Mapping[str, Bools]]
    """Protocol to label set to [n]: scored, and right."""
    scored: Mapping[Protocol, Mapping[str, Bools]]
    similarity: NDArray[np.float64]
    """[n] cosine of mapped answers, NaN for others."""
    texts: Sequence[str | None]
    """n verbatim answers."""


def write_script(path: Path, key: str, value: Any) -> None:
    """Write a file of one statement that hands a JSON value over by its key, in plain ASCII."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    path.write_text(f"HARNESS.receive({json.dumps(key)}, {text});\n", encoding="ascii")


def write_run(data: Path, shard: RunShard) -> None:
    """Write `KEY.js` and, for a run with texts, `KEY/0.js`, `KEY/1.js`, … below `data`."""
    n, files = len(shard.present), 0
    if any(text is not None for text in shard.texts):
        files = -(-n // TEXTS_A_FILE)
    for number in range(files):
        part = shard.texts[number * TEXTS_A_FILE : (number + 1) * TEXTS_A_FILE]
        key = f"{shard.key}/{number}"
        write_script(data / f"{key}.js", f"text/{key}", _texts(part))
    known = ~np.isnan(shard.similarity)
    bytes_of = np.rint(255 * np.clip(np.nan_to_num(shard.similarity), 0, 1))
    value = {
        "present": bits(shard.present),
        "status": numbers(shard.status, "<u1"),
        "class": numbers(shard.class_id, "<i2"),
        "right": _masks(shard.right),
        "scored": _masks(shard.scored),
        "similarity": numbers(bytes_of, "<u1") if known.any() else None,
        "texts": {"size": TEXTS_A_FILE, "files": files},
    }
    write_script(data / f"{shard.key}.js", f"run/{shard.key}", value)


def remove_run(data: Path, key: str) -> None:
    """Take away what `write_run` wrote."""
    (data / f"{key}.js").unlink()
    shutil.rmtree(data / key, ignore_errors=True)


def write_images(data: Path, ground: Ground) -> None:
    """Write `NAME/images.js`: ids, classes, groups and labels of a benchmark's images.

    Raises DataError for class ids that do not fit into 15 bits.
    """
    ids = ground.classes.ids
    if ids and not 0 <= ids[0] <= ids[-1] < _MOST_IDS:
        got, expected = f"{ids[0]} to {ids[-1]}", f"from 0 to {_MOST_IDS - 1}"
        raise DataError(Problem(f"class list `{ground.name}`", "has ids too large", got, expected))
    labels = {
        each.name: _labels([each.labels.get(image_id) for image_id in ground.image_ids])
        for each in ground.labels.sets
    }
    value = {
        "ids": ground.image_ids,
        "classes": [[each.id, each.name] for each in ground.classes.classes],
        "home": numbers(ground.home(ground.headline), "<i2"),
        "group": numbers(ground.group_codes()[1], "<u1"),
        "labels": labels,
    }
    write_script(data / ground.name / "images.js", f"images/{ground.name}", value)


def bits(mask: Bools) -> str:
    """Give a mask as base64 of bits, the first image in the lowest bit of the first byte."""
    return base64.b64encode(np.packbits(mask, bitorder="little").tobytes()).decode("ascii")


def numbers(values: NDArray[Any], dtype: str) -> str:
    """Give numbers as base64 of a little-endian type."""
    return base64.b64encode(values.astype(dtype).tobytes()).decode("ascii")


def _masks(masks: Mapping[Protocol, Mapping[str, Bools]]) -> dict[str, dict[str, str]]:
    return {
        protocol: {name: bits(mask) for name, mask in by_set.items()}
        for protocol, by_set in masks.items()
    }


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
