"""What a run of lmms-eval leaves behind, and the command of the guide that reads it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.specs.catalogue import own_root

MINI = own_root() / "models" / "mini"
_GUIDE = own_root() / "docs" / "lmms-eval.md"


def run_lmms_eval(folder: Path, tasks: Sequence[str], logs: Path, *more: str) -> None:
    """Run lmms-eval on an exported folder with the embedded model, in a process of its own."""
    command = [sys.executable, "-m", "lmms_eval", "--include_path", str(folder)]
    command += ["--tasks", ",".join(tasks), "--model", "llava_hf"]
    command += ["--model_args", f"pretrained={MINI},device_map=cpu", "--device", "cpu"]
    command += ["--batch_size", "1", "--log_samples", "--output_path", str(logs), *more]
    own = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(logs / "home"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder.parent, env=os.environ | own
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert list(logs.rglob("*_results.json")), done.stdout[-2000:] + done.stderr[-2000:]


def samples_file(logs: Path, task: str) -> Path:
    (path,) = logs.rglob(f"*_samples_{task}.jsonl")
    return path


def scores_of(logs: Path, task: str) -> dict[str, float]:
    """Give lmms-eval's own table of a task."""
    (path,) = logs.rglob("*_results.json")
    found: dict[str, Any] = json.loads(path.read_text())["results"][task]
    return {
        key.partition(",")[0]: value
        for key, value in found.items()
        if isinstance(value, float) and "stderr" not in key
    }


def answers_of(samples: Path, answers: Path) -> None:
    """Make a file for `harness import` of a sample log, by the command that the guide shows."""
    found = re.search(r'python -c "\n(.*?)\n"', _GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert found, "the guide shows the command"
    with samples.open() as source, answers.open("w") as target:
        subprocess.run(
            [sys.executable, "-c", found[1]], stdin=source, stdout=target, check=True, text=True
        )
