"""Where an encoder's weights are on this machine, and the digest that says which they are."""

import hashlib
import json
from functools import cached_property
from pathlib import Path

from harness.encoders.cache import sha256_of
from harness.errors import Problem, UserError, first_line
from harness.heavy import require
from harness.limits import below
from harness.specs.model import EncoderSpec
from harness.weights import download

_FORMAT = 1  # raise it when our own code changes what an encoder returns
_LEXICAL_FORMAT = 2  # the same for the encoder that is our own code; 2: signs are part of a name
_SIDE_FILES = ("*.json", "*.txt", "*.model", "*.jinja", "*.safetensors")


def load_errors() -> tuple[type[Exception], ...]:
    """List what loading a model folder raises when its files are not those of such a model."""
    damaged = require("safetensors", "safetensors", "encoders").SafetensorError
    return (OSError, ValueError, KeyError, ImportError, RuntimeError, damaged)


def weights_folder(spec: EncoderSpec) -> Path:
    """Give the folder with the weights: `pretrained` beside the YAML, else the hub's local copy.

    The hub is asked for safetensors, and for `pytorch_model*.bin` only where there are none.
    Raises UserError when the weights are not here and cannot be fetched.
    """
    assert spec.pretrained, "the registry checks that"
    folder = spec.resolve(spec.pretrained)
    try:
        if not folder.is_dir():
            folder = download(spec.pretrained, spec.revision, *_SIDE_FILES)
            if not weight_files(folder):
                folder = download(spec.pretrained, spec.revision, "pytorch_model*.bin")
    except (OSError, ValueError) as error:
        raise UserError(_missing(spec, first_line(error))) from error
    if not weight_files(folder):
        raise UserError(_missing(spec, f"no weight files in {folder}"))
    return folder


def weight_files(folder: Path) -> list[Path]:
    """List the weight files of a model folder: safetensors, or else pickled PyTorch ones."""
    pickled = (path for path in below(folder, ".bin") if path.match("pytorch_model*.bin"))
    return sorted(below(folder, ".safetensors")) or sorted(pickled)


def digest_of(spec: EncoderSpec, folder: Path | None = None) -> str:
    """Digest what an embedding depends on: kind, prompt, limits and the files of `folder`.

    The encoder's name and description, and where the files lie, are not part of it.
    """
    content: dict[str, object] = {
        "format": _FORMAT,
        "kind": spec.kind,
        "prompt": spec.prompt or "",
        "max_length": spec.max_length,
    }
    if spec.kind == "lexical":
        content |= {"format": _LEXICAL_FORMAT, "ngram_range": list(spec.ngram_range)}
    if folder is not None:
        content["files"] = _file_digests(folder)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


class FolderEncoder:
    """What encoders share that take a model's files from a folder, and all else from a spec."""

    literal = False

    def __init__(self, spec: EncoderSpec, folder: Path | None = None) -> None:
        """Take the files from `folder`, else from where `weights_folder` finds them, or raises."""
        self._spec, self._folder = spec, folder or weights_folder(spec)
        self.name = spec.encoder
        self._where = f"encoder `{self.name}`"

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the spec's fields that matter and of the model's files."""
        return digest_of(self._spec, self._folder)


def _missing(spec: EncoderSpec, got: str) -> Problem:
    what = f"the weights of `{spec.pretrained}` are not on this machine"
    expected = f"a folder {spec.resolve(spec.pretrained or '')}, or a Hugging Face hub id"
    revision = f" --revision {spec.revision}" if spec.revision else ""
    fix = f"run `hf download {spec.pretrained}{revision}` where there is a network (HF_HOME says"
    fix += " where it goes; a gated model needs `hf auth login`), or set `pretrained` to a folder,"
    fix += " or use the encoder `minilm`, which needs no download"
    return Problem(f"encoder `{spec.encoder}`", what, got, expected, fix)


def _file_digests(folder: Path) -> dict[str, str]:
    # Whatever is not weights may change the text's way to the weights: tokenizer, pooling, prompts.
    files = {path for path in below(folder) if any(map(path.match, _SIDE_FILES))}
    files |= set(weight_files(folder))
    kept = [path for path in files if path.relative_to(folder).parts[0] not in ("onnx", "openvino")]
    return sha256_of({path.relative_to(folder).as_posix(): path for path in sorted(kept)})
