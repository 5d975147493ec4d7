"""`harness study run` and `report`: every run once, gone on with after kills, and told."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.adapters.base import Setting
from harness.errors import DataError
from harness.requests import Ask, Request, Response
from harness.runner.processes import Rank
from harness.runner.session import RunOptions
from harness.runner.study import run_study
from harness.scores.result_parts import Relation
from harness.scores.results import Results
from harness.specs.catalogue import Catalogue
from harness.store.lines import read_predictions
from harness.studies.analysis import Analysis
from harness.studies.observe import Observer
from harness.studies.opening import open_study
from harness.studies.results import StudyResults
from support.colours import ColourAdapter, Killed, N
from support.command import Said, harness

MODEL = "support.colours:ColourAdapter"
STUDY = """study: colours_study
models: ['{model}']
task: colours
factors:
  images_per_prompt: [1, 2, 4]
  order_seed: {{images_per_prompt: 4, image_order: shuffled, seeds: 3}}
  labels: [colours_first, colours_all]
  matching: [strict, read]
  out_of_prompt: [wrong, left_out, mapped]
"""
RUNS = 1 + 2 + 3


class DyingAdapter(ColourAdapter):
    """Ends its process at every third call, and counts the images of all calls."""

    seen = 0
    calls_made = 0

    def respond(self, ask: Ask, requests: Sequence[Request]) -> list[Response]:
        DyingAdapter.calls_made += 1
        if DyingAdapter.calls_made % 3 == 0:
            raise Killed
        DyingAdapter.seen += sum(len(each.images) for each in requests)
        return super().respond(ask, requests)


@pytest.fixture
def study(folder: Path) -> Path:
    path = folder / "study.yaml"
    path.write_text(STUDY.format(model=MODEL))
    return path


def with_baseline(study: Path, task: str) -> None:
    study.write_text(study.read_text() + f"baselines: [{{task: {task}, models: ['{MODEL}']}}]\n")


def with_hierarchy(study: Path) -> None:
    """Give the classes parents, and the study one factor that needs no further run."""
    (study.parent / "tree.tsv").write_text("red\twarm\ngreen\tcool\nblue\tcool\ngrey\tpink\n")
    with (study.parent / "classes.yaml").open("a") as file:
        file.write("hierarchy: tree.tsv\n")
    study.write_text(STUDY.partition("factors:")[0].format(model=MODEL))
    with study.open("a") as file:
        file.write("factors: {matching: [strict, read]}\n")


def with_other_labels(study: Path, *label_sets: str, **own: tuple[int, int]) -> None:
    """Add a baseline of label sets, of which its own ones have names of the study's."""
    other = study.parent / "other"
    other.mkdir()
    for name, ids in own.items():
        rows = [{"image_id": f"i{number:02}", "labels": [ids[number % 2]]} for number in range(4)]
        (other / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    sets = ", ".join((*label_sets, *(f"{name}.jsonl" for name in own)))
    text = f"include: ../colours.yaml\ntask: other\nlabel_sets: [{sets}]\n"
    (other / "other.yaml").write_text(text)
    with_baseline(study, "other")


def study_run(study: Path, *more: object) -> Said:
    words = ["--include_path", study.parent, "--output", study.parent / "runs", *more]
    return harness("study", "run", study, *words)


def report(study: Path) -> StudyResults:
    done = harness("study", "report", study, "--include_path", study.parent,
                   "--output", study.parent / "runs")  # fmt: skip
    assert done.code == 0, done.text
    return StudyResults.read(study.parent / "runs" / "studies" / "colours_study")


def analysed(study: Path) -> StudyResults:
    catalogue = Catalogue((study.parent,))
    observer = Observer(catalogue, study.parent / "runs")
    return Analysis(open_study(catalogue, str(study)), observer).results()


def test_a_study_is_run_and_reported(study: Path) -> None:
    done = study_run(study)
    assert done.code == 0 and f"{RUNS} runs" in done.stdout, done.text
    assert done.stderr.count("example:") == 1, "what is scored is said once"
    found = report(study)
    assert found.missing == () and found.label_sets == ("colours_first", "colours_all")
    assert {each.factor for each in found.factors} == {
        "images_per_prompt", "order_seed", "labels", "matching", "out_of_prompt"
    }  # fmt: skip
    by_name = {e.factor: e for e in found.factors if e.label_set == found.headline}
    treated = {each.level: each for each in by_name["out_of_prompt"].levels}
    # Three of twelve images are grey, called pink; by the lexical encoder pink is near to no class.
    assert [treated[name].n for name in ("wrong", "left_out", "mapped")] == [12, 9, 12]
    assert [treated[name].accuracy for name in ("wrong", "left_out")] == [75.0, 100.0]
    assert treated["wrong"].oop == 25.0 and treated["left_out"].p_mcnemar is None
    assert by_name["order_seed"].seeds is not None and by_name["order_seed"].seeds.n == 3
    assert by_name["images_per_prompt"].range == 0.0
    places = [(each.images_per_prompt, each.place) for each in found.places]
    assert places[:6] == [(2, 1), (2, 2), (4, 1), (4, 2), (4, 3), (4, 4)]
    assert sum(each.n for each in found.places[:2]) == N
    written = (study.parent / "runs/ColourAdapter/colours/results.json").read_text("utf-8")
    change = Results.from_json(json.loads(written)).changes["colours_first->colours_all"]
    (one,) = (each for each in found.label_changes if each.protocol == "cw")
    assert (one.task, one.settings) == ("colours", "")
    assert (one.before, one.after, one.n) == ("colours_first", "colours_all", change.n)
    numbers = (one.accuracy_before, one.accuracy_after, one.delta)
    assert numbers == pytest.approx((change.from_, change.to, change.delta), abs=1e-4)
    assert one.ci95 == pytest.approx(change.ci95, abs=1e-4), "drawn as `harness plot` draws it"
    study.write_text(study.read_text().replace("  labels: [colours_first, colours_all]\n", ""))
    assert analysed(study).label_changes == ()


def test_other_labels_of_the_same_name_are_not_drawn_beside_these(study: Path) -> None:
    with_other_labels(study, colours_first=(0, 1), colours_all=(2, 3))
    done = study_run(study)
    assert done.code == 0, done.text
    found = analysed(study)
    assert {each.task for each in found.label_changes} == {"colours"}
    (note,) = found.notes
    assert "on other has other labels than the rest under the names colours_first and" in note


def test_models_are_compared_on_the_same_labels_alone(study: Path) -> None:
    """Not on others of one name, nor where a task of its own lacks the label set."""
    other = study.parent / "other.yaml"
    other.write_text("model: other\nadapter: support.colours:ColourAdapter\n")
    with_other_labels(study, "colours_first", colours_all=(2, 3))
    study.write_text(study.read_text().replace(f"task: other, models: ['{MODEL}']",
                                               "task: other, models: [other]"))  # fmt: skip
    assert study_run(study).code == 0
    found = analysed(study)
    assert [(each.label_set, each.n) for each in found.gaps] == [("colours_first", 12)]
    told = "other on other has other labels than the rest under the name colours_all: compared"
    assert [each for each in found.notes if each.startswith(told)]

    task = study.parent / "other" / "other.yaml"
    task.write_text(task.read_text().replace(", colours_all.jsonl", ""))
    found = report(study)
    assert [each.label_set for each in found.gaps] == ["colours_first"]
    told = "other on other has no label set colours_all: compared with no run under it."
    assert told in found.notes


def test_only_levels_that_were_added_are_asked(study: Path) -> None:
    study_run(study)
    folder = study.parent / "runs"
    before = {path: path.read_bytes() for path in folder.rglob("predictions.jsonl")}
    study.write_text(study.read_text().replace("[1, 2, 4]", "[1, 2, 4, 6]"))
    assert study_run(study).code == 0
    after = {path: path.read_bytes() for path in folder.rglob("predictions.jsonl")}
    (new,) = after.keys() - before.keys()
    assert "images_per_prompt=6" in str(new)
    assert all(after[path] == text for path, text in before.items())


def test_killed_at_every_third_call_it_asks_each_image_once(
    folder: Path, catalogue: Catalogue
) -> None:
    path = folder / "study.yaml"
    path.write_text(STUDY.format(model=f"{__name__}:DyingAdapter"))
    study = open_study(catalogue, str(path))
    options = RunOptions(folder / "runs", 2, show_progress=False)
    DyingAdapter.seen = DyingAdapter.calls_made = kills = 0
    while True:
        try:
            finished = run_study(catalogue, study, Rank(0, 1, Setting()), options, 2)
            break
        except Killed:
            kills += 1
    assert kills > 2 and len(finished) == RUNS
    assert DyingAdapter.seen == RUNS * N
    rows = [list(read_predictions(each.path / "predictions.jsonl")) for each in finished]
    assert all(len({row.image_id for row in each}) == N for each in rows)
    assert Analysis(study, Observer(catalogue, folder / "runs")).results().missing == ()


def test_what_is_missing_is_said(study: Path) -> None:
    with pytest.raises(DataError, match="has no run in the output folder"):
        analysed(study)
    base = study.parent / "base.yaml"
    base.write_text(study.read_text().replace("[1, 2, 4]", "[1, 2]"))
    harness("study", "run", base, "--include_path", study.parent,
            "--output", study.parent / "runs")  # fmt: skip
    found = report(study)
    (line,) = found.missing
    assert "images_per_prompt=4" in line and "not run yet" in line
    effect = found.factors[0]
    assert effect.factor == "images_per_prompt"
    assert [each.level for each in effect.levels] == ["1", "2"]


def test_the_command_that_makes_the_first_run_is_said_in_full(study: Path) -> None:
    words = ["--include_path", study.parent, "--output", study.parent / "runs"]
    for name in (study, "colours_study"):
        done = harness("study", "report", name, *words)
        line = f"harness study run colours_study --include_path {study.parent} --output"
        assert done.code == 2 and f"fix: {line} {study.parent / 'runs'}" in done.text


def test_a_refused_study_is_begun_anew_with_fresh(study: Path) -> None:
    assert study_run(study).code == 0
    task = study.parent / "colours.yaml"
    task.write_text(task.read_text().replace("which?", "which one?"))
    done = study_run(study)
    assert done.code == 2 and "move the old run aside with --fresh" in done.text
    assert study_run(study, "--fresh").code == 0 and study_run(study).code == 0
    assert study_run(study, "--fresh", "--shard", "1/2").code == 2


def test_levels_without_common_images_are_told(study: Path) -> None:
    done = study_run(study, "--limit", 4)
    assert done.code == 0 and "--limit takes the first images of each order" in done.stderr
    found = analysed(study)
    (effect,) = (e for e in found.factors
                 if (e.factor, e.label_set) == ("order_seed", found.headline))  # fmt: skip
    n = effect.levels[0].n
    assert 2 * n < effect.n_least == 4
    (note,) = found.notes
    assert note.startswith("order_seed (image_order=shuffled, images_per_prompt=4), ")
    assert f"of 4 images or more of each level {n or 'none'} " in note and "`--sample`" in note


def test_rows_say_their_place_in_the_prompt(study: Path) -> None:
    study_run(study)
    (path,) = (study.parent / "runs/varied/images_per_prompt=2").rglob("predictions.jsonl")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert sorted(row["place"] for row in rows) == [1] * 6 + [2] * 6
    (alone,) = (study.parent / "runs/ColourAdapter").rglob("predictions.jsonl")
    assert "place" not in alone.read_text()


def test_a_plan_of_a_study_asks_nothing(study: Path) -> None:
    named = study.parent / "named.yaml"
    named.write_text(study.read_text().replace("support.colours:ColourAdapter", "mini"))
    words = ["--include_path", study.parent, "--output", study.parent / "planned"]
    done = harness("plan", named, *words, "--json")
    assert done.code == 0, done.text
    told = json.loads(done.stdout)
    assert [each["requests"]["left"] for each in told["tasks"]] == [12, 6, 3, 3, 3, 3]
    assert told["requests"] == 30 and not (study.parent / "planned").exists()
    refused = harness("plan", "colours", *words)
    assert refused.code == 2 and "harness plan colours --model MODEL" in refused.text


def test_models_are_checked_before_the_first_is_asked(study: Path) -> None:
    study.write_text(study.read_text().replace("ColourAdapter'", "ColourAdapter', nobody"))
    done = study_run(study)
    assert done.code == 2 and "nobody" in done.text
    assert not (study.parent / "runs").exists()


@pytest.mark.parametrize("key", ["images_per_prompt", "order_seed"])
def test_a_setting_of_all_runs_that_the_study_varies_is_refused(study: Path, key: str) -> None:
    done = study_run(study, "--set", f"{key}=2")
    assert done.code == 2 and f"--set {key}=2: the study itself sets `{key}`" in done.text
    assert not (study.parent / "runs").exists()


def test_a_study_is_checked_by_its_path(study: Path) -> None:
    done = harness("check", study, "--include_path", study.parent)
    assert done.code == 0 and f"{RUNS} runs of 1 model" in done.stdout, done.text
    study.write_text(study.read_text().replace("order_seed", "order_sed"))
    done = harness("check", study, "--include_path", study.parent)
    assert done.code == 2 and "did you mean `order_seed`" in done.stdout, done.text


def test_how_general_the_answers_of_models_and_protocols_are_stands_side_by_side(
    study: Path, folder: Path
) -> None:
    with_hierarchy(study)
    named = (folder / "colours.yaml").read_text()
    opened = named.replace("task: colours", "task: open_colours").replace("cw", "ow")
    (folder / "open.yaml").write_text(opened.replace("{{ classes | join(' ') }}", ""))
    assert study_run(study).code == 0
    assert analysed(study).granularity == (), "one run is no comparison"
    with_baseline(study, "open_colours")
    assert study_run(study).code == 0
    found = report(study).granularity
    rows = [(each.task, each.label_set, each.protocol) for each in found]
    assert rows == [
        (task, labels, protocol)
        for task, protocols in (("colours", ("cw", "cw_plus")), ("open_colours", ("ow",)))
        for labels in ("colours_first", "colours_all")
        for protocol in protocols
    ]
    for each in found:
        path = folder / "runs" / "ColourAdapter" / each.task / "results.json"
        results = Results.from_json(json.loads(path.read_text()))
        assert results.granularity is not None
        expected = results.granularity.scores[each.protocol][each.label_set]
        assert (each.n, each.relations, each.placed) == (
            expected.n, expected.relations, expected.placed,
        )  # fmt: skip
        assert sum(share.n for share in each.relations.values()) == each.n == N
    # The grey ones are called pink, which is above them.
    assert [each.relations[Relation.GENERIC].n for each in found] == [3] * 6
    tables = folder / "runs" / "studies" / "colours_study" / "tables"
    assert "too generic" in (tables / "granularity.csv").read_text()


def test_other_labels_of_the_same_name_are_not_laid_beside_these(study: Path) -> None:
    with_hierarchy(study)
    with_other_labels(study, "colours_first", colours_all=(0, 1))
    done = study_run(study)
    assert done.code == 0, done.text
    found = analysed(study)
    assert {(each.task, each.label_set) for each in found.granularity} == {
        ("colours", "colours_first"), ("colours", "colours_all"), ("other", "colours_first"),
    }  # fmt: skip
    assert any("other labels than the rest under the name colours_all" in n for n in found.notes)
