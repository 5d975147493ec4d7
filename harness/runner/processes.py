"""Which of the processes this one is. The only module that knows Accelerate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from harness.adapters.base import Setting
from harness.errors import Problem, UserError

T = TypeVar("T")
_WAIT = timedelta(minutes=10)  # for the others to open their data, before the first answer


@dataclass(frozen=True, slots=True)
class Rank:
    """This process among those of the launch."""

    index: int
    processes: int
    setting: Setting

    @property
    def is_first(self) -> bool:
        """Whether this process merges, scores and prints."""
        return self.index == 0

    def share(self, items: Sequence[T]) -> Sequence[T]:
        """Give this process's share: every `processes`-th item, from its own index."""
        return items[self.index :: self.processes]

    def start_together(self) -> None:
        """Wait until every process has come here: the one time that they wait for each other.

        Afterwards a process that dies stops nobody but, through the launcher, the launch.
        """
        if self.processes > 1:
            from accelerate import PartialState

            PartialState().wait_for_everyone()

    def leave(self) -> None:
        """Take leave of the other processes, without waiting for them."""
        if self.processes > 1:
            from accelerate import PartialState

            PartialState().destroy_process_group()


def current_rank(device: str | None = None) -> Rank:
    """Find this process among those of the launch, however they were started; `device` is where
    its model is to run, of several processes a kind without a number.

    Without an accelerator Accelerate must be told `cpu=True`: else every process of a torchrun
    launch believes to be alone. Raises UserError for a device that is not there.
    """
    if device is not None:
        from harness.adapters.device import check_device  # torch

        check_device(device)
    from accelerate import PartialState, utils

    gpu = utils.is_cuda_available() or utils.is_mps_available()
    found = gpu or utils.is_npu_available() or utils.is_xpu_available()
    kind = (device or "").partition(":")[0]
    state = PartialState(cpu=kind == "cpu" or not found, timeout=_WAIT)
    own = str(state.device)
    if device is not None and (device != kind or not own.startswith(kind)):
        if state.num_processes > 1:
            got = f"{device} for {state.num_processes} processes"
            what, fix = "would put all processes on one device", "--device cuda, or leave it out"
            raise UserError(Problem("--device", what, got, fix=fix))
        own = device
    return Rank(state.process_index, state.num_processes, Setting(device=own))
