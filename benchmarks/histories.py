"""Random histories of runs, entries and sites: killed, or out of disk, at any file event.

Run from the repository's root: `python benchmarks/histories.py --histories 500`. The seed is
printed; `--seed` makes the same histories again. What is checked is in
`tests/support/histories.py`. Exit code 1 when a history ends otherwise than an undisturbed one; it
is told command by command.
"""

import argparse
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from support.histories import History, counts
from support.history_world import preload


class Told(History):
    """Says now and then how far it is."""

    def teardown(self) -> None:
        """End a history, and count it."""
        super().teardown()
        if History.number % 50 == 0:
            print(f"{History.number} histories", flush=True)


def main() -> None:
    """Print the seed, how many histories held, and which faults they met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=500)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    began = time.monotonic()
    preload()
    how = settings(
        max_examples=given.histories,
        stateful_step_count=given.steps,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(given.seed)(Told), settings=how)
    took = time.monotonic() - began
    print(f"{given.histories} histories held in {took:.0f} s; commands by what befell them:")
    for name, n in sorted(counts.items()):
        print(f"  {name}: {n}")


if __name__ == "__main__":
    main()
