"""Ask a judge, a language model, about the answers of a run: each question once, for good."""

from collections.abc import Iterable

from harness.answers.outcome import Status
from harness.errors import Problem, SpecError
from harness.requests import Failed, Request, Text
from harness.runner.asking import Asker
from harness.runner.spending import Paid, Spending, refuse_without_prices
from harness.runs.judged import Verdicts
from harness.specs.model import ModelSpec
from harness.store.prediction import Prediction


def refuse_other_judges(model: ModelSpec, max_cost: float | None) -> None:
    """Raise SpecError for a model that is not asked through a server, UserError and SpecError for a
    limit of the cost that cannot be kept.
    """
    if model.adapter != "openai":
        what = "a judge is asked through the adapter `openai`"
        fix = "serve it (docs/servers.md), and name the server in a YAML with `adapter: openai`"
        raise SpecError(Problem(f"model `{model.model}`", what, model.adapter, fix=fix))
    if max_cost is not None:
        refuse_without_prices(model, max_cost)


def spending_on(verdicts: Verdicts, limit: float) -> Spending:
    """Give what keeps a judge to its `--max_cost` in US dollars, with its verdicts on disk."""
    paid = Paid.of(Prediction("", Status.OK, cost=each) for each in verdicts.costs)
    spending = Spending(limit, limit - paid.at_most, [paid])
    spending.begin(paid)
    return spending


def ask_judge(
    prompts: Iterable[str], verdicts: Verdicts, asker: Asker, spending: Spending | None
) -> int:
    """Ask what is not known yet, each question once; give how many failed.

    Raises RunError where the server refuses all, or the money is spent; what was answered is kept.
    """
    owed = [each for each in dict.fromkeys(prompts) if verdicts.key(each) not in verdicts.known]
    failed = start = 0
    while start < len(owed):
        size = asker.batch_size if spending is None else min(asker.batch_size, spending.most())
        part = owed[start : start + size]
        replies = [_text(each) for each in asker.respond([Request((), text) for text in part])]
        verdicts.add(part, replies)
        failed += sum(isinstance(each, Failed) for each in replies)
        start += len(part)
        if spending is not None:
            spending.add([_paid(each) for each in replies])
    return failed


def _text(response: object) -> Text | Failed:
    if isinstance(response, (Text, Failed)):
        return response
    return Failed("the judge gave scores in place of a text")


def _paid(reply: Text | Failed) -> Prediction:
    status = Status.OK if isinstance(reply, Text) else Status.ERROR
    return Prediction("", status, cost=reply.cost)
