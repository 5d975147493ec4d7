"""How alike images of one class are, on real answers: which rows of docs/statistics.md apply."""

import json
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.data.class_lists import load_class_list
from harness.data.classes import strict_name
from harness.data.labels.load import load_label_set
from harness.scores.statistics import Draws, class_bootstrap, wilson
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_class_list_spec, load_label_set_spec
from scores.score_builders import SHARED

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED} is not here")
Values = NDArray[np.floating[Any]]
NETWORKS = ("resnet50", "resnet152", "vgg16", "squeezenet1_1")
GPT_4V = {  # classes, intraclass correlation, width of the interval by classes over Wilson's
    "aircraft": (100, 0.302, 3.2),
    "caltech101": (100, 0.442, 3.5),
    "cars": (196, 0.482, 4.4),
    "dtd": (47, 0.280, 3.3),
    "eurosat": (10, 0.546, 20.1),
    "flowers102": (102, 0.608, 4.2),
    "pets": (37, 0.224, 4.7),
    "rafdb": (7, 0.069, 5.3),
    "sun397": (397, 0.322, 4.1),
}


def correlation(values: Values, home: NDArray[np.int64]) -> float:
    """Estimate the intraclass correlation by analysis of variance (Fisher 1925; unequal sizes as
    Donner, International Statistical Review 54, 1986).
    """
    _, home, counts = np.unique(home, return_inverse=True, return_counts=True)
    means = np.bincount(home, weights=values) / counts
    between = float(counts @ (means - values.mean()) ** 2) / (len(counts) - 1)
    within = float(((values - means[home]) ** 2).sum()) / (len(values) - len(counts))
    size = (len(values) - float(counts @ counts) / len(values)) / (len(counts) - 1)
    return (between - within) / (between + (size - 1) * within)


@pytest.fixture(scope="module")
def imagenet() -> tuple[NDArray[np.int64], dict[str, NDArray[np.bool_]]]:
    classes = load_class_list(load_class_list_spec(Catalogue(()), "imagenet1k"))
    labels = load_label_set(load_label_set_spec(Catalogue(()), "imgt"), classes).labels
    home = np.array([min(labels[image_id]) for image_id in sorted(labels)])
    files = {name: SHARED / "predictions" / f"imagenet_val_{name}_top5.npz" for name in NETWORKS}
    right = {name: np.load(path)["top5"][:, 0] == home for name, path in files.items()}
    return home, right


def test_networks_on_imagenet(
    imagenet: tuple[NDArray[np.int64], dict[str, NDArray[np.bool_]]],
) -> None:
    home, right = imagenet
    for each in right.values():
        assert 0.126 < correlation(each.astype(float), home) < 0.134


def test_the_direction_of_differences_on_imagenet(
    imagenet: tuple[NDArray[np.int64], dict[str, NDArray[np.bool_]]],
) -> None:
    home, right = imagenet
    for one, two in combinations(right.values(), 2):
        differs = one != two
        assert 0.1 < differs.mean() < 0.26
        assert 0.03 < correlation(one[differs].astype(float), home[differs]) < 0.061


@pytest.mark.parametrize("name", GPT_4V)
def test_gpt_4v_in_closed_worlds(name: str) -> None:
    told = json.loads((SHARED / "answers" / f"gpt4v_closed_world_{name}.json").read_text())
    names = [strict_name(each) for each in told["classes"]]
    pairs = [
        (strict_name(row["label"]), strict_name(row["answers"][0]) if row["answers"] else "")
        for row in told["rows"]
    ]
    assert {label for label, _ in pairs} <= set(names)
    home = np.array([names.index(label) for label, _ in pairs])
    right = np.array([label == first for label, first in pairs])
    by_image = wilson(int(right.sum()), len(right)) or (0, 0)
    by_class = class_bootstrap(100.0 * right, home, Draws()) or (0, 0)
    wider = (by_class[1] - by_class[0]) / (by_image[1] - by_image[0])
    n_classes, alike, ratio = GPT_4V[name]
    assert len(np.unique(home)) == n_classes
    assert correlation(right.astype(float), home) == pytest.approx(alike, abs=0.001)
    assert wider == pytest.approx(ratio, rel=0.05)  # other draws move it by 2 %
