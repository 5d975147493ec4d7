"""Real sizes on a GPU: images a second with and without the shared prefix, and the floor.

Run from the repository's root, in the full environment, on a machine with a GPU of 40 GB or more
and 40 GB of disk: `python benchmarks/gpu.py`. Qwen2.5-VL-7B and LLaVA-OneVision-7B get random
weights of their real configs; 512 images of 448 px are asked for one of ImageNet's 1,000 names. The
floor is the arithmetic of the tokens that must be computed, over the rate at which this card
multiplies matrices. `--adapters vllm` asks adapter `vllm` instead (a process of its own: the engine
takes most of the card's memory), `hf,vllm` both. `--tiny` runs the same with small models, also
without a GPU.
"""

import argparse
import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
from gpu_models import ANSWER, REAL, TINY, Size, make_gpu_model, operations
from PIL import Image
from prefix import imagenet_names
from speed_models import write_tasks

from harness.adapters.base import Setting
from harness.adapters.contents import contents_of
from harness.adapters.hf.adapter import HfAdapter
from harness.adapters.vllm.adapter import VllmAdapter
from harness.cli.options import batch_size_of
from harness.requests import Ahead, Ask, ModelFacts, Request, Response
from harness.runner.batch_size import BatchSize
from harness.runner.processes import Rank
from harness.runner.session import RunOptions, run_task
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.specs.model import ModelSpec
from harness.store.lines import read_predictions
from harness.store.manifest import Manifest

ON_GPU = torch.cuda.is_available()
DEVICE = "cuda:0" if ON_GPU else "cpu"


Model = HfAdapter | VllmAdapter


