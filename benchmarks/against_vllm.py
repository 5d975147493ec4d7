"""Adapter `vllm` against plain `LLM.chat` and adapter `hf`: the same weights, images and prompts.

Run from the repository's root where vLLM is (`make test-vllm` makes such an environment):
`.venv-vllm/bin/python benchmarks/against_vllm.py`. Each side is a process of its own; they run in
turn, and the least time of each counts. Before that each side has answered eight images: vLLM keeps
on disk what it compiles for a model, and the first side to come would pay for the others. `s` is
the whole process from the command to the scores, `steady` the images a second from the first
answer's request to the last answer, without the start. lmms-eval's own vLLM class is a side where
lmms-eval is installed beside vLLM; it says nothing by which its calls could be timed alone.
"""

import argparse
import importlib.util
import json
import math
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from against_lmms_eval import TASKS, Setting, export, lmms_eval, run
from prefix import imagenet_names
from speed_models import make_model, write_tasks

from harness.data.opened import open_task
from harness.prompts.plan import make_plan
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.specs.template import IMAGE_MARK
from harness.store.lines import read_predictions

MOST_LENGTH = 16384


@dataclass(frozen=True, slots=True)
class Found:
    """What one side came to."""

    seconds: float
    model_seconds: float
    """NaN where nobody knows."""
    answers: Mapping[str, str | None]


def harness(at: Setting, adapter: str) -> Found:
    """Answer a task with an adapter of the harness."""
    output = at.folder / "ours"
    shutil.rmtree(output, ignore_errors=True)
    model = f"{at.family}_{adapter}"
    words = ["--tasks", at.task, "--model", model, "--include_path", str(at.folder / "specs")]
    more = ["--limit", str(at.images), "--output", str(output), "--json"]
    seconds, _ = run([sys.executable, "-m", "harness", "run", *words, *more], at.folder)
    rows = list(read_predictions(output / model / at.task / "predictions.jsonl"))
    took = sum(row.seconds or 0.0 for row in rows)
    return Found(seconds, took, {row.image_id: row.answer for row in rows})


def plain(at: Setting, where: str) -> Found:
    """Answer the prompts of a task with `LLM.chat`, in a process that runs this file, the engine
    `here`, in that process, or `apart`, in others, as vLLM has it where nothing is said.
    """
    words = ["--only_chat", str(at.folder), at.family, at.task, str(at.images), where]
    seconds, printed = run([sys.executable, __file__, *words], at.folder)
    (line,) = (each for each in printed.splitlines() if each.startswith('{"seconds"'))
    found = json.loads(line)
    return Found(seconds, found["seconds"], found["answers"])


def chat(folder: Path, family: str, name: str, images: int, where: str) -> None:
    """Ask `LLM.chat` all prompts of a task at once; print its seconds and its answers."""
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = str(int(where == "apart"))
    from vllm import LLM, SamplingParams

    catalogue = Catalogue((folder / "specs",))
    plan = make_plan(open_task(catalogue, load_task(catalogue, name, [f"limit={images}"])))
    engine = LLM(
        str(folder / "specs" / family),
        dtype="float32",
        max_model_len=MOST_LENGTH,
        limit_mm_per_prompt={"image": 1, "video": 0},
        seed=0,
    )
    source = plan.opened.source
    assert source.read is not None
    asked = []
    for request in plan.requests:
        before, after = request.text.split(IMAGE_MARK)
        image = source.read(source.ids.index(request.image_ids[0]))
        content = [{"type": "text", "text": before}] if before else []
        content += [{"type": "image_pil", "image_pil": image}, {"type": "text", "text": after}]
        asked.append([{"role": "user", "content": content}])
    most = plan.ask.generation.most_tokens()
    started = time.perf_counter()
    outputs = engine.chat(asked, SamplingParams(temperature=0, max_tokens=most), use_tqdm=False)
    seconds = time.perf_counter() - started
    ids = [request.image_ids[0] for request in plan.requests]
    decode = engine.get_tokenizer().decode  # at once, as both adapters do
    texts = [decode(each.outputs[0].token_ids, skip_special_tokens=True) for each in outputs]
    print(json.dumps({"seconds": seconds, "answers": dict(zip(ids, texts, strict=True))}))


