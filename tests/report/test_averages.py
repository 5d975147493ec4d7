"""Macro averages over the data sets of a group."""

from collections.abc import Sequence

import pytest

from harness.report.averages import average_table
from harness.report.table import Number
from harness.scores.results import Results
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_group, load_task

CATALOGUE = Catalogue()
VARIANTS = load_group(CATALOGUE, "imagenet_variants").task


def run(member: str, accuracy: float, *, model: str = "m", n: int | None = None) -> Results:
    images = load_task(CATALOGUE, f"{member}_cw").metadata.images or 100
    score = {
        "n": images, "n_right": 0, "accuracy": accuracy, "ci95": None, "ci95_classes": None,
        "n_empty": 0, "n_error": 0, "n_classes": 1, "accuracy_empty_correct": None,
        "matching": None, "accuracy_first_in_list": None, "mean_per_class": None, "top5": None,
        "groups": {},
    }  # fmt: skip
    return Results.model_construct(
        task=f"{member}_cw", model=model, n=n or images, complete=True, blank_images=False,
        scores={"cw": {member: _score(score)}},
    )  # fmt: skip


def _score(values: dict[str, object]) -> object:
    from harness.scores.results import Score

    return Score.model_construct(**values)


def rows(results: Sequence[Results]) -> list[tuple[object, ...]]:
    table = average_table(CATALOGUE, results)
    assert table is not None
    return [
        tuple(cell.value if isinstance(cell, Number) else cell for cell in row)
        for row in table.rows
    ]


def test_the_mean_weighs_data_sets_alike() -> None:
    runs = [run(member, 10.0 * place) for place, member in enumerate(VARIANTS, 1)]
    found = rows(runs)
    assert found == [("imagenet_variants", "m", "cw", "cw", "5 of 5", pytest.approx(30.0), "")]


def test_nothing_is_averaged_over_some() -> None:
    runs = [run(member, 50.0) for member in VARIANTS[:3]]
    (row,) = rows(runs)
    assert row[4:] == ("3 of 5", None, "imagenet_sketch: no run; objectnet: no run")


def test_a_run_of_some_images_is_not_averaged() -> None:
    runs = [run(member, 50.0) for member in VARIANTS[:4]] + [run(VARIANTS[4], 90.0, n=20)]
    (row,) = rows(runs)
    assert row[4:] == ("4 of 5", None, "objectnet: 20 of 18,574 images")


def test_what_was_run_is_named_first() -> None:
    runs = [run(VARIANTS[0], 50.0), run(VARIANTS[4], 90.0, n=20)]
    (row,) = rows(runs)
    assert row[4:] == (
        "1 of 5",
        None,
        "objectnet: 20 of 18,574 images; imagenet_a: no run; imagenet_r: no run; 1 more",
    )


def test_two_runs_of_one_task_are_not_averaged() -> None:
    runs = [run(member, 50.0) for member in (*VARIANTS, VARIANTS[0])]
    (row,) = rows(runs)
    assert row[4:] == ("4 of 5", None, "imagenet_v2: 2 runs")


def test_models_are_averaged_each_for_itself() -> None:
    runs = [run(member, 50.0) for member in VARIANTS]
    runs += [run(member, 70.0, model="other") for member in VARIANTS]
    assert [(row[1], row[5]) for row in rows(runs)] == [("m", 50.0), ("other", 70.0)]


def test_one_data_set_has_no_average() -> None:
    assert average_table(CATALOGUE, [run("dtd", 50.0)]) is None
