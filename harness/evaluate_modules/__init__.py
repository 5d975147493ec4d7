"""The metrics as modules of the package `evaluate`: `evaluate.load(module_path(NAME))`, offline.

Each is a thin wrapper: the figures are those of `harness score`, in percent.
"""

from pathlib import Path

from harness.errors import SpecError, unknown_name

NAMES = ("label_set_accuracy", "closed_world_accuracy", "open_world_accuracy")


def module_path(name: str) -> str:
    """Give the folder to load a module from. Raises SpecError for an unknown name.

    >>> module_path("label_set_accuracy").rpartition("/")[2]
    'label_set_accuracy'
    """
    if name not in NAMES:
        raise SpecError(unknown_name("evaluate_modules", "module", name, NAMES))
    return str(Path(__file__).resolve().parent / name)
