"""What an adapter does ahead of the model: in threads, grouped by size, failures alone."""

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness.adapters.base import OutOfMemoryError, Preparing, Setting
from harness.answers.outcome import Status
from harness.errors import Problem, SpecError, UserError
from harness.prompts.ahead import work_ahead
from harness.requests import Ahead, Ask, Failed, ModelFacts, Request, Response, Text
from harness.runner.batch_size import WITHOUT_GPU
from harness.runner.processes import Rank
from harness.runner.session import RunOptions, run_task
from harness.runs.finish import Finished
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.specs.model import ModelSpec
from harness.store.lines import read_predictions
from harness.store.manifest import Manifest
from harness.store.prediction import Prediction
from support.colours import COLOURS, ColourAdapter, name_of

MODEL = ModelSpec(model="colour", adapter="tests:ColourAdapter")
SIZES = dict(zip(COLOURS, (10, 20, 30, 20), strict=True))


class Ready(ColourAdapter):
    """Names the colour ahead of the model; a colour has a size of its own."""

    def __init__(self, broken: str = "", room: int = 1000, device: str = "cpu") -> None:
        super().__init__(MODEL, Setting())
        self.broken, self.room, self.device = broken, room, device
        self.asked: list[list[str]] = []
        self.threads: set[str] = set()

    @property
    def facts(self) -> ModelFacts:
        return ModelFacts(device=self.device)

    def prepare(self, request: Request) -> Ahead:
        self.threads.add(threading.current_thread().name)
        name = name_of(request.images[0])
        if name == self.broken:
            raise ValueError("this colour cannot be resized")
        return Ahead(name, SIZES[request.images[0].getpixel((0, 0))])  # type: ignore[index]

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        ahead = [each.ahead or self.prepare(each) for each in requests]
        self.asked.append([each.inputs for each in ahead])
        if len(requests) * max(each.size for each in ahead) > self.room:
            raise OutOfMemoryError("too many")
        return [Text(each.inputs, tokens=1) for each in ahead]


def run(catalogue: Catalogue, adapter: ColourAdapter, size: int | str, name: str) -> Finished:
    options = RunOptions(catalogue.include_paths[0] / name, size, show_progress=False)  # type: ignore[arg-type]
    rank, task = Rank(0, 1, Setting()), load_task(catalogue, "colours")
    return run_task(catalogue, task, MODEL, lambda: adapter, rank, options)


def rows(finished: Finished) -> list[Prediction]:
    found = read_predictions(finished.path / "predictions.jsonl")
    return [replace(row, seconds=None, batch=None) for row in found]


def test_rows_are_those_without_it_and_batches_are_of_one_size(catalogue: Catalogue) -> None:
    plain = rows(run(catalogue, ColourAdapter(MODEL, Setting()), 2, "plain"))
    adapter = Ready()
    assert isinstance(adapter, Preparing)
    assert not isinstance(ColourAdapter(MODEL, Setting()), Preparing)
    assert rows(run(catalogue, adapter, 2, "ready")) == plain
    sizes = {"red": 10, "green": 20, "blue": 30, "pink": 20}
    mixed = [batch for batch in adapter.asked if len({sizes[name] for name in batch}) > 1]
    assert len(adapter.asked) == 6 and len(mixed) <= 1
    assert all(name.startswith("ahead") for name in adapter.threads)


def test_a_request_that_cannot_be_made_ready_is_a_row_with_its_error(catalogue: Catalogue) -> None:
    found = {row.image_id: row for row in rows(run(catalogue, Ready("blue"), 4, "broken"))}
    failed = [image_id for image_id, row in found.items() if row.status is Status.ERROR]
    assert failed == ["i02", "i06", "i10"]
    assert found["i02"].error == "ValueError: this colour cannot be resized"
    again = rows(run(catalogue, Ready(), 4, "broken"))
    assert again == rows(run(catalogue, Ready(), 4, "whole"))


def test_fewer_requests_are_ahead_where_they_hold_much_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("harness.prompts.ahead.MOST_MEMORY", 1000)
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    begun: list[int] = []
    memory = [10] * 100 + [100] * 100 + [10_000] * 20 + [10] * 100

    def work(number: int) -> int:
        begun.append(number)
        return number

    ahead = []
    # `work_ahead` looks into no request: numbers stand for them
    for place, found in enumerate(work_ahead(work, range(320), 20, memory.__getitem__)):  # type: ignore[arg-type]
        assert found == place
        time.sleep(0.001)  # for the threads to come to rest
        ahead.append(len(begun) - place - 1)
    assert max(ahead[:100]) == 39  # two batches, less the one in hand
    assert max(ahead[150:200]) == 9  # 1,000 bytes
    assert max(ahead[208:220]) == 2  # one a thread
    assert max(ahead[260:280]) == 39  # and more again, once the large ones are past


def test_a_mistake_of_the_user_s_ends_the_run(catalogue: Catalogue) -> None:
    class Wrong(Ready):
        def prepare(self, request: Request) -> Ahead:
            raise SpecError(Problem("model", "cannot be asked this"))

    with pytest.raises(UserError, match="cannot be asked this"):
        run(catalogue, Wrong(), 4, "wrong")


def test_auto_takes_the_largest_power_of_two_that_fits(catalogue: Catalogue, folder: Path) -> None:
    adapter = Ready(room=130, device="cuda:0")  # four of the longest, of size 30
    finished = run(catalogue, adapter, "auto", "auto")
    assert [batch for batch in adapter.asked[:4]] == [["blue"] * n for n in (1, 2, 4, 8)]
    assert max(map(len, adapter.asked[4:])) == 4
    manifest = Manifest.read(finished.path)
    assert (manifest.batch_size, manifest.auto_batch_size) == (4, True)
    assert manifest.smaller_batch is None
    assert rows(finished) == rows(run(catalogue, Ready(), 3, "three"))
    again = run(catalogue, Ready(), "auto", "auto")  # nothing is owed, nothing is forgotten
    assert Manifest.read(again.path).batch_size == 4


def test_auto_goes_past_requests_that_fail(catalogue: Catalogue) -> None:
    class Picky(Ready):
        def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
            found = super().respond(ask, requests)
            return [Failed("no") if each.text == "blue" else each for each in found]

    adapter = Picky(room=90, device="cuda:0")
    assert Manifest.read(run(catalogue, adapter, "auto", "picky").path).batch_size == 4


def test_auto_without_a_gpu_is_a_fixed_number(catalogue: Catalogue) -> None:
    adapter = Ready()
    finished = run(catalogue, adapter, "auto", "cpu")
    assert Manifest.read(finished.path).batch_size == WITHOUT_GPU
    assert max(map(len, adapter.asked)) <= WITHOUT_GPU
