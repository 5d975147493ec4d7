"""A factor that the study's task cannot have: of the one task that can, or refused."""

import sys
from pathlib import Path

import pytest

from harness.errors import SpecError
from harness.specs.catalogue import Catalogue
from harness.studies.design import Study
from harness.studies.opening import open_study
from support.command import harness

ALONE = "include: colours.yaml\ntask: alone\ndoc_to_text: 'Which? <image>'\n"
FACTORS = """
  images_per_prompt: [1, 2]
  image_order: {images_per_prompt: 2, levels: [dataset, shuffled]}
"""


@pytest.fixture
def tasks(catalogue: Catalogue) -> Path:
    folder = catalogue.include_paths[0]
    (folder / "alone.yaml").write_text(ALONE)
    return folder


def opened(tasks: Path, factors: str, task: str = "alone", models: str = "mini") -> Study:
    path = tasks / "study.yaml"
    path.write_text(f"study: s\nmodels: ['{models}']\ntask: {task}\nfactors:{factors}")
    return open_study(Catalogue((tasks,)), str(path))


def refused(tasks: Path, factors: str, task: str = "alone") -> str:
    with pytest.raises(SpecError) as error:
        opened(tasks, factors, task)
    return str(error.value)


def test_the_one_task_that_can_is_taken_with_all_else_as_in_the_studys(tasks: Path) -> None:
    sorted_ = "include: colours.yaml\ntask: sorted\nimage_order: class_sorted\n"
    (tasks / "sorted.yaml").write_text(sorted_)  # asks the same with the order of the study's task
    study = opened(tasks, FACTORS)
    several, order = study.factors
    assert [each.variant.task for each in several.points] == ["colours", "colours"]
    assert several.points[several.baseline or 0].level == "1" and several.baseline == 0
    assert order.points[0].variant == several.points[1].variant, "one run, not two"
    assert [study.tasks[each.variant].image_order for each in order.points] == [
        "dataset", "shuffled"
    ]  # fmt: skip
    assert (several.held, order.held) == ("task=colours", "task=colours, images_per_prompt=2")
    assert study.notes == (
        "images_per_prompt, image_order are varied on `colours`: the prompt of `alone` holds one "
        "image. Its prompt is taken; all else is as in `alone`.",
    )


def test_what_the_studys_task_says_is_held(tasks: Path) -> None:
    (tasks / "colours.yaml").rename(tasks / "_base.yaml")
    (tasks / "alone.yaml").write_text(ALONE.replace("colours.yaml", "_base.yaml"))
    many = "include: _base.yaml\ntask: many\nimages_per_prompt: 4\nimage_order: shuffled\n"
    (tasks / "many.yaml").write_text(many + "generation_kwargs: {max_new_tokens: 99}\n")
    study = opened(tasks, "\n  images_per_prompt: [2, 4]\n")
    (factor,) = study.factors
    assert [each.level for each in factor.points] == ["as in the task", "2", "4"]
    found = [study.tasks[each.variant] for each in factor.points]
    assert [each.images_per_prompt for each in found] == [1, 2, 4]
    assert {each.image_order for each in found} == {"dataset"}
    assert factor.held == "task=many, image_order=dataset"
    assert "Its prompt and generation_kwargs (max_new_tokens: 99) are taken" in study.notes[0]


def test_several_that_ask_different_questions_are_named(tasks: Path) -> None:
    other = "include: colours.yaml\ntask: other\ngeneration_kwargs: {max_new_tokens: 99}\n"
    (tasks / "other.yaml").write_text(other)
    said = refused(tasks, FACTORS)
    assert "study.yaml:5: task `alone` cannot be asked so" in said
    assert "study.yaml:5: factor `images_per_prompt` can be of several other tasks" in said
    assert "got: `colours`, `other`" in said
    line = "`image_order: {task: colours, images_per_prompt: 2, levels: [dataset, shuffled]}`"
    assert f"fix: say of which, as {line}" in said
    assert opened(tasks, "\n  images_per_prompt: {task: other, levels: [1, 2]}\n").notes == ()


@pytest.mark.parametrize(
    "change",
    [
        "dataset_path: elsewhere", "label_sets: [colours_first]", "protocol: ow", "limit: 4",
        "doc_to_text: '<image><image>?'\nimages_per_prompt: 2",
    ],
)  # fmt: skip
def test_without_a_task_on_the_same_images_it_is_refused(tasks: Path, change: str) -> None:
    (tasks / "colours.yaml").rename(tasks / "_base.yaml")
    (tasks / "alone.yaml").write_text(ALONE.replace("colours.yaml", "_base.yaml"))
    (tasks / "other.yaml").write_text(f"include: _base.yaml\ntask: other\n{change}\n")
    said = refused(tasks, FACTORS)
    assert "task `alone` cannot be asked so" in said and "other" not in said


@pytest.mark.parametrize("factor", ["image_order: [datset]", "images_per_prompt: [2, two]"])
def test_a_mistake_looks_for_no_other_task(tasks: Path, factor: str) -> None:
    said = refused(tasks, f"\n  {factor}\n")
    assert "study.yaml:5: " in said and "`colours`" not in said


def test_only_ranked_options_can_be_ranked(tmp_path: Path) -> None:
    ranks = "\n  distractors.rank: [[1, 3], [4, 10], null]\n"
    (factor,) = opened(tmp_path, ranks, "mini_cw").factors
    assert {each.variant.task for each in factor.points} == {"mini_mc_hard"}
    assert factor.baseline == 2 and factor.held == "task=mini_mc_hard"
    assert "`mini_cw` is of protocol cw, without wrong options" in factor.note
    said = refused(tmp_path, "\n  distractors.n_options: [2, 4]\n", "mini_cw")
    assert "got: `mini_mc_hard`, " in said and "`mini_mc_random`" in said


def test_names_that_the_class_list_has_not_are_refused_before_the_first_run(tmp_path: Path) -> None:
    said = refused(tmp_path, "\n  name_set: [clean, openai]\n", "mini_cw")
    assert "study.yaml:5: unknown name set" in said and "fix: name one of aliases, clean" in said


def test_it_is_said_by_every_command(tasks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # pictures take seconds
    opened(tasks, "\n  images_per_prompt: [1, 2]\n", models="support.colours:ColourAdapter")
    words = [tasks / "study.yaml", "--include_path", tasks]
    note = "images_per_prompt is varied on `colours`: the prompt of `alone` holds one"
    done = harness("check", *words)
    assert done.code == 0 and "note" in done.stdout and "varied on `colours`" in done.stdout
    for command in (("study", "run"), ("study", "report")):
        done = harness(*command, *words, "--output", tasks / "runs")
        assert done.code == 0 and "varied on `colours`" in done.stderr, done.text
    for path in ("study.json", "index.html"):
        assert note in (tasks / "runs/studies/s" / path).read_text("utf-8")
