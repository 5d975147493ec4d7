"""Let two folders change names in one step, where the system can."""

import ctypes
import os
import sys
from pathlib import Path

_HERE = -100 if sys.platform == "linux" else -2  # AT_FDCWD: a relative path is of this folder
_SWAP = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS
_NAMES = {"linux": "renameat2", "darwin": "renameatx_np"}


def exchange(one: Path, other: Path) -> bool:
    """Give each of two paths the other's name at once, so that a kill leaves no moment without
    either. False, with nothing done, where system or file system cannot.
    """
    name = _NAMES.get(sys.platform)
    call = getattr(ctypes.CDLL(None), name, None) if name else None
    if call is None:
        return False
    call.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    return bool(call(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _SWAP) == 0)