def of_lmms_eval(at: Setting) -> Found:
    """Answer an exported task with lmms-eval's vLLM class, all requests in one batch."""
    pretrained = at.folder / "specs" / at.family
    # Of the two `max_new_tokens`, the task's and its own, it takes the larger one.
    arguments = f"model={pretrained},dtype=float32,max_model_len={MOST_LENGTH},max_new_tokens=1"
    words = ["-m", "lmms_eval", "--model", "vllm", "--model_args", arguments]
    words += ["--batch_size", str(at.images), "--limit", str(at.images)]
    seconds, answers = lmms_eval(at, words)
    return Found(seconds, math.nan, answers)


SIDES: Mapping[str, Callable[[Setting], Found]] = {
    "hf": lambda at: harness(at, "hf"),
    "vllm": lambda at: harness(at, "vllm"),
    "LLM.chat": lambda at: plain(at, "apart"),
    "LLM.chat, one process": lambda at: plain(at, "here"),
} | ({"lmms-eval": of_lmms_eval} if importlib.util.find_spec("lmms_eval") else {})


def compare(at: Setting, times: int) -> str:
    """Run the sides in turn; give a line of the table."""
    found: dict[str, list[Found]] = {name: [] for name in SIDES}
    for _ in range(times):
        for name, side in SIDES.items():
            found[name].append(side(at))
    whole = {name: min(each.seconds for each in runs) for name, runs in found.items()}
    steady = {name: min(each.model_seconds for each in runs) for name, runs in found.items()}
    answers = {name: runs[-1].answers for name, runs in found.items()}
    n = len(answers["hf"])
    others = [name for name in SIDES if name != "vllm"]
    same = [
        sum((answers["vllm"][each] or "").strip() == (answers[other][each] or "").strip()
            for each in answers["hf"])
        for other in others
    ]  # fmt: skip
    cells = [f"{whole[name]:.1f}" for name in SIDES]
    cells += [f"{n / steady[name]:.1f}" for name in SIDES]
    cells += [f"{steady[name] / steady['vllm']:.2f}" for name in SIDES if "chat" in name]
    cells += [f"{whole[other] / whole['vllm']:.2f}" for other in others]
    cells += [f"{', '.join(map(str, same))} of {n}"]
    return f"| {at.family} | {at.task.removeprefix('speed_')} | {' | '.join(cells)} |"


def prepare(folder: Path, families: list[str], images: int) -> None:
    """Write models and tasks."""
    names, specs = imagenet_names(), folder / "specs"
    write_tasks(specs, names, (100, 1000), images)
    for family in families:
        make_model(family, specs / family, names)
        for adapter, more in (("hf", ""), ("vllm", f"options: {{max_model_len: {MOST_LENGTH}}}")):
            lines = [f"model: {family}_{adapter}", f"adapter: {adapter}", f"pretrained: {family}"]
            yaml = "\n".join([*lines, "dtype: float32", more, ""])
            (specs / f"{family}_{adapter}.yaml").write_text(yaml)
    if "lmms-eval" in SIDES:
        export(folder, images)


def main() -> None:
    """Print one line for each model and task."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=400)
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--families", default="llava,qwen2_5_vl")
    parser.add_argument("--times", type=int, default=1, help="how often each side runs")
    parser.add_argument("--only_chat", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only_chat:
        folder, family, task, images, where = options.only_chat
        chat(Path(folder), family, task, int(images), where)
        return
    sides = " | ".join(SIDES)
    others = ", ".join(name for name in SIDES if name != "vllm")
    chats = ", ".join(name for name in SIDES if "chat" in name)
    heads = [f"s: {sides}", f"steady images/s: {sides}", f"steady, vllm to: {chats}"]
    heads += [f"whole, to vllm: {others}", f"equal answers: {others}"]
    print("| model | task |", " | ".join(heads), "|", flush=True)
    families = options.families.split(",")
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name), families, options.images)
        tasks = options.tasks.split(",")
        for family in families:
            compare(Setting(Path(name), family, tasks[0], 8, "float32"), 1)
            for task in tasks:
                at = Setting(Path(name), family, task, options.images, "float32")
                print(compare(at, options.times), flush=True)


if __name__ == "__main__":
    main()
