"""Task files: every mistake at once, each with its place and the nearest valid key."""

from pathlib import Path

import pytest

from harness.errors import SpecError
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.groups import expand_tasks
from harness.specs.load import load_task
from harness.specs.template import TemplateValues, render

GOOD = """\
task: pets
protocol: cw
dataset_path: data
class_list: pets
label_sets: [pets]
doc_to_text: "{{ classes | join(', ') }} <image> which?"
metadata: {version: 1}
"""


def catalogue(folder: Path, **files: str) -> Catalogue:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return Catalogue((folder,))


def problems(folder: Path, text: str) -> dict[str, str]:
    with pytest.raises(SpecError) as caught:
        load_task(catalogue(folder, pets=text), "pets")
    return {problem.where.rsplit(":", 1)[-1]: str(problem) for problem in caught.value.problems}


def test_a_file_with_three_mistakes_reports_three(tmp_path: Path) -> None:
    text = GOOD.replace("class_list:", "clas_list:").replace("protocol: cw", "protocol: closed")
    text = text.replace("{{ classes", "{{ clases")
    with pytest.raises(SpecError) as caught:
        load_task(catalogue(tmp_path, pets=text), "pets")
    told = [str(problem) for problem in caught.value.problems]
    # `class_list` is missing now, which is the same mistake seen from the other side.
    assert len(told) == 4
    path = tmp_path / "pets.yaml"
    by_key = {key: next(line for line in told if key in line) for key in ("clas_list", "protocol")}
    assert f"{path}:4" in by_key["clas_list"]
    assert "did you mean `class_list`?" in by_key["clas_list"]
    assert f"{path}:2" in by_key["protocol"]
    assert "'cw'" in by_key["protocol"]
    assert any(f"{path}:6" in line and "did you mean `classes`?" in line for line in told)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("metadata: {version: 1}", "metadata: {version: 1, versoin: 2}", "did you mean `version`"),
        ("<image> which?", "which?", "one <image> for each of 1 images, found 0"),
        ("<image> which?", "<image> <image>", "found 2"),
        ("protocol: cw", "protocol: mc", "`distractors` for protocol `mc`"),
        ("protocol: cw", "protocol: ow", "no `classes` in the prompt"),
        ("protocol: cw", "protocol: classify", "`doc_to_text` for every protocol but"),
        ("join(', ')", "jion(', ')", "did you mean `join`"),
        ("{{ classes", "{% classes", "Jinja2 template"),
        ("metadata: {version: 1}", "metadata: {version: 1}\ndirectory: /", "unknown key"),
        ("metadata: {version: 1}", "metadata: {version: 1}\nimages_per_prompt: 0", "greater"),
        (
            "metadata: {version: 1}",
            "metadata: {version: 1}\ngeneration_kwargs: {temperature: 1}",
            "do_sample",
        ),
    ],
)
def test_mistakes_are_told_with_what_would_be_right(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(SpecError) as caught:
        load_task(catalogue(tmp_path, pets=GOOD.replace(old, new)), "pets")
    assert message in str(caught.value)


def test_distractor_rules_are_checked(tmp_path: Path) -> None:
    mc = GOOD.replace("protocol: cw", "protocol: mc").replace("classes |", "options |")
    for rule, message in (
        ("{strategy: confusion}", "`source` goes with"),
        ("{rank: [3, 2]}", "1 <= lo <= hi"),
        ("{n_options: 5, rank: [1, 3]}", "at least 4 candidates"),
        ("{n_options: 27}", "less than or equal to 26"),
    ):
        with pytest.raises(SpecError) as caught:
            load_task(catalogue(tmp_path, pets=mc + f"distractors: {rule}\n"), "pets")
        assert message in str(caught.value)


def test_settings_replace_what_the_file_says(tmp_path: Path) -> None:
    found = load_task(
        catalogue(tmp_path, pets=GOOD), "pets", ["limit=5", "generation_kwargs.max_new_tokens=7"]
    )
    assert found.limit == 5
    assert found.generation_kwargs.max_new_tokens == 7
    with pytest.raises(SpecError, match="did you mean `limit`"):
        load_task(catalogue(tmp_path, pets=GOOD), "pets", ["limt=5"])
    with pytest.raises(SpecError, match="not key=value"):
        load_task(catalogue(tmp_path, pets=GOOD), "pets", ["limit"])


@pytest.mark.parametrize("text", ["[cat", "'cat", "a: b: c", "x\udcff", "!!python/name:os"])
def test_a_setting_that_is_no_yaml_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(SpecError, match="--set class_list: is not a value in YAML"):
        load_task(catalogue(tmp_path, pets=GOOD), "pets", [f"class_list={text}"])


def test_a_relative_path_starts_at_the_file_that_says_it(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "_base.yaml").write_text(GOOD.replace("task: pets\n", ""))
    found = load_task(catalogue(tmp_path, pets="include: shared/_base.yaml\ntask: pets\n"), "pets")
    assert found.resolve(found.dataset_path, "dataset_path") == tmp_path / "shared" / "data"


def test_a_broken_file_breaks_no_other(tmp_path: Path) -> None:
    found = catalogue(tmp_path, pets=GOOD, broken="task: broken\n  x: [", empty="")
    assert load_task(found, "pets").task == "pets"
    assert "broken" in found.names(Kind.TASK)
    with pytest.raises(SpecError, match="not valid YAML"):
        load_task(found, "broken")


def test_unknown_task_gets_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="did you mean `mini_cw`"):
        expand_tasks(catalogue(tmp_path), ["mini_cww"])


