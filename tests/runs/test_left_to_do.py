"""What is left to do after answering is read off the rows: no answer is scored unmapped."""

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.adapters.base import Setting
from harness.data.labels.of_task import NO_OVERRIDES
from harness.errors import DataError, UserError
from harness.requests import Ask, Request, Response
from harness.runner.processes import Rank
from harness.runner.repeats import run_all
from harness.runner.session import RunOptions
from harness.runs import finish as finishing
from harness.runs.finish import Finished
from harness.runs.reopen import open_run, rescore
from harness.scores.results import Results
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.specs.model import ModelSpec
from harness.store.directory import RunDirectory
from harness.store.manifest import Manifest
from support.colours import NAMES, ColourAdapter, Killed, N, name_of, write_task

MODEL = ModelSpec(model="colour", adapter="tests:ColourAdapter")
WORDS = dict(zip((*NAMES[:3], "pink"), ("a reddish one", "greens", "BLUE", "greyish"), strict=True))


class Talker(ColourAdapter):
    """Says the colour in other words, all of which the encoder has to map; dies after `dies`."""

    def __init__(self, dies: int | None = None) -> None:
        super().__init__(MODEL, Setting())
        self._left = dies

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        if self._left is not None:
            if self._left < len(requests):
                raise Killed
            self._left -= len(requests)
        return super().respond(ask, requests)

    def answer(self, request: Request) -> str:
        return WORDS[name_of(request.images[0])]


def run(catalogue: Catalogue, *settings: str, dies: int | None = None) -> Finished:
    options = RunOptions(catalogue.include_paths[0] / "runs", 1, settings, show_progress=False)
    task = load_task(catalogue, "colours", settings)
    adapter = Talker(dies)
    (runs,) = run_all(catalogue, [task], MODEL, lambda: adapter, Rank(0, 1, Setting()), options)
    return runs[0]


def mapped(path: Path) -> Counter[str]:
    """Count the rows by what the mapping made of them."""
    rows = RunDirectory(path).rows().values()
    return Counter("nearest" if row.nearest else row.rule or "" for row in rows)


PROTOCOLS = ("ow", "cw", "cw_plus")


@pytest.fixture(params=PROTOCOLS)
def whole(request: pytest.FixtureRequest, catalogue: Catalogue, folder: Path) -> Finished:
    """A run of all images that nothing disturbed, in a folder of its own; the task stays."""
    write_task(folder, protocol=request.param)
    finished = run(catalogue)
    shutil.move(folder / "runs", folder / "undisturbed")
    return Finished(folder / "undisturbed" / finished.path.relative_to(folder / "runs"), None)


def lines(path: Path) -> list[dict[str, Any]]:
    texts = (path / "predictions.jsonl").read_text().splitlines()
    return [{k: v for k, v in json.loads(text).items() if k != "seconds"} for text in texts]


def same(path: Path, whole: Path) -> None:
    assert lines(path) == lines(whole)
    assert (path / "results.json").read_text() == (whole / "results.json").read_text()
    assert Manifest.read(path).mapping == Manifest.read(whole).mapping


@pytest.mark.parametrize("dies", [0, 1, N - 5])
def test_a_longer_run_that_was_killed_is_mapped_whole(
    catalogue: Catalogue, whole: Finished, dies: int
) -> None:
    path = run(catalogue, "limit=4").path
    with pytest.raises(Killed):
        run(catalogue, dies=dies)
    run(catalogue)
    same(path, whole.path)


