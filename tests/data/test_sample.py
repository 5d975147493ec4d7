"""Which images a sample holds: the same everywhere, nested, as many a class; or those of a file."""

from collections import Counter
from pathlib import Path

import pytest
from pydantic import ValidationError

from harness.data.sample import Sample, limit_of, row_order, sample_of
from harness.errors import DataError
from support.tasks import task_over

IDS = [f"i{number:03d}" for number in range(200)]
ORIGINAL = {each: min(number // 10, 5) for number, each in enumerate(IDS)}  # 10 a class, 150 of 5


def drawn(n: int, ids: list[str] = IDS, **more: object) -> list[str]:
    how = {key: more.pop(key) for key in ("seed", "stratify") if key in more}
    asked = task_over("x", sample={"n": n, **how}, **more)
    return [ids[row] for row in row_order(asked, ids, ORIGINAL)]


def test_a_sample_is_the_same_on_every_machine() -> None:
    assert drawn(5) == ["i006", "i007", "i115", "i156", "i198"]
    assert sorted(drawn(5, [*reversed(IDS)])) == drawn(5)


def test_seeds_draw_other_images() -> None:
    assert len(set(drawn(20)) & set(drawn(20, seed=1))) < 10


@pytest.mark.parametrize("stratify", [False, True])
@pytest.mark.parametrize("image_order", ["dataset", "shuffled", "class_sorted"])
def test_samples_are_nested_and_keep_the_order_of_the_task(
    image_order: str, stratify: bool
) -> None:
    whole = [IDS[row] for row in row_order(task_over("x", image_order=image_order), IDS, ORIGINAL)]
    larger: list[str] = whole
    for n in (200, 150, 60, 59, 7, 1):
        found = drawn(n, image_order=image_order, stratify=stratify)
        assert len(found) == n and set(found) <= set(larger)
        assert found == [each for each in whole if each in found]
        larger = found
    assert drawn(1000, image_order=image_order) == whole


def test_a_sample_is_not_the_beginning_of_what_is_shuffled_by_the_same_seed() -> None:
    shuffled = row_order(task_over("x", image_order="shuffled", limit=20), IDS, {})
    assert len({IDS[row] for row in shuffled} & set(drawn(20))) < 10


def test_as_many_of_each_class_as_far_as_it_has_them() -> None:
    for n, each in ((6, 1), (24, 4), (60, 10)):
        counts = Counter(ORIGINAL[name] for name in drawn(n, stratify=True))
        assert counts == dict.fromkeys(range(6), each)
    counts = Counter(ORIGINAL[name] for name in drawn(27, stratify=True))
    assert sorted(counts.values()) == [4, 4, 4, 5, 5, 5]
    counts = Counter(ORIGINAL[name] for name in drawn(100, stratify=True))
    assert counts == {**dict.fromkeys(range(5), 10), 5: 50}


def test_images_without_an_original_label_come_last() -> None:
    ids = [*IDS[:10], "new"]
    assert "new" not in drawn(10, ids, stratify=True)
    assert "new" in drawn(11, ids, stratify=True)


def test_no_original_labels_no_strata() -> None:
    with pytest.raises(DataError, match="needs the original labels"):
        row_order(task_over("x", sample={"n": 3, "stratify": True}), IDS, {"other": 1})


def listed(path: Path) -> list[str]:
    return [IDS[row] for row in row_order(task_over("x", ids=str(path)), IDS, ORIGINAL)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ids.txt", "i007\n\n  i003 \r\ni150\n"),
        ("ids", "\ufeffi150\ni003\ni007"),
        ("rows.jsonl", '{"image_id": "i007", "status": "ok"}\n{"image_id": "i150"}\n\n'
         '{"image_id": "i003"}\n'),
    ],
)  # fmt: skip
def test_ids_of_a_file_in_the_order_of_the_task(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, newline="")
    assert listed(path) == ["i003", "i007", "i150"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("ids.txt", "i001\nx1\ni002\nx2\n", r"of 4 ids, 2 of no image.*\n.*got: `x1`, `x2`\n"),
        ("ids.txt", "".join(f"x{n}\n" for n in range(9)), r"got: `x0`, .*`x4`, …\n"),
        ("ids.txt", "i001\ni002\ni001\n", r"1 id more than once\n  got: `i001`"),
        ("ids.txt", "\n", "no ids in it"),
        ("a.jsonl", '{"image_id": 7}\n{"id": "i001"}\nx\n', r"jsonl:1: no image id: it is no text"),
        ("a.jsonl", '{"image_id": "i001"}\n{"image_id": "i0', r"jsonl:2: the line is not JSON"),
        ("none.txt", None, "none.txt"),
    ],
)
def test_a_file_that_cannot_be_meant(
    tmp_path: Path, name: str, text: str | None, message: str
) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    with pytest.raises(DataError, match=message):
        listed(path)


def test_what_part_a_run_is_of() -> None:
    asked = task_over("x", sample={"n": 5, "seed": 3})
    assert sample_of(asked, 5, 200) == Sample(n=5, of=200, seed=3, stratify=False)
    assert sample_of(asked, 5, 5) is None
    named = sample_of(task_over("x", ids="f"), 5, 200)
    assert named == Sample(n=5, of=200, seed=None, stratify=None)
    assert sample_of(task_over("x", limit=5), 5, 200) is None
    with pytest.raises(ValueError, match="fewer images"):
        Sample(n=5, of=5, seed=0, stratify=False)


@pytest.mark.parametrize(
    ("limit", "n", "taken"),
    [(None, 10, 10), (3, 10, 3), (99, 10, 10), (0.1, 1280, 128), (0.07, 100, 7), (0.001, 10, 1),
     (0.99, 10, 10), (1.0, 10, 1), (2.0, 10, 2)],
)  # fmt: skip
def test_a_limit_below_1_is_a_share_rounded_up(limit: float | None, n: int, taken: int) -> None:
    ids = [str(number) for number in range(n)]
    task = task_over("d", limit=limit)
    assert row_order(task, ids, {}) == list(range(taken))
    assert limit_of(task, n) == (None if limit is None else 99 if limit == 99 else taken)


@pytest.mark.parametrize("limit", [0, -1, 0.0, -0.1, 1.5, "3", True, float("nan")])
def test_what_is_no_limit(limit: object) -> None:
    with pytest.raises(ValidationError, match="a share of them below 1"):
        task_over("d", limit=limit)
