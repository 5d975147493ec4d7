"""Answers that flip are found, and a model that keeps to its word has none."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.adapters.base import Setting
from harness.checks.invariance import compare_ways
from harness.data.opened import open_task
from harness.errors import RunError
from harness.prompts.plan import make_plan
from harness.requests import Ask, Failed, Request, Response, Text
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.specs.model import ModelSpec
from support.colours import ColourAdapter
from support.launching import plain

MODEL = ModelSpec(model="colour", adapter="tests:ColourAdapter")


class LastIsGreen(ColourAdapter):
    """Says `green` of the last image of a batch of several, as padding might make a model do."""

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        found = super().respond(ask, requests)
        return [*found[:-1], Text("green")] if len(found) > 1 else found


class Failing(ColourAdapter):
    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        return [Failed("no answer") for _ in requests]


def test_a_steady_model_has_no_flips(catalogue: Catalogue) -> None:
    plan = make_plan(open_task(catalogue, load_task(catalogue, "colours")))
    found = compare_ways(plan, ColourAdapter(MODEL, Setting()), 10, 4)
    assert (found.prompts, found.flips) == (10, ())


def test_every_flip_is_listed_with_both_answers(catalogue: Catalogue) -> None:
    plan = make_plan(open_task(catalogue, load_task(catalogue, "colours")))
    found = compare_ways(plan, LastIsGreen(MODEL, Setting()), 8, 4)
    flips = [(flip.setting, flip.image_ids, flip.alone, flip.other) for flip in found.flips]
    assert flips == [
        ("batches of 4", ("i03",), "pink", "green"),
        ("batches of 4", ("i07",), "pink", "green"),
        ("batches of 4, backwards", ("i00",), "red", "green"),
        ("batches of 4, backwards", ("i04",), "red", "green"),
    ]


def test_a_failed_call_says_nothing(catalogue: Catalogue) -> None:
    plan = make_plan(open_task(catalogue, load_task(catalogue, "colours")))
    with pytest.raises(RunError, match="no answer"):
        compare_ways(plan, Failing(MODEL, Setting()), 8, 4)


@pytest.mark.slow
def test_the_command_compares_processes_too(
    folder: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(root / "tests"))  # for the processes that it starts
    words = ["colours", "support.colours:SlowAdapter", "--limit", "6"]
    done = plain(["invariance", *words, "--include_path", str(folder)])
    assert done.returncode == 0, done.stdout
    for way in ("batches of 8", "batches of 8, backwards", "2 processes"):
        assert f"  {way}: 0 answers flip" in done.stdout
    assert plain(["invariance", "colours"]).returncode == 2
