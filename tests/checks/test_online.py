"""`check --online` against a hub that is made here."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import datasets
import huggingface_hub
import pytest
from PIL import Image
from typer.testing import CliRunner

from harness.cli import app
from harness.errors import SpecError

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Stand in for the hub: `rows` with `names`, of which it says that there are `n`."""
    says: dict[str, Any] = {"names": NAMES, "n": 10_000, "asked": []}

    def load(path: str, *_: object, **options: Any) -> datasets.IterableDataset:
        says["asked"].append((path, options["split"], options["revision"], options["streaming"]))
        label = (
            datasets.ClassLabel(names=list(says["names"]))
            if says["names"]
            else datasets.Value("string")
        )
        features = datasets.Features({"img": datasets.Image(), "label": label})
        rows: Mapping[str, Any] = {
            "img": [Image.new("RGB", (32, 20))],
            "label": [0 if says["names"] else says["first"]],
        }
        found = datasets.Dataset.from_dict(rows, features).to_iterable_dataset()
        found.info.splits = datasets.SplitDict(
            {"test": datasets.SplitInfo("test", num_examples=says["n"])}
        )
        return found

    facts = SimpleNamespace(sha="0123abcd")
    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", lambda *_, **__: facts)
    monkeypatch.setattr(datasets, "load_dataset", load)
    return says


def check(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["check", "--online", *words])
    return done.exit_code, done.output


def test_a_data_set_as_it_is_meant(hub: dict[str, Any]) -> None:
    code, text = check("cifar10_cw", "cifar10_ow")
    assert code == 0
    assert text.splitlines() == [
        "ok    uoft-cs/cifar10 test: commit 0123abcd, not pinned; 10,000 images; 10 names, in our "
        "order; first image 32x20",
        "0 errors in 1 data set on the hub",
    ]
    assert hub["asked"] == [("uoft-cs/cifar10", "test", None, True)]


def test_another_order_and_another_number(hub: dict[str, Any]) -> None:
    hub["names"] = ("automobile", "airplane", *NAMES[2:])
    code, text = check("cifar10_cw")
    assert code == 0
    assert "10 names, 2 in another order: `automobile` is 0 there and 1 here" in text
    hub["n"] = 9_999
    code, text = check("cifar10_cw")
    assert code == 2
    assert "9,999 images, where 10,000 were expected" in text


def test_other_names(hub: dict[str, Any]) -> None:
    hub["names"] = (*NAMES[:9], "lorry")
    code, text = check("cifar10_cw")
    assert code == 2
    assert "1 of our 10 classes are none of its 10 names: `truck` (9)" in text
    assert "names that mean no class: `lorry`" in text


@pytest.mark.parametrize(
    ("first", "code", "said"), [("cat", 0, "is class 3"), ("lorry", 2, "means no class")]
)
def test_names_as_texts(hub: dict[str, Any], first: str, code: int, said: str) -> None:
    hub.update(names=(), first=first)
    found, text = check("cifar10_cw")
    assert (found, said in text) == (code, True)


def test_a_missing_column(hub: dict[str, Any]) -> None:
    code, text = check("cifar10_cw", "--set", "doc_to_target=fine_label")
    assert code == 2
    assert "no column `fine_label`" in text and "did you mean `label`?" in text


def test_without_a_hub_each_data_set_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ConnectionError("no connection")

    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", fail)
    code, text = check("cifar10_cw", "cifar100_cw", "cifar100_ow", "imagenet_v2_cw")
    assert code == 2
    assert text.count("ERROR") == 2
    assert "2 errors in 2 data sets on the hub" in text
    assert text.count("no connection") == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [(("mini",), "for tasks alone"), (("mini_cw", "--label_set", "mini_imgt"), "data sets alone")],
)
def test_what_does_not_go_with_online(words: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(app, ["check", "--online", *words])
    assert isinstance(done.exception, SpecError)
    assert said in str(done.exception)
