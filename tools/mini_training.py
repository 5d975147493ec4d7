"""What the small models have in common in training: pictures in memory and one optimiser loop."""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import fmean
from typing import Final, Self

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor, nn

from mini_world import Pixels, Split, draw_scenes

BATCH: Final = 64


@dataclass(frozen=True, slots=True)
class Pictures:
    """Drawn pictures: pixels (N, side, side, 3), what is on each, and its flawed label (N,)."""

    pixels: Pixels
    things: tuple[tuple[int, ...], ...]
    originals: NDArray[np.int64]

    @classmethod
    def draw(cls, seed: int, split: Split, count: int) -> Self:
        """Draw the first `count` pictures of a split."""
        scenes = list(draw_scenes(seed, split, count))
        return cls(
            np.stack([scene.pixels for scene in scenes]),
            tuple(scene.things for scene in scenes),
            np.array([scene.original for scene in scenes]),
        )

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.things)

    def tensor(self, index: NDArray[np.int64], mirror: Generator | None = None) -> Tensor:
        """Return pictures as float32 (n, 3, side, side) in [-1, 1]; half of them mirrored."""
        chosen = torch.from_numpy(self.pixels[index]).permute(0, 3, 1, 2).float() / 127.5 - 1
        if mirror is not None:
            flips = torch.from_numpy(mirror.random(len(index)) < 0.5)
            chosen[flips] = chosen[flips].flip(-1)
        return chosen


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of training: its steps, learning rate and optimiser settings."""

    name: str
    steps: int
    rate: float = 1e-3
    warm_up: int = 100
    decay: float = 0.05
    clip: float = 1.0
    report_every: int = 50


Loss = Callable[[], tuple[str, Tensor]]


def optimise(groups: Iterable[tuple[float, nn.Module]], loss: Loss, phase: Phase) -> None:
    """Minimise `loss`, which names its kind, with AdamW, linear warm-up and cosine decay.

    A group is a factor on the learning rate and the module that it holds for.
    """
    weights = [(factor, list(module.parameters())) for factor, module in groups]
    parameters = [parameter for _, group in weights for parameter in group]
    settings = [{"params": group, "lr": phase.rate * factor} for factor, group in weights]
    optimiser = torch.optim.AdamW(settings, weight_decay=phase.decay, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _factor(step, phase))
    losses: dict[str, list[float]] = {}
    start = time.perf_counter()
    for step in range(1, phase.steps + 1):
        kind, value = loss()
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(parameters, phase.clip)
        optimiser.step()
        optimiser.zero_grad()
        schedule.step()
        losses.setdefault(kind, []).append(value.item())
        if step % phase.report_every == 0 or step == phase.steps:
            means = " ".join(f"{name} {fmean(some):.3f}" for name, some in sorted(losses.items()))
            seconds = time.perf_counter() - start
            print(f"{phase.name} {step}/{phase.steps} {seconds:.0f} s: {means}", flush=True)
            losses.clear()


def _factor(step: int, phase: Phase) -> float:
    """Return the share of the learning rate at a step."""
    cosine = 0.5 * (1 + math.cos(math.pi * step / phase.steps))
    return min(1.0, (step + 1) / phase.warm_up) * cosine
