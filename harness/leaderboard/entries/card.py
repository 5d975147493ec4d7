"""`MODEL_CARD.md`: what a submitter says of the model, and a new one to fill in."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import BeforeValidator, Field, ValidationError

from harness.errors import DataError, Problem, SpecError, faults_of
from harness.leaderboard.entries.format import Part
from harness.specs.model import Kind
from harness.specs.yaml_file import parse_yaml
from harness.store.manifest import Manifest

MAX_CARD = 64 << 10
_FRONT = re.compile(r"---\n(.*?\n)---\n?(.*)", re.DOTALL)
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


def _word(value: Any) -> Any:
    """YAML takes a bare `yes` or `no` for a truth value."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


Disclosure = Annotated[Literal["yes", "no", "unknown"], BeforeValidator(_word)]


class TrainingData(Part):
    """Whether the model has seen the benchmark's images or labels in training."""

    imagenet_train: Disclosure
    imagenet_val: Disclosure


class ModelCard(Part):
    """The front matter, checked."""

    model: str = Field(min_length=1, max_length=200)
    kind: Kind
    training_data: TrainingData
    organization: str = Field(default="", max_length=200)
    url: str = Field(default="", max_length=500, pattern=r"^$|^https://")
    license: str = Field(default="", max_length=100)
    parameters: int | None = Field(default=None, gt=0)
    """How many weights the model has."""


def parse_card(data: bytes, path: Path) -> tuple[ModelCard, str]:
    """Read `MODEL_CARD.md`: the front matter, checked, and the text below it.

    Raises DataError when there is no front matter, or it says something that it cannot say.
    """
    where = str(path)
    try:
        found = _FRONT.fullmatch(data.decode().replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        fix = "save the card as UTF-8 text"
        raise DataError(Problem(where, "is no text", got=str(error), fix=fix)) from error
    if found is None:
        what = "has no front matter"
        raise DataError(Problem(where, what, fix="write --- at the top, YAML, and --- below it"))
    try:
        # An alias lets a few lines stand for gigabytes.
        events = yaml.parse(found[1], yaml.CSafeLoader)
        if any(isinstance(event, yaml.AliasEvent) for event in events):
            fix = "write the value out in place of the alias"
            raise DataError(Problem(where, "has an alias in its front matter", fix=fix))
        return ModelCard.model_validate(parse_yaml(found[1], path).data), found[2]
    except yaml.YAMLError as error:
        what, fix = "is not valid YAML above", "mend the YAML between the lines `---`"
        raise DataError(Problem(where, what, got=str(error), fix=fix)) from error
    except SpecError as error:
        raise DataError(error.problems) from error
    except ValidationError as error:
        what = "says what it cannot say"
        fix = "mend these keys; docs/submit.md says what they may be"
        raise DataError(Problem(where, what, got=faults_of(error), fix=fix)) from error


def unfilled(text: str) -> list[str]:
    """Give the sentences of a new card that are still in the text of one."""
    joined = " ".join(text.split())
    return [each for each in _TO_REPLACE if each in joined]


def card_of(model: str, manifests: Sequence[Manifest], where: str) -> ModelCard:
    """Give what the runs of a model say of it; the training data are `unknown` until someone says.
    Raises DataError when the runs are of several kinds of model.
    """
    found = [each.model_facts.get("parameters") for each in manifests]
    first, is_one = found[0], found.count(found[0]) == len(found)
    return ModelCard.model_construct(
        model=model,
        kind=_kind_of(manifests, where),
        training_data=TrainingData(imagenet_train="unknown", imagenet_val="unknown"),
        parameters=first if is_one and isinstance(first, int) and first > 0 else None,
    )


def new_card(model: str, manifests: Sequence[Manifest]) -> str:
    """Write `MODEL_CARD.md` for the model of some runs. Raises as `card_of`."""
    values = card_of(model, manifests, "RUN…").model_dump(mode="json", exclude_defaults=True)
    front = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
    return f"---\n{_HEAD}{front}---\n" + _BODY.format(model=model)


def _kind_of(manifests: Sequence[Manifest], where: str) -> Kind:
    """Give the kind of model that the runs name; imported answers name none, and are an MLLM's."""
    kinds = sorted({str(each.model_facts.get("kind", "mllm")) for each in manifests})
    if len(kinds) > 1:
        what = "the runs are of models of several kinds"
        fix = "pack the runs of one kind of model in one entry"
        raise DataError(Problem(where, what, got=", ".join(kinds), fix=fix))
    known: tuple[Kind, ...] = get_args(Kind)
    if kinds[0] not in known:
        what = "the runs are of an unknown kind of model"
        fix = "run with an adapter of the harness, or import the answers"
        raise DataError(Problem(where, what, got=kinds[0], fix=fix))
    return known[known.index(kinds[0])]