def test_a_run_that_was_killed_after_its_last_answer_is_mapped_whole(
    catalogue: Catalogue, whole: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = run(catalogue, "limit=4").path

    def killed(*_: object) -> None:
        raise Killed

    for step in ("map_left", "score_run"):
        with monkeypatch.context() as patched, pytest.raises(Killed):
            patched.setattr(finishing, step, killed)
            run(catalogue)
    run(catalogue)
    same(path, whole.path)


def test_a_merge_in_the_middle_maps_what_is_there(catalogue: Catalogue, whole: Finished) -> None:
    path = run(catalogue, "limit=4").path
    with pytest.raises(Killed):
        run(catalogue, dies=5)
    found = rescore(catalogue, path, NO_OVERRIDES)
    assert not found.complete and found.n == 9
    expected = {row.image_id: row for row in RunDirectory(whole.path).rows().values()}
    for row in RunDirectory(path).rows().values():
        wanted = expected[row.image_id]
        assert (row.class_id, row.rule, row.nearest) == (
            wanted.class_id, wanted.rule, wanted.nearest,
        )  # fmt: skip
    run(catalogue)
    same(path, whole.path)


def test_what_is_killed_while_it_is_mapped_anew_is_never_taken_for_either(
    catalogue: Catalogue, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_task(folder, protocol="ow")
    path = run(catalogue).path
    with monkeypatch.context() as patched, pytest.raises(Killed):
        whole = RunDirectory.replace

        def killed(self: RunDirectory, rows: object) -> None:
            whole(self, rows)  # type: ignore[arg-type]
            if any(row.similarity for row in self.rows().values()):
                raise Killed

        patched.setattr(RunDirectory, "replace", killed)
        run(catalogue, "mapping.answer_template=photo")
    found = run(catalogue)  # under the first templates again
    shutil.rmtree(folder / "runs")
    again = run(catalogue)
    assert found.results == again.results and mapped(path)["mapped"] == 9


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_another_encoder_of_the_same_name_maps_again(
    catalogue: Catalogue, folder: Path, protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    write_task(folder, protocol=protocol)
    text = (folder / "colours.yaml").read_text()
    (folder / "colours.yaml").write_text(text.replace("encoder: lexical", "encoder: mine"))
    (folder / "mine.yaml").write_text("encoder: mine\nkind: lexical\n")
    path = run(catalogue).path
    before = Manifest.read(path).mapping
    (folder / "mine.yaml").write_text("encoder: mine\nkind: lexical\nngram_range: [1, 1]\n")
    rescore(catalogue, path, NO_OVERRIDES)
    after = Manifest.read(path).mapping
    assert before and after and before.encoder_sha256 != after.encoder_sha256
    assert f"encoder_sha256: '{before.encoder_sha256}' -> " in caplog.text
    disturbed = RunDirectory(path).rows()
    shutil.rmtree(folder / "runs")
    assert {each: row.similarity for each, row in disturbed.items()} == {
        each: row.similarity for each, row in RunDirectory(run(catalogue).path).rows().items()
    }


def test_an_encoder_that_is_gone_is_needed_only_for_what_is_left(
    catalogue: Catalogue, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_task(folder, protocol="ow")
    text = (folder / "colours.yaml").read_text()
    (folder / "colours.yaml").write_text(text.replace("encoder: lexical", "encoder: mine"))
    (folder / "mine.yaml").write_text("encoder: mine\nkind: lexical\n")
    path = run(catalogue, "limit=4").path
    with pytest.raises(Killed):
        run(catalogue, dies=1)
    gone = "encoder: mine\nkind: sentence_transformers\npretrained: no/such-model\n"
    (folder / "mine.yaml").write_text(gone)
    with pytest.raises(UserError, match="no/such-model"):
        rescore(catalogue, path, NO_OVERRIDES)
    assert len(RunDirectory(path).rows()) == 5, "the answers are merged"
    with pytest.raises(DataError, match="not scored yet"):
        open_run(catalogue, path, NO_OVERRIDES)
    (folder / "mine.yaml").write_text("encoder: mine\nkind: lexical\n")
    rescore(catalogue, path, NO_OVERRIDES)
    (folder / "mine.yaml").write_text(gone)
    assert rescore(catalogue, path, NO_OVERRIDES).n == 5
    assert "answers stay as they were mapped" in caplog.text


def test_rows_that_are_not_mapped_are_not_looked_at(catalogue: Catalogue, folder: Path) -> None:
    write_task(folder, protocol="ow")
    path = run(catalogue).path
    rows = lines(path)
    first = next(row for row in rows if row["rule"] == "mapped")
    for key in ("rule", "class_id", "similarity", "margin"):
        del first[key]
    (path / "predictions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(DataError, match="not scored yet"):
        open_run(catalogue, path, NO_OVERRIDES)
    rescore(catalogue, path, NO_OVERRIDES)
    assert open_run(catalogue, path, NO_OVERRIDES).rows
    assert mapped(path)["mapped"] == 9


def test_no_spread_is_left_of_repeats_that_are_not_all_scored(
    catalogue: Catalogue, folder: Path
) -> None:
    write_task(folder, protocol="ow")
    several = ("repeats=2", "image_order=shuffled")
    spread = run(catalogue, *several, "limit=4").path.parent / "repeats.json"
    assert spread.exists()
    with pytest.raises(Killed):
        run(catalogue, *several, dies=10)  # in the second repeat
    assert not spread.exists()
    run(catalogue, *several)
    after = json.loads(spread.read_text())
    assert after["accuracy"]["ow"]["colours_first"]["n"] == 2
    labels = (folder / "first.jsonl").read_text().replace("[0]", "[1]")
    (folder / "first.jsonl").write_text(labels)
    for number in range(2):
        rescore(catalogue, spread.with_name(f"repeat-{number}"), NO_OVERRIDES)
    results = [
        Results.from_json(
            json.loads((spread.with_name(f"repeat-{n}") / "results.json").read_text())
        )
        for n in range(2)
    ]
    mean = json.loads(spread.read_text())["accuracy"]["ow"]["colours_first"]["mean"]
    assert mean == results[0].scores["ow"]["colours_first"].accuracy
