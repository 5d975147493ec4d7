"""Prompts with their images as a parquet file that the package `datasets` reads as such."""

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from harness.prompts.plan import PlannedRequest

_TOGETHER = 64
"""Prompts in one group of rows, so that memory does not grow with their number."""
_LISTS = {"image_ids": "string", "image_sha256": "string", "options": "int64"}
_TEXTS = ("task", "text", "target")


@dataclass(frozen=True, slots=True)
class Row:
    """One prompt."""

    task: str
    planned: PlannedRequest
    image_sha256: tuple[str, ...]
    images: tuple[Image.Image, ...]
    target: str


def write_rows(path: Path, rows: Iterator[Row], images: int) -> None:
    """Write prompts with up to `images` images each, as PNG: the pixels that the harness asks with.

    One image is the column `image`; of several each has a column of its own (`image_1`, …), null
    where a prompt has fewer, for lmms-eval takes only such columns out of what it keeps of a row.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    names = ["image"] if images == 1 else [f"image_{number + 1}" for number in range(images)]
    schema = _schema(names)
    with pq.ParquetWriter(path, schema) as writer:
        while part := list(islice(rows, _TOGETHER)):
            table = [_values(row, names) for row in part]
            writer.write_table(pa.Table.from_pylist(table, schema=schema))


def _values(row: Row, names: Sequence[str]) -> dict[str, Any]:
    pictures: list[dict[str, Any] | None] = [
        {"bytes": _png(image), "path": f"{image_id}.png"}
        for image, image_id in zip(row.images, row.planned.image_ids, strict=True)
    ]
    pictures += [None] * (len(names) - len(pictures))
    return {
        "task": row.task,
        "text": row.planned.text,
        "target": row.target,
        "image_ids": list(row.planned.image_ids),
        "image_sha256": list(row.image_sha256),
        "options": list(row.planned.options),
        **dict(zip(names, pictures, strict=True)),
    }


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _schema(names: Sequence[str]) -> pa.Schema:
    """Give the columns, with what `datasets` writes beside them to know an image from a struct."""
    kinds = {"string": pa.string(), "int64": pa.int64()}
    picture = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    fields = [pa.field(name, pa.string()) for name in _TEXTS]
    fields += [pa.field(name, pa.list_(kinds[kind])) for name, kind in _LISTS.items()]
    fields += [pa.field(name, picture) for name in names]
    features: dict[str, Any] = {name: {"dtype": "string", "_type": "Value"} for name in _TEXTS}
    for name, kind in _LISTS.items():
        inner = {"dtype": kind, "_type": "Value"}
        features[name] = {"feature": inner, "_type": "Sequence"}
    features |= {name: {"_type": "Image"} for name in names}
    about = json.dumps({"info": {"features": features}})
    return pa.schema(fields, metadata={"huggingface": about})
