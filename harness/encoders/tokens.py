"""What an encoder's tokenizer makes of a text, from its files alone: no weights are read."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.encoders.base import Pieces
from harness.heavy import require

_FILE = "tokenizer.json"


class Tokens:
    """The tokenizer of a model folder, cut to the encoder's limit as a text is when embedded."""

    def __init__(self, folder: Path, limit: int | None, where: str) -> None:
        """Read the tokenizer in `folder`; `limit` counts tokens, the marks at both ends included.

        Raises what loading a model folder raises (`load_errors`) when it cannot be read.
        """
        self._tokenizer = _load(folder, where)
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        if limit is not None:
            self._tokenizer.enable_truncation(limit)
        self._unknown = _unknown_id(self._tokenizer)

    def pieces(self, texts: Sequence[str]) -> list[Pieces]:
        """Give the token ids of each text without the marks at its ends, None for an unknown."""
        return [
            tuple(
                None if token == self._unknown else token
                for token, is_mark in zip(each.ids, each.special_tokens_mask, strict=True)
                if not is_mark
            )
            for each in self._tokenizer.encode_batch(list(texts))
        ]


def length_limit(folder: Path) -> int | None:
    """Give how many tokens of a text a sentence-transformers module in `folder` reads, as that
    library finds it: its own setting, else the lower of the tokenizer's and the model's.
    """
    own = _settings(folder / "sentence_bert_config.json").get("max_seq_length")
    if isinstance(own, int):
        return own
    limits = (
        _settings(folder / "tokenizer_config.json").get("model_max_length"),
        _settings(folder / "config.json").get("max_position_embeddings"),
    )
    known = [each for each in limits if isinstance(each, int) and 0 < each < 2**31]  # 1e30: none
    return min(known, default=None)


def text_folder(folder: Path) -> Path:
    """Give the folder of the module of a sentence-transformers model that reads the text."""
    modules = _json(folder / "modules.json")
    first = modules[0] if isinstance(modules, list) and modules else {}
    return folder / str(first.get("path", "")) if isinstance(first, dict) else folder


def lowers(folder: Path) -> bool:
    """Whether a sentence-transformers module lowers the case of a text before its tokenizer."""
    return _settings(folder / "sentence_bert_config.json").get("do_lower_case") is True


def _settings(path: Path) -> dict[str, Any]:
    found = _json(path)
    return found if isinstance(found, dict) else {}


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _load(folder: Path, where: str) -> Any:
    if (folder / _FILE).is_file():
        library = require("tokenizers", "tokenizers", where)
        return library.Tokenizer.from_file(str(folder / _FILE))
    library = require("transformers", "transformers", where)  # makes one of older files
    return library.AutoTokenizer.from_pretrained(folder, local_files_only=True).backend_tokenizer


def _unknown_id(tokenizer: Any) -> int | None:
    """Give the id that stands for what the vocabulary lacks; None where it can spell anything."""
    model = tokenizer.model
    if hasattr(model, "unk_token"):
        unknown: int | None = tokenizer.token_to_id(model.unk_token) if model.unk_token else None
        return unknown
    unknown = json.loads(tokenizer.to_str())["model"].get("unk_id")  # Unigram does not tell
    return unknown
