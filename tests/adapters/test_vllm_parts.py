"""What of adapter `vllm` needs no vLLM: choices, settings of the engine, pinned GPUs, its log."""

import importlib.util
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from harness.adapters.base import Setting
from harness.adapters.registry import load_adapter
from harness.adapters.vllm import engine as engines
from harness.adapters.vllm import process
from harness.adapters.vllm.choices import MOST_TOKENS, Prompt, log_likelihoods, spell
from harness.adapters.vllm.options import VllmOptions
from harness.adapters.vllm.sampling import text_sampling
from harness.errors import MissingPackageError, SpecError
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model
from harness.specs.model import ModelGeneration, ModelSpec
from harness.specs.task import GenerationSpec

VOCABULARY = 300
END = 299


@dataclass(slots=True)
class Engine:
    """A language model whose next token depends on all tokens before it."""

    requests: int = 0

    def logs(self, tokens: Sequence[int]) -> np.ndarray[Any, np.dtype[np.float64]]:
        logits = np.random.default_rng([*tokens, 7]).normal(size=VOCABULARY) * 3
        return np.asarray(logits - np.logaddexp.reduce(logits))

    def ask(self, prompts: Sequence[Prompt], tokens: Sequence[Sequence[int]]) -> list[Any]:
        found = []
        for prompt, wanted in zip(prompts, tokens, strict=True):
            assert 0 < len(wanted) <= MOST_TOKENS and prompt["image"] == "kept"
            self.requests += 1
            logs = self.logs(prompt["prompt_token_ids"])
            step = {token: SimpleNamespace(logprob=logs[token]) for token in (*wanted, 5)}
            found.append(SimpleNamespace(outputs=[SimpleNamespace(logprobs=[step])]))
        return found


def prompt(*tokens: int) -> dict[str, Any]:
    return {"prompt_token_ids": list(tokens), "image": "kept"}


PROMPTS = [prompt(1, 2), prompt(3), prompt(4, 4, 4)]
MANY = [*([first, *rest] for first in range(200) for rest in ([], [7]) if first % 3 or not rest)]


@pytest.mark.parametrize("names", [[[10], [11], [12]], [[10, 11], [10], [10, 12, 13], [14]], MANY])
def test_the_likelihood_of_a_name_is_the_sum_over_its_tokens(names: list[list[int]]) -> None:
    engine = Engine()
    ranked = log_likelihoods(PROMPTS, names, engine.ask)
    for asked, found in zip(PROMPTS, ranked, strict=True):
        for name, score in zip(names, found.scores, strict=True):
            before = [asked["prompt_token_ids"] + name[:n] for n in range(len(name))]
            steps = [engine.logs(each)[token] for each, token in zip(before, name, strict=True)]
            assert score == pytest.approx(math.fsum(steps))


def test_names_that_begin_alike_share_requests() -> None:
    engine = Engine()
    log_likelihoods(PROMPTS[:1], [[10, 11, 12], [10, 11, 13], [10, 14]], engine.ask)
    assert engine.requests == 3  # after nothing, 10, and 10 11


def test_more_prompts_than_are_handed_over_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [[10, 11], [12]]
    expected = [each.scores for each in log_likelihoods(PROMPTS, names, Engine().ask)]
    monkeypatch.setattr("harness.adapters.vllm.choices._TOGETHER", 4)
    assert [each.scores for each in log_likelihoods(PROMPTS, names, Engine().ask)] == expected


@pytest.mark.parametrize("names", [[[10], [11]], [[10, 11], [10], [10, 12, 13], [14]], MANY])
def test_what_is_written_is_greedy_within_the_list(names: list[list[int]]) -> None:
    engine = Engine()
    found = spell(PROMPTS, names, [END, 298], engine.ask)
    for asked, spelt in zip(PROMPTS, found, strict=True):
        written: list[int] = []
        inside = 1.0
        while not written or written[-1] not in (END, 298):
            logs = engine.logs(asked["prompt_token_ids"] + written)
            allowed = {name[len(written)] for name in names if _begins(name, written)}
            allowed |= {END, 298} if written in names else set()
            written.append(max(sorted(allowed), key=lambda token: logs[token]))
            inside *= sum(math.exp(logs[token]) for token in allowed)
        assert spelt.tokens == written and written[:-1] in names
        assert spelt.inside == pytest.approx(inside)


def _begins(name: list[int], written: list[int]) -> bool:
    return len(name) > len(written) and name[: len(written)] == written


def test_a_name_is_written_at_most_once_for_all_ways_to_it() -> None:
    """All names and the rest of the probability sum to one, over a list without shared parts."""
    names = [[token] for token in range(0, VOCABULARY - 2)]
    (found,) = spell(PROMPTS[:1], names, [END], Engine().ask)
    assert found.inside < 1 and len(found.tokens) == 2


def spec(**options: Any) -> ModelSpec:
    return ModelSpec(model="m", adapter="vllm", pretrained="x", options=options)


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is here")
def test_without_vllm_it_is_said_what_to_install() -> None:
    with pytest.raises(MissingPackageError, match=r"harness\[vllm\]"):
        load_adapter(load_model(Catalogue(), "mini", ["adapter=vllm"]), Setting())


def test_only_what_is_said_reaches_the_engine() -> None:
    options = VllmOptions(max_num_seqs=4, engine_args={"seed_everything": 1}, thinking_markers=None)
    assert options.engine() == {
        "enable_prefix_caching": True,
        "max_num_seqs": 4,
        "pipeline_parallel_size": 1,
        "seed_everything": 1,
        "tensor_parallel_size": 1,
    }


