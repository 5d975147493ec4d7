"""k nearest neighbours: the class that most of the most similar training images have."""

import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field
from torch import Tensor
from torch.nn.functional import normalize

from harness.adapters.base import CLASSIFY, Abilities, Setting
from harness.adapters.classifiers.feature_bank import Bank, TrainingSet, open_bank
from harness.adapters.classifiers.hf import Features, ImageFeatures
from harness.adapters.classifiers.one_image import Classifier
from harness.adapters.hf.loading import LOADING, facts_of
from harness.encoders.cache import folder_digest
from harness.errors import Problem, SpecError
from harness.requests import Ask, ModelFacts
from harness.specs.model import ModelSpec
from harness.weights import Weights, find


class KnnOptions(TrainingSet):
    """Keys under `options` of a model with adapter `knn`: the training set and the vote."""

    k: int = Field(default=11, ge=1, le=51)
    """How many neighbours vote."""
    features: Features = "pooled"
    """What of the backbone is compared."""


class KnnAdapter(Classifier):
    """Majority vote of the k training images whose features have the highest cosine.

    The score of a class is its votes plus a share below 1 which decides between equal votes: the
    sum of (1 + cosine) / 2 over its voters, divided by k + 1. Classes without a vote get 0. The
    classes are those of the training set's labels, 0 to their highest, or of `class_list`.
    """

    abilities = Abilities(CLASSIFY, options=KnnOptions, keys=LOADING | {"class_list"})

    def __init__(self, spec: ModelSpec, setting: Setting) -> None:
        self._options = KnnOptions(**spec.options)
        weights = find(spec)
        self._commit = weights.commit
        self._features = ImageFeatures(spec, weights, setting.device, self._options.features)
        self._bank = open_bank(spec, self._options, self._embed, self._digest(spec, weights))
        if len(self._bank) < self._options.k:
            got, fix = f"{len(self._bank)} images", f"set `options.k` to {len(self._bank)} or less"
            what = "the training set has fewer images than neighbours that vote"
            raise SpecError(Problem(f"model `{spec.model}`", what, got, fix=fix))
        names = self._bank.names
        self.output_names = None if names is None else [(name,) for name in names]

    def _digest(self, spec: ModelSpec, weights: Weights) -> str:
        """Digest what the features of an image depend on."""
        of_model = {"model_kwargs", "processor_kwargs", "pretrained"}
        decisive = {
            "model": spec.model_dump(mode="json", include=of_model),
            "commit": weights.commit,
            "dtype": str(self._features.model.dtype),
            "features": self._options.features,
        }
        folder = Path(weights.source) if weights.is_local else None
        return folder_digest(folder, json.dumps(decisive, sort_keys=True))

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model, for the manifest."""
        notes = (f"k-NN: k = {self._options.k}, {self._bank}",)
        return facts_of(self._features.model, self._commit, kind="knn", notes=notes)

    def score(self, ask: Ask, images: list[Image.Image]) -> Tensor:
        """Give the votes of every image's neighbours."""
        return torch.from_numpy(votes(self._embed(images), self._bank, self._options.k))

    def logits(self, scores: Tensor) -> Tensor:
        """Give the logarithms of the votes, so that the share of the votes is the probability."""
        return scores.floor().log()

    def _embed(self, images: list[Image.Image]) -> NDArray[np.float32]:
        found: NDArray[np.float32] = normalize(self._features(images), dim=-1).cpu().numpy()
        return found


def votes(queries: NDArray[np.float32], bank: Bank, k: int) -> NDArray[np.float64]:
    """Count the votes of each query's (unit rows [n, d]) k nearest rows of the bank, [n, classes].

    Of equally near rows the earlier ones vote.
    """
    cosines = queries @ bank.vectors.T
    nearest = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
    rows = np.arange(len(queries))[:, None]
    share = (1 + np.clip(cosines[rows, nearest].astype(np.float64), -1, 1)) / 2 / (k + 1)
    found = np.zeros((len(queries), bank.n_classes))
    np.add.at(found, (rows, bank.labels[nearest]), 1 + share)
    return found
