"""Class lists of files: a line is a class, whatever stands in it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from harness.data.class_lists import load_class_list
from harness.data.classes import ClassList
from harness.data.labels.files import lines_of
from harness.errors import DataError, SpecError
from harness.specs.catalogue import Catalogue
from harness.specs.label_set import ClassListSpec
from harness.specs.load import load_class_list_spec

Load = Callable[..., ClassList]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load a class list of a names file with this content, or of these keys."""

    def load_it(content: bytes = b"", **keys: object) -> ClassList:
        (tmp_path / "names.txt").write_bytes(content)
        values = {"class_list": "c", "directory": tmp_path} | (keys or {"path": "names.txt"})
        return load_class_list(ClassListSpec.model_validate(values))

    return load_it


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("a", ["a"]),
        ("a\n", ["a"]),
        ("a\nb", ["a", "b"]),
        ("a\r\nb\r\n", ["a", "b"]),
        ("a\n\nb\n", ["a", "", "b"]),
        ("a\n\n", ["a", ""]),
        ("a\rb", ["a\rb"]),
    ],
)
def test_a_line_is_what_a_line_feed_ends(text: str, lines: list[str]) -> None:
    assert lines_of(text) == lines


@pytest.mark.parametrize("sign", "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
def test_a_name_may_hold_what_splitlines_cuts_at(load: Load, sign: str) -> None:
    name = f"hot{sign}dog"
    found = load(f"cat\n{name}\ncow\n".encode())
    assert found.names == ("cat", name, "cow")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_ends_of_lines_and_of_the_file(load: Load, end: str, last: bool) -> None:
    text = "\ufeff" + end.join(["cat ", "\thot dog"]) + (end if last else "")
    assert load(text.encode()).names == ("cat", "hot dog")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"cat\n\ncow\n", "names.txt:2: the line is blank"),
        (b"\ncat\n", "names.txt:1: the line is blank"),
        (b"cat\n \t\ncow\n", "names.txt:2: the line is blank"),
        (b"cat\r\n\r\ncow\r\n", "names.txt:2: the line is blank"),
        ("cat\n\u2028\n".encode(), "names.txt:2: the line is blank"),
        (b"cat\ncow\n\n", "names.txt:3: the line is blank"),
        (b"cat\rcow\r", "names.txt:1: a carriage return inside a line"),
        (b"", "no names in it"),
        ("Käse\n".encode("latin-1"), "not UTF-8"),
        ("cat\n".encode("utf-16"), "not UTF-8"),
    ],
)
def test_what_would_shift_the_classes_is_refused(load: Load, content: bytes, told: str) -> None:
    with pytest.raises(DataError, match=told):
        load(content)


def test_every_blank_line_is_named(load: Load) -> None:
    with pytest.raises(DataError) as caught:
        load(b"cat\n\ncow\n\n\npig\n")
    places = [problem.where.rpartition(":")[2] for problem in caught.value.problems]
    assert places == ["2", "4", "5"]


def test_a_name_set_is_in_the_order_of_the_ids(load: Load) -> None:
    classes = [{"id": 2, "name": "c"}, {"id": 0, "name": "a"}, {"id": 1, "name": "b"}]
    sets = {"german": "names.txt"}
    found = load(b"A\nB\nC\n", classes=classes, name_sets=sets, name_set="german")
    assert [(each.id, each.name) for each in found.classes] == [(0, "A"), (1, "B"), (2, "C")]


def test_a_blank_line_of_a_name_set(load: Load) -> None:
    classes = [{"id": 0, "name": "a"}, {"id": 1, "name": "b"}]
    with pytest.raises(DataError, match=r"names\.txt:2: the line is blank"):
        load(b"A\n\nB\n", classes=classes, name_sets={"x": "names.txt"}, name_set="x")


def test_glosses_are_in_the_order_of_the_ids_under_every_name_set(load: Load) -> None:
    classes = [{"id": 2, "name": "c", "gloss": "said here"}, {"id": 0, "name": "a"}]
    keys = {"classes": classes, "glosses": "names.txt", "name_sets": {"x": "names.txt"}}
    for name_set in ("clean", "x"):
        found = load(b"first\nlast\n", **keys, name_set=name_set)
        assert [each.gloss for each in found.classes] == ["first", "said here"]
    with pytest.raises(DataError, match="`glosses` does not fit"):
        load(b"one\n", classes=classes, glosses="names.txt")


def test_a_gloss_is_no_part_of_what_an_answer_means(load: Load) -> None:
    plain, other = ({"id": 0, "name": "a"} | more for more in ({}, {"gloss": "a letter"}))
    assert load(classes=[plain]).digest == load(classes=[other]).digest


def test_imagenets_classes_have_wordnets_glosses() -> None:
    found = load_class_list(load_class_list_spec(Catalogue(()), "imagenet1k"), "openai")
    cranes = [each.gloss for each in found.classes if each.wnid in ("n02012849", "n03126707")]
    assert "wading bird" in str(cranes[0]) and "moves heavy objects" in str(cranes[1])


def test_an_id_that_comes_twice(load: Load) -> None:
    with pytest.raises(SpecError, match="bear the same id"):
        load(classes=[{"id": 1, "name": "a"}, {"id": 1, "name": "b"}])


@pytest.mark.parametrize("name", [" ", "\t", "\u2028"])
def test_a_blank_name(load: Load, name: str) -> None:
    with pytest.raises(SpecError, match=r"whose name is blank\n  got: \[1\]"):
        load(classes=[{"id": 0, "name": "a"}, {"id": 1, "name": name}])


@pytest.mark.parametrize("class_id", [2**31, 2**32 + 1, -1])
def test_an_id_that_arrays_cannot_hold(class_id: int) -> None:
    with pytest.raises(ValidationError):
        ClassListSpec.model_validate(
            {"class_list": "c", "classes": [{"id": class_id, "name": "a"}]}
        )
