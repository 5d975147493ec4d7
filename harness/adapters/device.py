"""The device that a person names for a model."""

import torch

from harness.errors import Problem, UserError
from harness.specs.model import ModelSpec

_KINDS = ("cpu", "cuda", "mps", "npu", "xpu")
_OTHERWISE = {
    "openai": "leave it out: the model runs on its server",
    "vllm": "CUDA_VISIBLE_DEVICES=1 harness run …, and `options.tensor_parallel_size`",
}
"""Adapters that a device in this process means nothing to, and what to do."""


def check_device(device: str) -> None:
    """Raise UserError for a text that is no device, or one that is not on this machine."""
    kind, colon, index = device.partition(":")
    if kind not in _KINDS or (colon and not index.isdecimal()):
        expected = "cpu, cuda, cuda:0, cuda:1, …, mps, npu or xpu"
        fix = "--device cpu, or leave it out"
        raise UserError(Problem("--device", "is no device", device, expected, fix))
    try:
        found = torch.get_device_module(kind)
        count = found.device_count() if found.is_available() else 0
    except RuntimeError:  # of a kind that this torch was not built for
        count = 0
    if int(index or 0) >= count:
        got = f"{kind}:0 to {kind}:{count - 1}" if count else f"no device of kind {kind}"
        what, fix = "is not on this machine", "--device cpu, or leave it out"
        raise UserError(Problem(f"--device {device}", what, f"torch finds {got}", fix=fix))


def refuse_device(device: str, spec: ModelSpec) -> None:
    """Raise UserError where a model would not run where `--device` says."""
    where, what = f"--device {device}", f"does nothing for model `{spec.model}`"
    if spec.adapter in _OTHERWISE:
        got, fix = f"adapter `{spec.adapter}`", _OTHERWISE[spec.adapter]
        raise UserError(Problem(where, what, got, fix=fix))
    if spec.device_map is not None:
        got, fix = f"`device_map: {spec.device_map}` says it too", "leave one of the two out"
        raise UserError(Problem(where, what, got, fix=fix))
