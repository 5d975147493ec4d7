"""Kill one of two processes at a random moment, go on with one to three, and compare the rows.

Run from the repository's root: `python benchmarks/kill_soak.py --tries 20`. Each try kills with
SIGKILL, so that nothing can be tidied up; the rows of the run that went on must be those of an
undisturbed one, but for times. Exit code 1 when a try differs.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.launching import BIN, TORCHRUN, plain, rows, start, until_it_answers, words

N = 60


def one_try(seed: int, folder: Path, expected: object) -> str:
    """Do one try; tell how it went, `equal` at the end when the rows are the expected ones."""
    chosen = random.Random(seed)
    output = folder / f"try-{seed}"
    pids = folder / f"pids-{seed}"
    pids.mkdir()
    victim = chosen.randrange(2)
    process = start(
        [*TORCHRUN, "2", "-m", "harness", *words(folder, output)], seconds=0.1, pids=pids
    )
    number = until_it_answers(process, pids, victim)
    wait = chosen.uniform(0, 3.5)
    time.sleep(wait)
    os.kill(number, signal.SIGKILL)
    killed = time.monotonic()
    process.communicate(timeout=60)
    took = time.monotonic() - killed
    kept = sum(len(part.read_bytes().splitlines()) for part in output.rglob("rank-*.jsonl"))
    again = seed % 3 + 1
    if again == 1:
        code = plain(words(folder, output)).returncode
    else:
        second = start([*TORCHRUN, str(again), "-m", "harness", *words(folder, output)])
        second.communicate(timeout=120)
        code = second.returncode
    same = "equal" if rows(output) == expected else "DIFFERENT"
    return (
        f"seed {seed}: process {victim} killed after {wait:.2f} s; the launch ended with "
        f"{process.returncode} in {took:.1f} s, {kept} of {N} rows on disk; "
        f"went on with {again}, exit {code}: {same}"
    )


def write_task(folder: Path) -> None:
    """Write the task of four colours with more images."""
    from PIL import Image

    from support.colours import COLOURS, NAMES
    from support.colours import write_task as write_yaml

    (folder / "images").mkdir()
    labels = []
    for number in range(N):
        Image.new("RGB", (3, 3), COLOURS[number % 4]).save(folder / f"images/i{number:02d}.png")
        labels.append(f'{{"image_id": "i{number:02d}", "labels": [{number % 4}]}}\n')
    (folder / "labels.jsonl").write_text("".join(labels))
    classes = "".join(f"  - {{id: {i}, name: {name}}}\n" for i, name in enumerate(NAMES))
    (folder / "classes.yaml").write_text(f"class_list: colours\nclasses:\n{classes}")
    for name, original in (("first", "true"), ("all", "false")):
        (folder / f"{name}.yaml").write_text(
            f"label_set: colours_{name}\nformat: jsonl\npath: labels.jsonl\n"
            f"class_list: colours\noriginal: {original}\n"
        )
    write_yaml(folder)


def main() -> None:
    """Print one line a try."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=20)
    tries = parser.parse_args().tries
    assert (BIN / "torchrun").is_file()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_task(folder)
        assert plain(words(folder, folder / "undisturbed")).returncode == 0
        expected = rows(folder / "undisturbed")
        told = []
        for seed in range(tries):
            told.append(one_try(seed, folder, expected))
            print(told[-1], flush=True)
    equal = sum(line.endswith("equal") for line in told)
    print(f"{equal} of {tries} tries equal")
    sys.exit(0 if equal == tries else 1)


if __name__ == "__main__":
    main()
