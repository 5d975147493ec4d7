"""Reads a MATLAB file in a process of its own, since SciPy can crash on a damaged one.

A script without the rest of the harness: the file's bytes come in, and lines go out, of an image
and its class number, or of an image alone.
"""

import io
import sys
from collections.abc import Iterator, Mapping
from typing import Any

NO_FILE, NO_VARIABLES = 3, 4
"""Exit codes: bytes that cannot be read; a file without the variables that are read."""
_VARIABLES = ("labels", "tstid", "annotations")


class NoVariablesError(Exception):
    """A MATLAB file has none of the variables that are read."""


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Give the lines of a file's variables. Raises NoVariablesError where there are none, and
    TypeError, ValueError or OverflowError for what is no whole number.
    """
    if "labels" in found:
        for number, label in enumerate(found["labels"].reshape(-1), 1):
            yield f"image_{number:05} {_whole(label)}"
    elif "tstid" in found:
        for number in found["tstid"].reshape(-1):
            yield f"image_{_whole(number):05}"
    elif "annotations" in found and {"fname", "class"} <= {
        *(found["annotations"].dtype.names or ())
    }:
        for each in found["annotations"].reshape(-1):
            yield f"{each['fname']} {_whole(each['class'])}"
    else:
        raise NoVariablesError(f"none of {', '.join(_VARIABLES)}")


def _whole(value: Any) -> int:
    number = int(value)
    if number != value:
        raise ValueError(f"{value}, where a whole number should stand")
    return number


def main() -> None:
    """Read standard input and write standard output. Ends with a code where it cannot."""
    from scipy.io import loadmat  # half a second

    try:
        data = io.BytesIO(sys.stdin.buffer.read())
        found = loadmat(data, squeeze_me=True, variable_names=_VARIABLES)
        text = "".join(f"{line}\n" for line in lines(found)).encode()
    # SciPy lets any kind out of damaged bytes: IndexError, even UnboundLocalError
    except Exception as error:
        sys.stderr.buffer.write((str(error) or type(error).__name__).encode(errors="replace"))
        is_other = isinstance(error, NoVariablesError)
        raise SystemExit(NO_VARIABLES if is_other else NO_FILE) from error
    sys.stdout.buffer.write(text)


if __name__ == "__main__":
    main()
