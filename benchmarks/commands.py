"""Seconds of the commands that need no model, on runs of the embedded one.

Run from the repository's root: `python benchmarks/commands.py`. Goal: each under a second. With
`--against DIR`, another checkout, both are timed in turn. What counts is processor time, which
other work on the machine changes less. Python keeps its compiled modules, as where the package is
installed; the first of each is not counted.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUBMISSIONS = "leaderboard/submissions"


def commands(runs: Path) -> dict[str, Sequence[str]]:
    """Name the commands; `runs` holds those of `mini` on `mini_ow` and `mini_cw`."""
    one, other = str(runs / "mini" / "mini_ow"), str(runs / "mini" / "mini_cw")
    return {
        "--help": ["--help"],
        "list tasks": ["list", "tasks"],
        "score, 1,280 answers, 2 label sets": ["score", one],
        "compare, two of these": ["compare", one, other],
        "submit check, 1 run": ["submit", "check", f"{SUBMISSIONS}/mini_knn"],
        "submit check, 4 runs, 5,028 answers": ["submit", "check", f"{SUBMISSIONS}/mini"],
    }


def harness(root: Path, words: Sequence[str], cache: Path) -> tuple[float, float]:
    """Run a command of the checkout at `root`; give its processor time and its seconds."""
    outside = {key: os.environ[key] for key in os.environ if key != "PYTHONDONTWRITEBYTECODE"}
    own = {"PYTHONPATH": str(root), "PYTHONPYCACHEPREFIX": str(cache), "HF_HUB_OFFLINE": "1"}
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "harness", *words],
        cwd=root, env=outside | own, capture_output=True, text=True,
    )  # fmt: skip
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 2):  # 2: `submit check` has warnings
        raise RuntimeError(f"harness {' '.join(words)}: {done.stderr[-1000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, seconds


def main() -> None:
    """Print a table: the least and the median processor time, and the least by the clock."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=9)
    parser.add_argument("--against", type=Path, default=None)
    options = parser.parse_args()
    roots = {"here": ROOT} | ({"against": options.against.resolve()} if options.against else {})
    with tempfile.TemporaryDirectory() as folder:
        caches = {name: Path(folder) / "compiled" / name for name in roots}
        runs = Path(folder) / "runs"
        words = ["run", "--tasks", "mini_ow,mini_cw", "--model", "mini", "--output", str(runs)]
        harness(ROOT, words, caches["here"])
        print(f"{'':38}{'least':>8}{'median':>8}{'clock':>8}")
        for what, words in commands(runs).items():
            found: dict[str, list[tuple[float, float]]] = {name: [] for name in roots}
            for _ in range(options.times + 1):
                for name, root in roots.items():
                    found[name].append(harness(root, words, caches[name]))
            for name, taken in found.items():
                cpu, seconds = (sorted(each) for each in zip(*taken[1:], strict=True))
                label = what if len(roots) == 1 or name == "here" else "  against"
                figures = (cpu[0], cpu[len(cpu) // 2], seconds[0])
                print(f"{label:38}" + "".join(f"{each:8.2f}" for each in figures), flush=True)


if __name__ == "__main__":
    main()
