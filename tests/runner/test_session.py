"""A run from the first image to the results: resumed, disturbed, repeated."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness.adapters.base import Setting
from harness.answers.outcome import Status
from harness.data.labels.of_task import NO_OVERRIDES, Overrides
from harness.data.opened import open_task
from harness.errors import UserError
from harness.prompts.plan import make_plan
from harness.requests import Ask, ModelFacts, Request, Response
from harness.runner.processes import Rank
from harness.runner.repeats import run_all
from harness.runner.session import RunOptions, run_task
from harness.runs.finish import Finished, repeat_of
from harness.runs.reopen import rescore
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.specs.model import ModelSpec
from harness.store.directory import RunDirectory
from harness.store.lines import read_predictions
from harness.store.manifest import Manifest
from harness.store.prediction import Prediction
from support.colours import ColourAdapter, FragileAdapter, N, write_task

MODEL = ModelSpec(model="colour", adapter="tests:ColourAdapter")
ALONE = Rank(0, 1, Setting())


def run(
    catalogue: Catalogue,
    adapter: Callable[[], ColourAdapter] | None = None,
    *settings: str,
    batch_size: int = 3,
    fresh: bool = False,
    overrides: Overrides = NO_OVERRIDES,
) -> Finished:
    task = load_task(catalogue, "colours", settings)
    options = RunOptions(
        catalogue.include_paths[0] / "runs", batch_size, settings, overrides, fresh, False
    )
    made = adapter or (lambda: ColourAdapter(MODEL, Setting()))
    return run_task(catalogue, task, MODEL, made, ALONE, options)


def rows(finished: Finished) -> dict[str, Prediction]:
    found = read_predictions(finished.path / "predictions.jsonl")
    return {row.image_id: replace(row, seconds=None, batch=None) for row in found}


def nobody() -> ColourAdapter:
    raise AssertionError("the model was loaded although nothing was owed")


def test_a_run_writes_rows_manifest_and_results(catalogue: Catalogue) -> None:
    finished = run(catalogue)
    assert finished.results is not None
    assert finished.results.counts["ok"] == 9
    assert finished.results.counts["oop"] == 3
    assert finished.results.scores["cw"]["colours_first"].accuracy == pytest.approx(75.0)
    assert sorted(path.name for path in finished.path.iterdir()) == [
        "confusion.npz", "manifest.json", "predictions.jsonl", "results.json",
    ]  # fmt: skip
    row = rows(finished)["i03"]
    # Nothing in `pink` is in a name of the list, letter by letter.
    assert (row.status, row.answer, row.rule, row.tokens) == (Status.OOP, "pink", "unreadable", 1)
    manifest = Manifest.read(finished.path)
    assert manifest.status == "complete" and manifest.n == N
    assert manifest.model_facts["architecture"] == "Colour"
    assert manifest.counts == {"ok": 9, "oop": 3}
    assert json.loads((finished.path / "results.json").read_text())["complete"] is True


def test_a_complete_run_is_not_asked_again(catalogue: Catalogue) -> None:
    first = rows(run(catalogue))
    assert rows(run(catalogue, nobody)) == first


def test_a_killed_run_goes_on_where_it_stopped(catalogue: Catalogue) -> None:
    undisturbed = run(catalogue)
    expected = rows(undisturbed)
    lines = (undisturbed.path / "predictions.jsonl").read_text().splitlines(keepends=True)
    directory = RunDirectory(undisturbed.path)
    directory.predictions.unlink()
    part = undisturbed.path / "parts" / "rank-0001-of-0002.jsonl"
    part.parent.mkdir()
    part.write_text("".join(lines[:5]) + lines[5][:20])  # the sixth line is torn
    asked = ColourAdapter(MODEL, Setting())
    assert rows(run(catalogue, lambda: asked)) == expected
    assert sum(asked.calls) == N - 5


def test_a_larger_limit_asks_only_for_the_new_images(catalogue: Catalogue) -> None:
    run(catalogue, None, "limit=4")
    asked = ColourAdapter(MODEL, Setting())
    finished = run(catalogue, lambda: asked, "limit=10")
    assert sum(asked.calls) == 6 and len(rows(finished)) == 10
    smaller = run(catalogue, nobody, "limit=2")
    assert smaller.results is not None and smaller.results.n == 10 and smaller.results.complete


def test_a_changed_task_is_refused_and_the_keys_are_named(catalogue: Catalogue) -> None:
    run(catalogue)
    with pytest.raises(UserError, match=r"task\.order_seed: 0 -> 4") as caught:
        run(catalogue, None, "order_seed=4")
    assert "--fresh" in str(caught.value)
    fresh = run(catalogue, None, "order_seed=4", fresh=True)
    assert (fresh.path.parent / "colours.old-1" / "predictions.jsonl").is_file()


def test_what_a_model_that_did_not_load_left_is_no_run(catalogue: Catalogue) -> None:
    with pytest.raises(AssertionError):
        run(catalogue, nobody)
    finished = run(catalogue, None, "order_seed=4")
    assert finished.results is not None and finished.results.complete
    assert list(finished.path.parent.iterdir()) == [finished.path], "nothing was moved aside"


def test_a_failing_image_is_alone_with_its_error(catalogue: Catalogue) -> None:
    finished = run(catalogue, lambda: FragileAdapter(MODEL, Setting()), batch_size=6)
    found = rows(finished)
    failed = {each for each, row in found.items() if row.status is Status.ERROR}
    assert failed == {"i02", "i06", "i10"}
    assert found["i02"].error == "ValueError: blue hurts"
    assert finished.results is not None and not finished.results.complete
    score = finished.results.scores["cw"]["colours_first"]
    assert (score.n, score.n_right, score.n_error) == (9, 6, 3)
    assert Manifest.read(finished.path).smaller_batch == 3  # memory ran out with six
    again = run(catalogue)
    assert {row.status for row in rows(again).values()} == {Status.OK, Status.OOP}
    assert again.results is not None and again.results.complete


def test_an_image_that_cannot_be_decoded_is_a_row_with_an_error(
    catalogue: Catalogue, folder: Path
) -> None:
    (folder / "images" / "i04.png").write_bytes(b"no image")
    found = rows(run(catalogue))
    assert found["i04"].status is Status.ERROR
    assert "i04.png: not an image" in (found["i04"].error or "")
    assert len(found) == N


def test_several_images_in_one_prompt(catalogue: Catalogue, folder: Path) -> None:
    write_task(folder, "images_per_prompt: 5\nimage_order: shuffled\norder_seed: 1\n")
    together = rows(run(catalogue, batch_size=2))
    write_task(folder)
    alone = rows(run(catalogue, fresh=True))
    assert {each: row.answer for each, row in together.items()} == {
        each: row.answer for each, row in alone.items()
    }


def test_a_broken_image_leaves_its_prompt_to_the_others(catalogue: Catalogue, folder: Path) -> None:
    write_task(folder, "images_per_prompt: 4\n")
    (folder / "images" / "i01.png").write_bytes(b"no image")
    found = rows(run(catalogue))
    assert [each for each, row in found.items() if row.status is Status.ERROR] == ["i01"]
    assert (found["i00"].answer, found["i02"].answer) == ("red", "blue")


def test_scoring_again_uses_today_s_labels(catalogue: Catalogue, folder: Path) -> None:
    finished = run(catalogue)
    before = (finished.path / "predictions.jsonl").read_bytes()
    mine = folder / "mine.jsonl"
    mine.write_text((folder / "first.jsonl").read_text().replace("[0]", "[1]"))
    again = rescore(catalogue, finished.path, Overrides({"colours_first": mine}))
    assert again.scores["cw"]["colours_first"].accuracy == pytest.approx(50.0)
    assert (finished.path / "predictions.jsonl").read_bytes() == before


def test_labels_that_are_missing_are_named_and_the_others_score(
    catalogue: Catalogue, folder: Path
) -> None:
    (folder / "all.jsonl").unlink()
    finished = run(catalogue)
    assert finished.results is not None
    assert list(finished.results.label_sets) == ["colours_first"]
    assert Manifest.read(finished.path).missing_labels == ("colours_all",)


def test_multiple_choice_skips_and_counts_images_without_a_label(
    catalogue: Catalogue, folder: Path
) -> None:
    write_task(folder, "distractors: {n_options: 3}\n", protocol="mc")
    text = (folder / "colours.yaml").read_text()
    (folder / "colours.yaml").write_text(text.replace("classes |", "options |"))
    labels = (folder / "all.jsonl").read_text().replace("[1]", "[]", 1)
    (folder / "all.jsonl").write_text(labels)
    plan = make_plan(open_task(catalogue, load_task(catalogue, "colours")))
    assert plan.skipped == {"no valid label": 1}
    assert len(plan.image_ids) == N - 1
    for request in plan.requests:
        assert len(request.options) == 3
        assert request.options == plan.planner.options[request.image_ids[0]]
    grey = plan.planner.options["i03"]
    assert 0 not in grey and 3 in grey  # red is right too in one label set: no distractor


def test_repeats_have_their_own_seeds_and_folders(catalogue: Catalogue) -> None:
    settings = ("repeats=3", "image_order=shuffled")
    task = load_task(catalogue, "colours", settings)
    assert [repeat_of(task, number).order_seed for number in range(3)] == [0, 1, 2]
    options = RunOptions(catalogue.include_paths[0] / "runs", 4, settings, show_progress=False)
    adapter = ColourAdapter(MODEL, Setting())
    (finished,) = run_all(catalogue, [task], MODEL, lambda: adapter, ALONE, options)
    assert [each.path.name for each in finished] == ["repeat-0", "repeat-1", "repeat-2"]
    written = json.loads((finished[0].path.parent / "repeats.json").read_text())
    found = written["accuracy"]["cw"]["colours_first"]
    assert (found["n"], found["mean"], found["deviation"]) == (3, 75.0, 0.0)


def test_distractor_and_sampling_seeds_move_with_the_repeat(
    catalogue: Catalogue, folder: Path
) -> None:
    write_task(folder, "distractors: {n_options: 3, seed: 5}\n", protocol="mc")
    text = (folder / "colours.yaml").read_text().replace("classes |", "options |")
    (folder / "colours.yaml").write_text(text)
    second = repeat_of(load_task(catalogue, "colours"), 1)
    assert second.distractors is not None and second.distractors.seed == 6
    assert second.generation_kwargs.seed == 1


class TellingAdapter(ColourAdapter):
    """Knows more with each answer, and looks at what the manifest says before."""

    def __init__(self, path: Path) -> None:
        super().__init__(MODEL, Setting())
        self.path, self.said = path, list[object]()

    @property
    def facts(self) -> ModelFacts:
        return ModelFacts(architecture="Colour", notes=(f"{len(self.calls)} calls",))

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        self.said += Manifest.read(self.path).model_facts["notes"]
        if len(self.calls) == 2:
            raise KeyboardInterrupt
        return super().respond(ask, requests)


def test_facts_of_the_model_are_on_disk_before_the_answers(catalogue: Catalogue) -> None:
    path = catalogue.include_paths[0] / "runs" / "colour" / "colours"
    adapter = TellingAdapter(path)
    with pytest.raises(KeyboardInterrupt):
        run(catalogue, lambda: adapter)
    assert adapter.said == ["0 calls", "1 calls", "2 calls"]
    assert Manifest.read(path).model_facts["notes"] == ["2 calls"]
    assert len(RunDirectory(path).rows()) == 6


def test_a_kill_after_the_last_answer_loses_no_fact(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(RunDirectory, "mark_finished", killed)
        run(catalogue, lambda: FragileAdapter(MODEL, Setting()), batch_size=8)
    finished = run(catalogue, batch_size=8)
    manifest = Manifest.read(finished.path)
    assert manifest.model_facts["architecture"] == "Colour"
    assert manifest.smaller_batch == 4


class ForgetfulManifest(ColourAdapter):
    """While it answers, another slice writes the manifest as it was before."""

    def __init__(self, path: Path) -> None:
        super().__init__(MODEL, Setting())
        self.path = path

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        Manifest.read(self.path).model_copy(update={"model_facts": {}}).write(self.path)
        return super().respond(ask, requests)


def test_facts_outlive_a_slice_that_began_in_between(catalogue: Catalogue) -> None:
    path = catalogue.include_paths[0] / "runs" / "colour" / "colours"
    finished = run(catalogue, lambda: ForgetfulManifest(path))
    assert Manifest.read(finished.path).model_facts["architecture"] == "Colour"
