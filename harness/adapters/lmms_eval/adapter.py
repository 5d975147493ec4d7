"""The adapter for model classes of lmms-eval: it starts the process that a class lives in, sends it
batches, and takes back answers, errors and what is logged there.
"""

import importlib.util
import logging
import os
import pickle
import re
import signal
import subprocess
import sys
import weakref
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import cast

from harness.adapters.base import Abilities, Setting, answer_fitting
from harness.adapters.lmms_eval import worker
from harness.adapters.lmms_eval.loading import LmmsEvalOptions
from harness.errors import MissingPackageError, Problem, RunError
from harness.requests import Ask, ModelFacts, Request, Response
from harness.specs.model import ModelSpec

_LAUNCH = re.compile(r"(\w+_)?(RANK|WORLD_SIZE)|(MASTER|TORCHELASTIC|PMI|OMPI|MV2)_\w+")
"""What launchers tell their processes. The process of a class is none of them."""


class LmmsEvalAdapter:
    """A model class of lmms-eval, in a process of its own, which ends with this one."""

    abilities = Abilities(options=LmmsEvalOptions, keys=frozenset({"pretrained", "generation"}))
    facts = ModelFacts()
    """What is known of the model: its class, and what that lets see of its weights."""

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        if importlib.util.find_spec("lmms_eval") is None:
            what = "adapter `lmms_eval` needs the package lmms-eval, which is not installed"
            fix = "pip install 'mllm-classification-harness[lmms]'"
            raise MissingPackageError(spec.problem("options.model", what, fix=fix))
        self._where = f"model `{spec.model}`"
        environment, device = alone(setting.device)
        start = f"import sys; sys.path[:] = {sys.path}; from {worker.__name__} import main; main()"
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", start],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            # an interrupt at the terminal is for this process alone, which ends the other
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._end = weakref.finalize(self, _end, self._process)
        self._call(spec, replace(setting, device=device))

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        """Answer a batch. Raises RunError where the process of the class has ended."""
        return answer_fitting(requests, partial(self._call, ask))

    def _call(self, *message: object) -> Sequence[Response]:
        """Give the responses to a message; what the process logs meanwhile is logged here."""
        sent = pickle.dumps(message)
        there, back = self._process.stdin, self._process.stdout
        assert there is not None and back is not None
        try:
            there.write(sent)
            there.flush()
            while isinstance(found := pickle.load(back), logging.LogRecord):
                logger = logging.getLogger(found.name)
                if logger.isEnabledFor(found.levelno):
                    logger.handle(found)
        except (EOFError, OSError, ValueError, pickle.UnpicklingError) as error:
            raise self._ended() from error
        except BaseException:  # else its answer would be taken for that to the next message
            self._process.kill()
            raise
        if isinstance(found, worker.Raised):
            trace, found = found.trace, type(found.kind, (Exception,), {})(found.text)
            found.add_note(f"\nin the process of the class:\n{trace}")
        if isinstance(found, Exception):
            raise found
        self.facts, responses = cast(tuple[ModelFacts, Sequence[Response]], found)
        return responses

    def _ended(self) -> RunError:
        self._end()
        code = self._process.returncode
        said = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        got = f"{said}: out of memory, killed, or a fault of its own"
        what, fix = "the process of its class has ended", "the same command goes on from here"
        return RunError(str(Problem(self._where, what, got, fix=fix)))


def alone(device: str) -> tuple[dict[str, str], str]:
    """Give the environment of a process that is alone, and its device: of several processes of a
    launch on GPUs, the class in each finds only its own GPU.
    """
    environment = {key: value for key, value in os.environ.items() if not _LAUNCH.fullmatch(key)}
    kind, _, index = device.partition(":")
    if kind == "cuda" and index and "LOCAL_RANK" in os.environ:
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        environment["CUDA_VISIBLE_DEVICES"] = visible.split(",")[int(index)] if visible else index
        device = "cuda:0"
    return environment | {"ACCELERATE_TORCH_DEVICE": device, "LOGURU_AUTOINIT": "0"}, device


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process, which leaves when nothing more can come."""
    try:
        process.communicate(timeout=worker.GRACE_S + 1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
