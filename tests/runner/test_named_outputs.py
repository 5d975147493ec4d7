"""A classifier's outputs are joined with the classes by the names that its checkpoint has."""

import json
import logging
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.adapters.base import CLASSIFY, Abilities, Adapter, NamingOutputs, Setting
from harness.adapters.registry import load_adapter
from harness.data.class_lists import load_class_list
from harness.data.class_names import Outputs, match_outputs
from harness.data.classes import Class, ClassList
from harness.errors import SpecError, UserError
from harness.requests import Ask, ModelFacts, Request, Response, Scores
from harness.runner.named_outputs import join_names
from harness.runner.processes import Rank
from harness.runner.session import RunOptions, run_task
from harness.runs.finish import Finished
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_class_list_spec, load_task
from harness.specs.model import ModelSpec
from harness.store.lines import read_predictions
from harness.store.manifest import Manifest
from support.colours import NAMES, name_of

PETS = ClassList(
    "pets",
    "clean",
    (Class(2, "cat"), Class(5, "dog", ("hound",)), Class(9, "cow", (), "n01887787")),
)
TEN = ClassList("ten", "clean", tuple(Class(n, f"kind {n}") for n in range(11)))


def joined(
    names: Sequence[str], classes: ClassList = PETS, declared: Path | None = None
) -> tuple[Outputs, str, str | None]:
    catalogue, spec = Catalogue(()), ModelSpec(model="m", adapter="x:Y")
    if declared is not None:
        lines = "".join(f"  - {{id: {e.id}, name: {e.name}}}\n" for e in classes.classes)
        (declared / "own.yaml").write_text(f"class_list: own\nclasses:\n{lines}")
        catalogue, spec = Catalogue((declared,)), spec.model_copy(update={"class_list": "own"})
    ordered = match_outputs(catalogue, spec, classes)
    found = join_names(catalogue, spec, classes, ordered, [(n,) if n else () for n in names])
    return found.outputs, found.note, found.warning


@pytest.mark.parametrize(
    ("names", "places"),
    [
        (["cat", "dog", "cow"], (0, 1, 2)),
        (["Cat", "HOUND", "n01887787"], (0, 1, 2)),
        (["LABEL_0", "LABEL_1", "LABEL_2"], (0, 1, 2)),
        (["1", "2", "3"], (0, 1, 2)),
        (["", "", ""], (0, 1, 2)),
    ],
)
def test_the_same_order_is_silent(names: list[str], places: tuple[int, ...]) -> None:
    outputs, _, warning = joined(names)
    assert (outputs, warning) == (Outputs(3, places), None)


@pytest.mark.parametrize(
    ("names", "classes", "expected"),
    [
        (["cow", "cat", "dog"], PETS, Outputs(3, (1, 2, 0))),
        (["background", "dog", "cow", "cat", "pig"], PETS, Outputs(5, (3, 1, 2))),
        (["9", "5", "2"], PETS, Outputs(3, (2, 1, 0))),
        (sorted(map(str, range(11))), TEN, Outputs(11, (0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 2))),
    ],
)
def test_another_order_is_joined_by_name_and_told(
    names: list[str], classes: ClassList, expected: Outputs
) -> None:
    outputs, note, warning = joined(names, classes)
    assert outputs == expected
    assert warning is not None and note.removeprefix("outputs ") in warning


@pytest.mark.parametrize(
    ("names", "got"),
    [
        (["Katze", "Hund", "Kuh"], "outputs named `Katze`, `Hund`, `Kuh`; no output for `cat`"),
        (["cat", "dog", "pig"], "outputs named `pig`; no output for `cow`"),
        (["dog", "cat", "pig"], "`dog` is output 0, and class 5 of the list"),
        (["cat", "dog"], "no output for `cow`"),
        (["cat", "dog", "hound", "cow"], "no output for `dog`"),
        (["LABEL_2", "LABEL_0", "LABEL_1"], "no output for `cat`"),
    ],
)
def test_names_that_contradict_stop_the_run(names: list[str], got: str) -> None:
    with pytest.raises(SpecError, match="do not fit class list `pets`") as caught:
        joined(names)
    assert got in str(caught.value.problems[0].got)
    assert "`class_list`" in str(caught.value)


def test_the_list_that_the_yaml_names_counts_where_no_name_contradicts_it(tmp_path: Path) -> None:
    outputs, note, warning = joined(["Katze", "Hund", "Kuh"], PETS, tmp_path)
    assert outputs == Outputs(3, (0, 1, 2)) and "0 of 3 names are known" in note
    assert warning is not None and "`Katze`, `Hund`, `Kuh`" in warning
    outputs, _, _ = joined(["dog", "cow", "cat"], PETS, tmp_path)
    assert outputs == Outputs(3, (2, 0, 1))
    with pytest.raises(SpecError, match="do not fit class list `own`"):
        joined(["dog", "Katze", "Kuh"], PETS, tmp_path)
    with pytest.raises(SpecError, match="do not fit class list `own`"):
        joined(["LABEL_2", "LABEL_0", "LABEL_1"], PETS, tmp_path)


