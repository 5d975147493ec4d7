"""Files of every kind, broken at random, are a result or one error; `benchmarks/mutations.py` tries
more of them, each in a process of its own.
"""

import random
import resource
import time

import pytest

from support.mutations import World, attempt, make_world

SEED, TRIALS, BATCHES = 15, 100, 10


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("mutations"))


@pytest.mark.parametrize("batch", range(BATCHES))
def test_broken_files_are_a_result_or_one_error(world: World, batch: int) -> None:
    for seed in random.Random(SEED + batch).sample(range(2**32), TRIALS // BATCHES):
        began = time.process_time()
        trial = attempt(world, seed)
        assert trial.traceback is None, f"seed {seed}: {trial.what}"
        assert time.process_time() - began < 30, f"seed {seed}: {trial.what}"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4 << 20  # with all other tests


def test_sound_files_are_read(world: World) -> None:
    """The trials would say nothing if the files were refused as they are."""
    from support.command import harness

    assert harness("score", world.run, *world.own).code == 0
    assert harness("submit", "check", world.entry, *world.own).code == 0
