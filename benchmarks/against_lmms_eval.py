"""The harness against lmms-eval 0.7: the same weights, images and prompts, whole processes timed.

Run from the repository's root, in the full environment: `python benchmarks/against_lmms_eval.py`.
The tasks are exported by `harness export lmms-eval`; both sides run them in processes of their own,
in turn, and the least time of each side counts. lmms-eval's LLaVA class answers one request at a
time, so its one time is held against both of ours. Its Qwen2.5-VL class asks for bfloat16,
which many CPUs, and the one of docs/speed.md, multiply several times slower than float32;
`--dtype float32` starts it through lmms_eval_float32.py.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from prefix import imagenet_names
from speed_models import make_model, write_tasks

from harness.data.labels.files import lines_of
from harness.data.labels.of_task import NO_OVERRIDES
from harness.export.lmms_eval.folder import export_lmms_eval
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task

Answers = Mapping[str, str]
CLASSES = {"llava": "llava_hf", "qwen2_5_vl": "qwen2_5_vl"}
ARGUMENTS = {"llava": "device_map=cpu", "qwen2_5_vl": "device_map=cpu,min_pixels=3136"}
LARGEST_BATCH = {"llava": 1, "qwen2_5_vl": 64}
FLOAT32 = Path(__file__).with_name("lmms_eval_float32.py")
TASKS = ("speed_ow", "speed_mc", "speed_cw_100", "speed_cw_1000")


@dataclass(frozen=True, slots=True)
class Setting:
    """What is compared."""

    folder: Path
    family: str
    task: str
    images: int
    dtype: str
    batch: int = 1


def run(command: Sequence[str], folder: Path) -> tuple[float, str]:
    """Run a command; give the seconds that it took and what it printed. What it said is shown when
    it fails.
    """
    own = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "home")}
    # OMP_NUM_THREADS is handed on: with 1, other work on the machine spoils the times less.
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | own)
    seconds = time.perf_counter() - started
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr[-3000:]}")
    return seconds, done.stdout


def ours(at: Setting) -> tuple[float, Answers]:
    """Answer a task with the harness; give the seconds and the answers."""
    output = at.folder / "ours"
    shutil.rmtree(output, ignore_errors=True)
    words = ["--tasks", at.task, "--model", at.family, "--include_path", str(at.folder / "specs")]
    more = ["--limit", str(at.images), "--batch_size", str(at.batch), "--output", str(output)]
    seconds, _ = run([sys.executable, "-m", "harness", "run", *words, *more, "--json"], at.folder)
    text = (output / at.family / at.task / "predictions.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in lines_of(text)]
    return seconds, {row["image_id"]: row["answer"] for row in rows}


def theirs(at: Setting) -> tuple[float, Answers]:
    """Answer an exported task with lmms-eval; give the seconds and the answers."""
    batch = min(at.batch, LARGEST_BATCH[at.family])
    arguments = f"pretrained={at.folder / 'specs' / at.family},{ARGUMENTS[at.family]}"
    words = [str(FLOAT32)] if at.dtype == "float32" else ["-m", "lmms_eval"]
    words += ["--model", CLASSES[at.family], "--model_args", arguments]
    return lmms_eval(at, [*words, "--device", "cpu", "--batch_size", str(batch)])


def lmms_eval(at: Setting, words: Sequence[str]) -> tuple[float, Answers]:
    """Answer an exported task with lmms-eval started by these words."""
    logs = at.folder / "theirs"
    shutil.rmtree(logs, ignore_errors=True)
    command = [sys.executable, *words, "--include_path", str(at.folder / "exported")]
    command += ["--tasks", at.task, "--log_samples", "--output_path", str(logs)]
    seconds, _ = run(command, at.folder)
    (samples,) = logs.rglob(f"*_samples_{at.task}.jsonl")
    lines = lines_of(samples.read_text(encoding="utf-8"))
    rows = [row for line in lines for row in json.loads(line)["harness"]]
    return seconds, {row["image_id"]: row.get("answer", "") for row in rows}


def compare(at: Setting, batches: Sequence[int], times: int) -> list[str]:
    """Run both sides in turn, at each batch size; give a line of the table for each of ours."""
    largest = LARGEST_BATCH[at.family]
    own: dict[int, list[float]] = {}
    other: dict[int, list[float]] = {}
    answers: dict[tuple[str, int], Answers] = {}
    for _ in range(times):
        for batch in batches:
            seconds, answers["ours", batch] = ours(replace(at, batch=batch))
            own.setdefault(batch, []).append(seconds)
        for batch in dict.fromkeys(min(each, largest) for each in batches):
            seconds, answers["theirs", batch] = theirs(replace(at, batch=batch))
            other.setdefault(batch, []).append(seconds)
    lines = []
    for batch in batches:
        their_batch = min(batch, largest)
        mine, others = answers["ours", batch], answers["theirs", their_batch]
        if mine.keys() != others.keys():
            raise RuntimeError("not the same images")
        # lmms-eval takes white space off the ends of an answer.
        same = sum(mine[each].strip() == others[each].strip() for each in mine)
        a, b = min(own[batch]), min(other[their_batch])
        lines.append(
            f"| {at.family} | {at.task.removeprefix('speed_')} | {batch} | {their_batch} "
            f"| {a:.1f} | {b:.1f} | {at.images / a:.1f} | {at.images / b:.1f} "
            f"| {b / a:.2f} | {same} of {len(mine)} |"
        )
    return lines


def prepare(folder: Path, families: Sequence[str], images: int, dtype: str) -> None:
    """Write models, tasks and the export."""
    names, specs = imagenet_names(), folder / "specs"
    write_tasks(specs, names, (100, 1000), images)
    for family in families:
        make_model(family, specs / family, names)
        yaml = f"model: {family}\nadapter: hf\npretrained: {family}\ndtype: {dtype}\n"
        (specs / f"{family}.yaml").write_text(yaml)
    export(folder, images)


def export(folder: Path, images: int) -> None:
    """Write the tasks for lmms-eval."""
    catalogue = Catalogue((folder / "specs",))
    tasks = [load_task(catalogue, name, [f"limit={images}"]) for name in TASKS]
    export_lmms_eval(catalogue, tasks, folder / "exported", NO_OVERRIDES)


def main() -> None:
    """Print one line for each model, task and batch size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--batches", default="1,8")
    parser.add_argument("--families", default="llava,qwen2_5_vl")
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--times", type=int, default=1, help="how often each side runs")
    options = parser.parse_args()
    families = options.families.split(",")
    batches = [int(each) for each in options.batches.split(",")]
    print(
        "| model | task | batch | theirs | s, whole process | theirs | images/s | theirs ", end=""
    )
    print("| ratio | equal answers |\n|" + "---|" * 10, flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, families, options.images, options.dtype)
        for family in families:
            for task in options.tasks.split(","):
                at = Setting(folder, family, task, options.images, options.dtype)
                print(*compare(at, batches, options.times), sep="\n", flush=True)


if __name__ == "__main__":
    main()
