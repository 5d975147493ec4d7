"""What a run may cost: how many requests may be asked, and where it ends."""

import logging
from dataclasses import replace

import pytest

from harness.answers.outcome import Status
from harness.data.class_lists import load_class_list
from harness.errors import RunError, UserError
from harness.prompts.plan import PlannedRequest
from harness.requests import Failed
from harness.runner.spending import Paid, Spending, refuse_without_prices, warn_of_unknown
from harness.runs.finish import spent
from harness.runs.rows import answered_rows
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_class_list_spec
from harness.specs.model import ModelSpec
from harness.store.prediction import Prediction


def row(cost: float | None, images: int | None = None, status: Status = Status.OK) -> Prediction:
    return Prediction(image_id="i", status=status, cost=cost, images_in_prompt=images)


def test_several_images_pay_for_a_request_once() -> None:
    rows = [row(0.4, 4)] * 4 + [row(0.1), row(None, status=Status.ERROR), row(None)]
    assert Paid.of(rows) == Paid(pytest.approx(0.5), 0.4, 1)  # type: ignore[arg-type]


def test_a_request_that_was_paid_and_came_to_no_answer_counts_once() -> None:
    planned = PlannedRequest((0, 1), ("a", "b"), "<image><image>")
    classes = load_class_list(load_class_list_spec(Catalogue(), "mini"))
    rows = answered_rows("ow", classes, planned, ("x", "y"), Failed("no letter", 1, 900, 0.5))
    assert [row.status for row in rows] == [Status.ERROR] * 2
    took = {"tokens": 1, "prompt_tokens": 900, "cached_tokens": None, "cost": 0.5}
    assert spent(rows) == {**took, "uncounted": {}, "unpriced": 0}
    paid = Paid.of(rows)
    assert (paid.total, paid.dearest, paid.unknown) == (0.5, 0.5, 0)
    free = answered_rows("ow", classes, planned, ("x", "y"), Failed("unreachable"))
    assert Paid.of(free) == Paid(0.0, None, 0)


def test_answers_without_a_price_are_counted() -> None:
    took = spent([row(0.4, 2), row(0.4, 2), row(None), row(None, status=Status.ERROR)])
    assert (took["cost"], took["unpriced"]) == (0.4, 1)
    assert (spent([row(None)])["cost"], spent([row(None)])["unpriced"]) == (None, None)


def test_answers_without_a_count_of_tokens_are_counted() -> None:
    known = Prediction("a", Status.OK, tokens=3, prompt_tokens=9)
    rows = [known, replace(known, tokens=None), row(None), row(None, status=Status.ERROR)]
    took = spent(rows)
    assert (took["tokens"], took["prompt_tokens"], took["cached_tokens"]) == (3, 18, None)
    assert took["uncounted"] == {"tokens": 2, "prompt_tokens": 1}
    assert spent([known])["uncounted"] == spent([row(None)])["uncounted"] == {}


def test_one_request_is_asked_until_a_price_is_known() -> None:
    spending = Spending(1.0, 1.0, [])
    spending.begin(Paid())
    assert spending.most() == 1
    spending.add([row(0.2)])
    assert spending.most() == 4
    spending.add([row(0.1)] * 4)  # cheaper: what is left may be spent
    assert spending.most() == 2
    spending.add([row(0.2)])
    assert spending.most() == 1
    spending.add([row(0.2)])
    with pytest.raises(RunError, match=r"--max_cost 1: another.*\n.*US\$ 1 spent") as caught:
        spending.most()
    assert "a higher --max_cost" in str(caught.value)


def test_what_is_on_disk_counts_and_says_what_a_request_costs() -> None:
    paid = Paid(0.75, 0.05)
    spending = Spending(1.0, 0.25, [paid])
    spending.begin(paid)
    assert spending.most() == 5
    spending.begin(Paid())  # another task, with prompts of its own
    assert spending.most() == 1


def test_a_limit_that_is_spent_asks_nothing() -> None:
    for share in (0.0, -3.0):
        with pytest.raises(RunError, match=r"US\$ 4 spent"):
            Spending(2.0, share, [Paid(1.5, 0.1), Paid(2.5, None)]).most()


def test_a_free_model_is_asked_in_whole_batches() -> None:
    spending = Spending(1.0, 1.0, [])
    spending.add([row(0.0)])
    assert spending.most() > 1000


def test_answers_without_any_cost_end_the_run() -> None:
    spending = Spending(1.0, 1.0, [])
    spending.add([row(None, status=Status.ERROR)])
    with pytest.raises(RunError, match="do not say how many tokens"):
        spending.add([row(None)])


def test_an_answer_without_its_cost_counts_as_the_dearest() -> None:
    spending = Spending(1.0, 1.0, [])
    spending.add([row(0.1), row(None), row(0.2)])
    assert spending.most() == 2  # 0.5 is left
    spending.add([row(None)])
    assert spending.most() == 1
    assert Paid.of([row(0.1), row(None), row(0.2)]).at_most == pytest.approx(0.5)


@pytest.mark.parametrize("limit", [0.0, -1.0, float("nan"), float("inf")])
def test_what_is_no_limit(limit: float) -> None:
    priced = ModelSpec(model="m", adapter="openai", options={"prices": {"input": 1, "output": 1}})
    refuse_without_prices(priced, 0.5)
    with pytest.raises(UserError, match="is no limit"):
        refuse_without_prices(priced, limit)


def test_a_limit_for_a_model_that_costs_nothing_is_to_be_left_out() -> None:
    """It was told to set `options.prices`, which its adapter refuses."""
    with pytest.raises(UserError, match="adapter `hf` has no prices\n  fix: leave it out"):
        refuse_without_prices(ModelSpec(model="m", adapter="hf"), 5.0)


def test_answers_of_unknown_cost_are_told_of(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "harness"):
        warn_of_unknown([Paid(), Paid(unknown=2), Paid(unknown=1)])
    assert "3 answers on disk do not say what they cost" in caplog.text
