"""How time and memory grow with the number of class names and of images.

Run from the repository's root: `python benchmarks/scaling.py`. A LLaVA of some 12 million random
parameters answers closed-world tasks, each in a process of its own. The model's time for an image
is that of its calls; memory is the peak of the process.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from prefix import imagenet_names
from speed_models import make_model, write_tasks

from harness.data.labels.files import lines_of

ROOT = Path(__file__).resolve().parent.parent


def run(folder: Path, names: int, images: int, batch: int) -> str:
    """Answer so many images with so many names; give a line of the table."""
    output = folder / f"runs-{names}-{images}"
    words = ["--tasks", f"speed_cw_{names}", "--model", "llava", "--include_path", str(folder)]
    more = ["--limit", str(images), "--batch_size", str(batch), "--output", str(output), "--json"]
    command = [sys.executable, "-m", "harness", "run", *words, *more]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, **quiet)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status != 0:
        raise RuntimeError(f"the run ended with {os.waitstatus_to_exitcode(status)}")
    path = output / "llava" / f"speed_cw_{names}" / "predictions.jsonl"
    rows = [json.loads(line) for line in lines_of(path.read_text(encoding="utf-8"))]
    each = sum(row["seconds"] for row in rows) / len(rows)
    return (
        f"| {names} | {images} | {rows[0]['prompt_tokens']} | {each:.3f} | {seconds:.1f} "
        f"| {usage.ru_maxrss / 1024:.0f} MiB |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", default="10,100,1000")
    parser.add_argument("--images", default="50,100,200")
    parser.add_argument("--batch", type=int, default=8)
    options = parser.parse_args()
    names = [int(each) for each in options.names.split(",")]
    images = [int(each) for each in options.images.split(",")]
    print("| names | images | prompt tokens | s/image in the model | s, whole process | peak |")
    print("|" + "---|" * 6, flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tasks(folder, imagenet_names(), names, max(images))
        make_model("llava", folder / "llava", imagenet_names())
        yaml = "model: llava\nadapter: hf\npretrained: llava\ndtype: float32\n"
        (folder / "llava.yaml").write_text(yaml)
        for count in names:
            print(run(folder, count, images[0], options.batch), flush=True)
        for number in images[1:]:
            print(run(folder, names[len(names) // 2], number, options.batch), flush=True)


if __name__ == "__main__":
    main()
