"""Which nodes of a hierarchy an answer names."""

import pytest

from harness.answers.nodes import NodeNames
from harness.data.classes import Class, ClassList
from harness.data.hierarchy import Hierarchy, Node

CLASSES = ClassList(
    "c",
    "clean",
    (
        Class(0, "Samoyed", ("Samoyede",)),
        Class(1, "crane", ("construction crane",)),
        Class(2, "sofa"),
        Class(3, "duck"),
        Class(4, "merganser"),
    ),
)
NODES = {
    "animal": Node(("animal", "beast"), ()),
    "dog": Node(("dog", "domestic dog"), (0,)),
    "bird": Node(("bird",), (0,)),
    "ducks": Node(("duck",), (2,)),
    "Samoyed": Node((), (1,), 0),
    "crane": Node((), (0,), 1),
    "crane bird": Node(("crane", "wading bird"), (2,)),
    "sofa": Node((), (0,), 2),
    "duck": Node((), (3,), 3),
    "merganser": Node((), (3,), 4),
    "lap dog": Node(("lap dog",), (4,)),
}
NAMES = NodeNames(Hierarchy(tuple(NODES.values())), CLASSES)


def shown(places: tuple[int, ...]) -> set[str]:
    return {list(NODES)[place] for place in places}


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("dog", {"dog"}),
        ("**A dog.**", {"dog"}),
        ("Dogs", {"dog"}),
        ("Answer: dog", {"dog"}),
        ("It is a beast.", {"animal"}),
        ("Samoyede", {"Samoyed"}),
        ("a dog, a Samoyed", {"Samoyed"}),
        ("Samoyed (dog)", {"Samoyed"}),
        ("an animal: a dog", {"dog"}),
        ("a dog, a domestic dog", {"dog"}),
        ("crane", {"crane", "crane bird"}),
        ("a crane, a wading bird", {"crane bird"}),
        ("lap dog", {"lap dog"}),
        ("a dog on a sofa", set()),
        ("a guard dog on the sofa", set()),  # the sofa is not what it is about
        ("a dog or a bird", set()),
        ("not a dog", set()),
        ("sea dog", set()),  # what a word adds makes it another thing
        ("I cannot tell.", set()),
        ("", set()),
    ],
)
def test_what_a_text_names(text: str, nodes: set[str]) -> None:
    assert shown(NAMES.read(text)) == nodes


def test_a_name_of_a_class_is_that_and_what_else_bears_it() -> None:
    assert shown(NAMES.exact("Duck")) == {"duck", "ducks"}
    assert shown(NAMES.exact("Answer: duck")) == {"duck", "ducks"}
    assert NAMES.exact("a wild duck") == ()


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("two dogs", {"dog"}),
        ("The image shows a group of dogs sleeping in the grass. They look tired.", {"dog"}),
        ("Three small dogs are standing next to each other.", {"dog"}),
        ("A bunch of dogs are on a sofa.", set()),
        ("two dogs and a bird", set()),  # not the bird alone
        ("Dogs, geese and a bird", set()),
        ("A sculpture made of screws and dogs", set()),  # not what it is about
    ],
)
def test_a_plural_that_a_caption_opens_with_is_named(text: str, nodes: set[str]) -> None:
    assert shown(NAMES.read(text)) == nodes
