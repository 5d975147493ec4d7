"""Start the command, also where python runs this folder (`accelerate launch harness run …`)."""

import sys
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent

if sys.path and Path(sys.path[0]).resolve() == _PACKAGE:
    # Python put this folder first; `data` or `score` in it would hide other packages' modules.
    sys.path[0] = str(_PACKAGE.parent)

from harness.cli import main  # noqa: E402 - only after sys.path is right

if __name__ == "__main__":
    main()
