"""`--batch_size auto`: the largest power of two that fits, on the longest prompts."""

import logging
from collections.abc import Sequence
from typing import Literal

from harness.adapters.registry import abilities_of, adapter_class
from harness.prompts.plan import Plan, PlannedRequest
from harness.requests import Failed
from harness.runner.asking import Asker
from harness.runner.loop import ready_ahead
from harness.specs.model import ModelSpec

log = logging.getLogger("harness")
BatchSize = int | Literal["auto"]
WITHOUT_GPU = 8
"""Where nobody says a number and no memory of a GPU sets a limit. Larger batches give a CPU
nothing, and a server is asked so many at a time."""
_LARGEST = 64
_SAMPLE = 32  # requests among which the longest is looked for


def batch_size_for(said: BatchSize | None, model: ModelSpec) -> BatchSize:
    """Give the batch size of a run: what the command says, else the model's YAML, its adapter."""
    return said or model.batch_size or abilities_of(adapter_class(model)).batch_size or WITHOUT_GPU


def find_batch_size(plan: Plan, asker: Asker, requests: Sequence[PlannedRequest]) -> int:
    """Give the largest power of two, up to 64, of which a batch fits into memory.

    The longest of a sample of the requests is asked so many times at once, each time twice as
    often; the answers are thrown away. A model that is not on a GPU is not asked at all.
    """
    own = abilities_of(type(asker.adapter)).batch_size
    if own is not None:
        return own
    device = asker.adapter.facts.device
    if device is None or device.startswith("cpu"):
        return WITHOUT_GPU
    step = max(1, len(requests) // _SAMPLE)
    found = list(ready_ahead(plan, asker.adapter, requests[::step][:_SAMPLE], _SAMPLE))
    found.sort(key=lambda each: each.size, reverse=True)
    sample = (each.ready.request for each in found if each.ready)
    longest = next(
        (each for each in sample if not isinstance(asker.respond([each])[0], Failed)), None
    )
    if longest is None:
        return WITHOUT_GPU
    size = 1
    while size < min(_LARGEST, len(requests)) and asker.fits([longest] * (2 * size)):
        size *= 2
    log.info("batch size: %d, the largest power of two that fits (at most %d)", size, _LARGEST)
    return size
