"""What is read of a file is measured before it is parsed."""

import json
import os
from pathlib import Path

import pytest

from harness.errors import DataError, Problem, UserError, nearest
from harness.limits import (
    MOST_DEPTH,
    MOST_DIGITS,
    OF_RECORDS,
    below,
    check_depth,
    is_file,
    parse_json_text,
    read_bounded_text,
)
from support.nested import nested


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[" * 30_000 + "]" * 30_000,
        '{"a":' * 5_000 + "1" + "}" * 5_000,
        '["[]", ' * (MOST_DEPTH + 1),
        "[" + "9" * (MOST_DIGITS + 1) + "]",
        "9" * 5_000,
        '"' + '\\"' * 100_000 + "[" * 100,
        "",
    ],
)
def test_json_that_passes_a_limit_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        parse_json_text(text)


def test_json_within_the_limits_is_read() -> None:
    nested: object = '[[["{'
    for _ in range(MOST_DEPTH):
        nested = [nested]
    assert parse_json_text(json.dumps(nested)) == nested
    wide = [[["a[", "]"]] for _ in range(1_000)]
    assert parse_json_text(json.dumps(wide)) == wide
    assert parse_json_text("9" * MOST_DIGITS) == int("9" * MOST_DIGITS)


@pytest.mark.parametrize("text", ["NaN", "[1e400]", '{"a": -Infinity}'])
def test_numbers_of_a_record_are_finite(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        parse_json_text(text, json.JSONDecoder(**OF_RECORDS))


def test_a_string_that_never_ends_is_measured_once() -> None:
    check_depth("[" * MOST_DEPTH + '"' + '\\"' * 2_000_000 + "[" * 100)  # squared, it would hang


def test_a_file_is_bounded_and_plain(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfabc")
    assert read_bounded_text(path, 6) == "abc"
    for name, data, most, said in (
        ("a", b"abcd", 3, "too large"),
        ("b", b"\xff", 3, "UTF-8"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(DataError, match=said):
            read_bounded_text(tmp_path / name, most)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name in ("pipe", "loop", "x" * 300, "none", "."):
        assert not is_file(tmp_path / name)
        with pytest.raises(DataError):
            read_bounded_text(tmp_path / name, 9)
    assert not is_file(Path("a\0b"))


def test_an_error_is_no_longer_than_a_person_reads() -> None:
    long = "x" * 10_000_000
    error = UserError(Problem(f"where{i}", "what", got=long) for i in range(500))
    assert len(error.problems) == 500
    assert len(str(error)) < 300_000 and "and 400 more" in str(error)
    assert nearest("x" * 1_000_000, ["x" * 1_000_000]) is None


def test_what_lies_below_a_folder_is_found_at_any_depth(tmp_path: Path) -> None:
    with nested(tmp_path / "deep") as innermost:
        (innermost / "a.yaml").touch()
        (innermost / "b.txt").touch()
        assert list(below(tmp_path / "deep", ".yaml", ".yml")) == [innermost / "a.yaml"]


def test_links_to_folders_are_not_followed_and_hidden_files_are_found(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / ".c").touch()
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    assert [path.name for path in below(tmp_path)] == ["a", "b", "up", ".c"]
    assert sorted(below(tmp_path)) == sorted(tmp_path.rglob("*"))


def test_a_folder_that_cannot_be_read_stops_where_nothing_may_be_missed(tmp_path: Path) -> None:
    assert list(below(tmp_path / "absent")) == []
    with pytest.raises(DataError, match="the folder cannot be read"):
        list(below(tmp_path / "absent", strict=True))
