"""How far confidences are those of right answers, as a table."""

from collections.abc import Iterator, Sequence

from harness.report.table import INTERVAL, Cell, Column, Number, Table, names
from harness.scores.calibration_parts import Calibration
from harness.scores.results import Results


def calibration_table(results: Sequence[Results]) -> Table | None:
    """Give one row for each model, task, protocol, label set and signal of confidence; None where
    no answer has one.
    """
    rows: list[tuple[Cell, ...]] = [
        (
            result.model, result.task, protocol, label_set, str(signal), each.n,
            Number(each.accuracy), *_error(each), Number(each.auroc, each.auroc_ci95),
            Number(each.aurc), Number(each.accuracy_at_80),
        )
        for result, protocol, label_set, signal, each in _found(results)
    ]  # fmt: skip
    if not rows:
        return None
    columns = (
        *names("model", "task", "protocol", "label set", "confidence"),
        Column("n", "n"),
        Column("accuracy", "accuracy"),
        Column("ece", "ECE [95 %]", INTERVAL),
        Column("ece_expected", "by chance"),
        Column("auroc", "AUROC [95 %]", INTERVAL),
        Column("aurc", "AURC"),
        Column("accuracy_at_80", "at 80 %"),
    )
    caption = (
        "n: scored images whose answer has the confidence. ECE: expected calibration error, of "
        "probabilities alone; by chance: that of a calibrated model. AUROC: right against wrong. "
        "AURC: area under risk by coverage, lower is better. at 80 %: accuracy of the surest 80 %."
    )
    return Table("calibration", "Confidence of the answers (%)", columns, rows, caption)


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
