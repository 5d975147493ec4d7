"""Sampled answers are decided by the task's seed and the image's id: by no batch and no process."""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from transformers import LogitsProcessorList

from harness.adapters.base import Setting
from harness.adapters.hf.adapter import HfAdapter
from harness.adapters.hf.sampling import SeededSampling, uniform, warpers
from harness.data.opened import open_task
from harness.errors import UserError
from harness.prompts.plan import make_plan
from harness.requests import Ask, Request, noise_seed
from harness.runner.processes import Rank
from harness.runner.session import RunOptions, run_task
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model, load_task
from harness.specs.model import ModelGeneration
from harness.specs.task import GenerationSpec
from harness.store.lines import read_predictions
from harness.store.lock import WHOLE, Shard
from support.command import harness
from support.launching import ROOT, TORCHRUN

SAMPLED = ("generation_kwargs.do_sample=true", "generation_kwargs.temperature=2.0")
N = 24


@pytest.fixture(scope="module")
def adapter() -> HfAdapter:
    return HfAdapter(load_model(Catalogue(), "mini"), Setting())


def sampler(seeds: Sequence[int]) -> SeededSampling:
    return SeededSampling(seeds, prompt_length=3)


def drawn(seeds: Sequence[int], scores: torch.Tensor, step: int = 0) -> list[int]:
    found = sampler(seeds)(torch.zeros(len(seeds), 3 + step, dtype=torch.long), scores)
    assert (found == 0).sum().item() == len(seeds)
    assert torch.isinf(found).sum().item() == found.numel() - len(seeds)
    return [int(each) for each in found.argmax(dim=-1)]


def test_tokens_are_drawn_as_often_as_they_are_likely() -> None:
    shares = torch.tensor([0.5, 0.0, 0.3, 0.15, 0.05, 0.0])
    n = 4000
    counts = Counter(drawn(range(n), shares.log().expand(n, -1)))
    assert set(counts) == {0, 2, 3, 4}, "what cannot be is never drawn"
    for token, count in counts.items():
        share = shares[token].item()
        assert abs(count / n - share) < 4 * (share * (1 - share) / n) ** 0.5


def test_a_row_draws_the_same_whatever_stands_beside_it() -> None:
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(6, 900, generator=generator) * 3
    together = [drawn(range(6), scores, step) for step in range(4)]
    alone = [
        [drawn([seed], scores[seed : seed + 1], step)[0] for seed in range(6)] for step in range(4)
    ]
    assert together == alone
    assert len(set(map(tuple, together))) == 4, "each token has a number of its own"
    assert len(set(drawn(range(6), scores[:1].expand(6, -1)))) > 1, "and each row"


def test_numbers_lie_between_0_and_1() -> None:
    numbers = [uniform(noise_seed(seed, []), step) for seed in range(50) for step in range(40)]
    assert len(set(numbers)) == 2000
    assert 0 <= min(numbers) < 0.01 and 0.99 < max(numbers) < 1
    assert abs(sum(numbers) / 2000 - 0.5) < 0.03


@pytest.mark.parametrize(
    ("task", "model"),
    [
        ({}, {}),
        ({"temperature": 0.7}, {}),
        ({"temperature": 1.0, "top_p": 1.0}, {}),
        ({"temperature": 1.5, "top_p": 0.8}, {"top_k": 40}),
        (
            {"temperature": 2.0, "top_p": 0.95},
            {"top_k": 200, "min_p": 0.01, "typical_p": 0.9, "epsilon_cutoff": 3e-4,
             "eta_cutoff": 2e-3},
        ),
    ],
)  # fmt: skip
def test_the_distribution_is_that_of_transformers(
    task: dict[str, Any], model: dict[str, Any], adapter: HfAdapter
) -> None:
    generation, named = GenerationSpec(do_sample=True, **task), ModelGeneration(**model)
    ours = LogitsProcessorList(warpers(generation, named, torch.device("cpu")))
    settings, _ = adapter._model._prepare_generation_config(
        None, do_sample=True, **({"top_k": 0} | task | model)
    )
    theirs = adapter._model._get_logits_processor(settings, 3, device="cpu", model_kwargs={})
    generator = torch.Generator().manual_seed(1)
    ids = torch.zeros(4, 5, dtype=torch.long)
    scores = torch.randn(4, 805, generator=generator) * 4
    assert torch.equal(ours(ids, scores.clone()), theirs(ids, scores.clone()))
    assert len(ours) == len(theirs)


