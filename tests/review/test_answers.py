"""Answers are read whole, or the error says which line of which file is wrong, and how."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.errors import DataError
from harness.review.answers import read_answers, wrong_with
from harness.review.queue import Queue
from support.annotators import write_answers
from support.small_review import answer, item, queue_of

QUEUE = queue_of([item("a"), item("b"), item("c", annotators=("ann", "bob"))])


def file_of(folder: Path, name: str = "ann") -> Path:
    return folder / "answers" / f"{name}.jsonl"


def error_of(folder: Path, queue: Queue = QUEUE) -> str:
    with pytest.raises(DataError) as caught:
        read_answers(queue, folder)
    return str(caught.value)


def test_what_is_written_is_read_and_the_last_answer_counts(tmp_path: Path) -> None:
    rows = [
        answer(QUEUE, "a", "ann", 1, at="2026-01-31T12:00:00Z"),
        answer(QUEUE, "a", "ann", 1, 2, at="2026-01-31T12:01:00.5Z", comment="two\u2028of\nthem"),
        answer(QUEUE, "a", "bob", status="unsure"),
        answer(QUEUE, "b", "cyd", seconds=None, at=None, order=(), image_sha256=None),
    ]
    write_answers(tmp_path, rows)
    found = read_answers(QUEUE, tmp_path)
    assert list(found.rows) == rows
    assert list(found.latest.values()) == rows[1:]
    assert found.latest["ann", "a", "blind"].labels == (1, 2)
    assert found.notes == ()


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"queue_sha256": "0" * 64}, "is of another queue"),
    ({"image_id": "A"}, "is of an image that is not in the queue"),
    ({"image_id": "c", "annotator": "cyd"}, "is of an annotator who does not get the image"),
    ({"pass_": "shown"}, "is of a pass that a queue of mode blind does not have"),
    ({"labels": (10,)}, "has labels that are no class"),
    ({"labels": (2, 1)}, "has labels out of order or twice"),
    ({"labels": (1, 1)}, "has labels out of order or twice"),
    ({"labels": ()}, "has a status that its labels do not fit"),
    ({"status": "unsure"}, "has a status that its labels do not fit"),
    ({"image_sha256": "other"}, "is of other pixels"),
    ({"image_sha256": None}, "is of other pixels"),
    ({"candidates": (1, 2)}, "has candidates that are not the item's"),
    ({"order": ()}, "has candidates in another order"),
    ({"comment": "x" * 2001}, "has a comment that is too long"),
    ({"comment": "\ud800"}, "has a comment that is no Unicode text"),
    ({"seconds": -1.0}, "has seconds that are none"),
    ({"seconds": float("nan")}, "has seconds that are none"),
    ({"at": "yesterday"}, "has a time that is none"),
    ({"at": "2026-01-31T12:00:00+02:00"}, "has a time that is none"),
    ({"at": "2026-01-31T12:00:00"}, "has a time that is none"),
    ({"at": None}, "has a time that is none"),
]


@pytest.mark.parametrize(("fields", "what"), FAULTS)
def test_each_fault_of_an_answer_is_named(fields: dict[str, Any], what: str) -> None:
    row = answer(QUEUE, "a", "ann", 1)
    assert wrong_with(QUEUE, row) is None
    found = wrong_with(QUEUE, row.model_copy(update=fields))
    assert found is not None and found.what.startswith(what), found


def test_the_classes_of_a_list_with_gaps_are_its_own() -> None:
    queue = queue_of([item("a")], n_classes=3, class_ids=(1, 2, 50))
    assert wrong_with(queue, answer(queue, "a", "ann", 50)) is None
    assert wrong_with(queue, answer(queue, "a", "ann", 0)) is not None


def test_an_adjudication_needs_its_reason() -> None:
    queue = queue_of([item("a")], mode="adjudicate")
    assert wrong_with(queue, answer(queue, "a", "ann", 1, comment="the beak")) is None
    found = wrong_with(queue, answer(queue, "a", "ann", 1, comment=" "))
    assert found is not None and found.what == "has no reason"


def test_an_answer_of_another_queue_is_refused_with_its_line(tmp_path: Path) -> None:
    other = queue_of([item("a"), item("b")])
    write_answers(tmp_path, [answer(QUEUE, "a", "ann", 1), answer(other, "a", "ann", 1)])
    text = error_of(tmp_path)
    assert f"{file_of(tmp_path)}:2: answer of `ann` to `a`, pass blind: is of another queue" in text
    assert other.sha256 in text and QUEUE.sha256 in text


def edited(change: Callable[[dict[str, Any]], object]) -> str:
    values = json.loads(answer(QUEUE, "a", "ann", 1).line())
    change(values)
    return json.dumps(values) + "\n"


LINE = answer(QUEUE, "a", "ann", 1).line()
EDITED = {
    "an unknown key": (edited(lambda row: row.update(lables=[1])), "did you mean `labels`?"),
    "the key of Python": (edited(lambda row: row.update(pass_="blind")), "`pass_`"),
    "a key that is missing": (edited(lambda row: row.pop("flags")), "`flags`: Field required"),
    "a key twice": (LINE.replace('{"', '{"comment": "", "', 1), "more than one value"),
    "text for a number": (edited(lambda row: row.update(labels=["1"])), "`labels.0`"),
    "a label in parts": (edited(lambda row: row.update(labels=[1.5])), "`labels.0`"),
    "a status that is none": (edited(lambda row: row.update(status="maybe")), "`status`"),
    "no number": (LINE.replace("4.5", "NaN"), "no number in JSON"),
    "no object": ("[1]\n", "is no answer"),
    "no JSON": ("ann said: a tench\n", "is no answer"),
    "no text": (LINE.replace("blind", "bl\udcffnd"), "is no answer"),
    "very deep": ("[" * 100_000 + "\n", "deep"),
}


@pytest.mark.parametrize("name", EDITED)
def test_a_line_edited_by_hand_is_refused(tmp_path: Path, name: str) -> None:
    line, what = EDITED[name]
    file_of(tmp_path).parent.mkdir()
    data = LINE.encode() + line.encode("utf-8", "surrogateescape") + LINE.encode()
    file_of(tmp_path).write_bytes(data)
    text = error_of(tmp_path)
    assert text.startswith(f"{file_of(tmp_path)}:2: ") and what in text
    assert file_of(tmp_path).read_bytes() == data


def test_only_a_last_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    write_answers(
        tmp_path, [answer(QUEUE, "a", "ann", 1, comment="höher"), answer(QUEUE, "b", "ann", 2)]
    )
    whole = file_of(tmp_path).read_bytes()
    first = whole.index(b"\n") + 1
    for cut in (whole.index("ö".encode()) + 1, first - 5):
        file_of(tmp_path).write_bytes(whole[:first] + whole[:cut])
        found = read_answers(QUEUE, tmp_path)
        assert [each.image_id for each in found.rows] == ["a"]
        note = f"{file_of(tmp_path)}:2: the last line was cut off; it was left out"
        assert found.notes == (note, "no answers of bob, cyd")
    file_of(tmp_path).write_bytes(whole[:-1])
    assert len(read_answers(QUEUE, tmp_path).rows) == 2
    file_of(tmp_path).write_bytes(whole[: first - 5] + b"\n" + whole[first:])
    assert f"{file_of(tmp_path)}:1: is no answer" in error_of(tmp_path)


def test_a_last_line_that_is_whole_and_wrong_is_no_torn_one(tmp_path: Path) -> None:
    row = answer(QUEUE, "a", "ann", 1).model_copy(update={"labels": (11,)})
    write_answers(tmp_path, [row])
    path = file_of(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    assert "has labels that are no class" in error_of(tmp_path)


def test_all_mistakes_of_all_files_come_at_once(tmp_path: Path) -> None:
    for name in ("ann", "bob"):
        rows = [
            answer(QUEUE, "a", name, 1).model_copy(update={"labels": (10 + i,)}) for i in (1, 2)
        ]
        write_answers(tmp_path, rows)
    text = error_of(tmp_path)
    places = [f"{file_of(tmp_path, name)}:{line}: " for name in ("ann", "bob") for line in (1, 2)]
    assert all(place in text for place in places)


def test_a_second_download_and_a_stranger_are_no_annotators_files(tmp_path: Path) -> None:
    write_answers(tmp_path, [answer(QUEUE, "a", "ann", 1)])
    for name in ("ann (1).jsonl", "dan.jsonl", "Ann.jsonl"):
        path = tmp_path / "answers" / name
        path.write_text(LINE)
        text = error_of(tmp_path)
        assert f"{path}: is no annotator's file" in text and "ann.jsonl, bob.jsonl" in text
        path.unlink()


def test_a_row_in_the_file_of_another_is_refused(tmp_path: Path) -> None:
    write_answers(tmp_path, [answer(QUEUE, "a", "bob", 1)])
    file_of(tmp_path, "bob").rename(file_of(tmp_path))
    assert f"{file_of(tmp_path)}:1: is in the file of another annotator" in error_of(tmp_path)


def test_no_answers_is_an_error_and_one_empty_file_a_note(tmp_path: Path) -> None:
    assert "there are no answers in it" in error_of(tmp_path)
    write_answers(tmp_path, [])
    file_of(tmp_path).touch()
    assert "there are no answers in it" in error_of(tmp_path)
    write_answers(tmp_path, [answer(QUEUE, "a", "bob", 1)])
    (tmp_path / "answers" / ".ann.jsonl.tmp").write_text("{")
    (tmp_path / "answers" / "notes.txt").write_text("{")
    assert read_answers(QUEUE, tmp_path).notes == (
        f"{file_of(tmp_path)} is empty",
        f"{tmp_path / 'answers' / 'notes.txt'} is no .jsonl file and was not read",
        "no answers of ann, cyd",
    )


def test_a_blind_answer_after_the_sources_were_shown_does_not_count(tmp_path: Path) -> None:
    queue = queue_of([item("a"), item("b")], mode="blind_then_shown", annotators=("ann",))
    rows = [
        answer(queue, "a", "ann", 1),
        answer(queue, "a", "ann", 2, pass_="shown"),
        answer(queue, "a", "ann", 2),
        answer(queue, "b", "ann", 2),
    ]
    write_answers(tmp_path, rows)
    found = read_answers(queue, tmp_path)
    assert found.rows == tuple(rows)
    assert list(found.latest.values()) == [rows[0], rows[1], rows[3]]
    assert "do not count: 1, of a (ann)" in found.notes[0]


def test_rows_that_were_joined_in_the_wrong_order_are_noted(tmp_path: Path) -> None:
    rows = [
        answer(QUEUE, "a", name, 1, at=f"2026-01-31T12:0{minute}:00Z")
        for name in ("ann", "bob", "cyd")
        for minute in ((2, 1) if name == "bob" else (1, 2))
    ]
    late = rows[4:]  # an older answer that came in late is followed by the one that counts
    write_answers(tmp_path, [*rows, *late])
    (note,) = read_answers(QUEUE, tmp_path).notes
    assert note.endswith("wrong order: 1, of a (bob)")
