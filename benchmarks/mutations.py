"""Break files of every kind at random and let commands read them: a result or one error each time.

Run from the repository's root: `python benchmarks/mutations.py --trials 2000`. The seed is printed;
`--seed` makes the same trials again. Each trial is a process of its own, so that one which dies,
takes ten seconds of processor time or a gigabyte is known. Exit code 1 when there is such a one, or
a traceback.
"""

import argparse
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.mutations import World, attempt, make_world

LONGEST_S, MOST_BYTES = 10, 1 << 30


def alone(world: World, seed: int) -> str | None:
    """Make a trial in a process of its own; give what was wrong with it."""
    read, write = os.pipe()
    fault: BaseException | None = AssertionError("the trial itself went wrong")
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            signal.setitimer(signal.ITIMER_PROF, LONGEST_S)  # of processor time
            signal.alarm(6 * LONGEST_S)
            trial = attempt(world, seed)
            fault = trial.traceback
            told = "" if fault is None else "".join(traceback.format_exception(fault)[-3:])
            os.write(write, f"{trial.what}\n{told[-2000:]}".encode("utf-8", "backslashreplace"))
        finally:
            os._exit(0 if fault is None else 1)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        told = pipe.read().decode()
    _, status, used = os.wait4(child, 0)
    peak = used.ru_maxrss * 1024
    if os.WIFSIGNALED(status):
        return f"ended by signal {os.WTERMSIG(status)} {told}"
    if peak > MOST_BYTES:
        return f"{peak >> 20} MiB: {told}"
    return told if os.WEXITSTATUS(status) else None


def main() -> None:
    """Print the seed, each trial that failed, and how many held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    began, failed, is_sound = time.monotonic(), 0, True
    with tempfile.TemporaryDirectory() as name:
        for number in range(given.trials):
            if number % 500 == 0 or not is_sound:
                folder = Path(name) / str(number)
                folder.mkdir()
                world = make_world(folder)
            fault = alone(world, given.seed + number)
            is_sound = fault is None or "signal" not in fault  # it may have left a file changed
            if fault is not None:
                failed += 1
                print(f"--- seed {given.seed + number}: {fault}", flush=True)
    minutes = (time.monotonic() - began) / 60
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{given.trials - failed} of {given.trials} held; {minutes:.1f} minutes, {own} MiB here")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
