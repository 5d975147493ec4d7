"""Small runs and label sets, made by hand or drawn from a seed."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import harness
from harness.answers.outcome import Status
from harness.data.classes import Class, ClassList
from harness.data.labels.label_set import Equivalences, Labels, LabelSet
from harness.scores.results import Results
from harness.scores.scoring import ScoreRequest, score
from harness.store.prediction import Prediction

SHARED = Path(harness.__file__).parents[2] / "shared" / "data"


def classes(n: int = 10) -> ClassList:
    return ClassList(f"{n} classes", "clean", tuple(Class(i, f"class {i}") for i in range(n)))


def ok(image_id: str, class_id: int, *also: int, **more: Any) -> Prediction:
    rule = more.pop("rule", "strict")
    return Prediction(image_id, Status.OK, class_id=class_id, also=also, rule=rule, **more)


def mapped(image_id: str, class_id: int, **more: Any) -> Prediction:
    return row(image_id, Status.OOP, answer="?", class_id=class_id, rule="mapped", **more)


def row(image_id: str, status: Status, **more: Any) -> Prediction:
    return Prediction(image_id, status, **more)


def labels(name: str, sets: Mapping[str, Iterable[int]], original: bool = False) -> LabelSet:
    return LabelSet(name, {key: frozenset(ids) for key, ids in sets.items()}, original=original)


def run(
    rows: Sequence[Prediction], *label_sets: LabelSet, protocol: Any = "cw", **more: Any
) -> Results:
    more = {"class_list": classes(), "draws": 200, **more}
    same = more.pop("equivalences", Equivalences.none())
    request = ScoreRequest("task", "model", protocol, labels=Labels(label_sets, same), **more)
    return score(rows, request)


def drawn(
    n: int, k: int, seed: int = 0, share_right: float = 0.6
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Give n true and n predicted class ids out of k; the classes differ in size and hardness."""
    generator = np.random.default_rng(seed)
    true = np.minimum(generator.geometric(2 / (k + 1), size=n) - 1, k - 1)
    hard = generator.random(k) * (1 - share_right)
    is_right = generator.random(n) < share_right + hard[true] - hard.mean()
    return true, np.where(is_right, true, generator.integers(k, size=n))
