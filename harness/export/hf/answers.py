"""What stands beside a run's predictions: names of classes, what is right, and the prompts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.data.opened import OpenTask
from harness.leaderboard.entries.rules.rows import render_prompts
from harness.scores.answers import to_answers
from harness.scores.judgement import judge
from harness.store.prediction import Prediction

NAMES: Mapping[str, str] = {
    "class_name": "Name of `class_id`",
    "option_names": "Names of `options`",
    "top_names": "Names of `top`",
}
"""Columns of names, and what they mean."""


def correct(label_set: str) -> str:
    """Name the column that says whether an answer is right under a label set."""
    return f"correct_{label_set}"


@dataclass(frozen=True, slots=True)
class PromptRow:
    """A prompt that was asked, by which rows of `predictions` name it."""

    prompt_sha256: str
    """SHA-256 of the text."""
    prompt: str
    """The text as rendered, with a mark `<image>` for each image."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Gives the columns beside some rows of a run, and keeps the prompts that they were asked."""

    opened: OpenTask
    label_sets: Sequence[str]
    """Whose labels may be in the dataset; of one that is not the task's all is null."""
    prompts: dict[str, str] = field(default_factory=dict)
    """SHA-256 to text, of those that the task renders today as they were asked."""

    def columns(self, rows: Sequence[Prediction]) -> Mapping[str, list[Any]]:
        """Give `NAMES`, and for each label set whether the answer is right under the protocol of
        the task; null where the image is not scored.
        """
        asked = {row.prompt_sha256 for row in rows}
        if asked - self.prompts.keys() - {None}:
            found = render_prompts(self.opened.task, self.opened.classes, rows)
            self.prompts.update({key: text for key, text in found.items() if key in asked})
        names = {each.id: each.name for each in self.opened.classes.classes}
        columns: dict[str, list[Any]] = {
            "class_name": [None if row.class_id is None else names[row.class_id] for row in rows],
            "option_names": [tuple(names[each] for each in row.options) for row in rows],
            "top_names": [tuple(names[each] for each in row.top) for row in rows],
        }
        columns |= {correct(name): [None] * len(rows) for name in self.label_sets}
        protocol = self.opened.task.protocol
        answers = to_answers(rows, self.opened.classes)
        for judged in judge(answers, self.opened.labels, (protocol,)):
            if judged.truth.name in self.label_sets:
                pairs = zip(judged.right[protocol], judged.scope.scored, strict=True)
                columns[correct(judged.truth.name)] = [
                    bool(right) if scored else None for right, scored in pairs
                ]
        return columns
