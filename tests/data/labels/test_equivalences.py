"""Classes that count as one."""

import json
from pathlib import Path

import pytest

from harness.data.classes import Class, ClassList
from harness.data.labels.label_set import Equivalences, LabelSet
from harness.data.labels.load import equivalences_of, load_equivalences
from harness.errors import DataError

TEN = ClassList("ten", "clean", tuple(Class(i, f"class {i}") for i in range(10)))


def test_overlapping_groups_merge_to_the_lowest(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    config = {"eq_classes": {"a": [5, 3]}, "equivalent_classes": [[3, 8], [1, 2], [4]]}
    path.write_text(json.dumps(config))
    found = load_equivalences(path, TEN)
    assert found.source == str(path)
    assert found.merge_all([8, 5, 2, 9]) == {3, 1, 9}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{"eq_classes": {"a": [1, 10]}}', "eq_classes `a`"),
        ('{"eq_classes": [1]}', "not of a known shape"),
        ('{"classes": []}', "no groups of classes"),
        ("[[1, 2], 3]", r"equivalent_classes\[1\]"),
        ("[[1, 2]", "cut off"),
        ("3", "not of a known shape"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "c.json"
    path.write_text(text)
    with pytest.raises(DataError, match=what):
        load_equivalences(path, TEN)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        load_equivalences(tmp_path / "c.json")


def test_gathered_from_label_sets() -> None:
    plain = LabelSet("imgt", {})
    assert equivalences_of([plain]) == Equivalences.none()
    groups = (frozenset({1, 2}),), (frozenset({2, 3}), frozenset({6, 7}))
    bringing = [LabelSet(f"s{i}", {}, equivalence_groups=each) for i, each in enumerate(groups)]
    found = equivalences_of([plain, *bringing])
    assert found.source == "label set s0, label set s1"
    assert found.merge_all([1, 2, 3, 6, 7]) == {1, 6}
