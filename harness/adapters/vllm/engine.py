"""One vLLM engine: started with what the YAML says, its output kept, its failures made plain."""

import atexit
import importlib.util
import logging
import math
import multiprocessing
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import wait
from functools import partial
from pathlib import Path
from typing import Any

import torch

from harness.adapters.base import Setting
from harness.adapters.vllm.options import VllmOptions
from harness.adapters.vllm.process import (
    one_process_on_cpu,
    output_to,
    outside_of_launch,
    pin,
    without_interrupts,
)
from harness.background import in_background
from harness.errors import MissingPackageError, Problem, RunError, SpecError, first_line
from harness.specs.model import ModelSpec
from harness.weights import Weights

_FAILURE = re.compile(r"\b(\w+(?:Error|Exception)): (.+)")
_WRAPPERS = ("Engine core initialization failed", "EngineCore encountered", "WorkerProc init")
_LOOK_S = 2.0  # how often it is seen whether the engine's processes live
_LENGTH = re.compile(r"maximum (context|model) length|max_model_len")
_MOST_LENGTH = re.compile(r"estimated maximum model length is (\d+)")
_MEMORY = re.compile(r"\(([\d.]+)/([\d.]+) GiB\) on startup is less than desired .PU memory")
_OWN = frozenset({
    "model", "revision", "tokenizer_revision", "dtype", "trust_remote_code", "mm_processor_kwargs",
    "seed", "logprobs_mode", "generation_config", "runner", "chat_template",
})  # fmt: skip
"""Arguments of the engine that the harness gives itself, or that would act on what it does itself:
prompts, and the end of an answer."""


class Engine:
    """An engine of vLLM, in processes of its own, or on a CPU in this one. What is printed while it
    starts, and by its own processes later, goes to a file, which is kept only where one fails.
    """

    def __init__(self, spec: ModelSpec, options: VllmOptions, weights: Weights, setting: Setting):
        """Start the engine.

        Raises SpecError where vLLM cannot do it with what the YAML says, MissingPackageError
        without vLLM.
        """
        if importlib.util.find_spec("vllm") is None:
            what = "adapter `vllm` needs a package that is not installed"
            fix = "pip install 'mllm-classification-harness[vllm]'"
            raise MissingPackageError(spec.problem("adapter", what, fix=fix))
        self._model = spec.model
        pin(spec, options, setting.device)
        handle, name = tempfile.mkstemp(prefix="harness-vllm-", suffix=".log")
        os.close(handle)
        self._log = Path(name)
        self._failed = True
        atexit.register(self._forget_log)
        before = set(multiprocessing.active_children())
        with (
            output_to(self._log),
            outside_of_launch(),
            without_interrupts(),
            one_process_on_cpu(options, setting),
        ):
            from vllm import EngineArgs

            _check_arguments(spec, options, [each for each in vars(EngineArgs) if each[0] != "_"])
            try:
                self.llm = _start(spec, options, weights, setting)
            except Exception as error:  # its own, pydantic's, of the model's code, of its processes
                raise SpecError(self._not_started(spec, error)) from error
        self._failed = False
        self._processes = set(multiprocessing.active_children()) - before
        logging.getLogger("vllm").setLevel(logging.CRITICAL)
        config = self.llm.llm_engine.vllm_config
        self.most_tokens = int(config.model_config.max_model_len)
        """Most tokens of a prompt with its answer."""
        self.block = int(config.cache_config.block_size)
        """Tokens of a block of the prefix cache, which is found as a whole or not at all."""
        self.caches_prefixes = bool(config.cache_config.enable_prefix_caching)

    @property
    def notes(self) -> Iterator[str]:
        """What is known of the engine, for the manifest."""
        import vllm

        config = self.llm.llm_engine.vllm_config
        yield f"vllm {vllm.__version__}, at most {self.most_tokens} tokens a prompt and answer"
        parallel = config.parallel_config
        yield (
            f"devices: {parallel.tensor_parallel_size} x {parallel.pipeline_parallel_size} "
            "(tensor parallel x pipeline parallel)"
        )
        where = "processes of its own" if self._processes else "the harness's process"
        yield f"engine in {where}"
        cache = f"in blocks of {self.block} tokens" if self.caches_prefixes else "off"
        yield f"prefix cache: {cache}"
        if config.model_config.quantization:
            yield f"quantisation: {config.model_config.quantization}"

    @property
    def device(self) -> str:
        """The kind of device, as torch names it."""
        return str(self.llm.llm_engine.vllm_config.device_config.device_type)

    @property
    def dtype(self) -> str:
        """The dtype of the weights, as torch names it."""
        return str(self.llm.llm_engine.vllm_config.model_config.dtype).removeprefix("torch.")

    def ask(self, prompts: Sequence[Mapping[str, Any]], sampling: Any, special: bool) -> list[Any]:
        """Give vLLM's output of each prompt, in order; `special`: texts get the tokens that the
        tokenizer puts before and behind them.

        Raises ValueError for a prompt that cannot be asked, RunError when the engine is dead.
        """
        generate = partial(
            self.llm.generate,
            list(prompts),
            sampling,
            use_tqdm=False,
            tokenization_kwargs={"add_special_tokens": special},
        )
        try:
            return self._watched(generate) if self._processes else generate()
        except RunError:  # of `_watched`: the engine is dead, and that is said
            raise
        except Exception as error:  # any kind: in this process the model's own code raises here
            raise self._plain(error) from error

    def _watched(self, generate: Callable[[], list[Any]]) -> list[Any]:
        """Wait for the engine's processes no longer than they live: vLLM itself waits for ever
        where one was killed while it had requests to answer.
        """
        call = in_background(generate, "vllm")
        while not wait([call], _LOOK_S).done:
            lives = all(each.is_alive() for each in self._processes)
            if not lives and not wait([call], _LOOK_S).done:
                raise self._dead()
        return call.result()

    def _plain(self, error: Exception) -> Exception:
        from vllm.v1.engine.exceptions import EngineDeadError

        if isinstance(error, EngineDeadError):
            return self._dead()
        if self.llm.llm_engine.has_unfinished_requests():  # it runs in this process, and failed
            return self._dead(first_line(error))
        if _LENGTH.search(str(error)):
            return ValueError(f"{first_line(error)} (options.max_model_len)")
        return error

    def _dead(self, reason: str | None = None) -> RunError:
        self._failed = True
        got = reason or self._reason() or "nothing said why: out of memory, or killed"
        what, fix = "vLLM's engine has died", "the same command goes on from here"
        problem = Problem(f"model `{self._model}`", what, f"{got}; printed: {self._log}", fix=fix)
        return RunError(str(problem))

    def _forget_log(self) -> None:
        if not self._failed:
            self._log.unlink(missing_ok=True)

    def _reason(self) -> str | None:
        text = self._log.read_text(encoding="utf-8", errors="replace")
        found = [": ".join(each.groups()) for each in _FAILURE.finditer(text)]
        causes = [each for each in found if not any(part in each for part in _WRAPPERS)]
        return causes[-1] if causes else None

    def _not_started(self, spec: ModelSpec, error: Exception) -> Problem:
        got = self._reason() or first_line(error)
        most = _MOST_LENGTH.search(got)
        if most:
            what = "the cache of one prompt of `max_model_len` does not fit into memory"
            fix = f"set `options.max_model_len` to at most {most.group(1)}, or leave it out"
            got = str(spec.options.get("max_model_len"))
            return spec.problem("options.max_model_len", what, got=got, fix=fix)
        memory = _MEMORY.search(got)
        if memory:
            free, whole = map(float, memory.groups())
            share = math.floor(100 * free / whole) / 100
            what = "vLLM wants more of the device's memory than is free"
            fix = f"set `options.gpu_memory_utilization` to at most {share}, or free memory"
            got = f"{free} of {whole} GiB are free"
            return spec.problem("options.gpu_memory_utilization", what, got=got, fix=fix)
        fix = f"what vLLM printed is in {self._log}"
        return spec.problem("pretrained", "vLLM cannot start with this model", got=got, fix=fix)


