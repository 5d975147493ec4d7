"""What users of lm-eval type, as a command; and `harness new-model`."""

import json
import shutil
from pathlib import Path

import pytest

from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model
from support.command import harness

TASK = ("--tasks", "mini_cw")


@pytest.fixture(scope="module")
def runs(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs, the first by a catalogue's name, the second by the folder of a copy."""
    folder = tmp_path_factory.mktemp("habits")
    shutil.copytree(root / "models" / "mini", folder / "out" / "step-10")
    names = ("--set", "generation_kwargs.max_new_tokens=8", "--limit", 13)
    assert harness("run", *TASK, "--model", "mini", "--output", folder / "runs", *names).code == 0
    habits = ("--gen_kwargs", "max_new_tokens=8,do_sample=false", "--limit", "0.01")
    more = ("--output_path", folder / "runs", "--device", "cpu")
    done = harness("run", *TASK, "--model", folder / "out" / "step-10", *habits, *more)
    assert done.code == 0, done.stderr
    assert "adapter `hf`, as it is a LlavaForConditionalGeneration" in done.stderr
    return folder / "runs"


def answers(run: Path) -> list[tuple[str, str]]:
    rows = map(json.loads, (run / "predictions.jsonl").read_text().splitlines())
    return [(row["image_id"], row["answer"]) for row in rows]


def test_a_folder_gives_the_answers_of_the_yaml(runs: Path) -> None:
    by_yaml, by_folder = runs / "mini" / "mini_cw", runs / "out__step-10" / "mini_cw"
    assert answers(by_folder) == answers(by_yaml) and len(answers(by_folder)) == 13
    one, two = (json.loads((each / "manifest.json").read_text()) for each in (by_yaml, by_folder))
    assert one["limit"] == two["limit"] == 13, "1 % of 1,280, rounded up"
    model = two["identity"]["model"]
    assert (model["model"], model["adapter"]) == ("out__step-10", "hf")
    assert model["pretrained"] == str(runs.parent / "out" / "step-10")
    assert one["identity"]["task"] == two["identity"]["task"]


def test_the_same_model_by_its_adapter_goes_on_with_the_run(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(runs.parent)
    words = ("--model", "hf", "--model_args", "pretrained=out/step-10", "--limit", "0.011")
    more = ("--gen_kwargs", "max_new_tokens=8", "--output_path", "runs")
    found = json.loads(harness("plan", "mini_cw", *words, *more, "--json").stdout)["tasks"][0]
    assert (found["requests"]["answered"], found["requests"]["left"]) == (13, 2)
    assert harness("run", *TASK, *words, *more).code == 0
    assert len(answers(runs / "out__step-10" / "mini_cw")) == 15


def test_another_checkpoint_of_the_same_name_is_refused(
    runs: Path, root: Path, tmp_path: Path
) -> None:
    other = tmp_path / "out" / "step-10"
    shutil.copytree(root / "models" / "mini", other)
    words = ("--model", other, "--gen_kwargs", "max_new_tokens=8", "--limit", 13)
    done = harness("run", *TASK, *words, "--output", runs)
    assert done.code == 2 and "model.pretrained" in done.stderr
    assert "--model_args model=NAME" in done.stderr
    assert harness("run", *TASK, *words, "--output", runs, "--model_args", "model=b").code == 0


def test_a_model_is_checked_as_it_is_run(root: Path) -> None:
    done = harness("check", root / "models" / "mini_dual", "--model_args", "template=photo")
    assert done.code == 0 and "as it is a CLIPModel" in done.stdout
    wrong = harness("check", root / "models" / "mini_dual", "--model_args", "templte=photo")
    assert wrong.code == 2 and "did you mean `template`?" in wrong.stdout
    assert "there is no such folder" in harness("check", "./gone").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--limit", "1.5"), "neither a number of images nor a share below 1"),
        (("--limit", "-1"), "--limit"),
        (("--limit", "0.1", "--sample", "3"), "each choose images"),
        (("--gen_kwargs", "temprature=1"), "did you mean `temperature`?"),
        (("--gen_kwargs", "temperature=0.7"), "act only with `do_sample: true`"),
        (("--device", "gpu"), "is no device"),
        (("--device", "cuda:x"), "is no device"),
        (("--device", "cuda:99"), "is not on this machine"),
        (("--device", "cpu", "--model_args", "device_map=auto"), "says it too"),
    ],
)
def test_mistakes_end_before_a_run_begins(
    words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = harness("run", *TASK, "--model", "mini", *words)
    assert done.code == 2 and said in " ".join(done.stderr.split())
    assert list(tmp_path.iterdir()) == []


def test_a_device_means_nothing_to_a_server() -> None:
    words = ("--model", "openai", "--model_args", "pretrained=m,base_url=http://localhost:1/v1")
    done = harness("run", *TASK, *words, "--device", "cpu")
    assert done.code == 2 and "the model runs on its server" in done.stderr


def test_a_new_model_is_what_was_named(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ckpt"
    shutil.copytree(root / "models" / "mini_dual", folder)
    path = tmp_path / "own" / "my-clip.yaml"
    args = ("--model_args", "dtype=float32,template=photo")
    done = harness("new-model", "my-clip", folder, "-o", path, *args)
    assert done.code == 0 and f"harness check {path}" in done.stdout
    text = path.read_text()
    assert "pretrained: ../ckpt\n" in text and "# revision: null" in text
    checked = harness("check", path)
    assert checked.code == 0 and "no errors" in checked.stdout
    spec = load_model(Catalogue(()), str(path))
    assert (spec.model, spec.adapter, spec.dtype) == ("my-clip", "dual_encoder", "float32")
    assert spec.options == {"template": "photo"} and spec.description == "CLIPModel"
    again = harness("new-model", "my-clip", folder, "-o", path)
    assert again.code == 2 and "is there already" in again.stderr and path.read_text() == text


@pytest.mark.parametrize("model", ["hf", "openai", "vllm", "knn", "gpt-4o", "mini"])
def test_every_comment_of_a_new_model_can_be_made_a_key(model: str, tmp_path: Path) -> None:
    args = {
        "knn": "pretrained=o/n,dataset_path=d,class_list=mini",
        "gpt-4o": "batch_size=2",
        "mini": "batch_size=2",
        "openai": "pretrained=m,base_url=http://localhost:1/v1",
    }.get(model, "pretrained=o/n,batch_size=2")
    done = harness("new-model", "new", model, "-o", tmp_path, "--model_args", args)
    assert done.code == 0, done.stderr
    path = tmp_path / "new.yaml"
    plain = load_model(Catalogue(()), str(path))
    lines = path.read_text().splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("# What else"))
    assert len(lines) > first + 2
    kept = [line.removeprefix("# ") for line in lines[first + 1 :]]
    if "options:" not in kept:  # some stand above: those below belong under them
        kept = [line for line in kept if ": " in line and not line.startswith(" ")]
    path.write_text("\n".join([*lines[:first], *kept]) + "\n")
    full = load_model(Catalogue(()), str(path))
    assert full.identity() | {"options": {}} == plain.identity() | {"options": {}}
    assert harness("check", path).code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("mini", "models/mini"), "model `mini` is there"),
        (("a/b", "mini"), "can be no name"),
        (("new", "mini", "-o", "new.txt"), "is no name of a YAML file"),
        (("new", "mini", "--model_args", "dtpe=float32"), "did you mean `dtype`?"),
        (("new", "./gone"), "there is no such folder"),
    ],
)
def test_no_file_comes_of_a_mistake(
    words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = harness("new-model", *words)
    assert done.code == 2 and said in done.stderr and "fix: " in done.stderr
    assert list(tmp_path.iterdir()) == []