def test_every_unknown_task_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        expand_tasks(catalogue(tmp_path), ["mini_cww", "mini_oww", "mini_cw"])
    assert len(caught.value.problems) == 2


def test_one_name_in_two_files_is_refused(tmp_path: Path) -> None:
    found = catalogue(tmp_path, a=GOOD, b=GOOD)
    with pytest.raises(SpecError, match="two files bear the same task name"):
        load_task(found, "pets")


def test_groups_and_tags_stand_for_tasks(tmp_path: Path) -> None:
    found = catalogue(
        tmp_path,
        a=GOOD.replace("task: pets", "task: a\ntag: [x, y]"),
        b=GOOD.replace("task: pets", "task: b\ntag: x"),
        g="group: both\ntask: [b, a]\n",
    )
    assert expand_tasks(found, ["both", "a"]) == ["b", "a"]
    assert expand_tasks(found, ["x"]) == ["a", "b"]
    assert expand_tasks(found, ["y"]) == ["a"]


def test_groups_that_name_each_other_are_one_problem(tmp_path: Path) -> None:
    found = catalogue(
        tmp_path,
        a="group: a\ntask: [b]\n",
        b="group: b\ntask: [c, mini_cw]\n",
        c="group: c\ntask: [a]\n",
        none="group: none\ntask: []\n",
    )
    with pytest.raises(SpecError) as caught:
        expand_tasks(found, ["a"])
    (problem,) = caught.value.problems
    assert (problem.got, problem.fix) == ("a -> b -> c -> a", "take `a` out of `c`")
    with pytest.raises(SpecError, match="at least 1 item"):
        expand_tasks(found, ["none"])


def test_groups_in_groups_cost_no_more_than_their_number(tmp_path: Path) -> None:
    chain = {f"g{n}": f"group: g{n}\ntask: [g{n + 1}, g{n + 1}]\n" for n in range(25)}
    found = catalogue(tmp_path, **chain, g25="group: g25\ntask: [mini_cw]\n")
    with pytest.raises(SpecError, match="too deep in each other"):
        expand_tasks(found, ["g0"])
    assert expand_tasks(found, ["g6", "g10"]) == ["mini_cw"]


def test_templates_are_sandboxed() -> None:
    with pytest.raises(ValueError, match="template that renders"):
        render("{{ classes.__class__.__mro__ }} <image>", TemplateValues())


def test_identity_leaves_out_what_no_answer_depends_on(tmp_path: Path) -> None:
    plain = load_task(catalogue(tmp_path, pets=GOOD), "pets")
    other = load_task(catalogue(tmp_path, pets=GOOD), "pets", ["limit=3", "tag=z"])
    changed = load_task(catalogue(tmp_path, pets=GOOD), "pets", ["order_seed=3"])
    assert plain.identity() == other.identity() != changed.identity()
