"""How general answers are: every figure against plain sets."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from harness.answers.outcome import Status
from harness.data.classes import Class, ClassList
from harness.data.hierarchy import Hierarchy, Node
from harness.data.labels.label_set import Equivalences
from harness.report.answers_tables import granularity_table
from harness.report.table import Number
from harness.scores.long_form import figures_of
from harness.scores.result_parts import Granularity, Relation
from harness.scores.results import Results
from harness.scores.statistics import wilson
from scores.score_builders import labels, ok, row, run

NAMES = ("samoyed", "husky", "tabby", "car", "bus")
NODES = (
    Node(("thing",), ()),
    Node(("animal",), (0,)),
    Node(("vehicle",), (0,)),
    Node(("dog",), (1,)),
    Node(("pet",), (1,)),
    Node((), (3, 4), 0),
    Node((), (3,), 1),
    Node((), (4,), 2),
    Node((), (2,), 3),
    Node((), (2,), 4),
    Node(("sports car",), (8,)),
)
CLASSES = ClassList(
    "c", "clean", tuple(Class(i, name) for i, name in enumerate(NAMES)), Hierarchy(NODES)
)


def of(results: Results, protocol: Any = "ow", label_set: str = "imgt") -> Granularity:
    assert results.granularity is not None
    return results.granularity.scores[protocol][label_set]


def relation(answer: Any, *true: int, protocol: str = "ow", **more: Any) -> str:
    """Give the relation of one answer to the labels of its image."""
    found = run(
        [answer], labels("imgt", {"a": true}), class_list=CLASSES, protocol=protocol, **more
    )
    counts = {name: each.n for name, each in of(found, protocol).relations.items()}
    assert sum(counts.values()) == 1
    return next(str(name) for name, n in counts.items() if n)


def text(answer: str, class_id: int | None = None, rule: str = "mapped") -> Any:
    return row("a", Status.OK, answer=answer, class_id=class_id, rule=rule)


@pytest.mark.parametrize(
    ("answer", "true", "expected"),
    [
        (text("samoyed", 0, "exact"), (0,), "exact"),
        (text("dog", 3), (0,), "generic"),  # not the car that the encoder took it for
        (text("dog", 0), (0,), "generic"),  # nor the class that it happened to be
        (text("pet", 0), (0,), "generic"),  # by its second parent
        (text("thing", 0), (0,), "generic"),
        (text("sports car", 3), (3,), "specific"),
        (text("sports car", 3), (4,), "sibling"),
        (text("husky", 1, "exact"), (0,), "sibling"),
        (text("husky", 1, "exact"), (2,), "wrong"),
        (text("vehicle", 3), (0,), "wrong"),
        (text("a white pup", 1), (0,), "sibling"),  # no name: the class that it is mapped to
        (text("???", None, "unreadable"), (0,), "none"),
        (row("a", Status.REFUSED, answer="No.", rule="refused"), (0,), "none"),
        (text("dog", 3), (0, 1), "generic"),
        (text("husky", 1, "exact"), (0, 1), "exact"),
        (text("sports car", 3), (0, 3), "specific"),
        (text("tabby", 2, "exact"), (0, 3), "sibling"),  # of the nearest label
    ],
)
def test_one_answer(answer: Any, true: tuple[int, ...], expected: str) -> None:
    if expected == "none" and answer.status is Status.OK:
        answer = replace(answer, status=Status.UNPARSED)
    assert relation(answer, *true) == expected


def test_a_closed_world_reads_what_is_out_of_prompt_and_nothing_else() -> None:
    out = row("a", Status.OOP, answer="dog", class_id=3, rule="mapped")
    assert relation(out, 0, protocol="cw") == relation(out, 0, protocol="cw_plus") == "generic"
    other = replace(out, answer="something")
    found = run([other], labels("imgt", {"a": (3,)}), class_list=CLASSES, protocol="cw")
    assert of(found, "cw").relations[Relation.NONE].n == 1
    assert of(found, "cw_plus").relations[Relation.EXACT].n == 1
    none = replace(out, answer="None of them, a dog.", class_id=None, rule="none_listed")
    assert relation(none, 0, protocol="cw") == "none"
    assert relation(ok("a", 3, answer="dog"), 0, protocol="cw") == "wrong"


def test_options_and_classifiers_are_classes_alone() -> None:
    letter = row("a", Status.OOP, answer="dog", options=(0, 1, 2, 3), rule="other_name")
    assert relation(letter, 0, protocol="mc") == "none"
    assert relation(ok("a", 1, rule="scores"), 0, protocol="classify") == "sibling"


def test_classes_that_count_as_one_are_exact() -> None:
    same = Equivalences.from_groups("test", [(0, 2)])
    assert relation(text("tabby", 2, "exact"), 0, equivalences=same) == "exact"
    assert relation(text("pet", 3), 0, equivalences=same) == "generic"
    assert relation(text("husky", 1, "exact"), 2, equivalences=same) == "sibling"  # of class 0


def test_errors_and_images_without_a_label_are_not_counted() -> None:
    rows = [
        text("dog", 0),
        row("b", Status.ERROR, error="x"),
        replace(text("dog", 0), image_id="c"),
    ]
    found = run(
        rows, labels("imgt", {"a": [0], "b": [0], "c": []}), class_list=CLASSES, protocol="ow"
    )
    assert of(found).n == 1 == sum(each.n for each in of(found).relations.values())


def test_a_list_without_a_hierarchy_has_no_key() -> None:
    found = run([ok("a", 0)], labels("imgt", {"a": [0]}))
    assert found.granularity is None and "granularity" not in found.to_json()


def test_it_is_written_and_read_again() -> None:
    found = run([text("dog", 0)], labels("imgt", {"a": [0]}), class_list=CLASSES, protocol="ow")
    written = found.to_json()
    assert Results.from_json(written).to_json() == written
    assert written["granularity"]["scores"]["ow"]["imgt"]["relations"]["generic"] == {
        "n": 1, "share": 100.0, "ci95": [20.6549, 100.0]
    }  # fmt: skip


Pair = tuple[int, int, int, int, int]
"""Relation, height, nodes in common with a minus, the answer's and the label's."""
Drawn = tuple[ClassList, list[Any], dict[str, list[int]]]


def drawn(seed: int, n: int = 120, k: int = 14) -> Drawn:
    """Draw a hierarchy of two parents at times, answers by class or by name, and labels."""
    generator = np.random.default_rng(seed)
    nodes = [Node(("node 0",), ())]
    for place in range(1, 9):
        above = generator.choice(
            place, size=min(place, int(generator.integers(1, 3))), replace=False
        )
        nodes.append(Node((f"node {place}",), tuple(sorted(map(int, above)))))
    for class_id in range(k):
        above = generator.choice(9, size=int(generator.integers(1, 3)), replace=False)
        nodes.append(Node((), tuple(sorted(map(int, above))), class_id))
    nodes += [Node((f"node {9 + k + i}",), (9 + int(generator.integers(k)),)) for i in range(4)]
    rows, truth = [], {}
    for number in range(n):
        name = f"image {number}"
        kind, class_id = generator.random(), int(generator.integers(k))
        if kind < 0.4:
            node = int(generator.choice([*range(9), *range(9 + k, 13 + k)]))
            rows.append(
                row(name, Status.OK, answer=f"node {node}", class_id=class_id, rule="mapped")
            )
        elif kind < 0.9:
            rows.append(ok(name, class_id, *map(int, generator.integers(k, size=int(kind > 0.8)))))
        else:
            rows.append(row(name, Status.EMPTY, rule="empty"))
        truth[name] = generator.choice(
            k, size=int(generator.integers(0, 4)), replace=False
        ).tolist()
    listed = tuple(Class(i, f"class {i}") for i in range(k))
    return ClassList("c", "clean", listed, Hierarchy(tuple(nodes), sibling_height=2)), rows, truth


class ByHand:
    """All figures from the definitions, one answer at a time."""

    def __init__(self, class_list: ClassList) -> None:
        assert class_list.hierarchy is not None
        self.nodes: Sequence[Node] = class_list.hierarchy.nodes
        self.above = [self._closure(place) for place in range(len(self.nodes))]
        self.leaf = {each.class_id: n for n, each in enumerate(self.nodes) if not each.names}

    def _closure(self, place: int) -> set[int]:
        return {place}.union(*map(self._closure, self.nodes[place].parents))

    def height(self, place: int) -> int:
        below = [n for n, each in enumerate(self.nodes) if place in each.parents]
        kept = [n for n in below if any(n in self.above[leaf] for leaf in self.leaf.values())]
        is_class = place in self.leaf.values()
        return 0 if is_class or not kept else 1 + max(map(self.height, kept))

    def answers(self, each: Any) -> list[int]:
        if each.answer and each.answer.startswith("node"):
            return [int(each.answer.split()[1])]
        return [self.leaf[i] for i in (each.class_id, *each.also) if i is not None]

    def relation(self, answer: int, label: int, lca: int) -> Relation:
        if answer == label:
            return Relation.EXACT
        if answer in self.above[label]:
            return Relation.GENERIC
        if label in self.above[answer]:
            return Relation.SPECIFIC
        return Relation.SIBLING if lca <= 2 else Relation.WRONG

    def pairs(
        self, each: Any, true: Sequence[int]
    ) -> Iterator[tuple[int, int, float, int, int, int]]:
        for answer in self.answers(each):
            for label in true:
                lca = min(map(self.height, self.above[answer] & self.above[label]))
                kind = list(Relation).index(self.relation(answer, label, lca))
                a, b = self.above[answer] - {0}, self.above[label] - {0}
                yield kind, lca, -len(a & b), len(a), len(b)


def by_hand(found: Drawn) -> dict[str, Any]:
    class_list, rows, truth = found
    hand = ByHand(class_list)
    none = list(Relation).index(Relation.NONE)
    best, lowest = [], []
    for each in rows:
        true = [hand.leaf[class_id] for class_id in sorted(truth[each.image_id])]
        pairs = list(hand.pairs(each, true)) if true else []
        if true:
            missed = (none, 0, 0, 0, len(hand.above[true[0]]) - 1)
            best.append(min(pairs, default=missed))
            lowest.append(min((pair[1] for pair in pairs), default=math.inf))
    heights = [pair[1] for pair in best if list(Relation)[pair[0]] in ("sibling", "wrong")]
    shared, of_answers, of_labels = (sum(pair[place] for pair in best) for place in (2, 3, 4))
    precision, recall = -100 * shared / of_answers, -100 * shared / of_labels
    kinds = [list(Relation)[pair[0]] for pair in best]
    return {
        "counts": {each: kinds.count(each) for each in Relation},
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall),
        "mistake_height": sum(heights) / len(heights),
        "n_mistakes": len(heights),
        "accuracy_at": {
            str(h): 100 * sum(each <= h for each in lowest) / len(lowest)
            for h in range(hand.height(0) + 1)
        },
    }


@pytest.mark.parametrize("seed", range(6))
def test_drawn_answers_against_plain_sets(seed: int) -> None:
    found = drawn(seed)
    class_list, rows, truth = found
    scored = of(run(rows, labels("imgt", truth), class_list=class_list, protocol="ow"))
    expected = by_hand(found)
    assert {name: each.n for name, each in scored.relations.items()} == expected["counts"]
    assert scored.n == sum(expected["counts"].values())
    for relation_, each in scored.relations.items():
        n = expected["counts"][relation_]
        assert each.share == pytest.approx(100 * n / scored.n)
        assert each.ci95 == wilson(n, scored.n)
    for name in ("precision", "recall", "f1", "mistake_height", "n_mistakes", "accuracy_at"):
        assert getattr(scored, name) == pytest.approx(expected[name]), name


def test_the_long_form_has_the_figures() -> None:
    found = run([text("dog", 0)], labels("imgt", {"a": [0]}), class_list=CLASSES, protocol="ow")
    figures: Mapping[str, Any] = {each.metric: each for each in figures_of(found)}
    assert figures["granularity_generic"].value == 100 == figures["accuracy"].value
    assert figures["granularity_exact"].value == 0
    assert figures["accuracy_at_height_0"].value == 0
    assert figures["accuracy_at_height_1"].value == 100
    assert figures["hierarchical_precision"].value == 100
    assert figures["hierarchical_recall"].value == 50  # dog, animal of samoyed, dog, pet, animal
    assert "mistake_height" not in figures


def test_the_table_is_shown_where_an_answer_is_no_class() -> None:
    truth = labels("imgt", {"a": [0], "b": [2]})
    husky = replace(text("husky", 1, "exact"), image_id="b")
    found = run([text("dog", 0), husky], truth, class_list=CLASSES, protocol="ow")
    table = granularity_table([found])
    assert table is not None
    columns = [each.key for each in table.columns[4:]]
    by = ["name", "nearest_node", "nearest_class"]
    assert columns == ["n", *Relation, "precision", "recall", "mistake_height", *by]
    assert table.rows[0][-3:] == (1, 0, 0)
    values = [each.shown() for each in table.rows[0][5:] if isinstance(each, Number)]
    assert values == ["0.00", "50.00", "0.00", "0.00", "50.00", "0.00", "60.00", "42.86", "2.00"]
    plain = run([text("husky", 1, "exact")], truth, class_list=CLASSES, protocol="ow")
    assert granularity_table([plain]) is None
    assert granularity_table([plain], everything=True) is not None
    assert granularity_table([run([ok("a", 0)], truth)], everything=True) is None
