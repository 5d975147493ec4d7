"""Every command on a system whose Python has no `fcntl`, as that of Windows has none."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.colours import NAMES, N
from support.launching import ROOT

COMMANDS = (
    "run --tasks colours --model support.colours:ColourAdapter --output RUNS --shard 1/2",
    "run --tasks colours --model support.colours:ColourAdapter --output RUNS --shard 2/2",
    "merge RUNS",
    "run --tasks colours --model support.colours:ColourAdapter --output RUNS",
    "score RUNS/ColourAdapter/colours",
    "map RUNS/ColourAdapter/colours --encoders lexical",
    "import ANSWERS --task colours --model m --output RUNS",
    "import ANSWERS --task colours --model m --output RUNS --fresh",
    "compare RUNS/m/colours RUNS/ColourAdapter/colours",
    "submit pack RUNS/m/colours -o ENTRIES/m --card CARD",
    "export hf RUNS -o HF",
    "leaderboard build ENTRIES -o SITE",
    "leaderboard build ENTRIES -o SITE",
)
CARD = """---
model: m
kind: mllm
training_data: {imagenet_train: no, imagenet_val: no}
---

# m

For tests.
"""
CODE = """
import sys
sys.modules["fcntl"] = None
from harness.cli import main
from harness.store.lock import _NATIVE
from harness.adapters.base import Setting
from harness.runner import processes
assert not _NATIVE
processes.current_rank = lambda device: processes.Rank(0, 1, Setting())  # without torch
for line in sys.stdin:
    sys.argv = ["harness", *line.split()]
    try:
        main()
    except SystemExit as end:
        print("ended", end.code, "-", line.split()[0])
"""


@pytest.mark.slow
def test_every_command_works_without_fcntl(folder: Path) -> None:
    rows = [{"image_id": f"i{i:02d}", "answer": NAMES[i % 3]} for i in range(N)]
    (folder / "answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    places = {
        "RUNS": "runs",
        "ANSWERS": "answers.jsonl",
        "CARD": "card.md",
        "ENTRIES": "entries",
        "HF": "hf",
        "SITE": "site",
    }
    (folder / "card.md").write_text(CARD)
    lines = "\n".join(COMMANDS)
    for name, place in places.items():
        lines = lines.replace(name, str(folder / place))
    told = "".join(f"{line} --include_path {folder}\n" for line in lines.splitlines())
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CODE],
        input=told, capture_output=True, text=True, timeout=120, cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "HF_HUB_OFFLINE": "1", "HOME": str(folder)},
    )  # fmt: skip
    ended = [line for line in done.stdout.splitlines() if line.startswith("ended")]
    assert ended == [f"ended 0 - {line.split()[0]}" for line in COMMANDS], done.stderr[-2000:]
    assert "Traceback" not in done.stderr
    assert [each.name for each in folder.rglob(".*.lock*")] == []
