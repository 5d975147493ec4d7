"""Options that were published: read, held against classes, images and labels, and asked."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from harness.data.labels.of_task import NO_OVERRIDES
from harness.data.opened import open_task
from harness.errors import DataError, SpecError
from harness.prompts.plan import Plan, make_plan
from harness.runner.identity import identity_of
from harness.runs.importing import ImportOptions, import_answers
from harness.scores.results import Results
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.specs.model import ModelSpec
from harness.specs.task_parts import DistractorSpec
from harness.store.lines import read_predictions
from harness.store.manifest import Manifest
from support.colours import NAMES, N, write_task

MODEL = ModelSpec(model="any", adapter="support.colours:ColourAdapter")
OPTIONS = {f"i{each:02d}": [(each + 1) % 4 if each % 4 < 3 else 1, each % 4] for each in range(N)}
"""Two an image; the right one is the second, save of every third."""
for _each in range(0, N, 3):
    OPTIONS[f"i{_each:02d}"].reverse()


def plan_of(
    catalogue: Catalogue, options: Mapping[str, Any] | str, extra: str = "", name: str = "o.jsonl"
) -> Plan:
    folder = catalogue.include_paths[0]
    text = options
    if not isinstance(text, str):
        rows = ({"image_id": key, "options": value} for key, value in options.items())  # type: ignore[union-attr]
        text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / name).write_text(text)
    rule = f"distractors: {{strategy: given, path: {name}, n_options: 2{extra}}}\n"
    write_task(folder, rule, protocol="mc")
    path = folder / "colours.yaml"
    path.write_text(path.read_text().replace("classes |", "options |"))
    return make_plan(open_task(catalogue, load_task(catalogue, "colours")))


def test_the_order_of_the_file_is_that_of_the_letters(catalogue: Catalogue) -> None:
    plan = plan_of(catalogue, OPTIONS, ", shuffle: false")
    assert {key: list(value) for key, value in plan.planner.options.items()} == OPTIONS
    assert plan.requests[0].text == "<image>red green which?"


def test_by_default_the_order_is_drawn_whatever_the_file_has(catalogue: Catalogue) -> None:
    plan = plan_of(catalogue, OPTIONS)
    turned = plan_of(catalogue, {key: value[::-1] for key, value in OPTIONS.items()})
    other = plan_of(catalogue, OPTIONS, ", seed: 1")
    assert plan.planner.options == turned.planner.options != other.planner.options
    for each in (plan, other):
        assert {key: set(own) for key, own in each.planner.options.items()} == {
            key: set(own) for key, own in OPTIONS.items()
        }
        places = {own.index(int(key[1:]) % 4) for key, own in each.planner.options.items()}
        assert places == {0, 1}


def test_focis_own_form_and_names_are_read(catalogue: Catalogue) -> None:
    foci: dict[str, list[dict[str, Any]]] = {}
    for image, ids in OPTIONS.items():
        truth = NAMES[int(image[1:]) % 4]
        options = sorted((NAMES[each] for each in ids), key=lambda name: name != truth)
        entry = {"image": f"test/{image}.jpg", "options": options, "groundtruth": truth}
        foci.setdefault(truth, []).append(entry)
    plan = plan_of(catalogue, json.dumps(foci), name="foci.json")
    assert plan.planner.options == plan_of(catalogue, OPTIONS).planner.options
    named = {key: [NAMES[each].upper() for each in own] for key, own in OPTIONS.items()}
    assert plan_of(catalogue, named).planner.options == plan.planner.options


def test_the_file_is_part_of_the_identity(catalogue: Catalogue) -> None:
    one = identity_of(catalogue, plan_of(catalogue, OPTIONS), MODEL)
    again = identity_of(catalogue, plan_of(catalogue, OPTIONS), MODEL)
    other = identity_of(catalogue, plan_of(catalogue, OPTIONS | {"i00": [2, 0]}), MODEL)
    assert one == again
    assert [each.split(":")[0] for each in one.differences(other)] == [
        "contents.distractors.path", "options",
    ]  # fmt: skip


def test_answers_by_letters_are_imported_with_the_options_of_the_file(catalogue: Catalogue) -> None:
    plan_of(catalogue, OPTIONS, ", shuffle: false")
    folder = catalogue.include_paths[0]
    rows = [{"image_id": key, "answer": "B"} for key in OPTIONS]
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = ImportOptions("given", folder / "runs", overrides=NO_OVERRIDES)
    task = load_task(catalogue, "colours")
    done = import_answers(catalogue, task, folder / "a.jsonl", options)
    found = {row.image_id: row for row in read_predictions(done.path / "predictions.jsonl")}
    assert {key: list(row.options) for key, row in found.items()} == OPTIONS
    assert {key: row.class_id for key, row in found.items()} == {
        key: own[1] for key, own in OPTIONS.items()
    }
    results = Results.model_validate_json((done.path / "results.json").read_text())
    assert results.scores["mc"]["colours_first"].accuracy == pytest.approx(100 * 8 / 12)
    assert results.mc is not None
    assert results.mc.distractors["strategy"] == "given"
    assert results.mc.distractors["shuffle"] is False
    # The rows of a run are themselves a file of options.
    again = plan_of(catalogue, (done.path / "predictions.jsonl").read_text(), ", shuffle: false")
    assert {key: list(own) for key, own in again.planner.options.items()} == OPTIONS
    assert Manifest.read(done.path).identity.options == again.options_digest


def changed(**others: Any) -> Mapping[str, Any]:
    return {key: value for key, value in (OPTIONS | others).items() if value is not None}


BAD: Mapping[str, tuple[Callable[[], Mapping[str, Any]], str]] = {
    "unknown name": (lambda: changed(i00=["red", "gren"]), r"o\.jsonl:1: an option is no class.*"
                     r"did you mean `green`"),
    "unknown id": (lambda: changed(i01=[1, 4]), r"o\.jsonl:2: an option is no class.*0 to 3"),
    "true is no id": (lambda: changed(i01=[1, True]), r"o\.jsonl:2: an option is no class"),
    "too few": (lambda: changed(i02=[2]), r"o\.jsonl:3: .*1 options.*2 classes"),
    "no list": (lambda: changed(i02="red"), r"o\.jsonl:3: .*2 classes in a list"),
    "twice": (lambda: changed(i00=[0, 0]), r"o\.jsonl:1: an option of image `i00` stands twice"),
    "none right": (lambda: changed(i00=[1, 2]), r"o\.jsonl:1: no option of image `i00` is right"),
    "two right": (lambda: changed(i03=[3, 0]), r"o\.jsonl:4: several options of image `i03`"),
    "other image": (lambda: changed(i99=[0, 1]), r"o\.jsonl:13: image `i99` is not in the data"),
    "same image": (lambda: changed(**{"x/i05.png": [1, 2]}), r"o\.jsonl:13: image `i05` has opt"),
    "missing": (lambda: changed(i05=None, i06=None), r"holds no options.*: 2\n  got: i05, i06"),
    "all": (lambda: {}, "no options in it"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_options_are_one_clear_error(catalogue: Catalogue, name: str) -> None:
    options, message = BAD[name]
    with pytest.raises(DataError, match=f"(?s){message}") as caught:
        plan_of(catalogue, options())
    assert len(caught.value.problems) == 1


def test_classes_that_count_as_one_are_not_two_options(catalogue: Catalogue) -> None:
    folder = catalogue.include_paths[0]
    (folder / "classes.yaml").write_text(
        "class_list: colours\nclasses: [{id: 0, name: red}, {id: 1, name: Grey}, "
        "{id: 2, name: blue}, {id: 3, name: grey}]\n"
    )
    with pytest.raises(DataError, match=r"o\.jsonl:8: two options of image `i07` count as one"):
        plan_of(catalogue, changed(i03=[3, 2], i11=[3, 2]))
    with pytest.raises(DataError, match="the name of several classes"):
        plan_of(catalogue, changed(i03=[3, "grey"]))


def test_a_file_that_contradicts_the_labels_is_refused(catalogue: Catalogue) -> None:
    entry = {"image": "i00.jpg", "options": ["green", "red"], "groundtruth": "green"}
    with pytest.raises(DataError, match="another option of image `i00` is right than the file"):
        plan_of(catalogue, foci_with(entry), name="foci.json")
    with pytest.raises(DataError, match="not of a known shape"):
        plan_of(catalogue, '{"image_id": "i00"}', name="foci.json")


def foci_with(first: Mapping[str, Any]) -> str:
    others = ({"image": key, "options": own} for key, own in OPTIONS.items() if key != "i00")
    return json.dumps({"all": [first, *others]})


def test_right_options_that_all_have_one_letter_are_refused(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = {key: sorted(own, key=lambda each: each != int(key[1:]) % 4)
             for key, own in OPTIONS.items()}  # fmt: skip
    plan_of(catalogue, first, ", shuffle: false")
    monkeypatch.setattr("harness.prompts.given_options._MANY", N)
    plan_of(catalogue, OPTIONS, ", shuffle: false")
    plan_of(catalogue, first)
    with pytest.raises(DataError, match=r"same place in all 12 questions\n.*place 1"):
        plan_of(catalogue, first, ", shuffle: false")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("{strategy: given}", "`path` goes with `strategy: given`"),
        ("{path: o.jsonl}", "`path` goes with `strategy: given`"),
        ("{strategy: given, path: o.jsonl, rank: [1, 3]}", "no `rank` with `strategy: given`"),
        ("{strategy: given, path: o.jsonl, source: x}", "`source` goes with"),
        ("{shuffle: false}", "`shuffle: false` with `strategy: given` alone"),
    ],
)
def test_keys_that_do_not_fit_are_refused(catalogue: Catalogue, rule: str, message: str) -> None:
    write_task(catalogue.include_paths[0], f"distractors: {rule}\n", protocol="mc")
    with pytest.raises(SpecError, match=message):
        load_task(catalogue, "colours")


def test_other_strategies_have_the_identity_that_they_had(catalogue: Catalogue) -> None:
    spec = DistractorSpec(n_options=2)
    write_task(catalogue.include_paths[0])
    task = load_task(catalogue, "colours").model_copy(update={"distractors": spec})
    assert task.identity()["distractors"] == {
        "strategy": "random", "n_options": 2, "rank": None, "source": None, "encoder": "minilm",
        "seed": 0,
    }  # fmt: skip
