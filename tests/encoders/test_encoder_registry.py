import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import harness
from harness.encoders.cache import CachedEncoder
from harness.encoders.registry import KINDS, load_encoder, open_encoder
from harness.encoders.weights import weights_folder
from harness.errors import MissingPackageError, SpecError, UserError
from harness.heavy import require
from harness.specs.model import EncoderSpec

ROOT = Path(harness.__file__).parents[1]
YAMLS = sorted((ROOT / "models" / "encoders").glob("*.yaml"))


@pytest.mark.parametrize("path", YAMLS, ids=lambda path: path.stem)
def test_every_yaml_is_an_encoder_that_bears_its_file_name(path: Path) -> None:
    spec = EncoderSpec(**yaml.safe_load(path.read_text()), directory=path.parent)
    assert spec.encoder == path.stem
    assert spec.description.endswith(".")
    assert bool(spec.pretrained) == (spec.kind in ("sentence_transformers", "text_tower"))
    assert spec.kind in KINDS


def test_the_two_that_need_no_network_work() -> None:
    for name, width in (("minilm", 384), ("lexical", 4096)):
        spec = EncoderSpec(**yaml.safe_load((ROOT / f"models/encoders/{name}.yaml").read_text()))
        encoder = load_encoder(spec)
        assert encoder.name == name
        assert len(encoder.digest) == 64
        assert encoder.encode(["tench"]).shape == (1, width)


def test_all_but_lexical_are_cached(tmp_path: Path) -> None:
    minilm = open_encoder(EncoderSpec(encoder="minilm", kind="minilm"), tmp_path)
    assert isinstance(minilm, CachedEncoder)
    lexical = open_encoder(EncoderSpec(encoder="lexical", kind="lexical"), tmp_path)
    assert not isinstance(lexical, CachedEncoder)


def test_fields_that_do_not_go_together_are_told_at_once() -> None:
    spec = EncoderSpec(
        encoder="mine", kind="minilm", pretrained="a/b", revision="main", ngram_range=(3, 2)
    )
    with pytest.raises(SpecError) as caught:
        load_encoder(spec)
    assert len(caught.value.problems) == 3
    with pytest.raises(SpecError, match="needs `pretrained`"):
        load_encoder(EncoderSpec(encoder="mine", kind="text_tower"))


def test_an_unknown_kind_gets_a_suggestion() -> None:
    spec = EncoderSpec.model_construct(encoder="mine", kind="text_towers")
    with pytest.raises(SpecError, match="did you mean `text_tower`"):
        load_encoder(spec)


def test_a_missing_package_is_named() -> None:
    with pytest.raises(MissingPackageError, match="pip install 'no-such-package'"):
        require("no_such_package", "no-such-package", "encoder `mine`")


def test_a_folder_beside_the_yaml_is_taken_before_the_hub(tiny_clip: Path) -> None:
    spec = EncoderSpec(
        encoder="mine", kind="text_tower", pretrained=tiny_clip.name, directory=tiny_clip.parent
    )
    assert weights_folder(spec) == tiny_clip.resolve()


def test_a_folder_without_weights(tmp_path: Path) -> None:
    spec = EncoderSpec(encoder="mine", kind="text_tower", pretrained=str(tmp_path))
    with pytest.raises(UserError, match="no weight files"):
        load_encoder(spec)


def offline(hub: Path, pretrained: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys\n"
        "from harness.encoders.registry import load_encoder\n"
        "from harness.specs.model import EncoderSpec\n"
        "spec = EncoderSpec(encoder='mine', kind='text_tower', pretrained=sys.argv[1])\n"
        "encoder = load_encoder(spec)\n"
        "print(encoder.digest, encoder.encode(['tench']).shape)"
    )
    return subprocess.run(
        [sys.executable, "-c", code, pretrained],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(hub), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_weights_that_are_not_here_offline_say_what_to_do(tmp_path: Path) -> None:
    done = offline(tmp_path, "nobody/nothing")
    assert done.returncode != 0
    assert "UserError: encoder `mine`: the weights of `nobody/nothing` are not" in done.stderr
    assert "hf download nobody/nothing" in done.stderr


def test_weights_in_the_hub_s_cache_have_the_digest_of_the_same_folder(
    tiny_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = tmp_path / "hub" / "models--some--clip"
    snapshot, blobs = repo / "snapshots" / ("a" * 40), repo / "blobs"
    for folder in (snapshot, blobs, repo / "refs"):
        folder.mkdir(parents=True)
    (repo / "refs" / "main").write_text("a" * 40)
    for file in tiny_clip.iterdir():
        blob = blobs / hashlib.sha256(file.read_bytes()).hexdigest()
        shutil.copy(file, blob)
        (snapshot / file.name).symlink_to(blob)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    local, cached = (
        load_encoder(EncoderSpec(encoder="mine", kind="text_tower", pretrained=pretrained))
        for pretrained in (str(tiny_clip), "some/clip")
    )
    assert cached.digest == local.digest
    assert (cached.encode(["tench"]) == local.encode(["tench"])).all()
