"""Open answers that name nothing in the hierarchy are mapped over its nodes, not onto a class."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.answers.nodes import NOTHING
from harness.answers.outcome import Status
from harness.data.classes import Class, ClassList, normalize_name
from harness.data.hierarchy import Hierarchy, Node
from harness.data.labels.of_task import NO_OVERRIDES
from harness.encoders.base import Vectors, ensembles, sentences
from harness.errors import DataError
from harness.runs.importing import ImportOptions, import_answers
from harness.runs.mapping import map_rows
from harness.runs.reopen import open_run, rescore
from harness.scores.result_parts import Granularity, Placed, Relation
from harness.scores.results import Results
from harness.scores.scoring import score_run
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.specs.task import TaskSpec
from harness.specs.task_parts import MappingSpec
from harness.store.lines import read_predictions
from harness.store.manifest import Manifest
from harness.store.prediction import Prediction
from support.colours import write_task


class Hashed:
    """An encoder without a model: a unit vector [6] that only the text decides."""

    name = digest = "hashed"

    def encode(self, texts: Sequence[str]) -> Vectors:
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) for text in texts]
        rows = [np.random.default_rng(seed).normal(size=6) for seed in seeds]
        found = np.array(rows, dtype=np.float64).reshape(len(texts), 6)
        unit: Vectors = (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)
        return unit


def drawn(seed: int) -> ClassList:
    """Draw 12 classes with aliases, 9 nodes above them, and 6 below; some names are twice."""
    generator = np.random.default_rng(seed)
    nodes = [Node(("all", "everything"), ())]
    for place in range(1, 9):
        nodes.append(
            Node((f"Kind {place}", f"sort {place % 5}"), (int(generator.integers(place)),))
        )
    nodes += [Node((), (int(generator.integers(9)),), class_id) for class_id in range(12)]
    nodes += [Node((f"below {i}",), (9 + int(generator.integers(12)),)) for i in range(6)]
    nodes += [Node(("below 0 0",), (21,))]
    classes = [Class(i, f"class {i}", (f"Alias-{i}", f"alias {i}", f"kind {i}")) for i in range(12)]
    return ClassList("c", "clean", tuple(classes), Hierarchy(tuple(nodes)))


def by_hand(classes: ClassList) -> Iterator[str]:
    """Give every name that a text may be mapped to, from the parents alone; the highest first."""
    assert classes.hierarchy is not None
    nodes = classes.hierarchy.nodes
    seen = set()
    for node in nodes:
        above = list(node.parents)
        while above and all(nodes[each].class_id is None for each in above):
            above = [parent for each in above for parent in nodes[each].parents]
        if above:  # a class is above it
            continue
        own = classes.by_id[node.class_id] if node.class_id is not None else None
        for name in (*((own.name, *own.aliases) if own else ()), *node.names):
            if normalize_name(name) not in seen:
                seen.add(normalize_name(name))
                yield name


def embedded(text: str, template: str) -> Vectors:
    forms = [form.replace("{}", text) for form in sentences(template)]
    return ensembles(Hashed().encode(forms), [len(forms)])[0]


def task(protocol: str = "ow", **mapping: str) -> TaskSpec:
    return TaskSpec.model_construct(protocol=protocol, mapping=MappingSpec(**mapping))


@pytest.mark.parametrize("template", ["raw", "avg_raw"])
@pytest.mark.parametrize("protocol", ["ow", "cw_plus"])
def test_every_node_is_compared(protocol: str, template: str) -> None:
    status = Status.OK if protocol == "ow" else Status.OOP
    rule = "open" if protocol == "ow" else "none"
    rows = [Prediction(f"i{i}", status, f"text {i}", rule=rule) for i in range(60)]
    classes, spec = drawn(len(template)), task(protocol, class_template=template)
    found = map_rows(spec, rows, classes, Hashed())
    names = list(by_hand(classes))
    assert len(names) == 2 + 8 + 5 + 12 + 12 + 12 - 8  # `Kind 1` to `Kind 8` are aliases too
    side = np.stack([embedded(name, template) for name in (*names, NOTHING)])
    for row in found:
        cosines = side @ Hashed().encode([row.answer or ""])[0]
        assert row.node == (*names, None)[int(cosines.argmax())], row
    assert len({row.node for row in found}) > 15
    assert {"all", "everything", None} & {row.node for row in found}


def test_the_class_is_as_without_a_hierarchy() -> None:
    rows = [Prediction(f"i{i}", Status.OK, f"text {i}", rule="open") for i in range(60)]
    rows += [Prediction("x", Status.OK, "class 3", rule="exact", class_id=3)]
    rows += [Prediction("y", Status.ERROR, error="x"), Prediction("z", Status.EMPTY, "")]
    rows += [Prediction("v", Status.OK, "...", rule="open"), Prediction("w", Status.REFUSED, "No.")]
    classes = drawn(1)
    found = map_rows(task(), rows, classes, Hashed())
    plain = map_rows(task(), rows, replace(classes, hierarchy=None), Hashed())
    assert [replace(row, node=None) for row in found] == plain
    assert sum(row.node is not None for row in found[:60]) > 50
    assert not any(row.node for row in found[60:])


class Known(Hashed):
    """An encoder to which a text is the vector that is given, or nothing known."""

    def __init__(self, **of: float) -> None:
        self._of = of

    def encode(self, texts: Sequence[str]) -> Vectors:
        angles = np.array([self._of.get(text, 3.0) for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_what_is_nearest_to_image_names_nothing() -> None:
    rows = [Prediction("a", Status.OK, "text", rule="open")]
    encoder = Known(text=0.0, image=0.2, all=0.3)
    (found,) = map_rows(task(), rows, drawn(2), encoder)
    assert (found.node, found.rule) == (None, "mapped") and found.class_id is not None
    assert map_rows(task(), rows, drawn(2), Known(text=0.0, image=0.3, all=0.2))[0].node == "all"
    classes = drawn(2)
    assert classes.hierarchy is not None
    first, *others = classes.hierarchy.nodes
    called_so = replace(first, names=("Image",))
    same = replace(classes, hierarchy=Hierarchy((called_so, *others)))
    assert map_rows(task(), rows, same, Known(text=0.0, Image=0.2))[0].node == "Image"


def test_of_names_that_are_one_to_the_encoder_the_higher_is_taken() -> None:
    class Lower(Hashed):
        def encode(self, texts: Sequence[str]) -> Vectors:
            return super().encode(["?" for _ in texts])

    rows = [Prediction("a", Status.OK, "text", rule="open")]
    assert map_rows(task(), rows, drawn(2), Lower())[0].node == "all"


TREE = "red\twarm colour\ngreen\tcool colour\nblue\tcool colour\ngrey\tcolour\n"
TREE += "warm colour\tcolour\ncool colour\tcolour\ncrimson\tred\n"
SAID = {
    0: "warm colours, I think",  # nearest to what is above the label
    1: "a coolish colour",
    2: "warm coloured",
    3: "colours",  # a name, by its spelling
    4: "somewhat reddish",
    5: "",
    6: "大象",  # nothing in common with any name
    7: "I cannot see an image.",
    8: "red",
    9: "crimson",  # read as a name; below a class, it is none to be mapped to
    10: "a kind of colour or so",
    11: "crimsonish",
}


@pytest.fixture
def tree(folder: Path) -> Path:
    text = (folder / "classes.yaml").read_text()
    (folder / "classes.yaml").write_text(text + "hierarchy: tree.tsv\n")
    path = folder / "tree.tsv"
    path.write_text(TREE)
    write_task(folder, protocol="ow")
    return path


def imported(catalogue: Catalogue, folder: Path) -> Path:
    answers = folder / "answers.jsonl"
    lines = [json.dumps({"image_id": f"i{place:02d}", "answer": SAID[place]}) for place in SAID]
    answers.write_text("\n".join(lines) + "\n")
    task = load_task(catalogue, "colours")
    options = ImportOptions("given", folder / "runs", fresh=True)
    return import_answers(catalogue, task, answers, options).path


def nodes(path: Path) -> list[str | None]:
    return [row.node for row in read_predictions(path / "predictions.jsonl")]


def results(path: Path) -> Results:
    return Results.from_json(json.loads((path / "results.json").read_text()))


def granularity(path: Path) -> Granularity:
    found = results(path).granularity
    assert found is not None
    return found.scores["ow"]["colours_first"]


def test_a_run_says_how_each_answer_was_placed(
    catalogue: Catalogue, folder: Path, tree: Path
) -> None:
    path = imported(catalogue, folder)
    assert nodes(path) == [
        "warm colour", "cool colour", "warm colour", "colour", "red", None, None, None, None,
        "cool colour", "colour", "cool colour",
    ]  # fmt: skip
    found = granularity(path)
    assert found.placed == {
        Placed.CLASS: 1,  # red
        Placed.NAME: 2,  # colours, crimson
        Placed.NEAREST_NODE: 6,
        Placed.NEAREST_CLASS: 0,
        Placed.NONE: 3,
    }
    assert sum(found.placed.values()) == found.n == 12
    # Labels are red, green, blue, grey, over and over.
    assert {relation: each.n for relation, each in found.relations.items()} == {
        Relation.EXACT: 2,  # somewhat reddish, red
        Relation.GENERIC: 4,  # warm colours, a coolish colour, colours, a kind of colour
        Relation.SPECIFIC: 0,
        Relation.SIBLING: 0,
        Relation.WRONG: 3,  # warm coloured, crimson, crimsonish
        Relation.NONE: 3,
    }


def test_a_hierarchy_that_changes_or_goes_is_mapped_over_again(
    catalogue: Catalogue, folder: Path, tree: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = imported(catalogue, folder)
    before, first = results(path), nodes(path)
    facts = Manifest.read(path).mapping
    assert facts and before.granularity and facts.hierarchy_sha256 == before.granularity.hierarchy
    tree.write_text(TREE.replace("warm colour", "fiery tint"))
    rescore(catalogue, path, NO_OVERRIDES)
    assert "hierarchy_sha256: " in caplog.text
    assert nodes(path) != first and "warm colour" not in nodes(path)
    text = (folder / "classes.yaml").read_text()
    (folder / "classes.yaml").write_text(text.replace("hierarchy: tree.tsv\n", ""))
    rescore(catalogue, path, NO_OVERRIDES)
    assert nodes(path) == [None] * 12 and results(path).granularity is None
    assert results(path).scores == before.scores
    assert "hierarchy_sha256" not in json.loads((path / "manifest.json").read_text())["mapping"]
    (folder / "classes.yaml").write_text(text)
    tree.write_text(TREE)
    rescore(catalogue, path, NO_OVERRIDES)
    assert nodes(path) == first and results(path) == before


def test_rows_that_were_mapped_to_classes_alone_stay_so_without_the_encoder(
    catalogue: Catalogue, folder: Path, tree: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As those of version 0.2.0, whose manifests say nothing of a hierarchy."""
    text = (folder / "classes.yaml").read_text()
    named = (folder / "colours.yaml").read_text().replace("encoder: lexical", "encoder: mine")
    (folder / "colours.yaml").write_text(named)
    (folder / "mine.yaml").write_text("encoder: mine\nkind: lexical\n")
    (folder / "classes.yaml").write_text(text.replace("hierarchy: tree.tsv\n", ""))
    path = imported(catalogue, folder)
    (folder / "classes.yaml").write_text(text)
    gone = "encoder: mine\nkind: sentence_transformers\npretrained: no/such-model\n"
    (folder / "mine.yaml").write_text(gone)
    rescore(catalogue, path, NO_OVERRIDES)
    assert "answers stay as they were mapped" in caplog.text
    assert nodes(path) == [None] * 12
    placed = granularity(path).placed
    assert placed[Placed.NEAREST_NODE] == 0 and placed[Placed.NEAREST_CLASS] == 3
    (folder / "mine.yaml").write_text("encoder: mine\nkind: lexical\n")
    rescore(catalogue, path, NO_OVERRIDES)
    assert granularity(path).placed[Placed.NEAREST_CLASS] == 0


def test_nodes_of_another_hierarchy_do_not_count(
    catalogue: Catalogue, folder: Path, tree: Path
) -> None:
    path = imported(catalogue, folder)
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["mapping"]["hierarchy_sha256"] = "0" * 64
    (path / "manifest.json").write_text(json.dumps(manifest))
    run = open_run(catalogue, path, NO_OVERRIDES)
    found = score_run(run.opened, run.manifest, run.rows, draws=10).granularity
    assert found is not None
    placed = found.scores["ow"]["colours_first"].placed
    assert placed[Placed.NEAREST_NODE] == 0 and placed[Placed.NEAREST_CLASS] > 0


def test_a_hierarchy_with_a_cycle_stops_before_the_model_is_asked(
    catalogue: Catalogue, folder: Path, tree: Path
) -> None:
    tree.write_text(TREE + "colour\tcrimson\n")
    with pytest.raises(DataError, match="a cycle") as caught:
        imported(catalogue, folder)
    assert caught.value.problems[0].fix and not (folder / "runs").exists()
