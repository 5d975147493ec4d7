"""Rows of the table of accuracies that are of no model: what guessing reaches."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from harness.report.table import NONE, Cell, Number
from harness.scores.results import Score

GUESSING: Mapping[str, str] = {"chance": "chance", "constant answer": "constant_answer"}
"""What guessing is called, and the key of its accuracy in `Score`."""
MEANING = (
    " chance: a class of the list, or a letter, drawn blindly. constant answer: the one that is "
    "right most often, for all images."
)


def reference_rows(
    rows: Sequence[tuple[str, str, str, Score]], n_columns: int
) -> list[tuple[Cell, ...]]:
    """Give what guessing reaches, of rows of task, protocol, label set and score; once where it is
    the same for several tasks and protocols. All else of `n_columns` is empty.
    """
    asked: dict[tuple[str, str, int, float], list[tuple[str, str]]] = defaultdict(list)
    for name, key in GUESSING.items():
        for task, protocol, label_set, score in rows:
            value = getattr(score, key)
            if value is not None:
                asked[name, label_set, score.n, value].append((task, protocol))
    found: list[tuple[Cell, ...]] = []
    for (name, label_set, n, value), of_each in asked.items():
        tasks, protocols = map(set, zip(*of_each, strict=True))
        of = (_one_or_all(tasks, "tasks"), _one_or_all(protocols, "protocols"))
        found.append((name, *of, label_set, n, Number(value), *[NONE] * (n_columns - 6)))
    return found


def _one_or_all(names: set[str], what: str) -> str:
    return next(iter(names)) if len(names) == 1 else f"{len(names)} {what}"
