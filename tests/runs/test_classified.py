"""Scores become a class: outputs are matched to the task's classes, and nothing is guessed."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

from harness.adapters.base import CLASSIFY, Abilities, Setting
from harness.answers.outcome import Status
from harness.cli import main
from harness.data.class_names import Outputs, as_seen, match_outputs
from harness.data.classes import Class, ClassList
from harness.errors import SpecError
from harness.prompts.plan import PlannedRequest
from harness.requests import Ask, ModelFacts, Request, Response, Scores
from harness.runner.processes import Rank
from harness.runner.session import RunOptions, run_task
from harness.runs.rows import classified_row
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.specs.model import Kind, ModelSpec
from harness.store.lines import read_predictions
from harness.store.manifest import Manifest
from harness.store.prediction import Prediction
from support.colours import NAMES, name_of

CLASSES = ClassList("three", "clean", (Class(2, "cat"), Class(5, "dog"), Class(9, "cow")))
ASKED = PlannedRequest((0,), ("a",), "")


def spec(class_list: str | None = None) -> ModelSpec:
    return ModelSpec(model="m", adapter="x:Y", class_list=class_list)


def write_list(folder: Path, name: str, entries: str) -> Catalogue:
    (folder / f"{name}.yaml").write_text(f"class_list: {name}\nclasses:\n{entries}")
    return Catalogue((folder,))


def test_without_a_class_list_the_outputs_are_the_tasks_classes() -> None:
    assert match_outputs(Catalogue(()), spec(), CLASSES) == Outputs(3, (0, 1, 2))


def test_outputs_are_found_by_wordnet_id_before_the_name(tmp_path: Path) -> None:
    catalogue = write_list(
        tmp_path,
        "known",
        "  - {id: 0, name: dog, wnid: n1}\n  - {id: 1, name: hound, wnid: n2}\n"
        "  - {id: 2, name: A Cow}\n",
    )
    task = ClassList("two", "clean", (Class(0, "dog", (), "n2"), Class(1, "cow")))
    assert match_outputs(catalogue, spec("known"), task) == Outputs(3, (1, 2))


def test_a_class_that_the_model_does_not_know_is_named(tmp_path: Path) -> None:
    catalogue = write_list(tmp_path, "known", "  - {id: 0, name: cat}\n  - {id: 1, name: dog}\n")
    with pytest.raises(SpecError, match="1 of 3 classes of `three`") as caught:
        match_outputs(catalogue, spec("known"), CLASSES)
    assert caught.value.problems[0].got == "cow"


def test_imagenet_of_other_names_is_matched_by_wordnet_id() -> None:
    from harness.data.class_lists import load_class_list
    from harness.specs.load import load_class_list_spec

    listed = load_class_list_spec(Catalogue(()), "imagenet1k")
    for name_set in ("clean", "openai", "wordnet"):
        found = match_outputs(Catalogue(()), spec("imagenet1k"), load_class_list(listed, name_set))
        assert found == Outputs(1000, tuple(range(1000)))


def test_the_best_of_the_tasks_classes_wins_and_of_equal_ones_the_lower_id() -> None:
    outputs = Outputs(5, (4, 0, 2))
    response = Scores((1.0, 99.0, 0.5, 98.0, 1.0))
    row = classified_row(ASKED, "x", response, CLASSES, outputs)
    assert (row.status, row.class_id, row.rule) == (Status.OK, 2, "scores")
    assert (row.top, row.top_scores) == ((2, 5, 9), (1.0, 1.0, 0.5))


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        classified_row(ASKED, "x", Scores((0.0, math.nan, 1.0)), CLASSES, Outputs(3, (0, 1, 2)))


def test_another_number_of_outputs_ends_the_run_with_a_hint() -> None:
    with pytest.raises(SpecError, match="class_list"):
        classified_row(ASKED, "x", Scores((1.0,)), CLASSES, Outputs(3, (0, 1, 2)))


def test_the_confidence_is_the_softmax_over_all_classes_of_the_task() -> None:
    """Also of a thousand, of scores that overflow, and of a part of the outputs."""
    generator = np.random.default_rng(3)
    many = ClassList("many", "clean", tuple(Class(n, str(n)) for n in range(1000)))
    for spread in (1, 30, 1e6):
        logits = tuple(map(float, spread * generator.normal(size=1000)))
        whole = Scores(logits, logits=logits)
        row = classified_row(ASKED, "x", whole, many, Outputs(1000, tuple(range(1000))))
        assert row.confidence == pytest.approx(softmax(logits).max(), abs=1e-6)
        part = Outputs(1000, (7, 900, 3))
        own = [logits[place] for place in part.places]
        row = classified_row(ASKED, "x", whole, CLASSES, part)
        assert row.confidence == pytest.approx(softmax(own).max(), abs=1e-6)


def test_logits_may_be_others_than_the_scores() -> None:
    cosines = Scores((0.2, 0.3, 0.1), logits=(20.0, 30.0, 10.0))
    votes = Scores((3.1, 0.0, 2.2), logits=(math.log(3), -math.inf, math.log(2)))
    outputs = Outputs(3, (0, 1, 2))
    row = classified_row(ASKED, "x", cosines, CLASSES, outputs)
    assert row.confidence == pytest.approx(softmax((20, 30, 10))[1], abs=1e-6)
    assert classified_row(ASKED, "x", votes, CLASSES, outputs).confidence == 0.6
    assert classified_row(ASKED, "x", Scores((1, 2, 3)), CLASSES, outputs).confidence is None
    none = Scores((0.0, 0.0, 0.0), logits=(-math.inf,) * 3)
    assert classified_row(ASKED, "x", none, CLASSES, outputs).confidence is None
    with pytest.raises(ValueError, match="NaN"):
        bad = Scores((0.0, 1.0, 2.0), logits=(0.0, math.nan, 1.0))
        classified_row(ASKED, "x", bad, CLASSES, outputs)
    with pytest.raises(SpecError, match="class_list"):
        classified_row(ASKED, "x", Scores((0.0, 1.0, 2.0), logits=(1.0,)), CLASSES, outputs)


def test_classes_that_cannot_be_told_apart_count_once() -> None:
    logits = (2.0, 1.0, 2.0)
    together = Outputs(3, (0, 1, 2), ((0, 2),))
    row = classified_row(ASKED, "x", Scores(logits, logits=logits), CLASSES, together)
    assert (row.class_id, row.also) == (2, (9,))
    assert row.confidence == pytest.approx(softmax((2.0, 1.0))[0], abs=1e-6)


class ColourScores:
    """Knows six colours, in an order of its own; has no score for green."""

    abilities = Abilities(CLASSIFY)
    known = ("violet", "blue", "grey", "green", "red", "pink")

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        pass

    @property
    def facts(self) -> ModelFacts:
        return ModelFacts(kind="supervised")

    def respond(self, ask: Ask, requests: list[Request]) -> list[Response]:
        assert ask.choices == NAMES
        return [Scores(self._scores(name_of(each.images[0]))) for each in requests]

    def _scores(self, name: str) -> tuple[float, ...]:
        shown = "grey" if name == "pink" else name
        bad = math.nan if shown == "green" else 0.0
        scores = [2.0 if known == shown else bad for known in self.known]
        return (9.0, *scores[1:-1], 9.0)  # violet and pink are none of the task's


def test_a_whole_run_over_fewer_classes_than_the_model_knows(
    folder: Path, catalogue: Catalogue
) -> None:
    lines = "".join(f"  - {{id: {n}, name: {name}}}\n" for n, name in enumerate(ColourScores.known))
    (folder / "six.yaml").write_text(f"class_list: six\nclasses:\n{lines}")
    (folder / "c.yaml").write_text(
        "task: colour_classes\nprotocol: classify\ndataset_path: images\nclass_list: colours\n"
        "label_sets: [colours_first]\nmetadata: {version: 1}\n"
    )
    model = ModelSpec(model="own", adapter="x:Y", class_list="six")
    options = RunOptions(folder / "runs", batch_size=5, show_progress=False)
    finished = run_task(
        Catalogue((folder,)),
        load_task(Catalogue((folder,)), "colour_classes"),
        model,
        lambda: ColourScores(model, Setting()),
        Rank(0, 1, Setting()),
        options,
    )
    rows = list(read_predictions(finished.path / "predictions.jsonl"))
    assert [row.status is Status.ERROR for row in rows] == [n % 4 == 1 for n in range(12)]
    assert all(row.class_id == n % 4 for n, row in enumerate(rows) if n % 4 != 1)
    assert all(len(row.top) == 4 for row in rows if row.class_id is not None)
    assert Manifest.read(finished.path).model_outputs == 6
    assert finished.results is not None and not finished.results.complete


@pytest.mark.parametrize(("task", "model"), [("mini_cw", "mini_dual"), ("mini_classify", "mini")])
def test_what_a_model_cannot_do_is_told_before_it_is_loaded(
    task: str, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["harness", "run", "--tasks", task, "--model", model, "--output", str(tmp_path)]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert json.dumps(sorted(path.name for path in tmp_path.iterdir())) == "[]"


TWINS = ClassList(
    "four", "clean", (Class(2, "cat"), Class(5, "crane"), Class(7, "dog"), Class(9, "Crane."))
)
"""Two classes of one name: a bird and a machine."""


def _answer_for(kind: Kind, scores: tuple[float, ...], class_list: str | None = None) -> Prediction:
    outputs = as_seen(
        match_outputs(Catalogue(()), spec(), TWINS), spec(class_list), ModelFacts(kind=kind), TWINS
    )
    return classified_row(ASKED, "x", Scores(scores), TWINS, outputs)


@pytest.mark.parametrize("kind", ["dual_encoder", "mllm"])
@pytest.mark.parametrize("scores", [(0.1, 0.9, 0.2, 0.9), (0.1, 0.9, 0.2, 0.8999), (0.1, 0, 0, 1)])
def test_a_model_that_sees_only_names_answers_for_all_classes_of_a_name(
    kind: Kind, scores: tuple[float, ...]
) -> None:
    row = _answer_for(kind, scores)
    # The lower id whatever the last digits of equal vectors' scores are.
    assert (row.class_id, row.also, row.top[:2]) == (5, (9,), (5, 9))
    assert row.top_scores[0] == row.top_scores[1] == max(scores)


@pytest.mark.parametrize("kind", ["supervised", "knn"])
def test_a_model_that_learned_its_classes_answers_for_one(kind: Kind) -> None:
    row = _answer_for(kind, (0.1, 0.9, 0.2, 0.95))
    assert (row.class_id, row.also, row.top) == (9, (), (9, 5, 7, 2))


def test_outputs_of_its_own_tell_namesakes_apart_whatever_the_kind() -> None:
    assert _answer_for("mllm", (0.1, 0.9, 0.2, 0.95), "known").also == ()


def test_an_answer_of_another_name_stands_for_itself() -> None:
    row = _answer_for("dual_encoder", (0.1, 0.2, 0.9, 0.3))
    assert (row.class_id, row.also, row.top) == (7, (), (7, 5, 9, 2))


def test_classes_that_share_an_output_are_answered_together(tmp_path: Path) -> None:
    catalogue = write_list(
        tmp_path,
        "known",
        "  - {id: 0, name: dog}\n  - {id: 1, name: cat}\n  - {id: 2, name: crane}\n",
    )
    outputs = match_outputs(catalogue, spec("known"), TWINS)
    assert outputs == Outputs(3, (1, 2, 0, 2), ((1, 3),))
    row = classified_row(ASKED, "x", Scores((0.0, 0.1, 0.9)), TWINS, outputs)
    assert (row.class_id, row.also) == (5, (9,))


def test_a_score_that_is_no_number_is_refused_among_namesakes_too() -> None:
    with pytest.raises(ValueError, match="NaN"):
        _answer_for("dual_encoder", (0.0, math.nan, 1.0, 0.5))
