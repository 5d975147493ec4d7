"""The options of a whole task, by each strategy."""

from pathlib import Path

import numpy as np
import pytest

from harness.data.opened import open_task
from harness.errors import DataError
from harness.prompts.plan import Plan, make_plan
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from support.colours import write_task


def bench_of(catalogue: Catalogue, folder: Path, rule: str) -> Plan:
    write_task(folder, f"distractors: {rule}\n", protocol="mc")
    text = (folder / "colours.yaml").read_text().replace("classes |", "options |")
    (folder / "colours.yaml").write_text(text)
    return make_plan(open_task(catalogue, load_task(catalogue, "colours")))


def test_random_options_are_fixed_by_seed_and_image(catalogue: Catalogue, folder: Path) -> None:
    one = bench_of(catalogue, folder, "{n_options: 2}")
    again = bench_of(catalogue, folder, "{n_options: 2}")
    other = bench_of(catalogue, folder, "{n_options: 2, seed: 1}")
    assert one.planner.options == again.planner.options != other.planner.options
    assert one.options_digest == again.options_digest != other.options_digest


def test_embedding_takes_the_nearest_names(catalogue: Catalogue, folder: Path) -> None:
    plan = bench_of(catalogue, folder, "{strategy: embedding, encoder: lexical, n_options: 2}")
    # `green` and `grey` share most letters; `red` may not be offered beside `grey`, as it is valid.
    assert set(plan.planner.options["i01"]) == {1, 3}
    assert set(plan.planner.options["i03"]) == {3, 1}


def test_confusion_takes_what_the_reference_model_mixed_up(
    catalogue: Catalogue, folder: Path
) -> None:
    matrix = np.array([[9, 0, 5, 0, 1], [0, 9, 5, 0, 0], [7, 0, 9, 0, 0], [0, 0, 3, 9, 9]])
    run = folder / "reference"
    run.mkdir()
    np.savez(run / "confusion.npz", confusion=matrix, class_ids=np.arange(4))
    for source in ("reference", "reference/confusion.npz"):
        rule = f"{{strategy: confusion, source: {source}, n_options: 2}}"
        options = bench_of(catalogue, folder, rule).planner.options
        assert [set(options[each]) for each in ("i00", "i01", "i02", "i03")] == [
            {0, 2}, {1, 2}, {2, 0}, {3, 2},
        ]  # fmt: skip


def test_the_prompt_shows_the_options(catalogue: Catalogue, folder: Path) -> None:
    plan = bench_of(catalogue, folder, "{n_options: 3}")
    for request in plan.requests:
        names = [plan.opened.classes.by_id[each].name for each in request.options]
        assert " ".join(names) in request.text


def test_a_pool_that_is_too_small_is_one_clear_error(catalogue: Catalogue, folder: Path) -> None:
    with pytest.raises(DataError, match="too few distractors for 4 options") as caught:
        bench_of(catalogue, folder, "{n_options: 4}")
    assert "lower `n_options`" in str(caught.value)


def test_an_unknown_encoder_is_one_clear_error(catalogue: Catalogue, folder: Path) -> None:
    with pytest.raises(Exception, match="did you mean `minilm`"):
        bench_of(catalogue, folder, "{strategy: embedding, encoder: minilmm, n_options: 2}")
