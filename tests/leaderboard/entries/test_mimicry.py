"""Copies of the original labels are told, and no honest model is, measured on real predictions."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.answers.outcome import Status
from harness.data.class_lists import load_class_list
from harness.data.classes import ClassList
from harness.data.labels.label_set import Equivalences, LabelSet
from harness.data.labels.load import load_label_set
from harness.leaderboard.entries.rules.suspicions import THRESHOLD, Disputed, disputed
from harness.scores.answers import to_answers
from harness.scores.metrics import counted_rows
from harness.scores.truth import to_truth
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_class_list_spec, load_label_set_spec
from harness.store.prediction import Prediction

Ints = NDArray[np.int64]
Answers = dict[str, int]
NETWORKS = {"resnet152": 46.2, "resnet50": 45.8, "vgg16": 41.0, "squeezenet1_1": 35.8}
"""Percent of the original label among original and headline labels, on ReaL."""
ON_HARD = {"resnet152": 58.3, "resnet50": 56.5, "vgg16": 55.8, "squeezenet1_1": 51.9}
"""The same on the 1,918 hardest images of ReGT."""


@pytest.fixture(scope="module")
def classes() -> ClassList:
    return load_class_list(load_class_list_spec(Catalogue(()), "imagenet1k"))


@pytest.fixture(scope="module")
def first(classes: ClassList) -> LabelSet:
    return load_label_set(load_label_set_spec(Catalogue(()), "imgt"), classes)


@pytest.fixture(scope="module")
def real(shared_data: Path) -> LabelSet:
    lists = json.loads((shared_data / "labels" / "real.json").read_text())
    named = {f"ILSVRC2012_val_{n:08d}": frozenset(ids) for n, ids in enumerate(lists, start=1)}
    return LabelSet("real", named)


@pytest.fixture(scope="module")
def hard(shared_data: Path) -> dict[str, dict[str, list[int]]]:
    rows = json.loads((shared_data / "labels" / "regt_era_s_minus_1918.json").read_text())
    return {name.removesuffix(".JPEG"): values for name, values in rows.items()}


@pytest.fixture(scope="module")
def regt(hard: dict[str, dict[str, list[int]]]) -> LabelSet:
    return LabelSet("regt", {k: frozenset(v["annotation_labels"]) for k, v in hard.items()})


def network(shared_data: Path, name: str) -> Answers:
    top = np.load(shared_data / "predictions" / f"imagenet_val_{name}_top5.npz")["top5"]
    return {f"ILSVRC2012_val_{n:08d}": int(each) for n, each in enumerate(top[:, 0], start=1)}


def copied(answers: Answers, first: LabelSet, share: float) -> Answers:
    drawn = np.random.default_rng(0).random(len(answers)) < share
    return {
        image_id: min(first.labels[image_id]) if copy else class_id
        for (image_id, class_id), copy in zip(answers.items(), drawn, strict=True)
    }


def measure(answers: Answers, first: LabelSet, headline: LabelSet) -> Disputed:
    rows = [
        Prediction(image_id, Status.OK, class_id=answers[image_id])
        for image_id in headline.labels
        if answers.get(image_id, -1) >= 0
    ]
    found = to_answers(rows)
    truths = [
        to_truth(labels, found.image_ids, Equivalences.none()) for labels in (first, headline)
    ]
    return disputed(found, truths[0], truths[1], counted_rows(found, "classify"))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name == "squeezenet1_1" else pytest.mark.slow)
        for name in NETWORKS
    ],
)
def test_networks_are_honest_on_real_and_copies_are_not(
    shared_data: Path, first: LabelSet, real: LabelSet, name: str
) -> None:
    answers = network(shared_data, name)
    honest = measure(answers, first, real)
    assert honest.n == 4673
    assert 100 * honest.share == pytest.approx(NETWORKS[name], abs=0.05)
    assert not honest.is_suspicious
    half = measure(copied(answers, first, 0.5), first, real)
    assert half.is_suspicious and 0.76 < half.share < 0.80
    whole = measure(copied(answers, first, 1.0), first, real)
    assert whole.is_suspicious and whole.share == 1


@pytest.mark.parametrize("name", ON_HARD)
def test_networks_are_honest_on_the_hardest(
    shared_data: Path, first: LabelSet, regt: LabelSet, name: str
) -> None:
    found = measure(network(shared_data, name), first, regt)
    assert found.n == 1918
    assert 100 * found.share == pytest.approx(ON_HARD[name], abs=0.05)
    assert not found.is_suspicious


@pytest.mark.parametrize(("key", "percent"), [("ChatGPT", 46.3), ("SigLip_2", 53.9)])
def test_gpt_4o_and_siglip_2_are_honest(
    hard: dict[str, dict[str, list[int]]], first: LabelSet, regt: LabelSet, key: str, percent: float
) -> None:
    answers = {name: values[f"{key}_prediction"] for name, values in hard.items()}
    rows = [
        Prediction(name, Status.OK, class_id=ids[0], also=tuple(ids[1:]))
        for name, ids in answers.items()
        if min(ids) >= 0
    ]
    found = to_answers(rows)
    truths = [to_truth(each, found.image_ids, Equivalences.none()) for each in (first, regt)]
    measured = disputed(found, truths[0], truths[1], counted_rows(found, "classify"))
    assert 100 * measured.share == pytest.approx(percent, abs=0.05)
    assert not measured.is_suspicious


@pytest.mark.parametrize(
    ("original", "headline", "suspicious"),
    [(0, 0, False), (3, 0, False), (7, 0, True), (60, 40, False), (61, 39, False), (70, 30, True)],
)
def test_a_share_above_the_threshold_needs_enough_images(
    original: int, headline: int, suspicious: bool
) -> None:
    assert Disputed(200, original, headline).is_suspicious is suspicious


def test_the_threshold_is_above_every_honest_model() -> None:
    assert max(*NETWORKS.values(), *ON_HARD.values(), 53.9) < 100 * THRESHOLD
