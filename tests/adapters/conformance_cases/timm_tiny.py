"""A tiny randomly initialised network of timm, from a checkpoint file and from a folder."""

from contextlib import ExitStack
from pathlib import Path

from harness.specs.model import ModelSpec
from support.conformance import Case
from support.tiny_timm import folder_of, write_checkpoint, write_folder


def cases() -> list[Case]:
    needs = ("timm", "torchvision")
    return [
        Case("timm-file", _file, "classify", needs, full=True, tolerance=1e-4),
        Case("timm-folder", _folder, "classify", needs, full=True, tolerance=1e-4),
    ]


def _file(folder: Path, stack: ExitStack) -> ModelSpec:
    return write_checkpoint(folder)


def _folder(folder: Path, stack: ExitStack) -> ModelSpec:
    return folder_of(write_folder(folder))
