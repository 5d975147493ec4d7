"""Seconds from the command to the first batch on disk, and to the end, with the embedded model.

Run from the repository's root: `python benchmarks/start.py`. Goal: the first batch within 6 s on
two cores. Importing torch and transformers alone is timed beside it, as no run can begin before.
CPU seconds, which other work on the machine changes less, stand beside the clock's.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIBRARIES = "import torch, transformers; from transformers import LlavaForConditionalGeneration"


def cpu_seconds(pid: int) -> float:
    """Give the CPU seconds that a process has taken, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def first_batch(folder: Path, images: int) -> tuple[float, float, float]:
    """Run `mini` on `mini_cw`; give the seconds to the first row on disk, the CPU seconds until
    then, and the seconds to the end.
    """
    words = ["--tasks", "mini_cw", "--model", "mini", "--limit", str(images), "--json"]
    command = [sys.executable, "-m", "harness", "run", *words, "--output", str(folder)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"HF_HUB_OFFLINE": "1"}, **quiet)
    first, cpu = None, 0.0
    while process.poll() is None:
        if first is None and any(part.stat().st_size for part in folder.rglob("rank-*.jsonl")):
            first, cpu = time.perf_counter() - started, cpu_seconds(process.pid)
        time.sleep(0.01)
    end = time.perf_counter() - started
    if process.returncode != 0 or first is None:
        raise RuntimeError(f"the run ended with {process.returncode}")
    return first, cpu, end


def libraries() -> float:
    """Give the seconds that importing the libraries takes."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", LIBRARIES], check=True, cwd=ROOT)
    return time.perf_counter() - started


def main() -> None:
    """Print the least and the median of several runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--images", type=int, default=64)
    options = parser.parse_args()
    found = []
    for _ in range(options.times):
        with tempfile.TemporaryDirectory() as folder:
            found.append((libraries(), *first_batch(Path(folder), options.images)))
    names = (
        "torch and transformers imported",
        "first batch on disk",
        "CPU seconds until then",
        "end of the run",
    )
    for name, seconds in zip(names, zip(*found, strict=True), strict=True):
        ordered = sorted(seconds)
        print(f"{name}: least {ordered[0]:.1f} s, median {ordered[len(ordered) // 2]:.1f} s")


if __name__ == "__main__":
    main()
