"""A YAML file of a stranger is a value or one error, at once, whatever it holds."""

import time
from pathlib import Path

import pytest

from harness.errors import SpecError
from harness.limits import MOST_DEPTH, MOST_YAML
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.load import load_task
from harness.specs.yaml_file import construct, read_yaml

LAUGHS = "\n".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12))
MERGES = "\n".join(f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}" for i in range(1, 12))
HOSTILE = {
    "deep lists": ("a: " + "[" * 100_000, "deep|nesting"),
    "deep blocks": ("\n".join(" " * i + "a:" for i in range(2_000)), "deep|nesting"),
    "deep closed": ("a: " + "[" * 500 + "]" * 500, "deep"),
    "deep by aliases": (
        "a0: &a0 []\n" + "\n".join(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 99)), "deep",
    ),
    "laughs": ("a0: &a0 [x, y]\n" + LAUGHS, "more than"),
    "merges": ("a0: &a0 {x: 1}\n" + MERGES, "more than"),
    "itself": ("a: &a [*a]", "alias"),
    "itself in a mapping": ("a: &a {b: *a}", "alias"),
    "unknown alias": ("a: *b", "alias"),
    "int of words": ("a: !!int abc", "tag `!!int` refused"),
    "float of words": ("a: !!float x", "tag"),
    "time of words": ("a: !!timestamp yesterday", "tag"),
    "binary": ("a: !!binary x", "tag"),
    "digits": ("a: " + "9" * 5_000, "digits"),
    "hexadecimal": ("a: 0x" + "f" * 5_000, "digits"),
    "sexagesimal": ("a: 1" + ":59" * 5_000, "digits"),
    "endless": ("a: .inf", "finite"),
    "no number": ("a: .nan", "finite"),
    "large fraction": ("a: 1.0e+999", "finite"),
    "list as key": ("? [a]\n: b", "valid YAML|hashable"),
    "two documents": ("a: 1\n---\nb: 2", "valid YAML"),
    "half a pair": ('a: "\\ud800"', "valid YAML"),
    "no text": ("\0", "valid YAML"),
    "keys twice": ("a: 1\na: 2", "twice"),
    "a list": ("- a", "mapping"),
    "nothing": ("", "mapping"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_yaml_is_one_error_at_once(tmp_path: Path, name: str) -> None:
    text, said = HOSTILE[name]
    (tmp_path / "t.yaml").write_text(text)
    began = time.process_time()
    with pytest.raises(SpecError, match=said):
        read_yaml(tmp_path / "t.yaml")
    assert time.process_time() - began < 5


def test_large_yaml_is_refused_unread(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_bytes(b"a: " + b"x" * MOST_YAML)
    with pytest.raises(SpecError, match="too large"):
        read_yaml(tmp_path / "t.yaml")


def test_dates_are_texts_and_aliases_within_reason_are_read() -> None:
    assert construct("a: 2024-13-45\nb: 2024-01-01") == {"a": "2024-13-45", "b": "2024-01-01"}
    assert construct("a: &a {b: [1, 2]}\nc: {<<: *a, d: *a}") == {
        "a": {"b": [1, 2]}, "c": {"b": [1, 2], "d": {"b": [1, 2]}},
    }  # fmt: skip
    deep = "[" * (MOST_DEPTH - 1) + "]" * (MOST_DEPTH - 1)
    assert construct(f"a: {deep}")


@pytest.mark.parametrize(
    "setting",
    ["limit=[", "limit=!!int abc", "limit=" + "[" * 99_999, "limit=" + "9" * 9_999, "limit=&a [*a]",
     "limit=2024-99-99", "=", "limit", "a.b.c=1", "limit=\udcff", "task=../x", "..=1",
     "limit={1: 2}"],
)  # fmt: skip
def test_a_hostile_setting_is_one_error(setting: str) -> None:
    with pytest.raises(SpecError):
        load_task(Catalogue(), "mini_cw", [setting])


def test_many_unknown_keys_are_counted(tmp_path: Path) -> None:
    base = Catalogue().find(Kind.TASK, "mini_cw")
    keys = "\n".join(f"key{i}: 1" for i in range(50_000))
    (tmp_path / "t.yaml").write_text(f"include: {base}\n{keys}\n")
    with pytest.raises(SpecError, match="and 49,980 more") as error:
        load_task(Catalogue(), str(tmp_path / "t.yaml"))
    assert len(error.value.problems) < 30


def test_includes_are_read_once_and_end(tmp_path: Path) -> None:
    for level in range(15):
        below = f"include: [{', '.join([f'f{level + 1}.yaml'] * 9)}]\n" if level < 14 else ""
        (tmp_path / f"f{level}.yaml").write_text(f"{below}key{level}: 1\n")
    assert len(read_yaml(tmp_path / "f0.yaml").data) == 15
    for level in range(40):
        (tmp_path / f"g{level}.yaml").write_text(f"include: g{level + 1}.yaml\n")
    with pytest.raises(SpecError, match="too many"):
        read_yaml(tmp_path / "g0.yaml")
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    (tmp_path / "h.yaml").write_text("include: loop.yaml\n")
    (tmp_path / "i.yaml").write_text(f"include: {'x' * 300}.yaml\n")
    for name in ("h", "i", "loop"):
        with pytest.raises(SpecError, match=r"not found|cannot be read"):
            read_yaml(tmp_path / f"{name}.yaml")
