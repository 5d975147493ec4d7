"""A real server: what `transformers serve` answers for the embedded model, `hf` answers too."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from harness.adapters.base import Adapter, Setting
from harness.adapters.hf.adapter import HfAdapter
from harness.adapters.server.adapter import OpenAIAdapter
from harness.adapters.server.faults import ServerError
from harness.data.images.source import open_source
from harness.data.opened import open_task
from harness.prompts.plan import make_plan
from harness.requests import Ask, Request, Response, Text
from harness.runner.processes import Rank
from harness.runner.session import RunOptions, run_task
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model, load_task
from harness.specs.model import ModelSpec
from harness.store.lines import read_predictions
from harness.store.manifest import Manifest
from support.serving import MINI, served_mini, served_spec

N = 24

pytestmark = pytest.mark.slow  # a server of transformers is started


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served_mini(tmp_path_factory.mktemp("serve") / "server.log") as address:
        yield address


@pytest.fixture(scope="module")
def served(url: str) -> Iterator[OpenAIAdapter]:
    adapter = OpenAIAdapter(served_spec(url), Setting())
    yield adapter
    adapter.close()


@pytest.fixture(scope="module")
def local() -> HfAdapter:
    return HfAdapter(load_model(Catalogue(), "mini"), Setting())


def asked(name: str) -> tuple[Ask, list[Request]]:
    """The requests of a task, for images of as many classes as possible."""
    catalogue = Catalogue()
    task = load_task(catalogue, name)
    text = make_plan(open_task(catalogue, task)).requests[0].text
    source = open_source(task)
    assert source.read is not None
    rows = range(0, len(source), len(source) // N)
    requests = [Request((source.read(row),), text) for row in rows][:N]
    return Ask(task.generation_kwargs), requests


def answers(adapter: Adapter, name: str) -> list[Response]:
    ask, requests = asked(name)
    assert len(requests) == N
    parts = [requests[start : start + 8] for start in range(0, N, 8)]
    return [each for part in parts for each in adapter.respond(ask, part)]


@pytest.mark.parametrize("task", ["mini_cw", "mini_ow"])
def test_the_server_answers_as_the_model_itself(
    task: str, served: OpenAIAdapter, local: HfAdapter
) -> None:
    through_server, itself = answers(served, task), answers(local, task)
    assert all(isinstance(each, Text) for each in through_server)
    assert [each.text for each in through_server] == [each.text for each in itself]
    assert len({each.text for each in itself}) > N // 3
    assert [each.tokens for each in through_server] == [each.tokens for each in itself]
    assert all(each.prompt_tokens for each in through_server)
    assert (served.facts.revision or "").startswith(str(MINI))


def test_a_whole_run_through_the_server_gives_the_same_rows(
    url: str, served: OpenAIAdapter, local: HfAdapter, tmp_path: Path
) -> None:
    def rows(model: ModelSpec, adapter: Adapter) -> dict[str, tuple[object, ...]]:
        task = load_task(Catalogue(), "mini_cw", ["limit=16"])
        options = RunOptions(tmp_path, batch_size=8, show_progress=False)
        alone = Rank(0, 1, Setting())
        done = run_task(Catalogue(), task, model, lambda: adapter, alone, options)
        found = read_predictions(done.path / "predictions.jsonl")
        return {row.image_id: (row.status, row.answer, row.class_id, row.tokens) for row in found}

    expected = rows(load_model(Catalogue(), "mini"), local)
    assert rows(served_spec(url), served) == expected
    manifest = Manifest.read(tmp_path / "mini-served" / "mini_cw")
    assert manifest.status == "complete" and sum(manifest.counts.values()) == 16
    assert manifest.prompt_tokens and manifest.tokens


def test_a_name_that_the_server_does_not_serve_ends_the_run(url: str) -> None:
    spec = served_spec(url).model_copy(update={"pretrained": "another/model"})
    with (
        closing(OpenAIAdapter(spec, Setting())) as adapter,
        pytest.raises(ServerError, match="Server is pinned to"),
    ):
        ask, requests = asked("mini_ow")
        adapter.respond(ask, requests[:2])
