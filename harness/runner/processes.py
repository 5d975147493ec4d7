"""Which of the processes this one is. The only module that knows Accelerate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from harness.adapters.base import Setting

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


def current_rank() -> Rank:
    """Find this process among those of the launch, however they were started.

    Without an accelerator Accelerate must be told `cpu=True`: else every process of a torchrun
    launch believes to be alone.
    """
    from accelerate import PartialState
    from accelerate.utils import (
        is_cuda_available,
        is_mps_available,
        is_npu_available,
        is_xpu_available,
    )

    found = (is_cuda_available(), is_mps_available(), is_npu_available(), is_xpu_available())
    state = PartialState(cpu=not any(found), timeout=_WAIT)
    return Rank(state.process_index, state.num_processes, Setting(device=str(state.device)))
