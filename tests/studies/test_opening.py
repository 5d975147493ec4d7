"""Studies as they are written: what their levels are, and what is said of mistakes."""

from pathlib import Path

import pytest

from harness.errors import SpecError
from harness.specs.catalogue import Catalogue
from harness.studies.design import OWN, Factor, Study
from harness.studies.opening import open_study

HEAD = "study: colours_study\nmodels: [mini]\ntask: colours\n"


def opened(catalogue: Catalogue, text: str) -> Study:
    path = catalogue.include_paths[0] / "study.yaml"
    path.write_text(HEAD + text)
    return open_study(catalogue, str(path))


def only(catalogue: Catalogue, text: str) -> Factor:
    (factor,) = opened(catalogue, f"factors:\n  {text}\n").factors
    return factor


def levels(factor: Factor) -> list[str]:
    return [point.level for point in factor.points]


def test_the_level_that_the_task_has_is_the_baseline(catalogue: Catalogue) -> None:
    factor = only(catalogue, "images_per_prompt: [4, 1, 2]")
    assert levels(factor) == ["4", "1", "2"]
    assert (factor.baseline, factor.held, factor.from_rows) == (1, "", False)
    assert factor.points[1].variant.settings == ()
    assert factor.points[0].variant.settings == ("images_per_prompt=4",)


def test_a_task_that_has_none_of_the_levels_is_one_more(catalogue: Catalogue) -> None:
    factor = only(catalogue, "images_per_prompt: [2, 4]")
    assert levels(factor) == [OWN, "2", "4"] and factor.baseline == 0


def test_levels_with_something_held(catalogue: Catalogue) -> None:
    study = opened(
        catalogue,
        "factors:\n"
        "  images_per_prompt: [1, 4]\n"
        "  image_order: {images_per_prompt: 4, levels: [dataset, class_sorted]}\n"
        "  order_seed: {images_per_prompt: 4, image_order: shuffled, seeds: 3}\n",
    )
    order, seeds = study.factors[1:]
    assert order.held == "images_per_prompt=4" and order.baseline == 0
    assert order.points[0].variant == study.factors[0].points[1].variant, "one run, not two"
    assert seeds.baseline is None and levels(seeds) == ["0", "1", "2"]
    assert seeds.held == "image_order=shuffled, images_per_prompt=4"
    assert len(study.varied) == 1 + 1 + 1 + 3
    assert study.runs == tuple(("mini", each) for each in study.varied)


def test_a_named_baseline(catalogue: Catalogue) -> None:
    factor = only(catalogue, "images_per_prompt: {order_seed: 3, levels: [2, 4], baseline: 4}")
    assert factor.baseline == 1 and levels(factor) == ["2", "4"]


def test_a_named_baseline_of_a_factor_of_the_rows(catalogue: Catalogue) -> None:
    factor = only(catalogue, "matching: {levels: [strict, read], baseline: strict}")
    assert levels(factor) == ["strict", "read"] and factor.baseline == 0
    factor = only(catalogue, "matching: {levels: [strict, normalized], baseline: normalized}")
    assert levels(factor) == ["strict", "normalized"] and factor.baseline == 1


def test_factors_of_the_rows_need_one_run(catalogue: Catalogue) -> None:
    study = opened(
        catalogue,
        "factors:\n"
        "  labels: [colours_first, colours_all]\n"
        "  matching: [strict]\n"
        "  equivalences: [none]\n"
        "  out_of_prompt: [left_out, mapped]\n"
        "  mapping: {encoders: [minilm], class_template: [raw, photo]}\n",
    )
    found = {each.name: (levels(each), each.baseline) for each in study.factors}
    assert found == {
        "labels": (["colours_first", "colours_all"], 0),
        "matching": (["read", "strict"], 0),
        "equivalences": ([OWN, "none"], 0),
        "out_of_prompt": (["wrong", "left_out", "mapped"], 0),
        "mapping": (
            ["lexical, class raw, answer raw", "minilm, class raw, answer raw",
             "minilm, class photo, answer raw"],
            0,
        ),
    }  # fmt: skip
    assert len(study.varied) == 1 and all(each.from_rows for each in study.factors)


def test_templates_are_not_compared_with_sentences_of_classes(catalogue: Catalogue) -> None:
    path = catalogue.include_paths[0] / "colours.yaml"
    how = "encoder: lexical, class_prompts: cupl.json"
    path.write_text(path.read_text().replace("encoder: lexical", how))
    with pytest.raises(SpecError, match="`colours` has sentences of classes"):
        only(catalogue, "mapping: {encoders: [minilm]}")


