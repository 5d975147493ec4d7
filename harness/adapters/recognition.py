"""Which adapter runs a checkpoint, by the config that lies beside its weights."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.adapters.registry import ADAPTERS
from harness.errors import DataError, Problem, SpecError
from harness.heavy import no_collection
from harness.limits import MOST_YAML, parse_json_text, read_bounded_text
from harness.specs.model import ModelSpec
from harness.weights import first_file, locate
from harness.words import listed

_CONFIG, _OPEN_CLIP = "config.json", "open_clip_config.json"
_SHOWN = 5  # files of a folder that holds no config


@dataclass(frozen=True, slots=True)
class Recognised:
    """What runs a checkpoint."""

    adapter: str
    architecture: str
    """As the checkpoint's config calls it."""


def recognise(spec: ModelSpec) -> Recognised:
    """Find the adapter of a checkpoint by its config; of `spec` only what names the weights counts.

    An image-text-to-text model of transformers is for `hf`, one with a head of classes for
    `hf_classifier`, one with an image and a text tower for `dual_encoder`; timm's and open_clip's
    configs are their own. Raises SpecError where there is no config, or one of another kind;
    DataError for a repository that is not within reach.
    """
    path = first_file(spec, (_CONFIG, _OPEN_CLIP))
    if path is None:
        raise SpecError(_without_config(spec))
    try:
        config = parse_json_text(read_bounded_text(path, MOST_YAML))
    except ValueError as error:
        problem = Problem(str(path), "is no JSON", str(error), fix="fetch the checkpoint again")
        raise SpecError(problem) from error
    if path.name == _OPEN_CLIP:
        return Recognised("open_clip", _OPEN_CLIP)
    config = config if isinstance(config, dict) else {}
    for found in _fitting(config):
        return found
    with contextlib.suppress(DataError):  # the hub was there a moment ago, or its cache
        if first_file(spec, (_OPEN_CLIP,)) is not None:
            return Recognised("open_clip", _OPEN_CLIP)
    raise SpecError(_of_no_adapter(spec, config))


def _fitting(config: Mapping[str, Any]) -> Iterator[Recognised]:
    named = config.get("architecture")
    if isinstance(named, str) and isinstance(config.get("pretrained_cfg"), dict):
        yield Recognised("timm", named)
    with no_collection():
        from transformers.models.auto import modeling_auto as auto
    architecture, kind = _architecture(config), config.get("model_type")
    tables = {
        "hf": auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES,
        "hf_classifier": auto.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES,
        "dual_encoder": auto.MODEL_FOR_ZERO_SHOT_IMAGE_CLASSIFICATION_MAPPING_NAMES,
    }
    for adapter, table in tables.items():
        names = table.get(kind, ()) if isinstance(kind, str) else ()
        if architecture in ((names,) if isinstance(names, str) else names):
            yield Recognised(adapter, architecture)


def _architecture(config: Mapping[str, Any]) -> str:
    names = config.get("architectures")
    return str(names[0]) if isinstance(names, list) and names else ""


def _without_config(spec: ModelSpec) -> Problem:
    weights = locate(spec)
    what = (
        f"`{spec.pretrained}` has no {_CONFIG} and no {_OPEN_CLIP}, so that its kind is not known"
    )
    got = None
    if weights.is_local and weights.folder.is_file():
        what = "is a file, and a checkpoint is a folder (or a hub id)"
        fix = f"--model {weights.folder.parent}; of timm's weights: --model timm --model_args "
        fix += f"pretrained={spec.pretrained},model_name=ARCHITECTURE"
        return spec.problem("pretrained", what, got=spec.pretrained, fix=fix)
    if weights.is_local:
        got = listed(sorted(each.name for each in weights.folder.iterdir()), _SHOWN)
        got = f"a folder with {got}" if got else "an empty folder"
    return spec.problem("pretrained", what, got=got, fix=_say_which(spec))


def _of_no_adapter(spec: ModelSpec, config: Mapping[str, Any]) -> Problem:
    kind = config.get("model_type")
    known = (_architecture(config), "" if kind is None else f"model_type `{kind}`")
    got = ", ".join(filter(None, known)) or f"a {_CONFIG} without `architectures`"
    what = f"no adapter is known for `{spec.pretrained}`"
    expected = "a model of transformers for image-text-to-text, image classification or "
    expected += "zero-shot image classification; or one of timm or open_clip"
    return spec.problem("pretrained", what, got=got, expected=expected, fix=_say_which(spec))


def _say_which(spec: ModelSpec) -> str:
    return (
        f"say which adapter: --model ADAPTER --model_args pretrained={spec.pretrained}, of "
        f"{', '.join(sorted(ADAPTERS))}; or MODULE:CLASS in a YAML (`model: NAME`, `adapter: …`, "
        f"`pretrained: {spec.pretrained}`; docs/models.md)"
    )
