"""What a real `vllm serve` answers for the embedded model, `hf` answers too, choices included.

Runs where vLLM is installed beside this Python.
"""

from collections.abc import Iterator

import pytest

from harness.adapters.base import Adapter, Setting
from harness.adapters.hf.adapter import HfAdapter
from harness.adapters.server.adapter import OpenAIAdapter
from harness.data.opened import open_task
from harness.prompts.ahead import load, readable
from harness.prompts.plan import make_plan
from harness.requests import Response, Scores, Text
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model, load_task
from support.serving import VLLM, served_by_vllm, served_spec

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not VLLM.exists(), reason="vLLM is not installed"),
]
N = 48


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAIAdapter]:
    with served_by_vllm(tmp_path_factory.mktemp("vllm") / "server.log") as url:
        adapter = OpenAIAdapter(served_spec(url), Setting())
        yield adapter
        adapter.close()


@pytest.fixture(scope="module")
def local() -> HfAdapter:
    return HfAdapter(load_model(Catalogue(), "mini"), Setting())


def answers(adapter: Adapter, name: str, output_type: str) -> list[Response]:
    catalogue = Catalogue()
    settings = [f"output_type={output_type}", f"limit={N}"]
    plan = make_plan(open_task(catalogue, load_task(catalogue, name, settings)))
    asked = (readable(plan, load(plan.opened.source, each)) for each in plan.requests)
    return adapter.respond(plan.ask, [each[2] for each in asked if each])


@pytest.mark.parametrize(
    ("task", "output_type"),
    [("mini_cw", "generate_until"), ("mini_cw", "constrained"), ("mini_mc_hard", "constrained")],
)
def test_texts_are_those_of_the_model_itself(
    task: str, output_type: str, served: OpenAIAdapter, local: HfAdapter
) -> None:
    found, expected = (answers(each, task, output_type) for each in (served, local))
    assert [each.text for each in found if isinstance(each, Text)] == [
        each.text for each in expected if isinstance(each, Text)
    ]
    assert len(found) == N and all(isinstance(each, Text) for each in (*found, *expected))


def test_letters_have_the_scores_that_the_model_itself_gives_them(
    served: OpenAIAdapter, local: HfAdapter
) -> None:
    both = (answers(each, "mini_mc_hard", "multiple_choice") for each in (served, local))
    for found, expected in zip(*both, strict=True):
        assert isinstance(found, Scores) and isinstance(expected, Scores)
        assert found.scores == pytest.approx(expected.scores, abs=1e-4)
    assert "choices: log-probabilities of letters, by their tokens" in served.facts.notes
