"""A model card to fill in: what is known of the model, and what only its submitter can say."""

from typing import get_args

import yaml

from harness.errors import DataError, Problem
from harness.leaderboard.entries.card import ModelCard, TrainingData
from harness.specs.model import Kind
from harness.store.manifest import Manifest

_HEAD = """\
# `yes`, `no` or `unknown`: have ImageNet's training images (imagenet_train) or its validation
# images (imagenet_val), with or without labels, been in the training data of the model or of a part
# of it? Optional keys: organization, url (https://…), license, parameters.
"""
_BODY = """
# {model}

What this model is, in a paragraph: architecture, size, who made it, where its weights are.

## Training data

What it was trained on, and how you know what you say above of the benchmark's images.

## How the runs were made

Anything that `manifest.json` does not tell: a server, a quantization, a prompt of the system.
"""
_TO_REPLACE = tuple(
    " ".join(line.split()) for line in _BODY.splitlines() if line and not line.startswith("#")
)


def unfilled(text: str) -> list[str]:
    """Give the sentences of a new card that are still in the text of one."""
    told = " ".join(text.split())
    return [each for each in _TO_REPLACE if each in told]


def new_card(model: str, manifests: list[Manifest], kind: Kind) -> str:
    """Write `MODEL_CARD.md` for a model; the training data are `unknown` until someone says."""
    counted = {each.model_facts.get("parameters") for each in manifests}
    parameters = counted.pop() if len(counted) == 1 else None
    card = ModelCard(
        model=model,
        kind=kind,
        training_data=TrainingData(imagenet_train="unknown", imagenet_val="unknown"),
        parameters=parameters if isinstance(parameters, int) and parameters > 0 else None,
    )
    values = card.model_dump(mode="json", exclude_defaults=True)
    front = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
    return f"---\n{_HEAD}{front}---\n" + _BODY.format(model=model)


def kind_of(manifests: list[Manifest], where: str) -> Kind:
    """Give the kind of model that the runs tell of; imported answers tell none, and are an MLLM's
    until the card says something else. Raises DataError when the runs differ.
    """
    kinds = sorted({str(each.model_facts.get("kind", "mllm")) for each in manifests})
    if len(kinds) > 1:
        problem = Problem(where, "the runs are of models of several kinds", got=", ".join(kinds))
        raise DataError(problem)
    known: tuple[Kind, ...] = get_args(Kind)
    if kinds[0] not in known:
        raise DataError(Problem(where, "the runs are of an unknown kind of model", got=kinds[0]))
    return known[known.index(kinds[0])]
