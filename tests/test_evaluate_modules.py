"""The metrics as `evaluate` modules, loaded from their folders without a network."""

from collections.abc import Iterator
from typing import Any

import evaluate
import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from harness.errors import DataError, SpecError
from harness.evaluate_modules import NAMES, module_path
from harness.scores.statistics import wilson


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    # `evaluate` copies the scripts that it loads into a package of its own, by default in the
    # user's home.
    folder = tmp_path_factory.mktemp("evaluate")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluate.config, "HF_MODULES_CACHE", str(folder / "modules"))
        patch.setattr(evaluate.config, "HF_EVALUATE_OFFLINE", True)
        patch.syspath_prepend(str(folder / "modules"))
        yield str(folder / "cache")


def load(name: str, cache: str) -> Any:
    return evaluate.load(module_path(name), cache_dir=cache)


@pytest.mark.parametrize("name", NAMES)
def test_every_module_loads_offline_and_tells_its_inputs(name: str, cache: str) -> None:
    module = load(name, cache)
    assert module.name == name
    assert "references" in module.inputs_description
    assert set(module.features) == {"predictions", "references"}


def test_an_unknown_module_gets_a_suggestion() -> None:
    with pytest.raises(SpecError, match="did you mean `label_set_accuracy`"):
        module_path("labelset_accuracy")


def test_single_labels_are_scored_as_scikit_learn_does(cache: str) -> None:
    generator = np.random.default_rng(0)
    truth, answers = generator.integers(0, 5, 200), generator.integers(-1, 5, 200)
    found = load("label_set_accuracy", cache).compute(
        predictions=answers.tolist(), references=[[each] for each in truth.tolist()]
    )
    assert found["accuracy"] == pytest.approx(100 * accuracy_score(truth, answers))
    assert found["n"] == 200
    assert found["ci95"] == pytest.approx(wilson(found["n_right"], 200))


def test_sets_empty_sets_and_classes_that_count_as_one(cache: str) -> None:
    module = load("label_set_accuracy", cache)
    rows = {"predictions": [0, 1, 2, -1], "references": [[0, 3], [], [1], [1]]}
    assert module.compute(**rows)["accuracy"] == pytest.approx(100 / 3)
    lenient = module.compute(**rows, empty="correct")
    assert (lenient["n"], lenient["n_empty"], lenient["accuracy"]) == (4, 1, 50.0)
    assert module.compute(**rows, equivalences=[[1, 2]])["accuracy"] == pytest.approx(200 / 3)
    with pytest.raises(DataError, match="'exclude' or 'correct'"):
        module.compute(**rows, empty="right")


def test_closed_world_answers_are_parsed(cache: str) -> None:
    found = load("closed_world_accuracy", cache).compute(
        predictions=["cat", "The dog.", "a bobcat", ""],
        references=[[0], [1], [0], [1]],
        classes=["cat", "dog"],
    )
    assert found["accuracy"] == 50.0
    assert found["accuracy_strict"] == 25.0
    assert found["oop"] == 25.0
    assert found["oop_strict"] == 50.0
    assert found["counts"] == {
        "ok": 2, "oop": 1, "unparsed": 0, "refused": 0, "empty": 1, "error": 0,
    }  # fmt: skip


def test_open_world_answers_are_mapped(cache: str) -> None:
    found = load("open_world_accuracy", cache).compute(
        predictions=["a red apple", "dogs", "...", "I can't identify this."],
        references=[[1], [0], [0], [0]],
        classes=["dog", "apple"],
        encoder="lexical",
    )
    assert found["class_ids"] == [1, 0, -1, -1]
    assert (found["accuracy"], found["n_mapped"]) == (50.0, 2)
