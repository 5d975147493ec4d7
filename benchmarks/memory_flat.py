"""Peak memory of a run as the number of images grows.

Run from the repository's root: `python benchmarks/memory_flat.py`. It writes 50,000 noisy images
of 128 x 128 as JPEG into a parquet file (some 300 MB, removed at the end), and answers the first
5,000 and then all of them with an adapter that does nothing, each in a process of its own.
"""

import argparse
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness.adapters.base import Setting
from harness.requests import Ask, ModelFacts, Request, Response, Text
from harness.specs.model import ModelSpec

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("cat", "dog", "car", "cup")
SIDE, CHUNK = 128, 1000


class Constant:
    """Answers `cat` to everything."""

    def __init__(self, spec: ModelSpec, setting: Setting) -> None: ...

    @property
    def facts(self) -> ModelFacts:
        """Nothing is known of it."""
        return ModelFacts()

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        """Answer a batch."""
        return [Text("cat") for _ in requests]


def write_data(folder: Path, n: int) -> None:
    """Write a task of n images."""
    generator = np.random.default_rng(0)
    schema = pa.schema([("id", pa.string()), ("image", pa.binary()), ("label", pa.int64())])
    with pq.ParquetWriter(folder / "images.parquet", schema) as writer:
        for start in range(0, n, CHUNK):
            places = range(start, min(start + CHUNK, n))
            columns = {
                "id": [f"i{place:06d}" for place in places],
                "image": [_jpeg(generator) for _ in places],
                "label": [place % len(NAMES) for place in places],
            }
            writer.write_table(pa.table(columns, schema))
    (folder / "names.txt").write_text("\n".join(NAMES) + "\n")
    (folder / "names.yaml").write_text("class_list: four\npath: names.txt\n")
    (folder / "labels.yaml").write_text(
        "label_set: column\nformat: column\ncolumn: label\nclass_list: four\noriginal: true\n"
    )
    (folder / "task.yaml").write_text(
        "task: flat\nprotocol: cw\ndataset_path: images.parquet\ndoc_to_id: id\n"
        "doc_to_visual: image\nclass_list: four\nlabel_sets: [column]\n"
        "doc_to_text: \"{{ classes | join(' ') }} <image> Which?\"\nmetadata: {version: 1}\n"
    )


def _jpeg(generator: np.random.Generator) -> bytes:
    pixels = generator.integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=60)
    return file.getvalue()


def peaks_of_run(folder: Path, n: int) -> dict[str, float]:
    """Answer n images in a process of their own; give its peaks in MiB, seen 20 times a second.

    `anonymous` is memory of its own; `file` are pages of the data's file, which the system lends as
    long as nobody else wants them.
    """
    words = ["run", "--tasks", "flat", "--model", "memory_flat:Constant", "--limit", str(n)]
    more = ["--include_path", str(folder), "--output", str(folder / f"runs-{n}"), "--json"]
    paths = os.pathsep.join([str(ROOT), str(ROOT / "benchmarks")])
    environment = os.environ | {"PYTHONPATH": paths, "HF_DATASETS_CACHE": str(folder / "cache")}
    command = [sys.executable, "-m", "harness", *words, *more, "--batch_size", "32"]
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, env=environment, **streams)
    peaks = {"anonymous": 0.0, "file": 0.0}
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text()
        held = dict(line.split(":", 1) for line in status.splitlines() if line.startswith("Rss"))
        for name, key in (("anonymous", "RssAnon"), ("file", "RssFile")):
            if key in held:
                peaks[name] = max(peaks[name], int(held[key].split()[0]) / 1024)
        time.sleep(0.05)
    if process.returncode != 0:
        raise RuntimeError(f"the run ended with {process.returncode}")
    return peaks


def main() -> None:
    """Print the peaks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=50_000)
    images = parser.parse_args().images
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_data(folder, images)
        peaks_of_run(folder, 1)  # `datasets` makes its cache of the file
        for n in (images // 10, images):
            told = ", ".join(
                f"{key} {peak:.0f} MiB" for key, peak in peaks_of_run(folder, n).items()
            )
            print(f"{n} images: {told}", flush=True)


if __name__ == "__main__":
    main()
