"""The text towers of dual encoders (CLIP, SigLIP, SigLIP 2) as text encoders."""

import os
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from harness.encoders.base import Pieces, Vectors, batches_by_length, pick_device, unit_rows
from harness.encoders.tokens import Tokens
from harness.encoders.weights import FolderEncoder, load_errors
from harness.errors import Problem, UserError
from harness.heavy import require

_BATCH = 256
_SIGLIP = ("siglip", "siglip2")


class TextTower(FolderEncoder):
    """The projected text embedding of a dual encoder, in float32, on the GPU where there is one.

    Each family gets its texts as in training. CLIP: padded on the right to the longest and masked.
    SigLIP and SigLIP 2: lower case, padded on the right to the tower's full length, not masked,
    for the pooled token is the last one (big_vision, `lower` and `tokenize`). `max_length`
    replaces the tower's length.
    """

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed `texts` to unit rows [n, d]. Raises UserError when the model cannot be loaded."""
        prompt = self._spec.prompt or ""
        full = [prompt + text for text in texts]
        if not full:
            return self._features([""])[:0]
        batches = list(batches_by_length(full, _BATCH))
        values = np.concatenate([self._features([full[i] for i in rows]) for rows in batches])
        found = np.empty_like(values)
        found[np.concatenate(batches)] = values
        return found

    def pieces(self, texts: Sequence[str]) -> list[Pieces]:
        """Give the tokens of each text. Raises UserError when the tower cannot be loaded."""
        siglip = self._config.model_type in _SIGLIP
        return self._tokens.pieces([text.lower() for text in texts] if siglip else texts)

    @cached_property
    def _tokens(self) -> Tokens:
        limit = self._spec.max_length or self._config.text_config.max_position_embeddings
        try:
            return Tokens(self._folder, limit, self._where)
        except load_errors() as error:
            raise self._unfit(f"{type(error).__name__}: {error}") from error

    @cached_property
    def _config(self) -> Any:
        config = self._load("AutoConfig")
        if not hasattr(config, "text_config"):
            raise self._unfit(f"a {config.model_type}, which has no text tower")
        return config

    def _features(self, texts: list[str]) -> Vectors:
        model = self._model
        inputs = tokenize(self._tokenizer, model.config, texts, self._spec.max_length)
        inputs = inputs.to(model.device)
        with require("torch", "torch", self._where).inference_mode():
            output = model.get_text_features(**inputs)
        # transformers 4 gives the tensor itself, 5 an output whose pooled part is projected.
        features = getattr(output, "pooler_output", output)
        return unit_rows(features.float().cpu().numpy())

    @cached_property
    def _tokenizer(self) -> Any:
        return self._load("AutoTokenizer", padding_side="right")

    @cached_property
    def _model(self) -> Any:
        model = self._load("AutoModel", dtype="float32")
        if not hasattr(model, "get_text_features"):
            raise self._unfit(f"a {type(model).__name__}, which has no `get_text_features`")
        return model.eval().to(pick_device())

    def _load(self, auto: str, **options: str) -> Any:
        library = require("transformers", "transformers", self._where)
        folder = os.fspath(self._folder)
        try:
            return getattr(library, auto).from_pretrained(folder, local_files_only=True, **options)
        except load_errors() as error:
            raise self._unfit(f"{type(error).__name__}: {error}") from error

    def _unfit(self, got: str) -> UserError:
        what = f"{self._folder} is not a dual encoder that transformers can load"
        expected = "CLIP, SigLIP, SigLIP 2 or another model with a text tower"
        fix = "for a model of texts only set `kind: sentence_transformers`"
        return UserError(Problem(self._where, what, got, expected, fix))


def tokenize(tokenizer: Any, config: Any, texts: list[str], most: int | None = None) -> Any:
    """Give texts to a text tower as in training: for SigLIP in lower case and padded to the tower's
    full length (or `most` tokens), without a mask; else padded to the longest and masked.
    """
    siglip = config.model_type in _SIGLIP
    inputs = tokenizer(
        [text.lower() for text in texts] if siglip else texts,
        padding="max_length" if siglip else True,
        max_length=most or config.text_config.max_position_embeddings,
        truncation=True,
        return_tensors="pt",
    )
    if siglip:
        inputs.pop("attention_mask", None)
    return inputs
