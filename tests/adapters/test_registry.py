"""Keys of a model's YAML are checked before any weight is read."""

from pathlib import Path

import pytest

from harness.adapters.registry import checked_class
from harness.errors import SpecError
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_model


def test_every_key_that_the_adapter_does_not_use_is_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(
        "model: wrong\nadapter: hf\npretrained: x\nclass_list: mini\noptions:\n  temprature: 1\n"
    )
    spec = load_model(Catalogue(()), str(path))
    with pytest.raises(SpecError) as caught:
        checked_class(spec)
    first, second = caught.value.problems
    assert first.where == f"{path}:4"
    assert "adapter `hf` does not use key `class_list`" in first.what
    assert second.where == f"{path}:6"
    assert second.what == "unknown key `options.temprature`"


def test_the_keys_of_a_sound_model_pass() -> None:
    assert checked_class(load_model(Catalogue(()), "mini")).__name__ == "HfAdapter"
