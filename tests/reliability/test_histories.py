"""A few random histories of runs, entries and sites; `benchmarks/histories.py` has more."""

import sys
from random import Random

import pytest

from support.histories import History, counts
from support.history_world import preload


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="kills forked processes, as Linux does")
def test_whatever_befalls_a_run_it_ends_as_if_nothing_had() -> None:
    preload()
    random = Random(15)
    for _ in range(12):
        history = History()
        try:
            history.begin(seed=random.randbytes(16))
            for _ in range(2):
                history.happen(seed=random.randbytes(16))
                history.nothing_is_wrong()
        finally:
            history.teardown()
    befell = {name.partition(", ")[2].partition(":")[0] for name in counts}
    assert befell == {"none", "kill", "full", *(f"{each} in a write" for each in ("kill", "full")),
                      "kill at an answer"}  # fmt: skip
