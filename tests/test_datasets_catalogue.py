"""The data sets of the catalogue: their tasks, class lists and label sets say what is published."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from harness.data.class_lists import collisions, load_class_list, name_sets
from harness.data.class_names import match_names, match_outputs
from harness.data.classes import ClassList, normalize_name
from harness.data.labels.column import LabelColumn, column_ids
from harness.errors import SpecError
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.groups import expand_tasks
from harness.specs.load import (
    load_class_list_spec,
    load_label_set_spec,
    load_task,
)
from harness.specs.model import ModelSpec

CATALOGUE = Catalogue()
ANSWERS = Path(__file__).parents[2] / "shared" / "data" / "answers"
PROTOCOLS = ("ow", "mc_random", "mc_hard", "cw", "cw_plus", "classify")
CLASSES: Mapping[str, int] = {
    "imagenet_v2": 1000, "imagenet_v2_threshold": 1000, "imagenet_v2_top": 1000,
    "imagenet_a": 200, "imagenet_r": 200, "imagenet_sketch": 1000, "objectnet": 113,
    "dtd": 47, "oxford_pets": 37, "flowers102": 102, "stanford_cars": 196,
    "fgvc_aircraft": 100, "food101": 101, "sun397": 397, "eurosat": 10, "caltech101": 102,
    "cub200": 200, "cifar10": 10, "cifar100": 100, "inat2021": 10_000,
}  # fmt: skip
"""Published numbers of classes; of Caltech101 with the background."""
IMAGES: Mapping[str, int] = {
    "imagenet_v2": 10_000, "imagenet_v2_threshold": 10_000, "imagenet_v2_top": 10_000,
    "imagenet_a": 7_500, "imagenet_r": 30_000, "imagenet_sketch": 50_889, "objectnet": 18_574,
    "dtd": 1_880, "oxford_pets": 3_669, "flowers102": 6_149, "stanford_cars": 8_041,
    "fgvc_aircraft": 3_333, "food101": 25_250, "sun397": 19_850, "eurosat": 5_400,
    "caltech101": 6_084, "cub200": 5_794, "cifar10": 10_000, "cifar100": 10_000,
    "inat2021": 100_000,
}  # fmt: skip


@cache
def classes_of(name: str) -> ClassList:
    return load_class_list(load_class_list_spec(CATALOGUE, name))


@pytest.mark.parametrize("name", CLASSES)
def test_data_set(name: str) -> None:
    tasks = {suffix: load_task(CATALOGUE, f"{name}_{suffix}") for suffix in PROTOCOLS}
    base = tasks["cw"]
    classes = classes_of(base.class_list)
    assert len(classes) == CLASSES[name]
    assert base.metadata.images == IMAGES[name]
    assert base.metadata.license and base.metadata.reference
    assert re.search("Size.*:", base.metadata.notes or ""), "no source of the size"
    assert load_label_set_spec(CATALOGUE, name).original
    assert expand_tasks(CATALOGUE, [name]) == [f"{name}_{each}" for each in PROTOCOLS[:4]]
    where = {"dataset_path", "revision", "test_split", "data_files", "doc_to_visual", "doc_to_id"}
    for suffix, task in tasks.items():
        assert task.protocol == suffix.removesuffix("_random").removesuffix("_hard")
        assert task.label_sets == (name,)
        assert {key: getattr(task, key) for key in where} == {
            key: getattr(base, key) for key in where
        }


@pytest.mark.parametrize("name", sorted({*CLASSES} - {"imagenet_v2_top", "imagenet_v2_threshold"}))
def test_names_mean_their_own_class(name: str) -> None:
    """Under every name set; ImageNet's own twins are known."""
    listed = load_task(CATALOGUE, f"{name}_cw").class_list
    spec = load_class_list_spec(CATALOGUE, listed)
    for name_set in name_sets(spec):
        classes = load_class_list(spec, name_set)
        if listed != "imagenet1k":
            assert collisions(classes) == []
        for each in classes.classes:
            assert normalize_name(each.name) not in map(normalize_name, each.aliases)
        found = match_names([(each.name,) for each in classes.classes], classes, classes.ids)
        assert list(found.found) == list(classes.ids)


BLUE_TIT = "04815_Animalia_Chordata_Aves_Passeriformes_Paridae_Cyanistes_caeruleus"
SHARED = {"pets": "oxford_pets", "dtd": "dtd", "flowers102": "flowers102", "cars": "stanford_cars",
          "sun397": "sun397", "eurosat": "eurosat", "caltech101": "caltech101",
          "aircraft": "fgvc_aircraft"}  # fmt: skip


