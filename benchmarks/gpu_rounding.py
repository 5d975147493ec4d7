"""Whether answers that differ with and without the shared prefix are rounding, or a fault.

Run like `gpu.py`: `python benchmarks/gpu_rounding.py --families llava-onevision-7b`. The
same weights answer in bfloat16 with and without the prefix, and in float32 a part of the images,
again both ways. A line is of two runs. Their logits are compared wherever both runs had written the
same tokens until there: rounding is as far from float32 with the prefix as without, and in float32
the answers are equal; of a fault neither is true.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from gpu import HfAdapter, TimedAhead, Work, arguments, load_hf, measure, prepare
from gpu_models import ANSWER

from harness.requests import Ask, Request, Response


class Looking(TimedAhead):
    """A model of which the logits of each token of each answer are kept, on the CPU."""

    def __init__(self, inner: HfAdapter) -> None:
        super().__init__(inner)
        self.logits: list[torch.Tensor] = []
        """One for each batch: rows, tokens, vocabulary."""
        self._steps: list[torch.Tensor] = []
        inner._model.get_output_embeddings().register_forward_hook(self._keep)

    def _keep(self, module: object, inputs: object, logits: torch.Tensor) -> None:
        self._steps.append(logits[:, -1].float().cpu())

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        """Answer; what was read before the answer's first token has no part in it."""
        self._steps.clear()  # of a batch that did not fit
        found = super().respond(ask, requests)
        self.logits.append(torch.stack(self._steps[-ANSWER:], dim=1))
        return found


def logits_of(at: Work, family: str, shared: bool, dtype: str, images: int) -> torch.Tensor:
    """Give the logits of each image's answer: images, tokens, vocabulary."""
    looking = Looking(load_hf(at, family, shared, dtype))
    measure(at, looking, images)
    return torch.cat(looking.logits)[-images:]


def line(name: str, a: torch.Tensor, b: torch.Tensor) -> str:
    """Compare two runs over the images of the shorter one."""
    n = min(len(a), len(b))
    a, b = a[:n], b[:n]
    same = a.argmax(-1) == b.argmax(-1)
    before = torch.cat([torch.ones(n, 1), same.long().cumprod(1)[:, :-1]], dim=1).bool()
    apart = (a - b)[before]
    best = a.topk(2).values
    gaps = best[..., 0] - best[..., 1]
    turned = gaps[before & ~same]
    most = f"{turned.max():.4f}" if len(turned) else "-"
    return (
        f"| {name} | {int(same.all(1).sum())} of {n} | {int(same[:, 0].sum())} of {n} "
        f"| {len(a.argmax(-1).unique(dim=0))} | {apart.square().mean().sqrt():.6f} "
        f"| {apart.abs().max():.6f} | {gaps.median():.4f} | {most} |"
    )


def main() -> None:
    """Print one table for each model."""
    parser = arguments(__doc__)
    parser.add_argument("--part", type=int, default=2, help="images / PART in float32")
    parser.add_argument("--batch32", type=int, default=8, help="images at once in float32")
    options = parser.parse_args()
    options.batch_size = "32" if options.batch_size == "auto" else options.batch_size
    heads = ["runs", "equal answers", "equal first tokens", "different answers"]
    heads += ["logits apart, RMS", "most", "gap of the two best, median", "largest that turned"]
    with tempfile.TemporaryDirectory() as name:
        at = prepare(options, Path(name))
        few = max(1, at.images // options.part)
        for family in options.families.split(","):
            print(f"\n{family}\n\n|", " | ".join(heads), "|\n|" + "---|" * len(heads), flush=True)
            brief = {n: logits_of(at, family, n == "shared", "bfloat16", at.images)
                     for n in ("shared", "whole")}  # fmt: skip
            print(line("bfloat16, with and without", brief["shared"], brief["whole"]), flush=True)
            slow = replace(at, batch=options.batch32)
            exact = {n: logits_of(slow, family, n == "shared", "float32", few)
                     for n in ("shared", "whole")}  # fmt: skip
            print(line("float32, with and without", exact["shared"], exact["whole"]))
            print(line("bfloat16 with, float32 without", brief["shared"], exact["whole"]))
            print(line("bfloat16 without, float32 without", brief["whole"], exact["whole"]))


if __name__ == "__main__":
    main()
