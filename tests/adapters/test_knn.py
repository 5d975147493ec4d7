"""The neighbours vote as scikit-learn's do; features are computed once."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from harness.adapters.base import Setting
from harness.adapters.classifiers.feature_bank import Bank
from harness.adapters.classifiers.knn import KnnAdapter, votes
from harness.adapters.registry import checked_class, load_adapter
from harness.data.images.source import open_source
from harness.errors import SpecError
from harness.requests import Ask, Request
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model, load_task
from harness.specs.model import ModelSpec


def unit(rng: np.random.Generator, n: int) -> np.ndarray:
    rows = rng.normal(size=(n, 6)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("k", [1, 5, 51])
def test_the_vote_is_that_of_scikit_learn_where_votes_differ(k: int) -> None:
    rng = np.random.default_rng(0)
    bank = Bank(unit(rng, 200), rng.integers(4, size=200))
    queries = unit(rng, 80)
    found = votes(queries, bank, k)
    reference = KNeighborsClassifier(k, metric="cosine").fit(bank.vectors, bank.labels)
    counts = reference.predict_proba(queries) * k
    assert np.floor(found) == pytest.approx(counts)
    logits = KnnAdapter.logits(cast("KnnAdapter", None), torch.from_numpy(found))
    assert logits.softmax(1).numpy() == pytest.approx(counts / k)
    clear = np.sort(counts, axis=1)[:, -1] > np.sort(counts, axis=1)[:, -2]
    assert clear.any()
    np.testing.assert_array_equal(found.argmax(1)[clear], reference.predict(queries)[clear])


def test_of_equal_votes_the_nearer_neighbours_win() -> None:
    angles = np.array([0.3, 0.2, 0.4, 0.1])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    found = votes(np.array([[1, 0]], np.float32), Bank(vectors, np.array([0, 1, 0, 1])), 4)
    assert np.floor(found).tolist() == [[2, 2]]
    assert found[0, 1] > found[0, 0]


@pytest.fixture
def spec(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ModelSpec]:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    shutil.copy(root / "models" / "mini_knn" / "train.parquet", tmp_path)

    def make(*settings: str) -> ModelSpec:
        own = f"options.dataset_path={tmp_path / 'train.parquet'}"
        return load_model(Catalogue(()), "mini_knn", [own, *settings])

    return make


@pytest.mark.slow
def test_features_are_computed_once_for_model_and_data(
    spec: Callable[..., ModelSpec], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "harness")
    source = open_source(load_task(Catalogue(()), "mini_classify"))
    assert source.read is not None
    asked = [Request((source.read(row),)) for row in range(8)]
    first = load_adapter(spec(), Setting())
    answers = first.respond(Ask(), asked)
    assert "computing the features of 1280" in caplog.text
    caplog.clear()
    assert load_adapter(spec("options.k=3"), Setting()).facts.notes == (
        "k-NN: k = 3, 1280 training images of 64 classes",
    )
    assert load_adapter(spec(), Setting()).respond(Ask(), asked) == answers
    assert "computing" not in caplog.text
    load_adapter(spec("options.features=cls"), Setting())
    assert "computing" in caplog.text
    assert len(list((tmp_path / "cache" / "features").iterdir())) == 2
    assert answers[0].scores is not None and 11 < sum(answers[0].scores) < 12


@pytest.mark.parametrize("kind", ["numbers with names", "texts", "numbers"])
def test_the_names_of_the_training_labels_are_those_of_the_outputs(
    kind: str, spec: Callable[..., ModelSpec], tmp_path: Path
) -> None:
    import datasets

    path = tmp_path / "train.parquet"
    table = datasets.load_dataset("parquet", data_files=str(path))["train"].select(range(20))
    names = ["zebra", "ant", "yak"]
    labels = [n % 2 for n in range(20)]
    table = table.remove_columns("label")
    if kind == "texts":
        table = table.add_column("label", [names[n] for n in labels])
    else:
        table = table.add_column("label", labels)
    if kind == "numbers with names":
        table = table.cast_column("label", datasets.ClassLabel(names=names))
    table.to_parquet(str(path))
    adapter = KnnAdapter(spec(), Setting())
    known = {"texts": ["ant", "zebra"], "numbers with names": names, "numbers": None}[kind]
    assert adapter.output_names == (known and [(name,) for name in known])
    source = open_source(load_task(Catalogue(()), "mini_classify"))
    assert source.read is not None
    (response,) = adapter.respond(Ask(), [Request((source.read(0),))])
    assert response.scores is not None and len(response.scores) == len(known or [0, 1])


@pytest.mark.parametrize("setting", ["options.k=0", "options.k=52"])
def test_k_is_1_to_51(spec: Callable[..., ModelSpec], setting: str) -> None:
    with pytest.raises(SpecError, match=r"options\.k"):
        checked_class(spec(setting))


def test_more_neighbours_than_images_are_refused(
    spec: Callable[..., ModelSpec], tmp_path: Path
) -> None:
    import datasets

    few = datasets.load_dataset("parquet", data_files=str(tmp_path / "train.parquet"))["train"]
    few.select(range(5)).to_parquet(tmp_path / "train.parquet")
    with pytest.raises(SpecError, match="fewer images"):
        KnnAdapter(spec(), Setting())