class Timed:
    """A model that notes when it was called."""

    def __init__(self, inner: Model) -> None:
        self.inner = inner
        self.calls: list[tuple[int, float, float]] = []
        """Rows, start and end of each call, in seconds."""

    def steady(self, images: int, batch: int) -> float:
        """Give images a second, from the end of the first batch to that of the last, the waiting
        between them too. Before the first come those that were tried to find its size.
        """
        batches = self.calls[-max(1, -(-images // batch)) :]
        begun = batches[0][2] if len(batches) > 1 else batches[0][1]
        rows = sum(each[0] for each in (batches[1:] or batches))
        return rows / (batches[-1][2] - begun)

    @property
    def seconds(self) -> float:
        """Seconds in all calls."""
        return sum(end - start for _, start, end in self.calls)

    @property
    def facts(self) -> ModelFacts:
        """Facts of the model."""
        return self.inner.facts

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        """Answer; the tokens are on the CPU when it returns, so the time is whole."""
        started = time.perf_counter()
        found = self.inner.respond(ask, requests)
        self.calls.append((len(requests), started, time.perf_counter()))
        return found


class TimedAhead(Timed):
    """The same of adapter `hf`, which makes requests ready ahead."""

    def __init__(self, inner: HfAdapter) -> None:
        super().__init__(inner)
        self.prepare: Callable[[Request], Ahead] = inner.prepare


@dataclass(frozen=True, slots=True)
class Work:
    """What is asked of the models."""

    folder: Path
    specs: Path
    names: int
    images: int
    side: int
    batch: BatchSize
    tiny: bool

    def size(self, family: str) -> Size:
        """Give the size of a model."""
        return TINY if self.tiny else REAL[family]


@dataclass(frozen=True, slots=True)
class Found:
    """What a run took."""

    seconds: float
    """From the loaded model to the end of the scoring, without the digest of the weights."""
    steady: float
    """Images a second once the first batch is done."""
    in_model: float
    batch: int
    gib: float
    prompt_tokens: int
    shared_tokens: int
    patches: int
    """Patches of one image, tiles and all."""
    answers: tuple[str, ...]


def write_pictures(folder: Path, images: int, side: int) -> None:
    """Write smooth pictures in place of the small ones of `write_tasks`."""
    generator = np.random.default_rng(0)
    for number in range(images):
        pixels = generator.integers(0, 255, (32, 32, 3), dtype=np.uint8)
        picture = Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC)
        picture.save(folder / f"i{number:05d}.png")


def patches_of(model: Model, side: int) -> int:
    """Count what the vision tower reads of one image."""
    maker = model._maker if isinstance(model, HfAdapter) else model._inputs
    made = maker.make([model._form.render("<image>")], [(Image.new("RGB", (side, side)),)])
    pixels = made["pixel_values"]
    return int(pixels.shape[0] if pixels.dim() == 2 else pixels[0, :, 0].numel() // 14**2)


def let_go() -> None:
    """Free the card's memory of models that nobody holds any more."""
    gc.collect()
    torch.cuda.empty_cache()


def load_hf(at: Work, family: str, shared: bool, dtype: str = "auto") -> HfAdapter:
    """Load a model with adapter `hf`, with or without the shared prefix."""
    let_go()
    options = {"shared_prefix": shared}
    path = str(at.folder / family)
    spec = ModelSpec(model=family, adapter="hf", pretrained=path, dtype=dtype, options=options)
    return HfAdapter(spec, Setting(DEVICE))


def load_vllm(at: Work, family: str, engine: dict[str, object]) -> VllmAdapter:
    """Load a model with adapter `vllm`, its prefix cache on."""
    let_go()
    options = {"max_model_len": 16384} | engine
    path = str(at.folder / family)
    spec = ModelSpec(model=family, adapter="vllm", pretrained=path, options=options)
    return VllmAdapter(spec, Setting(DEVICE))


def measure(at: Work, timed: Timed, images: int) -> Found:
    """Answer so many images with a model: of vLLM in batches of the adapter's own size."""
    model = timed.inner
    size = at.batch if isinstance(model, HfAdapter) else model.abilities.batch_size
    if ON_GPU:
        torch.cuda.reset_peak_memory_stats()
    with tempfile.TemporaryDirectory(dir=at.specs) as runs:
        run_options = RunOptions(Path(runs), size, show_progress=False)
        catalogue = Catalogue((at.specs,))
        task = load_task(catalogue, f"speed_cw_{at.names}", [f"limit={images}"])
        contents_of(model._spec)  # read once a process: 15 GB of weights
        started = time.perf_counter()
        rank = Rank(0, 1, Setting(DEVICE))
        done = run_task(catalogue, task, model._spec, lambda: timed, rank, run_options)
        seconds = time.perf_counter() - started
        rows = list(read_predictions(done.path / "predictions.jsonl"))
        batch = Manifest.read(done.path).batch_size or 1
    prefix = model._prefix if isinstance(model, HfAdapter) else None
    return Found(
        seconds=seconds,
        steady=timed.steady(images, batch),
        in_model=timed.seconds,
        batch=batch,
        gib=torch.cuda.max_memory_allocated() / 2**30 if ON_GPU else 0.0,
        prompt_tokens=rows[0].prompt_tokens or 0,
        shared_tokens=prefix.used if prefix else rows[-1].cached_tokens or 0,
        patches=patches_of(model, at.side),
        answers=tuple(row.answer or "" for row in rows),
    )


def matrix_rate(tiny: bool) -> float:
    """Measure multiplications and additions a second of large matrices in the model's dtype."""
    side, dtype = (1024, torch.float32) if tiny else (8192, torch.bfloat16)
    a = torch.randn(side, side, device=DEVICE, dtype=dtype)
    times = []
    for _ in range(10):
        started = time.perf_counter()
        float((a @ a)[0, 0])
        times.append(time.perf_counter() - started)
    return 2 * side**3 / min(times)


def line(at: Work, family: str, adapter: str, found: Found, first: Found, rate: float) -> str:
    """Give a line of the table; `first` is the run whose answers are compared with."""
    whole = found.prompt_tokens + ANSWER
    new = whole - found.shared_tokens
    floor = operations(at.size(family), found.patches, new, whole) / rate
    images = len(found.answers)
    name = "shared" if found.shared_tokens else "not shared"
    gib = f"{found.gib:.1f} GiB" if adapter == "hf" else ""  # vLLM's process takes what it is given
    pairs = list(zip(found.answers, first.answers, strict=False))
    equal = sum(a == b for a, b in pairs)
    begun = sum(a.split()[:1] == b.split()[:1] for a, b in pairs)
    return (
        f"| {family} | {adapter} | {name} | {found.prompt_tokens} | {found.batch} | {images} "
        f"| {images / found.seconds:.2f} | {100 * found.in_model / found.seconds:.0f} % "
        f"| {found.steady:.2f} | {gib} | {1 / floor:.2f} "
        f"| {100 * floor * found.steady:.0f} % | {equal} of {len(pairs)} "
        f"| {begun} of {len(pairs)} | {len(set(found.answers))} |"
    )


def prepare(options: argparse.Namespace, folder: Path) -> Work:
    """Write the tasks and pictures of a comparison into a folder, and its models."""
    batch = batch_size_of(options.batch_size) or "auto"
    at = Work(options.folder or folder, folder / "specs", options.names, options.images,
              options.side, batch, options.tiny)  # fmt: skip
    write_tasks(at.specs, imagenet_names(), (at.names,), at.images)
    write_pictures(at.specs / "images", at.images, at.side)
    for family in options.families.split(","):
        make_gpu_model(family, at.folder / family, imagenet_names(), tiny=at.tiny)
    return at


def arguments(described: str | None) -> argparse.ArgumentParser:
    """Give the arguments that comparisons on a GPU have in common."""
    parser = argparse.ArgumentParser(description=described)
    parser.add_argument("--families", default=",".join(REAL))
    parser.add_argument("--names", type=int, default=1000)
    parser.add_argument("--images", type=int, default=512)
    parser.add_argument("--side", type=int, default=448)
    parser.add_argument("--batch_size", default="auto")
    parser.add_argument("--folder", type=Path, help="where weights are kept for the next time")
    parser.add_argument("--tiny", action="store_true")
    return parser


HEADS = (
    "model", "adapter", "prefix", "prompt tokens", "batch", "images", "images/s", "in the model",
    "steady, images/s", "memory", "floor, images/s", "steady to floor", "equal answers",
    "equal first tokens", "different answers",
)  # fmt: skip


def main() -> None:
    """Print the table, with the date and the card."""
    parser = arguments(__doc__)
    parser.add_argument("--part", type=int, default=4, help="images / PART without the prefix")
    parser.add_argument("--adapters", default="hf")
    parser.add_argument("--engine", type=json.loads, default={}, help="vLLM's settings, as JSON")
    options = parser.parse_args()
    card = torch.cuda.get_device_name() if ON_GPU else "CPU"
    rate = matrix_rate(options.tiny)
    print(f"{datetime.now(UTC):%Y-%m-%d}, {card}, {rate / 1e12:.2f} TFLOP/s in matrices")
    print("|", " | ".join(HEADS), "|\n|" + "---|" * len(HEADS), flush=True)
    with tempfile.TemporaryDirectory() as name:
        at = prepare(options, Path(name))
        for family in options.families.split(","):
            first: Found | None = None
            for adapter in options.adapters.split(","):
                for shared in (True, False) if adapter == "hf" else (True,):
                    images = at.images if shared else max(1, at.images // options.part)
                    timed = (
                        TimedAhead(load_hf(at, family, shared))
                        if adapter == "hf"
                        else Timed(load_vllm(at, family, options.engine))
                    )
                    found = measure(at, timed, images)
                    del timed
                    first = first or found
                    print(line(at, family, adapter, found, first, rate), flush=True)


if __name__ == "__main__":
    main()
