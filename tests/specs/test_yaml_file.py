"""Strict YAML: includes, tags, duplicates, and where each key was written."""

from pathlib import Path

import pytest

from harness.errors import SpecError
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.load import load_class_list_spec
from harness.specs.yaml_file import read_yaml


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_include_merges_deeply_and_the_file_itself_wins(tmp_path: Path) -> None:
    write(tmp_path, "base/_b.yaml", "a: 1\nm: {x: 1, y: {p: 1, q: 2}}\nl: [1, 2]\n")
    path = write(tmp_path, "t.yaml", "include: base/_b.yaml\nm: {y: {q: 3}}\nl: [9]\n")
    file = read_yaml(path)
    assert file.data == {"a": 1, "m": {"x": 1, "y": {"p": 1, "q": 3}}, "l": [9]}
    assert file.origin(("m", "y", "q")) == f"{path}:2"
    assert file.origin(("m", "y", "p")).endswith("_b.yaml:2")
    assert file.folders()["a"] == tmp_path / "base"


def test_several_includes_apply_in_order(tmp_path: Path) -> None:
    write(tmp_path, "_a.yaml", "k: a\nonly_a: 1\n")
    write(tmp_path, "_b.yaml", "k: b\n")
    path = write(tmp_path, "t.yaml", "include: [_a.yaml, _b.yaml]\n")
    assert read_yaml(path).data == {"k": "b", "only_a": 1}


def test_circular_include_is_an_error_that_shows_the_circle(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "include: b.yaml\n")
    path = write(tmp_path, "b.yaml", "include: a.yaml\n")
    with pytest.raises(SpecError, match=r"b\.yaml -> a\.yaml -> b\.yaml"):
        read_yaml(path)


def test_function_tag_is_refused_with_an_explanation(tmp_path: Path) -> None:
    path = write(tmp_path, "t.yaml", "doc_to_text: !function utils.doc_to_text\n")
    with pytest.raises(SpecError, match="holds no code") as caught:
        read_yaml(path)
    assert caught.value.problems[0].where == f"{path}:1"
    assert "!function" in caught.value.problems[0].what


def test_python_object_tags_are_refused_too(tmp_path: Path) -> None:
    path = write(tmp_path, "t.yaml", "a: !!python/object/apply:os.system ['true']\n")
    with pytest.raises(SpecError):
        read_yaml(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2\n", "written twice"),
        ("a: [1\n", "not valid YAML"),
        ("- 1\n", "not a mapping"),
        ("", "not a mapping"),
        ("include: gone.yaml\n", "included file not found"),
        ("include: {a: 1}\n", "not a file name"),
        ("a: 1\nb: 'x\x85y'\n", r"t\.yaml:2: U\+0085 stands in the file"),
        ('a: "\\ud800"\n', "not valid YAML"),
    ],
)
def test_bad_files_are_one_clear_error(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, "t.yaml", text)
    with pytest.raises(SpecError, match=message) as caught:
        read_yaml(path)
    assert str(path) in str(caught.value)


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_yaml(path).data == {"a": 1}


@pytest.mark.parametrize("number", ["010", "-0755", "1:30", "190:20:30"])
def test_numbers_to_another_base_are_not_read_as_others(tmp_path: Path, number: str) -> None:
    """To YAML 010 is 8, and 1:30 is 90."""
    with pytest.raises(SpecError, match=f"line 2: `{number}`, to YAML a number to base 8 or 60"):
        read_yaml(write(tmp_path, "t.yaml", f"a: 0\nb: {number}\n"))


def test_numbers_and_what_only_looks_like_one(tmp_path: Path) -> None:
    text = "a: 0\nb: 1_000\nc: '010'\nd: 08\ne: 0x1F\nf: 0.5\n"
    values = {"a": 0, "b": 1000, "c": "010", "d": "08", "e": 31, "f": 0.5}
    assert read_yaml(write(tmp_path, "t.yaml", text)).data == values


def test_a_file_that_begins_with_a_byte_order_mark_is_found_by_its_name(tmp_path: Path) -> None:
    path = write(tmp_path, "t.yaml", "\ufefftask: x\n")
    assert Catalogue((tmp_path,)).named(Kind.TASK, "x") == path


@pytest.mark.parametrize("name", ["no", "12", "1.5"])
def test_a_name_without_quotes_is_to_be_written_in_quotes(tmp_path: Path, name: str) -> None:
    text = f"class_list: x\nclasses:\n  - {{id: 0, name: {name}}}\n"
    path = write(tmp_path, "c.yaml", text)
    with pytest.raises(SpecError, match="fix: write it in quotes"):
        load_class_list_spec(Catalogue(), str(path))
