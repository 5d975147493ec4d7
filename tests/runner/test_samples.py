"""A run of a sample: what is asked, what it says of itself, how it grows."""

import json
from pathlib import Path

import pytest

from harness.adapters.base import Setting
from harness.data.labels.of_task import NO_OVERRIDES
from harness.data.opened import open_task
from harness.data.sample import Sample
from harness.errors import DataError, UserError
from harness.prompts.plan import make_plan
from harness.report.show import notes_of
from harness.runner.processes import Rank
from harness.runner.repeats import run_all
from harness.runner.session import RunOptions, run_task
from harness.runs.compare import compare_runs
from harness.runs.finish import Finished
from harness.runs.importing import ImportOptions, import_answers
from harness.runs.preflight import preflight
from harness.runs.reopen import open_run, rescore
from harness.scores.results import Results
from harness.scores.statistics import wilson_of_part
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.specs.model import ModelSpec
from harness.store.lines import read_predictions
from harness.store.manifest import Manifest
from support.colours import ColourAdapter, N, write_task
from support.command import harness

MODEL = ModelSpec(model="colour", adapter="support.colours:ColourAdapter")


def run(
    catalogue: Catalogue, *settings: str, limit: int | None = None, output: str = "runs"
) -> tuple[Finished, int]:
    """Give what a run ended with, and how many images it asked the model about."""
    adapter = ColourAdapter(MODEL, Setting())
    place = catalogue.include_paths[0] / output
    options = RunOptions(place, 3, settings, show_progress=False)
    limits = [f"limit={limit}"] if limit else []
    task = load_task(catalogue, "colours", [*settings, *limits])
    rank = Rank(0, 1, Setting())
    return run_task(catalogue, task, MODEL, lambda: adapter, rank, options), sum(adapter.calls)


def ids(finished: Finished) -> set[str]:
    return {row.image_id for row in read_predictions(finished.path / "predictions.jsonl")}


def results(finished: Finished) -> Results:
    assert finished.results is not None
    return finished.results


def data_of(catalogue: Catalogue, *settings: str) -> list[str]:
    plan = make_plan(open_task(catalogue, load_task(catalogue, "colours", settings)))
    found = preflight(plan.opened, plan.image_ids)
    return [each.text for each in found if each.check == "data"]


def test_it_is_said_before_and_after(catalogue: Catalogue) -> None:
    assert data_of(catalogue, "sample.n=5") == ["sample of 5 of 12, seed 0"]
    stratified = data_of(catalogue, "sample.n=5", "sample.seed=3", "sample.stratify=true")
    assert stratified == ["sample of 5 of 12, seed 3, as many of each class"]
    found = results(run(catalogue, "sample.n=5")[0])
    assert found.complete and found.n == 5
    path = catalogue.include_paths[0] / "runs/colour/colours/results.json"
    written = json.loads(path.read_text())
    assert written["sample"] == {"n": 5, "of": N, "seed": 0, "stratify": False}
    score = found.scores["cw"]["colours_all"]
    assert score.ci95_whole == wilson_of_part(score.n_right, score.n, 5 / N)
    note = notes_of(found)[0]
    assert note.startswith("a sample of 5 of 12 images, seed 0; accuracy on all of them, 95 %: [")
    assert Results.from_json(written).sample == found.sample


def test_what_is_no_sample_says_nothing(catalogue: Catalogue) -> None:
    for settings in ((), ("sample.n=12",), ("limit=4",)):
        finished, _ = run(catalogue, *settings, output="-".join(["runs", *settings]))
        for name in ("results.json", "manifest.json"):
            text = (finished.path / name).read_text()
            assert '"ci95_whole"' not in text
            assert '"sample"' not in json.dumps(list(json.loads(text)))
    assert data_of(catalogue, "sample.n=12") == ["12 images, all asked about"]


def test_a_sample_grows_and_becomes_the_whole(catalogue: Catalogue) -> None:
    small, asked = run(catalogue, "sample.n=4")
    first = ids(small)
    larger, more = run(catalogue, "sample.n=7")
    assert (asked, more) == (4, 3) and first < ids(larger)
    assert Manifest.read(larger.path).sample.n == results(larger).sample.n == 7  # type: ignore[union-attr]
    smaller, none = run(catalogue, "sample.n=5")
    assert none == 0 and results(smaller).n == results(smaller).sample.n == 7  # type: ignore[union-attr]
    assert rescore(catalogue, smaller.path, NO_OVERRIDES) == results(smaller)
    whole, rest = run(catalogue)
    assert rest == N - 7 and results(whole).n == N and results(whole).complete
    assert results(whole).sample is None and Manifest.read(whole.path).sample is None
    assert rescore(catalogue, whole.path, NO_OVERRIDES) == results(whole)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (("sample.n=4", "sample.seed=1"), r"task\.sample\.seed: 0 -> 1"),
        (("sample.n=4", "sample.stratify=true"), r"task\.sample\.stratify: False -> True"),
        (("limit=4",), r"task\.sample\.seed: 0 -> None"),
    ],
)
def test_another_sample_is_refused(
    catalogue: Catalogue, settings: tuple[str, ...], named: str
) -> None:
    run(catalogue, "sample.n=4")
    with pytest.raises(UserError, match=named):
        run(catalogue, *settings)


def test_the_whole_does_not_become_a_sample(catalogue: Catalogue) -> None:
    run(catalogue)
    with pytest.raises(UserError, match=r"task\.sample\.seed: None -> 0"):
        run(catalogue, "sample.n=4")


