"""What it gives to make requests ready in threads ahead of the model, on this machine.

Run from the repository's root: `python benchmarks/ahead.py`. A LLaVA of some 12 million random
parameters answers the same images with and without it, in turn, in one process; the least time of
each counts. Where the model computes on the cores that would make requests ready, little can be
won.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from prefix import imagenet_names
from speed_models import make_model, write_tasks

from harness.adapters.base import Adapter, Setting
from harness.adapters.hf.adapter import HfAdapter
from harness.requests import Ask, ModelFacts, Request, Response
from harness.runner.processes import Rank
from harness.runner.session import RunOptions, run_task
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.specs.model import ModelSpec


class WithoutPreparing:
    """The same model, without its `prepare`."""

    def __init__(self, inner: HfAdapter) -> None:
        self._inner = inner

    @property
    def facts(self) -> ModelFacts:
        """Facts of the model."""
        return self._inner.facts

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        """Answer, with everything made ready here."""
        return self._inner.respond(ask, requests)


def main() -> None:
    """Print the seconds for each task."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=96)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tasks(folder, imagenet_names(), (100,), options.images)
        make_model("llava", folder / "llava", imagenet_names())
        weights = str(folder / "llava")
        spec = ModelSpec(model="llava", adapter="hf", pretrained=weights, dtype="float32")
        model = HfAdapter(spec, Setting())
        ways: dict[str, Adapter] = {"ahead": model, "in place": WithoutPreparing(model)}  # type: ignore[dict-item]
        catalogue, rank = Catalogue((folder,)), Rank(0, 1, Setting())
        for task in ("speed_ow", "speed_cw_100"):
            found: dict[str, list[float]] = {way: [] for way in ways}
            for number in range(options.times):
                for way, adapter in ways.items():
                    output = folder / f"{way}-{number}"
                    run_options = RunOptions(output, 8, show_progress=False)
                    started = time.perf_counter()
                    run_task(
                        catalogue,
                        load_task(catalogue, task),
                        spec,
                        lambda adapter=adapter: adapter,  # type: ignore[misc]
                        rank,
                        run_options,
                    )
                    found[way].append(time.perf_counter() - started)
            told = ", ".join(f"{way} {min(seconds):.2f} s" for way, seconds in found.items())
            print(f"{task}, {options.images} images: {told}", flush=True)


if __name__ == "__main__":
    main()
