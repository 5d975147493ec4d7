"""How far confidences are those of right answers, as a table."""

from collections.abc import Iterator, Sequence

from harness.report.table import INTERVAL, Cell, Column, Number, Table, names
from harness.scores.calibration_parts import Calibration
from harness.scores.results import Results

FEWEST = 30
"""Images of a row that is shown unasked; fewer say nothing."""


def calibration_table(results: Sequence[Results], everything: bool = False) -> Table | None:
    """Give one row for each model, task, protocol, label set and signal of confidence; without
    `everything` those of `FEWEST` images or more. None where there is no row.
    """
    found = [each for each in _found(results) if everything or each[-1].n >= FEWEST]
    if not found:
        return None
    has_error = any(each.ece is not None for *_, each in found)
    rows: list[tuple[Cell, ...]] = [
        (
            result.model, result.task, protocol, label_set, str(signal), each.n,
            Number(each.accuracy), *(_error(each) if has_error else ()),
            Number(each.auroc, each.auroc_ci95), Number(each.aurc), Number(each.accuracy_at_80),
        )
        for result, protocol, label_set, signal, each in found
    ]  # fmt: skip
    columns = (
        *names("model", "task", "protocol", "label set", "confidence"),
        Column("n", "n"),
        Column("accuracy", "accuracy"),
        *(_ERROR if has_error else ()),
        Column("auroc", "AUROC [95 %]", INTERVAL),
        Column("aurc", "AURC"),
        Column("accuracy_at_80", "at 80 %"),
    )
    caption = (
        "n: scored images whose answer has the confidence. "
        + (_ERROR_MEANING if has_error else "")
        + "AUROC: right against wrong. AURC: area under risk by coverage, lower is better. "
        "at 80 %: accuracy of the surest 80 %."
    )
    return Table("calibration", "Confidence of the answers (%)", columns, rows, caption)


_ERROR = (Column("ece", "ECE [95 %]", INTERVAL), Column("ece_expected", "by chance"))
_ERROR_MEANING = (
    "ECE: expected calibration error, of probabilities alone; by chance: that of a calibrated "
    "model. "
)


def _error(found: Calibration) -> tuple[Number, Number]:
    if found.ece is None:
        return Number(None), Number(None)
    return Number(found.ece.ece, found.ece.ci95), Number(found.ece.expected)


def _found(results: Sequence[Results]) -> Iterator[tuple[Results, str, str, str, Calibration]]:
    for result in results:
        for protocol, by_labels in result.calibration.items():
            for label_set, signals in by_labels.items():
                for signal, each in signals.items():
                    yield result, protocol, label_set, signal, each
