"""Strict YAML: includes, tags, duplicates, and where each key was written."""

from pathlib import Path

import pytest

from harness.errors import SpecError
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
