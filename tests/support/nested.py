"""Folders inside of each other, deeper than Python calls itself."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DEPTH = 1_100


@contextmanager
def nested(folder: Path) -> Iterator[Path]:
    """Make folders `d/d/d/…` in a folder, give the innermost, and take them away afterwards, which
    `shutil.rmtree`, with which pytest cleans up, cannot.
    """
    here = Path.cwd()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        os.chdir(folder)
        for _ in range(DEPTH):
            Path("d").mkdir()
            os.chdir("d")
        os.chdir(here)
        yield folder.joinpath(*["d"] * DEPTH)
    finally:
        os.chdir(here)
        subprocess.run(["rm", "-rf", folder / "d"], check=True)
