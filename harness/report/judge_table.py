"""What a judge says of a run as a table (`harness judge`)."""

from collections.abc import Sequence

from harness.report.table import INTERVAL, Cell, Column, Number, Table, names
from harness.runs.judged import PROMPT_VERSION, JudgeScore
from harness.scores.metrics import percent
from harness.scores.statistics import wilson

_CAPTION = (
    "Accuracy by the judge and as scored here, both of the images that have a verdict. Unscored: "
    "the judge failed or wrote nonsense, which is neither right nor wrong. Kappa: Cohen's, on who "
    "says right and who wrong."
)


def judge_table(scores: Sequence[JudgeScore], model: str, task: str, judge: str) -> Table:
    """Give one row for each label set."""
    columns = (
        *names("label set"),
        Column("n", "n"),
        Column("n_unscored", "unscored"),
        Column("n_nonsense", "of these nonsense"),
        Column("n_right", "right"),
        Column("accuracy", "by the judge (%)", INTERVAL, stays=True),
        Column("accuracy_here", "as scored here (%)", INTERVAL),
        Column("agreement", "both agree (%)"),
        Column("kappa", "kappa"),
    )
    about = {"model": model, "task": task, "judge": judge, "prompt_version": str(PROMPT_VERSION)}
    title = f"{model} on {task}, judged by {judge} (prompt version {PROMPT_VERSION})"
    return Table("judge", title, columns, [_cells(each) for each in scores], _CAPTION, about)


def _cells(score: JudgeScore) -> tuple[Cell, ...]:
    n = score.n_judged
    return (
        *(score.label_set, score.n, score.n_unscored, score.n_nonsense, score.n_right),
        *(Number(percent(k, n), wilson(k, n)) for k in (score.n_right, score.n_ours)),
        *(Number(percent(score.n_agree, n)), Number(score.kappa.value)),
    )
