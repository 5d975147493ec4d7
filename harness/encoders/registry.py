"""From an encoder's spec to the encoder: the kinds there are, resolved when one is asked for."""

from importlib import import_module
from pathlib import Path
from typing import cast

from harness.encoders.base import TextEncoder
from harness.encoders.cache import CachedEncoder
from harness.encoders.weights import is_local
from harness.errors import Problem, SpecError, unknown_name
from harness.specs.model import EncoderSpec

KINDS = {
    "minilm": "harness.encoders.sentence:load_minilm",
    "sentence_transformers": "harness.encoders.sentence:load_sentence_transformers",
    "text_tower": "harness.encoders.text_tower:load_text_tower",
    "lexical": "harness.encoders.lexical:load_lexical",
}
"""Kind of encoder to the function `EncoderSpec -> TextEncoder` that makes it."""

_WITH_WEIGHTS = ("sentence_transformers", "text_tower")


def load_encoder(spec: EncoderSpec) -> TextEncoder:
    """Make the encoder that `spec` describes, without a cache and without reading its weights yet.

    Raises SpecError for an unknown kind or fields that do not go with it, MissingPackageError for
    a package that is not installed, UserError for weights that are not on this machine and cannot
    be fetched.
    """
    where = f"encoder `{spec.encoder}`"
    if spec.kind not in KINDS:
        raise SpecError(unknown_name(where, "kind of encoder", spec.kind, tuple(KINDS)))
    problems = _misfits(spec, where)
    if problems:
        raise SpecError(problems)
    module, function = KINDS[spec.kind].split(":")
    return cast(TextEncoder, getattr(import_module(module), function)(spec))


def open_encoder(spec: EncoderSpec, cache: Path | None = None) -> TextEncoder:
    """Make the encoder with its cache on disk in the folder `cache` (default: see `cache_folder`).

    `lexical` stays uncached: computing it is faster than reading it. Raises as `load_encoder`.
    """
    encoder = load_encoder(spec)
    return encoder if spec.kind == "lexical" else CachedEncoder(encoder, cache)


def is_here(spec: EncoderSpec) -> bool:
    """Whether an encoder can be opened without fetching its weights."""
    return spec.kind not in _WITH_WEIGHTS or not spec.pretrained or is_local(spec)


def _misfits(spec: EncoderSpec, where: str) -> list[Problem]:
    found = []
    needs = spec.kind in _WITH_WEIGHTS
    if needs and not spec.pretrained:
        fix = "add `pretrained: <hub id or folder>`"
        found.append(Problem(where, f"kind `{spec.kind}` needs `pretrained`", fix=fix))
    for key in ("pretrained", "revision"):
        if not needs and getattr(spec, key) is not None:
            what = f"kind `{spec.kind}` has no `{key}`"
            fix = f"remove `{key}`, or set `kind: sentence_transformers`"
            found.append(Problem(where, what, got=getattr(spec, key), fix=fix))
    low, high = spec.ngram_range
    if not 1 <= low <= high:
        what, expected = "`ngram_range` is not a range", "[lo, hi] with 1 <= lo <= hi"
        found.append(Problem(where, what, got=str([low, high]), expected=expected))
    return found