def test_images_of_equal_pixels_have_noise_of_their_own(adapter: HfAdapter) -> None:
    ask = Ask(GenerationSpec(do_sample=True, temperature=3.0, max_new_tokens=8))
    image = Image.new("RGB", (56, 56), "grey")
    ids = [f"image-{number}" for number in range(12)]
    requests = [Request((image,), "<image>\nWhat?", noise_seed(0, [each])) for each in ids]
    found = [each.text for each in adapter.respond(ask, requests)]
    assert len(set(found)) > 6
    assert [each.text for each in adapter.respond(ask, requests[::-1])] == found[::-1]
    (again,) = adapter.respond(ask, [replace(requests[5])])
    assert again.text == found[5]


def test_a_seed_is_of_the_task_and_of_all_images_in_their_order() -> None:
    known = {noise_seed(*each) for each in ((0, ["a"]), (1, ["a"]), (0, ["b"]), (0, ["a", "b"]),
                                            (0, ["b", "a"]), (0, ["ab"]), (0, []))}  # fmt: skip
    assert len(known) == 7
    assert all(0 <= seed < 2**63 for seed in known)
    assert noise_seed(0, ["n01440764/ILSVRC2012_val_00000293"]) == 6089061249092310545


def run(
    adapter: HfAdapter, output: Path, batch_size: int, *settings: str, shard: Shard = WHOLE
) -> list[object]:
    task = load_task(Catalogue(), "mini_cw", [*SAMPLED, *settings])
    options = RunOptions(output, batch_size=batch_size, show_progress=False, shard=shard)
    model, alone = load_model(Catalogue(), "mini"), Rank(0, 1, Setting())
    done = run_task(Catalogue(), task, model, lambda: adapter, alone, options)
    return rows(done.path) if shard == WHOLE else []


def rows(path: Path) -> list[object]:
    found = read_predictions(path / "predictions.jsonl")
    return [replace(row, batch=None, seconds=None) for row in found]


@pytest.fixture(scope="module")
def one_by_one(adapter: HfAdapter, tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    return run(adapter, tmp_path_factory.mktemp("alone"), 1, f"limit={N}")


@pytest.mark.parametrize("batch_size", [3, 8])
def test_a_run_gives_the_same_rows_with_any_batch_size(
    batch_size: int, adapter: HfAdapter, one_by_one: list[object], tmp_path: Path
) -> None:
    assert run(adapter, tmp_path, batch_size, f"limit={N}") == one_by_one
    answers = {row.answer for row in one_by_one}  # type: ignore[attr-defined]
    greedy = load_task(Catalogue(), "mini_cw", [f"limit={N}"])
    plan = make_plan(open_task(Catalogue(), greedy))
    assert len(answers - set(plan.opened.classes.names)) > 3, "it is hot enough to matter"


def test_a_run_that_goes_on_gives_the_same_rows(
    adapter: HfAdapter, one_by_one: list[object], tmp_path: Path
) -> None:
    run(adapter, tmp_path, 8, "limit=10")
    assert run(adapter, tmp_path, 8, f"limit={N}") == one_by_one


def test_a_run_of_an_adapter_that_answered_otherwise_does_not_go_on(
    adapter: HfAdapter, tmp_path: Path
) -> None:
    run(adapter, tmp_path, 8, "limit=4")
    path = tmp_path / "mini" / "mini_cw" / "manifest.json"
    manifest = json.loads(path.read_text())
    assert manifest["identity"].pop("adapter") == 2  # older manifests say nothing of it
    path.write_text(json.dumps(manifest))
    with pytest.raises(UserError, match="adapter: 1 -> 2"):
        run(adapter, tmp_path, 8, "limit=6")


def test_slices_give_the_same_rows(
    adapter: HfAdapter, one_by_one: list[object], tmp_path: Path
) -> None:
    for index in range(2):
        run(adapter, tmp_path, 5, f"limit={N}", shard=Shard(index, 2))
    path = tmp_path / "mini" / "mini_cw"
    settings = [word for each in SAMPLED for word in ("--set", each)]
    assert harness("merge", path, *settings).code == 0
    assert rows(path) == one_by_one


@pytest.mark.slow
def test_two_processes_give_the_same_rows(one_by_one: list[object], tmp_path: Path) -> None:
    settings = [word for each in (*SAMPLED, f"limit={N}") for word in ("--set", each)]
    command = [*TORCHRUN, "2", "-m", "harness", "run", "--tasks", "mini_cw", "--model", "mini"]
    done = subprocess.run(
        [*command, *settings, "--output", str(tmp_path), "--batch_size", "5"],
        cwd=ROOT,
        env=os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "TERM": "dumb"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert rows(tmp_path / "mini" / "mini_cw") == one_by_one


def test_another_seed_gives_other_rows(
    adapter: HfAdapter, one_by_one: list[object], tmp_path: Path
) -> None:
    assert run(adapter, tmp_path, 8, f"limit={N}", "generation_kwargs.seed=1") != one_by_one
