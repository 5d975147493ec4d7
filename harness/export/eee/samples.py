"""The samples of a record: a line for each image, protocol and label set."""

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from harness.answers.mapping.vectors import well_formed
from harness.errors import DataError, Problem
from harness.export.eee.record import SCHEMA_VERSION, is_imported, result_id, texts
from harness.export.hf.runs import ExportRun
from harness.runs.reopen import OpenRun
from harness.scores.answers import to_answers
from harness.scores.judgement import judge
from harness.scores.metrics import counted_rows
from harness.scores.results import Protocol
from harness.specs.template import IMAGE_MARK
from harness.store.prediction import Prediction


def samples_of(
    run: ExportRun, opened: OpenRun, label_sets: Collection[str], record: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Give a line for each scored image under each protocol and each of `label_sets`.

    Raises DataError where they are not as many, or not as many right ones, as in the results.
    """
    classes, labels = opened.opened.classes, opened.opened.labels
    names = {each.id: each.name for each in classes.classes}
    valid = {each.name: each.labels for each in labels.sets}
    answers = to_answers(opened.rows, classes)
    prompt = None if is_imported(run) else opened.opened.task.doc_to_text
    about = {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": record["evaluation_id"],
        "model_id": record["model_info"]["id"],
    }
    protocols = list(run.results.scores)
    for judged in judge(answers, labels, protocols):
        label_set, scored = judged.truth.name, judged.scope.scored
        for protocol in protocols if label_set in label_sets else ():
            right, counted = judged.right[protocol], counted_rows(answers, protocol)
            _check(run, protocol, label_set, int(scored.sum()), int((right & scored).sum()))
            named = {
                "evaluation_name": f"{run.manifest.task}/{result_id(protocol, label_set)}",
                "evaluation_result_id": result_id(protocol, label_set),
            }
            for place in map(int, np.flatnonzero(scored)):
                row = opened.rows[place]
                reference = [names[each] for each in sorted(valid[label_set][row.image_id])]
                score = bool(right[place])
                yield {
                    **about,
                    **named,
                    "sample_id": row.image_id,
                    "interaction_type": "single_turn",
                    "input": _input(row, prompt, reference, names),
                    "output": _output(row),
                    "answer_attribution": _read(row, names) if counted[place] else [],
                    "evaluation": {"score": float(score), "is_correct": score},
                    "metadata": _metadata(row),
                }


def _check(run: ExportRun, protocol: Protocol, label_set: str, n: int, n_right: int) -> None:
    score = run.results.scores[protocol][label_set]
    if (n, n_right) != (score.n, score.n_right):
        what = f"its results by label set `{label_set}` are not of its predictions"
        got, expected = (
            f"{right} of {of} right" for right, of in ((n_right, n), (score.n_right, score.n))
        )
        raise DataError(Problem(str(run.path), what, got, expected, f"harness score {run.path}"))


def _input(
    row: Prediction, prompt: str | None, reference: list[str], names: dict[int, str]
) -> dict[str, Any]:
    """Give the task's template, which all images share, and what is the image's own. Where no
    prompt is known, the mark of the image stands alone.
    """
    found: dict[str, Any] = {"raw": prompt or IMAGE_MARK, "reference": reference}
    return found | ({"choices": [names[each] for each in row.options]} if row.options else {})


def _output(row: Prediction) -> dict[str, Any]:
    """Give the texts as the model wrote them; none where it gave scores."""
    texts = row.meant or row.answers or (() if row.answer is None else (row.answer,))
    found = {"raw": [well_formed(each) for each in texts]}
    return found | ({"reasoning_trace": [well_formed(row.reasoning)]} if row.reasoning else {})


def _read(row: Prediction, names: dict[int, str]) -> list[dict[str, Any]]:
    """Give the classes that the answer counts as; several are one answer that stands for all."""
    return [
        {
            "turn_idx": 0,
            "source": "scores of the classes" if row.answer is None else "output.raw",
            "extracted_value": names[each],
            "extraction_method": row.rule or "unknown",
            "is_terminal": True,
        }
        for each in (row.class_id, *row.also)
        if each is not None
    ]


def _metadata(row: Prediction) -> dict[str, str]:
    return texts(
        status=row.status.value,
        rule=row.rule,
        image_sha256=row.image_sha256,
        prompt_sha256=row.prompt_sha256,
    )
