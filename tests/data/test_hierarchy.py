"""Hierarchies of class lists: what a file says, and what it cannot say."""

import importlib
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest

from harness.answers.nodes import NodeNames
from harness.data.class_lists import load_class_list
from harness.data.classes import ClassList
from harness.data.hierarchy import Hierarchy
from harness.data.labels.load import load_label_set
from harness.errors import DataError, SpecError
from harness.specs.catalogue import Catalogue
from harness.specs.label_set import ClassListSpec, LabelSetSpec
from harness.specs.load import load_class_list_spec

ROOT = Path(__file__).parents[2]
Load = Callable[..., ClassList]
GOOD = "dog\tcanine\nwolf\tcanine\ncat\tanimal\ncanine\tanimal\ncar\tvehicle\npoodle\tdog\n"


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load the classes dog, wolf, cat, car with a hierarchy of this text."""

    def load_it(text: str, **keys: object) -> ClassList:
        (tmp_path / "tree.tsv").write_text(text, encoding="utf-8")
        classes = [
            {"id": 0, "name": "dog", "wnid": "n02084071", "aliases": ["hound"]},
            {"id": 1, "name": "wolf"},
            {"id": 2, "name": "cat"},
            {"id": 7, "name": "car"},
        ]
        values = {"class_list": "c", "directory": tmp_path, "classes": classes}
        more = {"hierarchy": "tree.tsv"} | keys
        return load_class_list(ClassListSpec.model_validate(values | more))

    return load_it


def tree_of(classes: ClassList) -> Hierarchy:
    assert classes.hierarchy is not None
    return classes.hierarchy


def named(found: Hierarchy) -> dict[str, int]:
    """Give the place of each node by its name, of classes by their id."""
    return {
        each.names[0] if each.class_id is None else str(each.class_id): place
        for place, each in enumerate(found.nodes)
        if place
    }


def test_a_two_column_file(load: Load) -> None:
    found = tree_of(load(GOOD))
    place = named(found)
    assert found.heights[0] == found.height == 3  # above animal and vehicle, which have no parent
    heights = {name: found.heights[each] for name, each in place.items()}
    inner = {"animal": 2, "canine": 1, "vehicle": 1}
    assert heights == inner | {"0": 0, "1": 0, "2": 0, "7": 0, "poodle": 0}
    above = {each for each in found.ancestors[place["poodle"]]}
    assert above == {place[each] for each in ("poodle", "0", "canine", "animal")}
    pairs = {("0", "1"): 1, ("0", "2"): 2, ("0", "7"): 3, ("poodle", "0"): 0, ("poodle", "1"): 1}
    for (one, other), height in pairs.items():
        assert found.common_height(place[one], place[other]) == height
    for parent, child in pairwise(range(len(found.nodes))):
        assert all(each < child for each in found.nodes[child].parents), parent


def test_classes_go_by_wordnet_id_by_name_and_by_id(load: Load) -> None:
    text = GOOD.replace("dog\tcanine", "n02084071\tcanine").replace("car\t", "7\t")
    assert tree_of(load(text.replace("wolf", "a Wolf."))) == tree_of(load(GOOD))


def test_several_parents_and_names(load: Load) -> None:
    found = tree_of(
        load(GOOD.replace("cat\tanimal", "cat\tanimal|pet") + "pet\tx\tpet|pet animal\n")
    )
    place = named(found)
    assert found.nodes[place["pet"]].names == ("pet", "pet animal")
    assert place["pet"] in found.ancestors[place["2"]] >= {place["animal"]}


def test_the_digest_of_the_classes_is_that_without_a_hierarchy(load: Load) -> None:
    assert load(GOOD).digest == load("", hierarchy=None).digest


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (GOOD + "animal\tdog\n", "a cycle: nodes are below themselves"),
        (GOOD + "canine\tcanine\n", "a node in two places"),
        (GOOD + "dog\tvehicle\n", r"tree.tsv:7: a node in two places.*`dog`.*tree.tsv:1"),
        (GOOD + "n02084071\tvehicle\n", "a node in two places"),
        (GOOD.replace("wolf\tcanine", "wolf\tdog"), "a class below another class.*`wolf`.*`dog`"),
        (GOOD.replace("cat", "catt"), "not all classes are in the hierarchy.*`cat`"),
        (GOOD + "tree\tplant\n", "a part of the hierarchy without a class.*plant"),
        (GOOD + "bus vehicle\n", "tree.tsv:7: not a node and its parent"),
        (GOOD + "\n", "tree.tsv:7: not a node and its parent"),
        (GOOD + "\tvehicle\n", "tree.tsv:7: not a node and its parent"),
        ("", "not all classes are in the hierarchy"),
    ],
)
def test_what_a_file_cannot_say(load: Load, text: str, match: str) -> None:
    with pytest.raises(DataError, match=f"(?s){match}"):
        load(text)


def test_a_cycle_alone_is_no_hang(load: Load) -> None:
    with pytest.raises(DataError, match="a cycle"):
        load(GOOD + "x\ty\ny\tx\n")


def test_a_chain_of_thousands_is_refused(load: Load) -> None:
    chain = "".join(f"n{each}\tn{each + 1}\n" for each in range(3000))
    with pytest.raises(DataError, match="levels"):
        load(GOOD.replace("car\tvehicle", "car\tn0") + chain)


def test_a_name_of_two_classes_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "tree.tsv").write_text("crane\tbird\n0\tbird\n", encoding="utf-8")
    classes = [{"id": 0, "name": "crane"}, {"id": 1, "name": "Crane"}]
    spec = {"class_list": "c", "directory": tmp_path, "classes": classes, "hierarchy": "tree.tsv"}
    with pytest.raises(DataError, match="the name of several classes"):
        load_class_list(ClassListSpec.model_validate(spec))
    (tmp_path / "tree.tsv").write_text("0\tbird\n1\tmachine\n", encoding="utf-8")
    assert len(tree_of(load_class_list(ClassListSpec.model_validate(spec))).nodes) == 5


def test_a_sibling_height_needs_a_hierarchy(load: Load) -> None:
    assert tree_of(load(GOOD, sibling_height=2)).sibling_height == 2
    with pytest.raises(SpecError, match="`sibling_height` without a hierarchy"):
        load("", hierarchy=None, sibling_height=2)


@pytest.fixture(scope="module")
def imagenet() -> Hierarchy:
    return tree_of(load_class_list(load_class_list_spec(Catalogue(()), "imagenet1k")))


def test_imagenets_hierarchy_is_wordnets(imagenet: Hierarchy) -> None:
    classes = load_class_list(load_class_list_spec(Catalogue(()), "imagenet1k"))
    assert len(imagenet.nodes) == 3334 and imagenet.nodes[0].names == ("entity",)
    samoyed = next(each.id for each in classes.classes if each.name == "Samoyed")
    above = {
        name
        for place in imagenet.ancestors[imagenet.node_of[samoyed]]
        for name in imagenet.nodes[place].names
    }
    assert {"dog", "canine", "domestic animal", "carnivore", "animal", "spitz"} <= above
    assert "feline" not in above and "Samoyed" not in above


def test_heights_and_common_ancestors_are_networkxs(imagenet: Hierarchy) -> None:
    networkx = pytest.importorskip("networkx")
    graph = networkx.DiGraph(
        (parent, place) for place, node in enumerate(imagenet.nodes) for parent in node.parents
    )
    classes = sorted(imagenet.node_of.values())
    kept = set(classes).union(*(networkx.ancestors(graph, each) for each in classes))
    graph = graph.subgraph(kept)
    heights: dict[int, int] = {}
    for place in reversed(list(networkx.topological_sort(graph))):
        heights[place] = max((heights[each] + 1 for each in graph.successors(place)), default=0)
    assert all(imagenet.heights[each] == heights[each] for each in kept)
    drawn = random.Random(0)
    for one, other in ((drawn.choice(classes), drawn.choice(classes)) for _ in range(200)):
        shared = ({one} | networkx.ancestors(graph, one)) & (
            {other} | networkx.ancestors(graph, other)
        )
        assert imagenet.common_height(one, other) == min(heights[each] for each in shared)


LICENCE = "  1 This software and database is being provided\n"
NOUNS = (
    LICENCE + "00000001 03 n 01 entity 0 001 ~ 00000002 n 0000 | that which is\n"
    '00000002 05 n 02 dog 0 domestic_dog 0 002 @ 00000001 n 0000 ~ 00000003 n 0000 | barks; "a @"\n'
    "00000003 05 n 01 spitz 0 002 @ 00000002 n 0000 ~ 00000004 n 0000 | stocky\n"
    "00000004 05 n 01 Samoyed 0 001 @ 00000003 n 0000 | white\n"
    "00000005 05 n 01 cat 0 001 @ 00000001 n 0000 | meows\n"
)


@pytest.fixture
def lines_of() -> Iterator[Callable[[str, set[str]], list[str]]]:
    """Give the tool that makes the lines of a text of WordNet and of class ids."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tools")
        tool = importlib.import_module("wordnet_hierarchy")
        yield lambda text, ids: tool.hierarchy(tool.read_synsets(text), ids)


