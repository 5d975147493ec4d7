"""Sentences of classes: which keys name which classes, and what is refused."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.data.class_sentences import read_class_sentences
from harness.data.classes import Class, ClassList
from harness.errors import DataError

CLASSES = ClassList(
    "zoo",
    "own",
    (
        Class(0, "crane", ("wading bird",), "n02012849"),
        Class(3, "crane", ("derrick",), "n03126707"),
        Class(7, "Tench"),
    ),
)
GOOD: Mapping[str, Any] = {"wading bird": ["a", "b"], "n03126707": ["c"], "tench": ["d"]}


def read(folder: Path, value: object, **how: bool) -> Mapping[int, tuple[str, ...]]:
    (folder / "cupl.json").write_text(json.dumps(value))
    return read_class_sentences(folder / "cupl.json", CLASSES, **how).by_id


def test_a_class_is_named_by_name_alias_wordnet_id_or_id(tmp_path: Path) -> None:
    expected = {0: ("a", "b"), 3: ("c",), 7: ("d",)}
    assert read(tmp_path, GOOD) == expected
    assert read(tmp_path, {"0": ["a", "b"], "3": ["c"], "7": ["d"]}) == expected
    with pytest.raises(DataError, match="`7`: is no class"):
        read(tmp_path, {**GOOD, "7": ["d"]}, by_number=False)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({**GOOD, "tensh": ["e"]}, "(?s)`tensh`: is no class of `zoo`.*did you mean `Tench`"),
        ({**GOOD, "4": ["e"]}, "`4`: is no class of `zoo`"),
        ({**GOOD, "7": ["e"]}, "several keys mean class 7\n  got: tench, 7"),
        ({**GOOD, "crane": ["e"]}, r"(?s)`crane`: means several classes.*\[0, 3\].*WordNet"),
        ({"0": ["a"], "3": ["b"]}, "(?s)no sentences for 1 of 3 classes.*Tench"),
        ({**GOOD, "tench": "d"}, "`tench`: is no list of sentences"),
        ({**GOOD, "tench": []}, "`tench`: is no list of sentences"),
        ({**GOOD, "tench": ["d", " "]}, "`tench`: holds what is no sentence"),
        ({**GOOD, "tench": ["d", 1]}, "`tench`: holds what is no sentence"),
        ({**GOOD, "tench": ["\ud800"]}, "`tench`: holds half of a surrogate pair"),
        ([GOOD], "is no JSON object"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, value: object, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read(tmp_path, value)
    assert len(caught.value.problems) == 1


def test_a_name_that_is_the_number_of_another_class_is_refused(tmp_path: Path) -> None:
    digits = ClassList("digits", "own", (Class(0, "1"), Class(1, "0")))
    (tmp_path / "cupl.json").write_text('{"0": ["a"], "1": ["b"]}')
    with pytest.raises(DataError, match="`0`: means several classes"):
        read_class_sentences(tmp_path / "cupl.json", digits)


def test_no_file_and_a_key_twice_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        read_class_sentences(tmp_path / "nothing.json", CLASSES)
    (tmp_path / "cupl.json").write_text('{"tench": ["a"], "tench": ["b"]}')
    with pytest.raises(DataError, match="twice"):
        read_class_sentences(tmp_path / "cupl.json", CLASSES)
