"""A model by a folder, a hub id or an adapter's name: which adapter, which name, which mistakes."""

import json
from pathlib import Path

import pytest
from huggingface_hub import constants

from harness.adapters.named import NamedModel, find_model
from harness.errors import DataError, SpecError
from harness.specs.catalogue import Catalogue
from harness.specs.settings import split_settings

CATALOGUE = Catalogue(())
COMMIT = "0123456789abcdef0123456789abcdef01234567"
CONFIGS = {
    "hf": {"model_type": "qwen3_vl", "architectures": ["Qwen3VLForConditionalGeneration"]},
    "hf_classifier": {"model_type": "levit", "architectures": [
        "LevitForImageClassificationWithTeacher"]},
    "dual_encoder": {"model_type": "siglip", "architectures": ["SiglipModel"]},
    "timm": {"architecture": "vit_base_patch16_224", "pretrained_cfg": {"num_classes": 1000}},
}  # fmt: skip


def find(name: object, *texts: str) -> NamedModel:
    return find_model(CATALOGUE, str(name), texts)


def wrong(name: object, *texts: str, kind: type[SpecError | DataError] = SpecError) -> str:
    with pytest.raises(kind) as caught:
        find(name, *texts)
    return str(caught.value)


def written(folder: Path, config: object, name: str = "config.json") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize("adapter", CONFIGS)
def test_the_adapter_is_found_by_the_config(adapter: str, tmp_path: Path) -> None:
    folder = written(tmp_path / "runs" / "step-10", CONFIGS[adapter])
    found = find(folder, "dtype=bfloat16")
    spec = found.spec
    assert (spec.adapter, spec.pretrained, spec.dtype) == (adapter, str(folder), "bfloat16")
    assert spec.model == "runs__step-10" and "runs__step-10" in (found.note or "")
    assert found.architecture in json.dumps(CONFIGS[adapter])


@pytest.mark.parametrize(
    ("name", "adapter"),
    [("mini", "hf"), ("mini_dual", "dual_encoder"), ("mini_classifier", "hf_classifier")],
)
def test_the_adapter_of_real_checkpoints(name: str, adapter: str, root: Path) -> None:
    assert find(root / "models" / name).spec.adapter == adapter


@pytest.mark.full
def test_the_adapter_of_folders_that_timm_and_open_clip_write(tmp_path: Path) -> None:
    from support.tiny_timm import write_folder, write_open_clip

    (tmp_path / "clip").mkdir()
    write_open_clip(tmp_path / "clip")
    assert find(tmp_path / "clip").spec.adapter == "open_clip"
    assert find(write_folder(tmp_path / "timm")).spec.adapter == "timm"


def test_open_clip_where_transformers_has_no_model_for_it(tmp_path: Path) -> None:
    folder = written(tmp_path / "clip", {}, "open_clip_config.json")
    assert find(folder).spec.adapter == "open_clip"
    written(folder, {"model_type": "some_clip"})
    assert find(folder).spec.adapter == "open_clip"
    written(folder, {"model_type": "clip", "architectures": ["CLIPModel"]})
    assert find(folder).spec.adapter == "dual_encoder"


def test_a_hub_id_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    cached = tmp_path / "hub" / "models--owner--name"
    written(cached / "snapshots" / COMMIT, CONFIGS["hf"])
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(COMMIT)
    spec = find("owner/name").spec
    assert (spec.model, spec.pretrained) == ("owner__name", "owner/name")
    assert find("owner/name", f"revision='{COMMIT}'").spec.revision == COMMIT
    said = wrong("owner/name", "revision=other", kind=DataError)
    assert "nor cached, nor within reach" in said and "fix: on a machine with network" in said
    written(tmp_path / "owner" / "name", CONFIGS["dual_encoder"])  # what is here comes first
    assert find("owner/name").spec.pretrained == str(tmp_path / "owner" / "name")


def test_a_repository_of_open_clip_on_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub
    from huggingface_hub.errors import RemoteEntryNotFoundError

    def fetch(source: str, name: str, revision: str | None) -> str:
        if name == "config.json":
            raise RemoteEntryNotFoundError.__new__(RemoteEntryNotFoundError)
        return str(written(tmp_path, {}, name) / name)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fetch)
    assert find("owner/clip").spec.adapter == "open_clip"


def test_a_name_of_the_catalogue_a_yaml_and_a_class_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "mini", CONFIGS["dual_encoder"])
    assert find("mini").spec.adapter == "hf" and find("mini").note is None
    assert find("./mini").spec.adapter == "dual_encoder"
    path = tmp_path / "own.yaml"
    path.write_text("model: own\nadapter: hf\npretrained: mini\n")
    found = find(path, "dtype=float16,prompt_prefix=answer en ,revision=a")
    assert found.settings == ("dtype=float16", "options.prompt_prefix=answer en", "revision=a")
    assert found.spec.options == {"prompt_prefix": "answer en"}
    assert find("support.colours:ColourAdapter").spec.model == "ColourAdapter"