def test_the_tool_keeps_what_is_above_and_below_the_classes(lines_of: Callable[..., Any]) -> None:
    lines = lines_of(NOUNS, {"n00000003"})
    assert lines == [
        "n00000001\t\tentity",
        "n00000002\tn00000001\tdog|domestic dog",
        "n00000003\tn00000002",
        "n00000004\tn00000003\tSamoyed",
    ]


@pytest.mark.slow
def test_the_file_is_what_the_tool_makes_of_debians_package(
    tmp_path: Path, lines_of: Callable[..., Any]
) -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        pytest.skip("no apt-get here")
    got = subprocess.run(
        ["apt-get", "download", "wordnet-base"], cwd=tmp_path, capture_output=True, timeout=120
    )
    package = next(iter(islice(tmp_path.glob("wordnet-base*.deb"), 1)), None)
    if got.returncode or package is None:
        pytest.skip("wordnet-base cannot be fetched here")
    subprocess.run(["dpkg", "-x", package, tmp_path / "x"], check=True)
    text = (tmp_path / "x/usr/share/wordnet/data.noun").read_text("utf-8")
    classes = load_class_list(load_class_list_spec(Catalogue(()), "imagenet1k")).classes
    lines = lines_of(text, {each.wnid or "" for each in classes})
    path = ROOT / "tasks/classes/imagenet1k_hierarchy.tsv"
    assert path.read_text("utf-8") == "\n".join(lines) + "\n"


def test_a_label_above_the_classes_is_refused_as_that(load: Load, tmp_path: Path) -> None:
    classes = load(GOOD)
    (tmp_path / "labels.csv").write_text("image_id,label\na,dog\nb,Canine\n", encoding="utf-8")
    values = {"label_set": "l", "format": "csv", "class_list": "c", "path": "labels.csv"}
    spec = LabelSetSpec.model_validate(values | {"directory": tmp_path})
    with pytest.raises(DataError, match=r"(?s)no class of `c`.*above the classes"):
        load_label_set(spec, classes)


def test_a_part_of_the_classes_keeps_the_others_as_nodes(imagenet: Hierarchy) -> None:
    part = load_class_list(load_class_list_spec(Catalogue(()), "imagenet_a"))
    found = tree_of(part)
    assert len(found.nodes) == len(imagenet.nodes) and set(found.node_of) == set(part.ids)
    names = NodeNames(found, part)
    (tench,) = names.read("tench")
    assert found.nodes[tench].class_id is None and found.heights[tench] == 0
    assert 0 not in part.by_id  # the tench