@pytest.mark.parametrize("name", SHARED)
def test_published_names_mean_our_classes(name: str) -> None:
    """The class names and labels of GPT4Vis, which follow CoOp."""
    path = ANSWERS / f"gpt4v_closed_world_{name}.json"
    if not path.is_file():
        pytest.skip("../shared/data is not here")
    names = json.loads(path.read_text("utf-8"))["classes"]
    listed = classes_of(SHARED[name])
    spec = load_class_list_spec(CATALOGUE, SHARED[name])
    lists = [load_class_list(spec, each) for each in name_sets(spec)]
    found = [match_names([(each,) for each in names], each, [None] * len(names)) for each in lists]
    best = max(found, key=lambda match: len(match.places))
    assert best.unknown() == []
    assert len(set(best.found)) == len(names) >= len(listed) - 2  # CoOp leaves two of Caltech out


@pytest.mark.parametrize(
    ("name", "folders"),
    [
        ("sun397", ["a/abbey", "a/apse/indoor", "c/church/indoor", "j/jail/indoor", "j/jail_cell"]),
        ("cub200", ["001.Black_footed_Albatross", "100.Brown_Pelican", "010.Red_winged_Blackbird"]),
        ("eurosat", ["SeaLake", "AnnualCrop", "Highway"]),
        ("caltech101", ["Faces", "Faces_easy", "BACKGROUND_Google", "yin_yang", "crocodile_head"]),
        ("imagenet_sketch", ["n01440764", "n15075141"]),
        ("imagenet_r", ["n01443537", "n12267677"]),
        ("food101", ["cheesecake", "cheese_plate"]),
        (
            "inat2021",
            [
                "00000_Animalia_Annelida_Clitellata_Haplotaxida_Lumbricidae_Lumbricus_terrestris",
                BLUE_TIT,
                "abies_alba",
                "Malus domestica",
                "Xestia c-nigrum",
            ],
        ),
        ("objectnet", ["full_sized_towel", "t-shirt", "hand_towel_or_rag", "binder_closed"]),
    ],
)
def test_folders_of_local_copies_mean_classes(name: str, folders: list[str]) -> None:
    classes = classes_of(load_task(CATALOGUE, f"{name}_cw").class_list)
    ids = column_ids(dict(zip(folders, folders, strict=True)), classes, name).by_image
    expected = {"a/abbey": 0, "n15075141": 999, "n01443537": 1, "cheese_plate": 16, "SeaLake": 9,
                "010.Red_winged_Blackbird": 9, "BACKGROUND_Google": 101, "t-shirt": 91,
                "j/jail/indoor": 206, "full_sized_towel": 5, "abies_alba": 1,
                BLUE_TIT: 2697}  # fmt: skip
    assert len(set(ids.values())) == len(folders)
    for folder in expected.keys() & ids.keys():
        assert ids[folder] == expected[folder], folder


def test_names_in_another_order_are_joined_by_name() -> None:
    """The hub's Food-101 has cheesecake before cheese plate, as `meta/classes.txt`."""
    classes = classes_of("food101")
    names = [each.name.replace(" ", "_") for each in classes.classes]
    one, two = names.index("cheese_plate"), names.index("cheesecake")
    names[one], names[two] = names[two], names[one]
    found = column_ids(LabelColumn({"a": one, "b": two}, tuple(names)), classes, "column `label`")
    assert found.by_image == {"a": two, "b": one}
    assert found.warning and "not the class ids" in found.warning


@pytest.mark.parametrize("group", ["fine_grained", "imagenet_variants", "standard10"])
def test_groups(group: str) -> None:
    found = expand_tasks(CATALOGUE, [group])
    assert len(found) == {"fine_grained": 24, "imagenet_variants": 20, "standard10": 40}[group]


def test_no_file_is_left_over() -> None:
    tasks = {each for each in CATALOGUE.names(Kind.TASK)
             if CATALOGUE.find(Kind.TASK, each).parent.parent.name == "datasets"}  # fmt: skip
    assert tasks == {f"{name}_{each}" for name in CLASSES for each in PROTOCOLS}


def test_folders_of_objectnet_by_the_rule_of_the_documents() -> None:
    classes = classes_of("objectnet")
    folders = [
        each.aliases[0] if each.aliases else each.name.lower().replace(" ", "_")
        for each in classes.classes
    ]
    named = [(folder,) for folder in folders]
    assert match_names(named, classes, [None] * len(named)).found == classes.ids
    assert {"full_sized_towel", "t-shirt", "butchers_knife", "still_camera"} <= set(folders)


@pytest.mark.parametrize("name", ["imagenet_a", "imagenet_r"])
def test_a_classifier_of_imagenet_is_scored_by_its_outputs_for_the_200(name: str) -> None:
    model = ModelSpec(model="m", adapter="hf_classifier", class_list="imagenet1k")
    classes = classes_of(name)
    outputs = match_outputs(CATALOGUE, model, classes)
    assert (outputs.count, outputs.places) == (1000, classes.ids)


def test_a_classifier_of_imagenet_does_not_fit_objectnet() -> None:
    model = ModelSpec(model="m", adapter="hf_classifier", class_list="imagenet1k")
    with pytest.raises(SpecError, match="none of its own"):
        match_outputs(CATALOGUE, model, classes_of("objectnet"))