def test_an_adapter_with_its_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = written(tmp_path / "run" / "a", CONFIGS["hf"])
    by_name, by_adapter = find(folder).spec, find("hf", "pretrained=run/a").spec
    assert by_name.identity() == by_adapter.identity()
    assert by_adapter.pretrained == str(folder), "the same from every working directory"
    spec = find("vllm", "pretrained=run/a,max_model_len=4096,dtype=bfloat16").spec
    assert spec.options == {"max_model_len": 4096} and spec.model == "run__a-vllm"
    other = find(folder, "adapter=vllm,max_model_len=4096,dtype=bfloat16").spec
    assert (other.model, other.identity()) == (spec.model, spec.identity())
    spec = find("openai", "pretrained=o/n,base_url=[http://a/v1,http://b/v1]").spec
    assert spec.options == {"base_url": ["http://a/v1", "http://b/v1"]}
    assert (spec.model, spec.pretrained) == ("o__n-openai", "o/n")
    assert find("hf", "pretrained=run/a,model=mine").spec.model == "mine"


def test_two_folders_of_one_name_are_told_apart(tmp_path: Path) -> None:
    one, two = (written(tmp_path / each / "c" / "step", CONFIGS["hf"]) for each in "ab")
    assert find(one).spec.model == find(two).spec.model
    assert find(one).spec.identity() != find(two).spec.identity(), "the second run is refused"
    link = tmp_path / "latest"
    link.symlink_to(one)
    assert find(link).spec.identity() == find(one).spec.identity()


@pytest.mark.parametrize("name", ["a b/ü (1)/x", "s/con.", ".hidden/.x", f"o/{'n' * 120}"])
def test_every_folder_has_a_name_that_a_file_can_bear(name: str, tmp_path: Path) -> None:
    assert find(written(tmp_path / name, CONFIGS["hf"])).spec.model


@pytest.mark.parametrize(
    ("name", "texts", "words"),
    [
        ("mini_dul", (), "did you mean `mini_dual`?"),
        ("step-1", (), "did you mean `step-10`?"),
        ("./step-1", (), "there is no such folder\n  got: ./step-1"),
        ("a/b/c", (), "there is no such folder"),
        ("xyz", (), "a folder, a hub id"),
        ("own.yaml", (), "no such model file"),
        ("hf", (), "fix: --model hf --model_args pretrained=…"),
        ("openai", ("model=gpt-4o",), "fix: --model openai --model_args pretrained=gpt-4o"),
        ("vllm", (), "--model vllm-server"),
        ("hf", ("pretrained=./step-1",), "did you mean"),
        ("step-10", ("dtyp=float16",), "did you mean `dtype`?"),
        ("step-10", ("promt_prefix=a",), "did you mean `prompt_prefix`?"),
        ("step-10", ("max_pixels=9",), "fix: write processor_kwargs.max_pixels=N"),
        ("step-10", ("device=cuda:0",), "fix: write --device DEVICE"),
        ("step-10", ("pretrained=mini",), "`pretrained` is said twice"),
        ("step-10", ("dtype",), "is not key=value"),
        ("step-10", ("step-10",), "is not key=value"),
        ("step-10", ("dtype=[",), "is not a value in YAML"),
        ("step-10", ("dtype=float8",), "`dtype` cannot be this"),
        ("step-10/config.json", (), "is a file, and a checkpoint is a folder"),
        ("empty", (), "got: an empty folder"),
        ("bert", (), "got: BertForMaskedLM, model_type `bert`"),
        ("bert", (), "--model ADAPTER --model_args pretrained="),
        ("old_llava", (), "got: LlavaLlamaForCausalLM, model_type `llava`"),
        ("list", (), "no adapter is known"),
    ],
)
def test_mistakes(
    name: str,
    texts: tuple[str, ...],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "step-10", CONFIGS["hf"])
    written(tmp_path / "bert", {"model_type": "bert", "architectures": ["BertForMaskedLM"]})
    old = {"model_type": "llava", "architectures": ["LlavaLlamaForCausalLM"]}
    written(tmp_path / "old_llava", old)
    written(tmp_path / "list", [1])
    (tmp_path / "empty").mkdir()
    said = wrong(name, *texts)
    assert words in said
    assert "fix: " in said


def test_a_config_that_is_no_json(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("version https://git-lfs.github.com/spec/v1")
    assert "is no JSON" in wrong(tmp_path)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a=1", ["a=1"]),
        ("a=1, b.c=x,d=", ["a=1", "b.c=x", "d="]),
        ("a=one, two,b=3", ["a=one, two", "b=3"]),
        ("a='x,b=1',c=2", ["a='x,b=1'", "c=2"]),
        ("a=[{x: 1,y=2},b=3],c=it's,d=1", ["a=[{x: 1,y=2},b=3]", "c=it's", "d=1"]),
        ("a=http://h/v1?x=1,b=2", ["a=http://h/v1?x=1", "b=2"]),
        ("", [""]),
    ],
)
def test_commas_part_settings_and_not_values(text: str, parts: list[str]) -> None:
    assert split_settings(text) == parts
