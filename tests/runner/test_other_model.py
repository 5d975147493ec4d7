"""A loaded model, or a server's snapshot, that is not the one that the run began with is named."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness.adapters.base import Setting
from harness.data.labels.of_task import NO_OVERRIDES
from harness.errors import UserError
from harness.requests import Ask, ModelFacts, Request, Response
from harness.runner.identity import refuse_other_model
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
from support.colours import ColourAdapter, N

MODEL = ModelSpec(model="colour", adapter="support.colours:ColourAdapter")
LOADED = ModelFacts(dtype="bfloat16", architecture="Colour", parameters=7)


class Known(ColourAdapter):
    """Has facts of its own."""

    def __init__(self, facts: ModelFacts) -> None:
        super().__init__(MODEL, Setting())
        self._facts = facts

    @property
    def facts(self) -> ModelFacts:
        return self._facts


class Served(ColourAdapter):
    """Says with each answer what it is of, as a server does; `names` in turn, the last for good."""

    def __init__(self, *names: str) -> None:
        super().__init__(MODEL, Setting())
        self._names = list(names)
        self._said: set[str] = set()

    @property
    def facts(self) -> ModelFacts:
        return ModelFacts(revision=", ".join(sorted(self._said)) or None)

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        found = []
        for each in super().respond(ask, requests):
            name = self._names.pop(0) if len(self._names) > 1 else self._names[0]
            self._said.add(name)
            found.append(replace(each, revision=name))
        return found


def run(
    catalogue: Catalogue, adapter: ColourAdapter, *settings: str, shard: Shard = WHOLE
) -> Finished:
    output = catalogue.include_paths[0] / "runs"
    options = RunOptions(output, 2, settings, show_progress=False, shard=shard)
    task = load_task(catalogue, "colours", settings)
    return run_task(catalogue, task, MODEL, lambda: adapter, Rank(0, 1, Setting()), options)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"dtype": "float32"}, r"dtype: 'bfloat16' -> 'float32'"),
        ({"architecture": "Grey"}, r"architecture: 'Colour' -> 'Grey'"),
        ({"parameters": 8}, r"parameters: 7 -> 8"),
    ],
)
def test_another_loaded_model_is_named_before_it_is_asked(
    catalogue: Catalogue, change: dict[str, str], named: str
) -> None:
    path = run(catalogue, Known(LOADED), "limit=4").path
    other = Known(replace(LOADED, **change))  # type: ignore[arg-type]
    with pytest.raises(UserError, match=named):
        run(catalogue, other)
    assert not other.calls and Manifest.read(path).model_facts["dtype"] == "bfloat16"
    finished = run(catalogue, Known(replace(LOADED, device="cuda:1")))
    assert finished.results is not None and finished.results.complete


@pytest.mark.parametrize("second", [lambda: Served("m-06"), lambda: Served("m-05", "m-05", "m-06")])
def test_another_snapshot_of_a_server_stops_the_run_before_its_answers_are_written(
    catalogue: Catalogue, second: Callable[[], Served]
) -> None:
    path = run(catalogue, Served("m-05"), "limit=4").path
    with pytest.raises(UserError, match="revision: m-05 -> m-06"):
        run(catalogue, second())
    assert {row.revision for row in RunDirectory(path).rows().values()} == {"m-05"}
    with pytest.raises(UserError, match="revision: m-05 -> m-06"):
        run(catalogue, Served("m-06"))
    finished = run(catalogue, Served("m-05"))
    assert finished.results is not None and finished.results.complete
    assert Manifest.read(path).model_facts["revision"] == "m-05"


def test_a_snapshot_that_changes_within_the_run_stops_it(catalogue: Catalogue) -> None:
    with pytest.raises(UserError, match="revision: m-05 -> m-06"):
        run(catalogue, Served("m-05", "m-05", "m-05", "m-05", "m-06"))


def test_a_run_that_noted_no_snapshot_goes_on(catalogue: Catalogue) -> None:
    run(catalogue, ColourAdapter(MODEL, Setting()), "limit=4")
    finished = run(catalogue, Served("m-06"))
    assert finished.results is not None and finished.results.complete


def test_answers_of_two_snapshots_that_are_merged_are_told(
    catalogue: Catalogue, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Slices that begin at one time cannot know of each other."""
    path = run(catalogue, Served("m-05"), shard=Shard(0, 2)).path
    manifest = Manifest.read(path)
    facts = {**manifest.model_facts, "revision": None}
    manifest.model_copy(update={"model_facts": facts}).write(path)
    run(catalogue, Served("m-06"), shard=Shard(1, 2))
    rescore(catalogue, path, NO_OVERRIDES)
    assert f"{N // 2} by m-05, {N // 2} by m-06" in caplog.text


def test_a_commit_that_is_loaded_is_that_which_was_looked_up(catalogue: Catalogue) -> None:
    manifest = Manifest.read(run(catalogue, Known(LOADED)).path)
    identity = manifest.identity.model_copy(
        update={"contents": {"pretrained": f"commit {'a' * 40}"}}
    )
    manifest = manifest.model_copy(update={"identity": identity})
    for revision in ("a" * 40, None, "of my own"):
        refuse_other_model(manifest, replace(LOADED, revision=revision))
    with pytest.raises(UserError, match=f"revision: {'a' * 40} -> {'b' * 40}"):
        refuse_other_model(manifest, replace(LOADED, revision="b" * 40))
