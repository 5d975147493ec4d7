"""Several images in a prompt: a group is asked again as a whole, and every run ends."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.adapters.base import Setting
from harness.answers.outcome import Status
from harness.data.labels.of_task import NO_OVERRIDES
from harness.data.opened import open_task
from harness.prompts.plan import make_plan
from harness.requests import Ask, Request, Response
from harness.runner.processes import Rank
from harness.runner.session import RunOptions, run_task
from harness.runs.finish import Finished
from harness.runs.reopen import rescore
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.specs.model import ModelSpec
from harness.store.directory import RunDirectory
from harness.store.lock import WHOLE, Shard
from harness.store.manifest import Manifest
from support.colours import ColourAdapter, Killed, N, write_task

MODEL = ModelSpec(model="colour", adapter="tests:ColourAdapter")


class Grouped(ColourAdapter):
    """Says something else of an image in every group, as a model may; dies after `dies` groups."""

    def __init__(self, dies: int | None = None) -> None:
        super().__init__(MODEL, Setting())
        self._left = dies

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        if self._left is not None:
            self._left -= len(requests)
            if self._left < 0:
                raise Killed
        return super().respond(ask, requests)

    def answer(self, request: Request) -> str:
        # The whole group decides what is said of each of its images.
        group = "".join(str(image.getpixel((0, 0))) for image in request.images)
        names = [f"red {group} {number}" for number in range(len(request.images))]
        if len(names) == 1:
            return names[0]
        return "{" + ", ".join(f'"{n}": "{name}"' for n, name in enumerate(names, 1)) + "}"


def run(
    catalogue: Catalogue, *settings: str, shard: Shard = WHOLE, dies: int | None = None
) -> Finished:
    output = catalogue.include_paths[0] / "runs"
    options = RunOptions(output, 1, settings, show_progress=False, shard=shard)
    task = load_task(catalogue, "colours", settings)
    rank = Rank(0, 1, Setting())
    return run_task(catalogue, task, MODEL, lambda: Grouped(dies), rank, options)


def answers(path: Path) -> dict[str, str | None]:
    return {each: row.answer for each, row in RunDirectory(path).rows().items()}


@pytest.fixture
def path(catalogue: Catalogue, folder: Path) -> Path:
    return folder / "runs" / "colour" / "colours"


@pytest.fixture(params=["dataset", "shuffled", "class_sorted"])
def whole(request: pytest.FixtureRequest, catalogue: Catalogue, folder: Path) -> dict[str, object]:
    """The answers of a run that nothing disturbed, five images a prompt."""
    write_task(folder, f"images_per_prompt: 5\nimage_order: {request.param}\n")
    found = answers(run(catalogue).path)
    (folder / "runs").rename(folder / "undisturbed")
    return dict(found)


@pytest.mark.parametrize("limits", [(1, 12), (7, 12), (7, 8, 11, 12), (7, 3, 12), (5, 10, 12)])
def test_a_raised_limit_asks_a_cut_group_again_as_a_whole(
    catalogue: Catalogue, whole: dict[str, object], limits: Sequence[int]
) -> None:
    for limit in limits:
        finished = run(catalogue, f"limit={limit}")
    assert answers(finished.path) == whole
    assert finished.results is not None and finished.results.complete and finished.results.n == N


def test_a_smaller_limit_takes_nothing_away(catalogue: Catalogue, whole: dict[str, object]) -> None:
    run(catalogue)
    finished = run(catalogue, "limit=7")
    assert answers(finished.path) == whole
    assert finished.results is not None and finished.results.complete


@pytest.mark.parametrize("between", ["nothing", "merge", "again"])
def test_a_mended_image_has_its_group_asked_again_as_a_whole(
    catalogue: Catalogue, folder: Path, path: Path, whole: dict[str, object], between: str
) -> None:
    image = folder / "images" / f"{_group(catalogue)[1]}.png"
    whole_image = image.read_bytes()
    image.write_bytes(b"no image")
    first = run(catalogue)
    assert first.results is not None and not first.results.complete
    assert RunDirectory(path).rows()[image.stem].status is Status.ERROR
    if between == "merge":
        rescore(catalogue, path, NO_OVERRIDES)
    if between == "again":
        run(catalogue)
    image.write_bytes(whole_image)
    finished = run(catalogue)
    assert answers(path) == whole
    assert finished.results is not None and finished.results.complete


@pytest.mark.parametrize("seed", range(8))
def test_whatever_comes_between_the_run_ends_as_the_undisturbed_one(
    catalogue: Catalogue, folder: Path, path: Path, whole: dict[str, object], seed: int
) -> None:
    chance = random.Random(seed)
    group = _group(catalogue)
    for _ in range(5):
        limit, slices = chance.randint(1, N), chance.randint(1, 3)
        shard = Shard(chance.randrange(slices), slices)
        broken = folder / "images" / f"{chance.choice(group)}.png"
        text = broken.read_bytes()
        known = RunDirectory(path).rows().get(broken.stem) if path.exists() else None
        if known is None or known.status is Status.ERROR:
            broken.write_bytes(b"no image")
        try:
            run(catalogue, f"limit={limit}", shard=shard, dies=chance.choice([None, 0, 1, 2]))
        except Killed:
            _tear(path, chance)
        broken.write_bytes(text)
        if chance.random() < 0.3 and path.exists():
            rescore(catalogue, path, NO_OVERRIDES)
    finished = run(catalogue)
    assert answers(path) == whole
    assert finished.results is not None and finished.results.complete
    assert Manifest.read(path).n == N
    assert not list(path.glob(".*")) and not (path / "parts").exists()


def _group(catalogue: Catalogue) -> Sequence[str]:
    return make_plan(open_task(catalogue, load_task(catalogue, "colours"))).requests[0].image_ids


def _tear(path: Path, chance: random.Random) -> None:
    """Cut the end off the newest part, as a kill in the middle of a write does."""
    parts = RunDirectory(path).parts()
    if parts:
        newest = max(parts, key=lambda each: each.stat().st_mtime_ns)
        data = newest.read_bytes()
        newest.write_bytes(data[: len(data) - chance.randrange(min(200, len(data) + 1))])