def test_where_images_share_prompts_another_size_is_another_run(
    catalogue: Catalogue, folder: Path
) -> None:
    write_task(folder, "images_per_prompt: 3\n")
    run(catalogue, "sample.n=4")
    with pytest.raises(UserError, match=r"task\.sample\.n: 4 -> 6"):
        run(catalogue, "sample.n=6")
    with pytest.raises(UserError, match=r"task\.sample\.n: 4 -> None"):
        run(catalogue)


def test_other_ids_in_the_file_are_refused(catalogue: Catalogue, folder: Path) -> None:
    path = folder / "some.txt"
    path.write_text("i03\ni01\n")
    finished, _ = run(catalogue, f"ids={path}")
    assert ids(finished) == {"i01", "i03"}
    assert results(finished).sample == Sample(n=2, of=N, seed=None, stratify=None)
    assert results(finished).scores["cw"]["colours_all"].ci95_whole is None
    assert rescore(catalogue, finished.path, NO_OVERRIDES) == results(finished)
    path.write_text("i03\ni02\n")
    with pytest.raises(UserError, match=r"contents\.ids: "):
        run(catalogue, f"ids={path}")
    with pytest.raises(UserError, match=r"task\.ids: .* -> None"):
        run(catalogue)


def test_options_of_an_image_do_not_depend_on_the_sample(
    catalogue: Catalogue, folder: Path
) -> None:
    write_task(folder, "distractors: {n_options: 3}\n", protocol="mc")
    text = (folder / "colours.yaml").read_text()
    source = "'<image> {{ options | join(letters[0]) }}'"
    lines = [line for line in text.splitlines() if not line.startswith("doc_to_text")]
    (folder / "colours.yaml").write_text("\n".join([*lines, f"doc_to_text: {source}\n"]))
    plans = [
        make_plan(open_task(catalogue, load_task(catalogue, "colours", settings)))
        for settings in ((), ("sample.n=6",))
    ]
    whole, part = ({r.image_ids[0]: r.options for r in plan.requests} for plan in plans)
    assert part and part.items() <= whole.items()


def test_repeats_are_of_the_same_images(catalogue: Catalogue) -> None:
    settings = ("sample.n=5", "repeats=2", "image_order=shuffled")
    options = RunOptions(catalogue.include_paths[0] / "runs", 3, settings, show_progress=False)
    task = load_task(catalogue, "colours", settings)
    adapter = ColourAdapter(MODEL, Setting())
    rank = Rank(0, 1, Setting())
    ((one, two),) = run_all(catalogue, [task], MODEL, lambda: adapter, rank, options)
    assert ids(one) == ids(two) and len(ids(one)) == 5


def test_a_sample_is_compared_with_the_whole_on_its_images(catalogue: Catalogue) -> None:
    part, whole = run(catalogue, "sample.n=5")[0], run(catalogue, output="others")[0]
    a, b = (open_run(catalogue, each.path, NO_OVERRIDES) for each in (part, whole))
    found = compare_runs((a, b))
    assert ([each.n for each in found.runs], found.n_common, found.differing) == ([5, N], 5, ())


def test_answers_to_a_sample_are_imported(catalogue: Catalogue, folder: Path) -> None:
    asked = ids(run(catalogue, "sample.n=5")[0])
    path = folder / "answers.jsonl"
    lines = [json.dumps({"image_id": each, "answer": "red"}) + "\n" for each in sorted(asked)]
    path.write_text("".join(lines))
    settings = ("sample.n=5",)
    options = ImportOptions("given", folder / "runs", settings=settings)
    task = load_task(catalogue, "colours", settings)
    found = import_answers(catalogue, task, path, options).results
    assert found is not None and found.complete
    assert (found.n, found.sample and found.sample.of) == (5, N)
    path.write_text("".join(lines[:3]))
    with pytest.raises(DataError, match="no answer for images of the task, which has 5"):
        import_answers(catalogue, task, path, options)


def test_the_command(folder: Path) -> None:
    (folder / "colour.yaml").write_text("model: colour\nadapter: support.colours:ColourAdapter\n")
    places = ("--include_path", folder, "--output", folder / "runs")
    words = ("run", "--tasks", "colours", "--model", "colour", *places)
    first = harness(*words, "--sample", 6, "--sample_seed", 2)
    assert first.code == 0, first.stderr
    assert "colours (sample of 6)" in first.stdout
    assert "sample of 6 of 12, seed 2" in first.stderr
    assert "a sample of 6 of 12 images, seed 2" in first.stdout
    path = folder / "runs" / "colour" / "colours"
    assert harness("score", path, "--include_path", folder).code == 0
    (folder / "a b.txt").write_text("i03\ni04\n")
    other = ("--output", folder / "other")
    named = harness(*words, *other, "--ids", folder / "a b.txt")
    assert named.code == 0, named.stderr
    assert "a sample of 2 of 12 images, by a list of ids" in named.stdout
    again = harness("score", folder / "other" / "colour" / "colours", "--include_path", folder)
    assert again.code == 0, again.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--sample", 3, "--limit", 4), "--limit and --sample: each choose images"),
        (("--sample", 3, "--ids", "x"), "--sample and --ids: each choose images"),
        (("--sample", 3, "--set", "limit=4"), "one of `limit`, `sample` and `ids`"),
        (("--stratify",), "--stratify: acts only with --sample"),
        (("--sample_seed", 3), "--sample_seed: acts only with --sample"),
        (("--sample", 0), "--sample"),
    ],
)
def test_what_does_not_go_together(
    folder: Path, words: tuple[str | int, ...], message: str
) -> None:
    (folder / "colour.yaml").write_text("model: colour\nadapter: support.colours:ColourAdapter\n")
    done = harness(
        "run", "--tasks", "colours", "--model", "colour", "--include_path", folder,
        "--output", folder / "runs", *words,
    )  # fmt: skip
    assert done.code == 2 and message in done.stderr
