"""lmms-eval unchanged, but that every model of transformers is loaded in float32.

Its LLaVA class takes the type of the checkpoint; its Qwen2.5-VL class asks for bfloat16 wherever it
runs. Started by against_lmms_eval.py.
"""

from typing import Any

import torch
from lmms_eval.__main__ import cli_evaluate
from transformers import PreTrainedModel

_as_asked = PreTrainedModel.from_pretrained.__func__


def _in_float32(cls: type[PreTrainedModel], *arguments: Any, **keywords: Any) -> Any:
    keywords.pop("torch_dtype", None)
    return _as_asked(cls, *arguments, **keywords | {"dtype": torch.float32})


if __name__ == "__main__":
    PreTrainedModel.from_pretrained = classmethod(_in_float32)
    cli_evaluate()