def test_what_decides_no_answer_is_not_identity() -> None:
    laid_out = spec(tensor_parallel_size=2, max_num_seqs=4, max_model_len=100, enforce_eager=True)
    assert laid_out.identity() == spec().identity()
    for deciding in ({"quantization": "fp8"}, {"kv_cache_dtype": "fp8"}, {"engine_args": {"a": 1}}):
        assert spec(**deciding).identity() != spec().identity()


@pytest.mark.parametrize(
    ("name", "what"), [("max_num_seq", "did you mean"), ("dtype", "place of its own")]
)
def test_an_argument_that_the_engine_does_not_take_is_refused(name: str, what: str) -> None:
    wrong = spec(engine_args={name: 1})
    with pytest.raises(SpecError, match=what):
        engines._check_arguments(wrong, VllmOptions(**wrong.options), ["max_num_seqs", "dtype"])


@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize(
    ("visible", "expected"), [("4,5,6,7", ["4,5", "6,7"]), ("", ["0,1", "2,3"])]
)
def test_each_process_of_a_machine_sees_the_gpus_of_its_own_engine(
    monkeypatch: pytest.MonkeyPatch, rank: int, visible: str, expected: list[str]
) -> None:
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_RANK", str(rank))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 4)
    options = VllmOptions(tensor_parallel_size=2)
    process.pin(spec(), options, f"cuda:{rank}")
    assert os.environ["CUDA_VISIBLE_DEVICES"] == expected[rank]


def test_too_few_gpus_for_the_engines_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "3")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2,3")
    with pytest.raises(SpecError, match="need 6"):
        process.pin(spec(), VllmOptions(tensor_parallel_size=2), "cuda:0")
    process.pin(spec(), VllmOptions(tensor_parallel_size=2), "cpu")


@pytest.mark.parametrize(
    ("options", "device", "said", "expected"),
    [
        ({}, "cpu", {}, "0"),
        ({"distributed_executor_backend": "uni"}, "cpu", {"WORLD_SIZE": "1"}, "0"),
        ({"distributed_executor_backend": "mp"}, "cpu", {}, None),
        ({"tensor_parallel_size": 2}, "cpu", {}, None),
        ({}, "cuda:0", {}, None),
        ({}, "cpu", {"WORLD_SIZE": "2"}, None),
        ({}, "cpu", {process._APART: "1"}, "1"),
    ],
)
def test_an_engine_runs_in_this_process_where_that_has_a_cpu_alone(
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
    device: str,
    said: dict[str, str],
    expected: str | None,
) -> None:
    for name in (process._APART, "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    with process.one_process_on_cpu(VllmOptions(**options), Setting(device=device)):
        assert os.environ.get(process._APART) == expected
    assert os.environ.get(process._APART) == said.get(process._APART)


def test_the_launch_is_hidden_from_the_processes_of_an_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RANK", "1")
    with process.outside_of_launch():
        assert "RANK" not in os.environ
    assert os.environ["RANK"] == "1"


def test_what_an_engine_prints_goes_to_its_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with process.output_to(tmp_path / "log"):
        os.write(2, b"an error\n")
        os.write(1, b"and more\n")
    os.write(1, b"back\n")
    assert (tmp_path / "log").read_text() == "an error\nand more\n"
    assert capfd.readouterr().out == "back\n"


LOG = """
ERROR ValueError: No module for this
(EngineCore) RuntimeError: out of places
RuntimeError: Engine core initialization failed. See root cause above.
"""
TOO_LONG = "ValueError: (5 GiB) … the estimated maximum model length is 1234. Try increasing it"
TOO_FULL = (
    "ValueError: Free memory on device cuda:0 (21.34/23.54 GiB) on startup is less than desired "
    "GPU memory utilization (0.92, 21.66 GiB). Decrease GPU memory utilization"
)


@pytest.mark.parametrize(
    ("printed", "got", "fix"),
    [
        (LOG, "RuntimeError: out of places", "what vLLM printed is in"),
        ("nothing of use", "wrapped", "what vLLM printed is in"),
        (TOO_LONG, "4096", "at most 1234"),
        (TOO_FULL, "21.34 of 23.54 GiB are free", "gpu_memory_utilization` to at most 0.9,"),
    ],
)
def test_the_cause_is_looked_for_in_what_was_printed(
    tmp_path: Path, printed: str, got: str, fix: str
) -> None:
    engine = object.__new__(engines.Engine)
    engine._log = tmp_path / "log"
    engine._log.write_text(printed)
    problem = engine._not_started(spec(max_model_len=4096), RuntimeError("wrapped\nmore"))
    assert problem.got == got and problem.fix is not None and fix in problem.fix


def test_stop_strings_of_white_space_are_left_to_the_reader() -> None:
    task = GenerationSpec(until=("\n", "Q:"))
    said = text_sampling(task, ModelGeneration(), 9, [3], stops=True)
    assert said["stop"] == ["Q:"] and said["detokenize"] and said["max_tokens"] == 9
    said = text_sampling(task, ModelGeneration(), 9, [3], stops=False)
    assert said["stop"] is None and not said["detokenize"]


def test_noise_acts_only_where_the_task_samples() -> None:
    model = ModelGeneration(top_k=5, min_p=0.1, repetition_penalty=1.2)
    greedy = text_sampling(GenerationSpec(), model, 9, [3], stops=True)
    assert (greedy["temperature"], greedy["top_k"], greedy["min_p"]) == (0.0, 0, 0.0)
    assert greedy["repetition_penalty"] == 1.2
    warm = GenerationSpec(do_sample=True, temperature=0.7, top_p=0.9)
    said = text_sampling(warm, model, 9, [3], stops=True)
    assert (said["temperature"], said["top_p"], said["top_k"], said["min_p"]) == (0.7, 0.9, 5, 0.1)
