"""`max_new_tokens: longest_name` and `batch_size: auto`: where they may stand, who understands."""

from pathlib import Path

import pytest

from harness.adapters.registry import check_fits, checked_class
from harness.cli.options import batch_size_of
from harness.data.labels.of_task import NO_OVERRIDES
from harness.data.opened import open_task
from harness.errors import SpecError, UserError
from harness.export.lmms_eval.folder import export_lmms_eval
from harness.prompts.plan import make_plan
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model, load_task
from harness.specs.task import GenerationSpec, TaskSpec

SETTING = "generation_kwargs.max_new_tokens=longest_name"


def task(name: str = "mini_cw", *settings: str) -> TaskSpec:
    return load_task(Catalogue(), name, [SETTING, *settings])


def test_a_run_asks_with_the_names_that_set_the_limit() -> None:
    plan = make_plan(open_task(Catalogue(), task()))
    assert plan.ask.choices == plan.opened.classes.names
    free = make_plan(open_task(Catalogue(), load_task(Catalogue(), "mini_cw")))
    assert free.ask.choices == ()


@pytest.mark.parametrize("name", ["mini_ow", "mini_mc_random", "mini_cw_b4"])
def test_it_is_for_answers_that_are_one_name_of_the_list(name: str) -> None:
    with pytest.raises(SpecError, match="for an answer that is one name of the list"):
        task(name)


def test_an_adapter_without_the_model_s_tokenizer_refuses_it(tmp_path: Path) -> None:
    path = tmp_path / "server.yaml"
    path.write_text("model: server\nadapter: openai\npretrained: x\n")
    for name, fits in (("mini", True), (str(path), False)):
        model = load_model(Catalogue(), name)
        if fits:
            check_fits(model, checked_class(model), [task()])
        else:
            with pytest.raises(SpecError, match="max_new_tokens: longest_name"):
                check_fits(model, checked_class(model), [task()])


def test_it_cannot_be_exported(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="lmms-eval needs a number"):
        export_lmms_eval(Catalogue(), [task()], tmp_path / "out", NO_OVERRIDES)


def test_the_limit_is_the_longest_name_and_its_end() -> None:
    assert GenerationSpec(max_new_tokens="longest_name").most_tokens(7) == 8
    assert GenerationSpec(max_new_tokens=5).most_tokens(7) == 5
    with pytest.raises(ValueError, match="needs the model's tokenizer"):
        GenerationSpec(max_new_tokens="longest_name").most_tokens()


@pytest.mark.parametrize("wrong", ["0", "longest", "true", "1.5"])
def test_another_value_is_one_plain_error(wrong: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_task(Catalogue(), "mini_cw", [f"generation_kwargs.max_new_tokens={wrong}"])
    (problem,) = caught.value.problems
    assert problem.what == "`generation_kwargs.max_new_tokens` cannot be this"
    assert problem.fix == "give a number above 0, or longest_name"


def test_batch_sizes_are_numbers_or_auto(tmp_path: Path) -> None:
    assert (batch_size_of(None), batch_size_of("auto"), batch_size_of("16")) == (None, "auto", 16)
    for wrong in ("0", "-1", "many", "1.5"):
        with pytest.raises(UserError, match="is no batch size"):
            batch_size_of(wrong)
    path = tmp_path / "m.yaml"
    path.write_text("model: m\nadapter: hf\npretrained: x\nbatch_size: auto\n")
    assert load_model(Catalogue(), str(path)).batch_size == "auto"
    path.write_text("model: m\nadapter: hf\npretrained: x\nbatch_size: big\n")
    with pytest.raises(SpecError, match="a number above 0, or auto"):
        load_model(Catalogue(), str(path))