@pytest.mark.parametrize("name_set", ["clean", "openai", "wordnet"])
def test_imagenets_models_go_on_with_their_own_spelling(name_set: str) -> None:
    listed = load_class_list_spec(Catalogue(()), "imagenet1k")
    classes = load_class_list(listed, name_set)
    clean = load_class_list(listed, "clean")
    names = [", ".join(each.aliases) or each.name for each in clean.classes]
    outputs, _, _ = joined(names, classes)
    assert outputs == Outputs(1000, tuple(range(1000)))


class Moved:
    """Knows the four colours in an order of its own, and says which, or does not."""

    abilities = Abilities(CLASSIFY)
    order = ("blue", "grey", "red", "green")

    def __init__(self, names: Sequence[str] | None = order) -> None:
        self.output_names = None if names is None else [(name,) for name in names]

    @property
    def facts(self) -> ModelFacts:
        return ModelFacts(kind="supervised", notes=("a note",))

    def respond(self, ask: Ask, requests: list[Request]) -> list[Response]:
        shown = [name_of(each.images[0]).replace("pink", "grey") for each in requests]
        return [Scores(tuple(float(name == s) for name in self.order)) for s in shown]


@pytest.fixture
def colours(folder: Path) -> Catalogue:
    (folder / "c.yaml").write_text(
        "task: colour_classes\nprotocol: classify\ndataset_path: images\nclass_list: colours\n"
        "label_sets: [colours_first]\nmetadata: {version: 1}\n"
    )
    return Catalogue((folder,))


def run(
    catalogue: Catalogue, adapter: Callable[[], Adapter], model: ModelSpec, *settings: str
) -> Finished:
    task = load_task(catalogue, settings[0], settings[1:])
    output = catalogue.include_paths[0] / "runs"
    options = RunOptions(output, 8, settings[1:], show_progress=False)
    return run_task(catalogue, task, model, adapter, Rank(0, 1, Setting()), options)


OWN = ModelSpec(model="own", adapter="x:Y")


def test_a_whole_run_over_outputs_in_another_order(
    colours: Catalogue, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        finished = run(colours, Moved, OWN, "colour_classes")
    rows = read_predictions(finished.path / "predictions.jsonl")
    assert [row.class_id for row in rows] == [n % 4 for n in range(12)]
    assert "joined by name; they are not in the order" in caplog.text
    manifest = Manifest.read(finished.path)
    assert manifest.model_facts["notes"][0] == "a note"
    assert manifest.model_facts["notes"][1].startswith("outputs joined by name")
    assert manifest.model_outputs == 4


def test_outputs_are_not_joined_in_two_ways_within_a_run(colours: Catalogue) -> None:
    run(colours, lambda: Moved(None), OWN, "colour_classes", "limit=4")
    with pytest.raises(UserError, match="stand for other classes than when the run began"):
        run(colours, Moved, OWN, "colour_classes")


def test_rows_of_an_earlier_version_were_joined_in_order(colours: Catalogue) -> None:
    path = run(colours, lambda: Moved(NAMES), OWN, "colour_classes", "limit=4").path
    manifest = json.loads((path / "manifest.json").read_text())
    del manifest["outputs_sha256"]
    (path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(UserError, match="stand for other classes"):
        run(colours, Moved, OWN, "colour_classes")
    assert run(colours, lambda: Moved(NAMES), OWN, "colour_classes").results is not None


@pytest.mark.parametrize("class_list", [None, "mini"])
def test_a_checkpoint_whose_labels_are_in_another_order_scores_the_same(
    class_list: str | None, root: Path, tmp_path: Path
) -> None:
    original = root / "models" / "mini_classifier"
    moved = tmp_path / "moved"
    shutil.copytree(original, moved)
    config = json.loads((moved / "config.json").read_text())
    order = torch.randperm(64, generator=torch.Generator().manual_seed(3)).tolist()
    named = {str(place): config["id2label"][str(each)] for place, each in enumerate(order)}
    config |= {"id2label": named, "label2id": {name: int(n) for n, name in named.items()}}
    (moved / "config.json").write_text(json.dumps(config))
    weights = load_file(moved / "model.safetensors")
    for key in ("classifier.weight", "classifier.bias"):
        weights[key] = weights[key][order]
    save_file(weights, moved / "model.safetensors", {"format": "pt"})

    def accuracy(folder: Path) -> float | None:
        spec = ModelSpec(
            model=folder.name, adapter="hf_classifier", pretrained=str(folder), dtype="float32",
            class_list=class_list,
        )  # fmt: skip
        adapter = load_adapter(spec, Setting())
        assert isinstance(adapter, NamingOutputs)
        catalogue = Catalogue((tmp_path,))
        finished = run(catalogue, lambda: adapter, spec, "mini_classify", "limit=64")
        assert finished.results is not None
        return finished.results.scores["classify"]["mini_imgt"].accuracy

    found = accuracy(original)
    assert found is not None and found > 20
    assert accuracy(moved) == found
