"""Text that lies packed in a file: gzip, and the MATLAB files in which data sets list images."""

import gzip
import io
import subprocess
import sys
import zlib
from pathlib import Path

from harness.data.labels.matlab import NO_FILE, NO_VARIABLES
from harness.errors import DataError, Problem
from harness.limits import MOST_TEXT, decoded


def text_in(data: bytes, path: Path) -> str:
    """Give the text that the bytes of a file hold, by the end of its name: `.gz`, `.mat`, or plain.

    A MATLAB file becomes lines of an image and its class number: `imagelabels.mat` of Flowers102,
    `cars_test_annos_withlabels.mat` of Stanford Cars; `setid.mat` of Flowers102 the images of the
    test split. Raises DataError for what is none of these, and for a file that is cut off.
    """
    suffix = path.suffix.lower()
    if suffix == ".mat":
        return _matlab_lines(data, path)
    return decoded(_unzipped(data, path) if suffix == ".gz" else data, path)


def _unzipped(data: bytes, path: Path) -> bytes:
    try:
        with gzip.open(io.BytesIO(data)) as file:
            found = file.read(MOST_TEXT + 1)
    except (OSError, EOFError, zlib.error) as error:
        what, fix = "is no whole gzip file", "get the file again"
        raise DataError(Problem(str(path), what, str(error), fix=fix)) from error
    if len(found) > MOST_TEXT:
        fix = f"split it: at most {MOST_TEXT} bytes are read"
        raise DataError(Problem(str(path), "is too large", fix=fix))
    return found


def _matlab_lines(data: bytes, path: Path) -> str:
    """Have a MATLAB file read by a process of its own: a damaged one can crash SciPy."""
    script = Path(__file__).with_name("matlab.py")
    command = [sys.executable, "-P", "-W", "ignore", str(script)]
    made = subprocess.run(command, input=data, capture_output=True, check=False)
    if made.returncode == 0:
        return made.stdout.decode()
    what, got, fix = "is no MATLAB file", "SciPy crashed on it", "get the file again"
    if made.returncode in (NO_FILE, NO_VARIABLES):
        got = made.stderr.decode(errors="replace")
    if made.returncode == NO_VARIABLES:
        what = "has none of the variables that are read"
        fix = "save `labels`, `tstid`, or `annotations` with `fname` and `class`"
    raise DataError(Problem(str(path), what, got, fix=fix))