def _start(spec: ModelSpec, options: VllmOptions, weights: Weights, setting: Setting) -> Any:
    from vllm import LLM
    from vllm.platforms import current_platform

    said = options.engine()
    said.setdefault("limit_mm_per_prompt", {"image": setting.images_per_prompt, "video": 0})
    said.setdefault("max_model_len", -1)  # what fits
    return LLM(
        weights.source,
        revision=weights.commit,
        tokenizer_revision=weights.commit,
        dtype=_dtype(spec, current_platform),
        trust_remote_code=spec.trust_remote_code,
        mm_processor_kwargs=spec.processor_kwargs or None,
        seed=0,
        logprobs_mode="raw_logprobs",
        disable_log_stats=True,
        **said,
    )


def _dtype(spec: ModelSpec, platform: Any) -> str:
    """Give the dtype; `auto` means the same as with `hf`."""
    if spec.dtype != "auto":
        return spec.dtype
    on_gpu = platform.is_cuda_alike() and torch.bfloat16 in platform.supported_dtypes
    return "bfloat16" if on_gpu else "float32"


def _check_arguments(spec: ModelSpec, options: VllmOptions, known: Sequence[str]) -> None:
    """Raise SpecError for keys of `engine_args` that vLLM does not know or the harness sets."""
    key = "options.engine_args"
    problems = []
    for name in options.engine_args:
        if name in _OWN or name in VllmOptions.model_fields:
            what = f"`{key}.{name}` has a place of its own in the YAML"
            fix = f"remove it from `{key}`; docs/models.md says where it stands"
            problems.append(spec.problem(f"{key}.{name}", what, fix=fix))
        elif name not in known:
            problem = spec.problem(f"{key}.{name}", f"vLLM's engine has no argument `{name}`")
            problems.append(problem.among(name, known))
    if problems:
        raise SpecError(problems)
