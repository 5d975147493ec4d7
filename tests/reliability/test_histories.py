"""Thirty random histories of runs, entries and sites; `benchmarks/histories.py` has more."""

import sys

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from support.histories import History, counts
from support.history_world import preload


@pytest.mark.skipif(sys.platform != "linux", reason="kills forked processes, as Linux does")
def test_whatever_befalls_a_run_it_ends_as_if_nothing_had() -> None:
    preload()
    how = settings(
        max_examples=30,
        stateful_step_count=2,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(15)(History), settings=how)
    befell = {name.partition(", ")[2].partition(":")[0] for name in counts}
    assert befell == {"none", "kill", "full", *(f"{each} in a write" for each in ("kill", "full")),
                      "kill at an answer"}  # fmt: skip
