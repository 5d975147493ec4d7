"""Figures that others published, computed from their files; see ../shared/data/README.md."""

import json
from typing import Any, NamedTuple

import numpy as np
import pytest

from harness.answers.outcome import Status
from harness.data.classes import Class, ClassList, strict_name
from harness.data.labels.label_set import Equivalences, Labels, LabelSet
from harness.data.labels.load import load_label_set
from harness.runs.other_papers import score_rows
from harness.scores.answers import to_answers
from harness.scores.metrics import percent
from harness.specs.label_set import LabelFormat, LabelSetSpec
from harness.store.prediction import Prediction
from scores.score_builders import SHARED, classes, labels, run

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED} is not here")
K = classes(1000)


def label_set(name: str, form: LabelFormat, path: str | None = None) -> LabelSet:
    spec = LabelSetSpec(
        label_set=name,
        format=form,
        class_list=K.name,
        path=path,
        original=form == "imgt",
        directory=SHARED / "labels",
    )
    return load_label_set(spec, K)


@pytest.fixture(scope="module")
def imagenet() -> tuple[LabelSet, LabelSet]:
    return label_set("imgt", "imgt"), label_set("real", "real", "real.json")


@pytest.mark.parametrize(
    ("model", "top1", "top5", "real", "real_empty_correct"),
    [
        ("resnet50", 76.130, 92.862, 82.958, 84.036),
        ("resnet152", 78.312, 94.046, 84.815, 85.776),
        ("vgg16", 71.592, 90.382, 79.040, 80.366),
        ("squeezenet1_1", 58.178, 80.624, 65.455, 67.640),
    ],
)
def test_supervised_models(
    imagenet: tuple[LabelSet, LabelSet],
    model: str,
    top1: float,
    top5: float,
    real: float,
    real_empty_correct: float,
) -> None:
    path = SHARED / "predictions" / f"imagenet_val_{model}_top5.npz"
    rows = [
        Prediction(f"ILSVRC2012_val_{i + 1:08d}", Status.OK, class_id=best[0], top=tuple(best))
        for i, best in enumerate(np.load(path)["top5"].tolist())
    ]
    scores = run(rows, *imagenet, protocol="classify", class_list=K).to_json()["scores"]["classify"]
    assert (scores["imgt"]["n"], scores["real"]["n"], scores["real"]["n_empty"]) == (
        50_000,
        46_837,
        3_163,
    )
    assert round(scores["imgt"]["accuracy"], 3) == top1
    assert round(scores["imgt"]["top5"], 3) == top5
    assert round(scores["real"]["accuracy"], 3) == real
    assert round(scores["real"]["accuracy_empty_correct"], 3) == real_empty_correct


@pytest.mark.parametrize(
    ("model", "among_labels", "original"),
    [("ChatGPT_prediction", 723, 624), ("SigLip_2_prediction", 745, 870)],
)
def test_regt_era_images(
    imagenet: tuple[LabelSet, LabelSet], model: str, among_labels: int, original: int
) -> None:
    path = SHARED / "labels" / "regt_era_s_minus_1918.json"
    entries = json.loads(path.read_text())
    regt = label_set("regt", "regt", path.name)
    rows = [_answer(name.partition(".")[0], entry[model]) for name, entry in entries.items()]
    results = run(rows, imagenet[0], regt, protocol="classify", class_list=K)
    scores = results.scores["classify"]
    assert results.label_sets["regt"].n_common == 1918
    assert (scores["regt"].n, scores["regt"].n_right) == (1918, among_labels)
    assert (scores["imgt"].n, scores["imgt"].n_right) == (1918, original)
    assert scores["regt"].groups["S-"].n == 1918


def _answer(image_id: str, ids: list[int]) -> Prediction:
    # 25 of GPT-4o's answers name two or three classes, and the published counts call them right
    # when any of them is; -1 is no valid class.
    named = [class_id for class_id in ids if class_id >= 0]
    if not named:
        return Prediction(image_id, Status.OOP)
    return Prediction(image_id, Status.OK, class_id=named[0], also=tuple(named[1:]))


class Gpt4v(NamedTuple):
    """GPT-4V, closed world, percent: images, first answer by lower and strip, first answers that
    are text and strictly no name, and the first answer in the list by exact spelling, as published.
    """

    n: int
    first: float
    out: float
    first_in_list: float


GPT4V = {
    "pets": Gpt4v(3669, 90.41, 0.95, 90.76),
    "dtd": Gpt4v(1688, 56.34, 4.86, 57.70),
    "flowers102": Gpt4v(2463, 66.18, 7.02, 69.10),
    "cars": Gpt4v(8041, 60.51, 8.06, 62.67),
    "sun397": Gpt4v(19830, 57.75, 7.67, 59.20),
    "eurosat": Gpt4v(7991, 46.78, 0.09, 46.80),
    "caltech101": Gpt4v(2464, 93.67, 0.32, 93.71),
    "aircraft": Gpt4v(3333, 56.50, 1.08, 56.59),
    "rafdb": Gpt4v(3062, 68.71, 0.00, 68.71),
}
"""The first, and the last column; and, of pets and dtd, the third, are in ../shared/data/README.md.
The others were counted from the files by a plain loop."""


@pytest.mark.parametrize("data_set", GPT4V)
def test_gpt4v(data_set: str) -> None:
    known = GPT4V[data_set]
    file: dict[str, Any] = json.loads(
        (SHARED / "answers" / f"gpt4v_closed_world_{data_set}.json").read_text()
    )
    names = ClassList(data_set, "own", tuple(Class(i, c) for i, c in enumerate(file["classes"])))
    truth = labels(
        data_set,
        {row["image_id"]: names.by_strict[strict_name(row["label"])] for row in file["rows"]},
        original=True,
    )
    results = run(_strictly(file["rows"], names), truth, class_list=names)
    score = results.scores["cw"][data_set]
    assert score.n == known.n
    assert _two(score.accuracy) == _two(score.accuracy_by("strict")) == known.first
    assert _two(results.out_share("read")) == _two(results.out_share("strict")) == known.out
    assert _two(score.accuracy_first_in_list) == known.first_in_list
    one = Labels((truth,), Equivalences.none())
    rows = _strictly(file["rows"], names)
    rules = score_rows(rows, to_answers(rows, names), names, one, ["cw"])[data_set]
    of_rule = {each.rule.key: each.n_right for each in rules}
    assert of_rule["strict"] == score.n_right
    assert _two(percent(of_rule["first_spelled"] or 0, score.n)) == known.first_in_list


def _strictly(entries: list[dict[str, Any]], names: ClassList) -> list[Prediction]:
    """Read the first answer by lower and strip alone; none at all is empty."""
    rows = []
    for entry in entries:
        first = next(iter(entry["answers"]), None)
        ids = names.by_strict.get(strict_name(first or ""), ())
        status = Status.EMPTY if first is None else Status.OK if ids else Status.OOP
        rows.append(
            Prediction(
                entry["image_id"],
                status,
                first,
                class_id=ids[0] if ids else None,
                rule="strict" if ids else status.value,
                answers=tuple(entry["answers"]),
            )
        )
    return rows


def _two(value: float | None) -> float:
    assert value is not None
    return round(value, 2)
