"""How general the answers of a run are: what each is to the labels of its image in the hierarchy of
the class list.

An answer is its nodes: what it names in the hierarchy, the class that it is read as, or what a text
encoder found nearest to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from pydantic import JsonValue

from harness.answers.nodes import NodeNames, Places
from harness.answers.outcome import MAPPED_STATUS
from harness.data.classes import ClassList
from harness.data.hierarchy import Hierarchy
from harness.data.labels.label_set import Equivalences
from harness.scores.answers import NO_CLASS, Answers, Ints, Said, mask_of
from harness.scores.judgement import Judgement
from harness.scores.metrics import counted_rows, percent
from harness.scores.result_parts import (
    Granularity,
    GranularityPart,
    Placed,
    Protocol,
    Relation,
    RelationShare,
)
from harness.scores.statistics import wilson
from harness.scores.truth import Truth

_RELATIONS = tuple(Relation)
_PLACE = {relation: place for place, relation in enumerate(_RELATIONS)}
_PLACED = tuple(Placed)
_MISTAKES = (_PLACE[Relation.SIBLING], _PLACE[Relation.WRONG])


@dataclass(frozen=True, slots=True)
class AnswerNodes:
    """The nodes of n answers under one protocol, as pairs of a row and a node, by row."""

    rows: Ints
    nodes: Ints
    placed: Ints
    """[n] how the nodes of a row were found: places in `_PLACED`."""


@dataclass(frozen=True, slots=True)
class Read:
    """What texts say of the nodes of a hierarchy, by row."""

    named: Mapping[int, Places]
    """The nodes that a text names."""
    nearest: Mapping[int, Places]
    """The nodes that a text which names none was mapped to; () for one that is near to none."""


@dataclass(frozen=True, slots=True)
class _Best:
    """For n answers the relation to the label that is nearest; zeros where there is no node."""

    relation: Ints
    """[n] places in `_RELATIONS`."""
    height: Ints
    """[n] of the lowest common ancestor."""
    lowest: Ints
    """[n] the lowest such height of any label."""
    shared: Ints
    """[n] nodes that answer and label have in common: themselves and what is above."""
    of_answer: Ints
    of_label: Ints


class Relations:
    """What nodes are to classes."""

    def __init__(self, hierarchy: Hierarchy, equivalences: Equivalences) -> None:
        self.hierarchy = hierarchy
        above, n = hierarchy.ancestors, len(hierarchy.nodes)
        self._sizes = np.array([len(each) for each in above], dtype=np.int64)
        self._heights = np.array([*hierarchy.heights, hierarchy.height], dtype=np.int64)
        self._paths = np.full((n, max(1, int(self._sizes.max()))), n, dtype=np.int64)
        for place, own in enumerate(above):
            self._paths[place, : len(own)] = sorted(own)
        self._row = np.full(n, NO_CLASS, dtype=np.int64)
        self._is_above = np.zeros((len(hierarchy.node_of), n + 1), dtype=np.bool_)
        for row, place in enumerate(hierarchy.node_of.values()):
            self._row[place] = row
            self._is_above[row, list(above[place])] = True
        self._members: dict[int, list[int]] = {}
        for class_id, place in hierarchy.node_of.items():
            lowest = equivalences.representative.get(class_id, class_id)
            self._members.setdefault(lowest, []).append(place)

    def label_nodes(self, truth: Truth) -> tuple[Ints, Ints]:
        """Give [m] row and node of each label, by row: of the classes that count as one all."""
        owners, labels = truth.rows_and_labels()
        members = [self._members[each] for each in labels.tolist()]
        rows = np.repeat(owners, [len(each) for each in members])
        return rows, np.array(list(chain.from_iterable(members)), dtype=np.int64)

    def between(self, nodes: Ints, labels: Ints) -> Ints:
        """Give for [m] nodes of answers and of labels, [m, 5]: relation, height of the lowest
        common ancestor, nodes in common, nodes of the answer and of the label.
        """
        paths, row = self._paths[nodes], self._row[labels]
        shared = self._is_above[row[:, None], paths]
        height = np.where(shared, self._heights[paths], self.hierarchy.height).min(axis=1)
        near = height <= self.hierarchy.sibling_height
        relation = np.where(near, _PLACE[Relation.SIBLING], _PLACE[Relation.WRONG])
        relation[(paths == labels[:, None]).any(axis=1)] = _PLACE[Relation.SPECIFIC]
        relation[self._is_above[row, nodes] | (nodes == 0)] = _PLACE[Relation.GENERIC]
        relation[nodes == labels] = _PLACE[Relation.EXACT]
        found = (relation, height, shared.sum(axis=1), self._sizes[nodes], self._sizes[labels])
        return np.stack(found, axis=1)


def granularity_of(
    answers: Answers,
    judged: Sequence[Judgement],
    protocols: Sequence[Protocol],
    classes: ClassList,
    mapping: Mapping[str, JsonValue] | None = None,
) -> GranularityPart | None:
    """Give key `granularity` of the results; None where the class list has no hierarchy, or
    there are no labels. `mapping` says as in the manifest by what answers were mapped; nodes of
    another hierarchy than this do not count, but the classes that answers were mapped to.
    """
    hierarchy = classes.hierarchy
    if hierarchy is None or not judged:
        return None
    # An answer that may be mapped may also be a node that is no class of the list.
    is_text = bool(answers.said) and not MAPPED_STATUS.keys().isdisjoint(protocols)
    is_same = (mapping or {}).get("hierarchy_sha256") == hierarchy.digest
    read = _read(answers, hierarchy, classes, with_nearest=is_same) if is_text else Read({}, {})
    relations = Relations(hierarchy, judged[0].truth.equivalences)
    nodes = {each: nodes_of(answers, hierarchy, each, read) for each in protocols}
    return GranularityPart(
        hierarchy=hierarchy.digest,
        sibling_height=hierarchy.sibling_height,
        scores={
            protocol: {each.truth.name: _scored(found, each, relations) for each in judged}
            for protocol, found in nodes.items()
        },
    )


def _read(
    answers: Answers, hierarchy: Hierarchy, classes: ClassList, *, with_nearest: bool
) -> Read:
    """Give what the rows say whose text may name a node."""
    names = NodeNames(hierarchy, classes)
    named: dict[int, Places] = {}
    nearest: dict[int, Places] = {}
    known: dict[Said, tuple[Places, Places]] = {}
    for row, said in answers.said.items():
        found = known.get(said)
        if found is None:
            own = names.exact(said.text) if said.is_class else names.read(said.text)
            near = names.exact(said.node) if said.node is not None and not own else ()
            found = known[said] = own, near
        if found[0]:
            named[row] = found[0]
        elif with_nearest and not said.is_class:
            nearest[row] = found[1]
    return Read(named, nearest)


def nodes_of(answers: Answers, hierarchy: Hierarchy, protocol: Protocol, read: Read) -> AnswerNodes:
    """Give the nodes of the answers: what their texts name, else what they are nearest to, else
    their classes where they count under the protocol. An answer that is a class's name is the
    class, and what else bears the name.
    """
    n = len(answers)
    is_class = mask_of(n, [row for row, said in answers.said.items() if said.is_class])
    named = mask_of(n, list(read.named))
    nearest = {} if protocol == "cw" else read.nearest
    counted = counted_rows(answers, protocol) & (~named | is_class) & ~mask_of(n, list(nearest))
    class_rows, classes = answers.named[counted[answers.named[:, 0]]].T
    by_text = (*read.named.items(), *nearest.items())
    pairs = [(row, place) for row, places in by_text for place in places]
    class_nodes = [hierarchy.node_of[each] for each in classes.tolist()]
    pairs += zip(class_rows.tolist(), class_nodes, strict=True)
    found = np.unique(np.array(pairs, dtype=np.int64).reshape(len(pairs), 2), axis=0)
    has_class = mask_of(n, class_rows)
    placed = np.full(n, _PLACED.index(Placed.NONE))
    placed[has_class] = _PLACED.index(Placed.CLASS)
    placed[has_class & answers.mapped] = _PLACED.index(Placed.NEAREST_CLASS)
    placed[named & ~is_class] = _PLACED.index(Placed.NAME)
    near = [row for row, places in nearest.items() if places]
    placed[near] = _PLACED.index(Placed.NEAREST_NODE)
    return AnswerNodes(found[:, 0], found[:, 1], placed)


def _best(found: AnswerNodes, judged: Judgement, relations: Relations) -> _Best:
    """Give the nearest relation of each row: the first of `Relation`, then the lowest ancestor in
    common, then the most nodes in common, then the fewest others.
    """
    n = len(judged.truth.labelled)
    owners, labels = relations.label_nodes(judged.truth)
    counts = np.bincount(owners, minlength=n)[found.rows]
    entry = np.repeat(np.arange(len(found.rows)), counts)
    offset = np.arange(len(entry)) - np.repeat(np.cumsum(counts) - counts, counts)
    rows, label = found.rows[entry], np.searchsorted(owners, found.rows)[entry] + offset
    table = relations.between(found.nodes[entry], labels[label])
    relation, height, shared, of_answer, of_label = table.T
    order = np.lexsort((of_label, of_answer, -shared, height, relation, rows))
    first, places = np.unique(rows[order], return_index=True)
    best = np.zeros((n, 5), dtype=np.int64)
    best[:, 0] = _PLACE[Relation.NONE]
    best[first] = table[order[places]]
    lowest = np.full(n, relations.hierarchy.height + 1)
    np.minimum.at(lowest, rows, height)
    return _Best(best[:, 0], best[:, 1], lowest, best[:, 2], best[:, 3], best[:, 4])


def _scored(found: AnswerNodes, judged: Judgement, relations: Relations) -> Granularity:
    scored = judged.scope.scored
    best, n = _best(found, judged, relations), int(scored.sum())
    counts = np.bincount(best.relation[scored], minlength=len(_RELATIONS)).tolist()
    placed = np.bincount(found.placed[scored], minlength=len(_PLACED)).tolist()
    mistakes = scored & np.isin(best.relation, _MISTAKES)
    shared, of_answers = int(best.shared[scored].sum()), int(best.of_answer[scored].sum())
    of_labels = int(_label_sizes(best, judged, relations)[scored].sum())
    return Granularity(
        n=n,
        relations={
            relation: RelationShare(n=count, share=percent(count, n), ci95=wilson(count, n))
            for relation, count in zip(_RELATIONS, counts, strict=True)
        },
        placed=dict(zip(_PLACED, placed, strict=True)),
        precision=percent(shared, of_answers),
        recall=percent(shared, of_labels),
        f1=percent(2 * shared, of_answers + of_labels),
        n_mistakes=int(mistakes.sum()),
        mistake_height=float(best.height[mistakes].mean()) if mistakes.any() else None,
        accuracy_at={
            str(height): percent(int((scored & (best.lowest <= height)).sum()), n)
            for height in range(relations.hierarchy.height + 1)
        },
    )


def _label_sizes(best: _Best, judged: Judgement, relations: Relations) -> Ints:
    """Give how many nodes the label of each row [n] has; of no answer's the label of lowest id."""
    hierarchy = relations.hierarchy
    sizes = {each: len(hierarchy.ancestors[place]) for each, place in hierarchy.node_of.items()}
    lowest = judged.truth.lowest.tolist()
    own = np.array([sizes.get(each, 0) for each in lowest], dtype=np.int64)
    return np.where(best.relation == _PLACE[Relation.NONE], own, best.of_label)
