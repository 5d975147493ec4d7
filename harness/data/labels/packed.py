"""Text that lies packed in a file: gzip, and the MATLAB files in which data sets list images."""

import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import DataError, Problem
from harness.limits import MOST_TEXT, decoded

_VARIABLES = ("labels", "tstid", "annotations")


def text_in(data: bytes, path: Path) -> str:
    """Give the text that the bytes of a file hold, by the end of its name: `.gz`, `.mat`, or plain.

    A MATLAB file becomes lines of an image and its class number: `imagelabels.mat` of Flowers102,
    `cars_test_annos_withlabels.mat` of Stanford Cars; `setid.mat` of Flowers102 the images of the
    test split. Raises DataError for what is none of these, and for a file that is cut off.
    """
    suffix = path.suffix.lower()
    if suffix == ".mat":
        return "\n".join(_lines(_variables(data, path), path)) + "\n"
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


def _variables(data: bytes, path: Path) -> Mapping[str, Any]:
    from scipy.io import loadmat  # half a second

    try:
        found: Mapping[str, Any] = loadmat(
            io.BytesIO(data), squeeze_me=True, variable_names=_VARIABLES
        )
    except Exception as error:  # SciPy lets any kind out: IndexError, even UnboundLocalError
        fix = "get the file again"
        raise DataError(Problem(str(path), "is no MATLAB file", got=str(error), fix=fix)) from error
    return found


def _lines(found: Mapping[str, Any], path: Path) -> Iterator[str]:
    if "labels" in found:
        for number, label in enumerate(found["labels"].reshape(-1), 1):
            yield f"image_{number:05} {int(label)}"
    elif "tstid" in found:
        for number in found["tstid"].reshape(-1):
            yield f"image_{int(number):05}"
    elif "annotations" in found and {"fname", "class"} <= {
        *(found["annotations"].dtype.names or ())
    }:
        for each in found["annotations"].reshape(-1):
            yield f"{each['fname']} {int(each['class'])}"
    else:
        fix = "save `labels`, `tstid`, or `annotations` with `fname` and `class`"
        raise DataError(Problem(str(path), "has none of the variables that are read", fix=fix))