def test_a_grid_has_every_combination(catalogue: Catalogue) -> None:
    study = opened(
        catalogue,
        "design: grid\nfactors:\n  images_per_prompt: [2, 4]\n  image_order: [dataset, shuffled]\n",
    )
    assert study.grid is not None and len(study.grid.cells) == 4
    first, second = study.factors
    assert levels(first) == ["2", "4"] and first.baseline == 0 and not first.is_own
    assert second.held == "images_per_prompt=2"
    assert second.points[1].variant.settings == ('image_order="shuffled"', "images_per_prompt=2")


def test_a_list_of_combinations(catalogue: Catalogue) -> None:
    (factor,) = opened(
        catalogue, "design:\n  - {images_per_prompt: 2, order_seed: 1}\n  - {prompt: role}\n"
    ).factors
    assert levels(factor) == [OWN, "images_per_prompt=2, order_seed=1", "prompt=role"]


def test_folders_are_safe_and_differ(catalogue: Catalogue) -> None:
    factor = only(catalogue, "doc_to_text: ['<image> a/b?', '<image> a?b?', '<image> ../../x']")
    folders = [each.variant.folder(Path("out")) for each in factor.points]
    assert folders[0] == Path("out") and len(set(folders)) == 4
    assert all(each.parent == Path("out/varied") and ".." not in each.parts for each in folders[1:])


MISTAKES = {
    "image_per_prompt: [1, 2]": (5, "unknown key `image_per_prompt`", "`images_per_prompt`"),
    "image_order: [dataset, shufled]": (5, "`image_order` cannot be this", "'shuffled'"),
    "order_seed: {sedes: 4}": (5, "needs one of `levels` and `seeds`", "`seeds`"),
    "order_seed: {seeds: 1}": (5, "is no number of seeds", "2 to 1000"),
    "order_seed: {seeds: 2, baseline: 0}": (5, "seeds have no baseline", "list `levels`"),
    "order_seed: {seeds: 2, levels: [1]}": (5, "needs one of", "levels and seeds"),
    "prompt: [short, shrt]": (5, "unknown prompt", "`short`"),
    "labels: [colours_first, colors_all]": (5, "no such level", "colours_all"),
    "labels: [colours_first]": (5, "one level", "two or more"),
    "matching: [stric]": (5, "no such level", "strict"),
    "equivalences: [3]": (5, "no such level", "none"),
    "distractors.rank: [[1, 3], null]": (5, "task `colours` cannot be asked so", "protocol `mc`"),
    "mapping: {encoders: [lexicl]}": (5, "`mapping.encoders`", "`lexical`"),
    "mapping: {encoders: [lexical], class_template: [rw]}": (5, "class_template", "`raw`"),
    "mapping: {class_template: [raw]}": None,
    "mapping.encoder: [lexical, minilm]": (5, "rows of one run", "encoders"),
    "limit: [10, 20]": (5, "ask the same", "answers depend"),
    "images_per_prompt: [1, 1]": (5, "a level twice", "once"),
    "images_per_prompt: []": (5, "has no levels", "a list of levels"),
    "images_per_prompt: 4": (5, "has no levels", "`levels` or `seeds`"),
    "images_per_prompt: {levels: [1, 2], baseline: 3}": (5, "is no level", "one of 1, 2"),
    "task: [colours, colors]": (5, "unknown task", "`colours`"),
}


@pytest.mark.parametrize("line", MISTAKES)
def test_mistakes_have_their_line_and_what_is_right(catalogue: Catalogue, line: str) -> None:
    expected = MISTAKES[line]
    if expected is None:
        with pytest.raises(SpecError):
            only(catalogue, line)
        return
    number, what, right = expected
    with pytest.raises(SpecError) as error:
        only(catalogue, line)
    told = str(error.value)
    assert f"study.yaml:{number}: " in told and what in told and right in told, told


def test_all_mistakes_come_at_once(catalogue: Catalogue) -> None:
    with pytest.raises(SpecError) as error:
        opened(catalogue, "factors:\n  limit: [1, 2]\n  prompt: [shrt]\n  labels: [x]\n")
    assert [f"study.yaml:{line}:" in str(error.value) for line in (5, 6, 7)] == [True] * 3


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "`factors`, or a list"),
        ("design: grid\nfactors: {images_per_prompt: [1, 2]}\n", "two factors or more"),
        ("design: all\nfactors: {order_seed: [1, 2]}\n", "design"),
        ("design: [{order_seed: 1}]\nfactors: {images_per_prompt: [1, 2]}\n", "combinations"),
        ("factor: {order_seed: [1, 2]}\n", "did you mean `factors`"),
    ],
)
def test_designs_that_are_none(catalogue: Catalogue, text: str, what: str) -> None:
    with pytest.raises(SpecError, match=what):
        opened(catalogue, text)
