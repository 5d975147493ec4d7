"""Where an engine runs: in this process or in others, on which GPUs, and where these print."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.resource_tracker import ensure_running
from pathlib import Path

import torch

from harness.adapters.base import Setting
from harness.adapters.vllm.options import VllmOptions
from harness.errors import SpecError
from harness.specs.model import ModelSpec

_LAUNCH = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""What torchrun tells its processes. The processes of an engine are none of them."""
_APART = "VLLM_ENABLE_V1_MULTIPROCESSING"
"""vLLM's switch: "0" for an engine in the process that asks it."""


@contextmanager
def one_process_on_cpu(options: VllmOptions, setting: Setting) -> Iterator[None]:
    """Have the engine that is started in here run in this process, where that is a CPU's alone.

    There the engine and what prepares its requests want the same cores, and each process of
    vLLM's imports it anew. On a GPU the preparation of the next requests goes on beside the model,
    and the processes of a launch have a process group of their own, which vLLM's would meet. What
    the environment says goes before.
    """
    several = options.tensor_parallel_size * options.pipeline_parallel_size > 1
    elsewhere = options.distributed_executor_backend not in (None, "uni")
    alone = int(os.environ.get("WORLD_SIZE", "1")) == 1
    here = setting.device == "cpu" and alone and not several and not elsewhere
    if not here or _APART in os.environ:
        yield
        return
    set_num_threads = torch.set_num_threads  # vLLM's worker puts another in its place
    os.environ[_APART] = "0"
    try:
        yield
    finally:
        del os.environ[_APART]
        torch.set_num_threads = set_num_threads


def pin(spec: ModelSpec, options: VllmOptions, device: str) -> None:
    """Leave to this process, of several on the machine, the GPUs of its own engine, by the
    environment, before vLLM is imported. Raises SpecError where there are too few.
    """
    count = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if count == 1 or not device.startswith("cuda"):
        return
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    devices = visible.split(",") if visible else list(map(str, range(torch.cuda.device_count())))
    each = options.tensor_parallel_size * options.pipeline_parallel_size
    if len(devices) < count * each:
        what = f"{count} processes with engines of {each} GPUs need {count * each}"
        fix = "start fewer processes, or set `options.tensor_parallel_size`"
        got = f"{len(devices)} GPUs on this machine"
        raise SpecError(spec.problem("options.tensor_parallel_size", what, got=got, fix=fix))
    first = int(os.environ["LOCAL_RANK"]) * each
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(devices[first : first + each])


@contextmanager
def outside_of_launch() -> Iterator[None]:
    """Hide from what is started here that this process is one of a launch."""
    kept = {name: os.environ.pop(name) for name in _LAUNCH if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Start processes that an interrupt at the terminal does not reach: this one ends them when
    their answers are on disk.
    """
    ensure_running()  # else multiprocessing starts it in between, and lets interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def output_to(path: Path) -> Iterator[None]:
    """Send what this process and those that it starts print to a file; theirs for good."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(1), os.dup(2)]
    with path.open("ab") as file:
        for number in (1, 2):
            os.dup2(file.fileno(), number)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, own in zip((1, 2), kept, strict=True):
            os.dup2(own, number)
            os.close(own)
