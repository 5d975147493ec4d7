"""Answers written for other tools and read back are the same, as far as the format can say."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.data.classes import Class, ClassList
from harness.data.labels.files import read_text
from harness.errors import DataError, RunError
from harness.review.answers import AnswerRow, read_answers
from harness.review.formats.base import ClassTexts, Source, Target
from harness.review.formats.registry import FORMATS, format_named
from harness.review.importing import Choice, Imported, import_file
from harness.review.queue import Predicted, Queue
from harness.store.lock import locked
from support.annotators import simulate, write_answers
from support.command import harness
from support.reviews import made_review
from support.small_review import answer, item, queue_of

CLASSES = ClassList(
    "mini",
    "clean",
    (
        Class(0, "tench", ("Tinca tinca",), "n01440764"), Class(1, "polar bear"),
        Class(2, '=cmd|"/c calc"!A1'), Class(3, "crane"), Class(4, "Crane"),
        Class(5, "none"), Class(6, "not sure"), Class(7, "fish, of a kind"), Class(8, "8 ball"),
        Class(9, "<b>bold</b>\nline \ud800", ("fish",)),
    ),
)  # fmt: skip
TEXTS = ClassTexts(CLASSES)
PREDICTED = Predicted(
    model="a/b.c",
    task="t",
    protocol="classify",
    classes=(3,),
    answer=None,
    confidence=0.5,
    oop=False,
)
IDS = ("plain", "=1+1", '"quoted", and more', "two words;-3", "cat/1", "ünï")
TWICE = queue_of([item(each, predictions=(PREDICTED,)) for each in IDS], "blind_then_shown")
ONCE = queue_of([item(each) for each in IDS])
HOSTILE = "=HYPERLINK(\"http://x\")\nline two, 'quoted' \u2028 </script>"


def rows_of(queue: Queue) -> list[AnswerRow]:
    """Answers of every kind; not everybody has answered everything."""
    last = queue.passes[-1]
    rows = [
        answer(queue, "plain", "ann", 0, 2, flags=("text", "crowd"), comment=HOSTILE),
        answer(queue, "plain", "bob", 3),
        answer(queue, "=1+1", "ann", 4),
        answer(queue, '"quoted", and more', "ann"),
        answer(queue, '"quoted", and more', "cyd", status="unsure"),
        answer(queue, "two words;-3", "cyd", 5, 6, 7, 8, 9),
        answer(queue, "cat/1", "ann", 1),
        answer(queue, "ünï", "ann", status="unsure"),
    ]
    if last == "shown":
        rows.append(answer(queue, "plain", "ann", 1, pass_="shown", at="2026-02-01T00:00:00Z"))
    return rows


def source_of(queue: Queue, rows: list[AnswerRow], **more: Any) -> Source:
    known = {"labels": {}, "original": {}, **more}
    return Source(queue, tuple(rows), TEXTS, **known)


def read_in(
    folder: Path,
    text: str,
    name: str,
    queue: Queue,
    names: Mapping[str, str] | None = None,
    **choice: Any,
) -> Imported:
    path = folder / "theirs"
    path.write_text(text, encoding="utf-8", newline="")
    target = Target(queue, TEXTS, names or {})
    form = format_named(name)
    return import_file(folder, read_text(path), form, target, Choice(**choice))


def said(rows: list[AnswerRow] | tuple[AnswerRow, ...], *fields: str) -> set[tuple[object, ...]]:
    """What rows say, in the fields that a format has."""
    return {
        tuple(getattr(row, name) for name in ("image_id", "labels", "status", *fields))
        for row in rows
    }


PEOPLE = {
    "label_studio": (TWICE, ("annotator", "pass_", "flags", "comment", "at")),
    "fiftyone": (TWICE, ("annotator", "pass_")),
    "long_csv": (TWICE, ("annotator", "pass_")),
    "crowdkit": (ONCE, ("annotator",)),
    "wide_csv": (ONCE, ("annotator",)),
}


@pytest.mark.parametrize("name", PEOPLE)
def test_answers_of_people_come_back(tmp_path: Path, name: str) -> None:
    queue, fields = PEOPLE[name]
    rows = [row.model_copy(update={"flags": tuple(sorted(row.flags))}) for row in rows_of(queue)]
    text = format_named(name).write(source_of(queue, rows))
    found = read_in(tmp_path, text, name, queue)
    read = read_answers(queue, tmp_path)
    assert said(read.rows, *fields) == said(rows, *fields)
    assert sum(found.added.values()) == len(rows) and found.n_there == 0
    assert {row.seconds for row in read.rows} == {None}
    assert {row.order for row in read.rows} == {()}
    again = read_in(tmp_path, text, name, queue)
    assert (again.added, again.n_there) == ({}, len(rows))
    assert read_answers(queue, tmp_path).rows == read.rows


@pytest.mark.parametrize("name", ["reimagenet", "proposed_labels"])
def test_label_sets_come_back_as_one_persons_answers(tmp_path: Path, name: str) -> None:
    labels = {
        "plain": frozenset({0, 2}), "=1+1": frozenset(), "cat/1": frozenset({1}),
        "ünï": frozenset({-1}), "elsewhere": frozenset({3}),
    }  # fmt: skip
    original = {"plain": frozenset({2})}
    text = format_named(name).write(source_of(ONCE, [], labels=labels, original=original))
    found = read_in(tmp_path, text, name, ONCE, annotator="bob")
    expected = {
        ("plain", (0, 2), "labelled"), ("=1+1", (), "none"), ("cat/1", (1,), "labelled"),
    }  # fmt: skip
    if name == "reimagenet":
        expected.add(("ünï", (), "unsure"))
        assert json.loads(text.splitlines()[0])["original_class"] == 2
    assert said(read_answers(ONCE, tmp_path).rows) == expected
    assert any("not in the queue" in note and "elsewhere" in note for note in found.notes)


def test_formula_cells_are_inert_in_every_csv() -> None:
    rows = rows_of(ONCE)
    labels = {each: frozenset({1}) for each in IDS}
    for name in ("long_csv", "crowdkit", "wide_csv", "proposed_labels"):
        text = format_named(name).write(source_of(ONCE, rows, labels=labels))
        assert not any(line.startswith("=") for line in text.splitlines())
        assert "'=1+1," in text


def test_two_images_that_csv_cannot_tell_apart_are_no_csv() -> None:
    queue = queue_of([item("=a"), item("'=a")])
    for name in ("long_csv", "crowdkit", "wide_csv", "proposed_labels"):
        with pytest.raises(DataError, match="cannot tell apart"):
            format_named(name).write(source_of(queue, []))


def test_a_class_text_means_one_class_or_none() -> None:
    of = TEXTS.of
    assert [of[each] for each in (0, 3, 4, 5, 6)] == [
        "tench", "crane (3)", "Crane (4)", "none (5)", "not sure (6)",
    ]  # fmt: skip
    assert all(TEXTS.find(text) == class_id for class_id, text in of.items())
    found = {"n01440764": 0, "tinca TINCA": 0, "Polar_Bear": 1, "7": 7, "fish": 9}
    assert {text: TEXTS.find(text) for text in found} == found
    assert [TEXTS.find(each) for each in ("crane", "heron", "10", "", "9" * 30)] == [None] * 5
    digits = ClassTexts(ClassList("digits", "d", (Class(0, "1"), Class(1, "2"), Class(2, "3"))))
    assert digits.find("1") == 0 and digits.find("1", ids_first=True) == 1


STUDIO = [
    {
        "id": 1,
        "data": {"image": "/data/upload/3/ab12-plain.jpg", "image_id": "plain"},
        "annotations": [
            {
                "completed_by": {"id": 5, "email": "ann@example.com"},
                "was_cancelled": False,
                "created_at": "2026-03-01T10:00:00.250000Z",
                "updated_at": "2026-03-01T12:30:00+01:00",
                "lead_time": 9.5,
                "result": [
                    {"type": "choices", "from_name": "what", "value": {"choices": ["tench"]}},
                    {"type": "rectanglelabels", "value": {"rectanglelabels": ["a"], "x": 1}},
                ],
            },
            {"completed_by": 7, "was_cancelled": True, "result": []},
            {"completed_by": 7, "result": []},
        ],
        "predictions": [{"model_version": "m", "result": []}],
    }
]


def test_a_label_studio_export_of_another_project(tmp_path: Path) -> None:
    names = {"ann@example.com": "ann"}
    found = read_in(tmp_path, json.dumps(STUDIO), "label_studio", ONCE, names)
    (row,) = read_answers(ONCE, tmp_path).rows
    assert (row.annotator, row.labels, row.at) == ("ann", (0,), "2026-03-01T11:30:00+00:00")
    assert row.tool_version.endswith("imported from label_studio")
    assert found.notes == (
        "1 annotations are cancelled and were left out",
        "1 annotations choose nothing and were left out",
        "1 boxes and other regions are not read",
        "1 predictions are not read",
    )


def test_what_label_studio_and_fiftyone_get() -> None:
    tasks = json.loads(format_named("label_studio").write(source_of(TWICE, [])))
    assert [each["data"]["image_id"] for each in tasks] == list(IDS)
    options = [each["value"] for each in tasks[0]["data"]["options"]]
    assert options == [
        "polar bear",
        CLASSES.names[2],
        "none (5)",
        "none of these classes",
        "not sure",
    ]
    assert tasks[0]["predictions"][0]["result"][0]["value"] == {"choices": ["crane (3)"]}
    labels = {"plain": frozenset({0, 1})}
    rows = rows_of(TWICE)
    text = format_named("fiftyone").write(
        source_of(TWICE, rows, labels=labels, image="/val/{image_id}.JPEG")
    )
    data = json.loads(text)
    fields, sample = data["sample_fields"], data["samples"][0]
    kinds = {name: each.rpartition(".")[2] for name, each in fields.items()}
    assert kinds["bob__blind"] == kinds["ann__shown"] == "Classification)"
    assert kinds["ann__blind"] == kinds["merged_labels"] == "Classifications)"
    assert sample["filepath"] == "/val/plain.JPEG"
    assert sample["model_a_b_c__t"]["label"] == "crane (3)"
    assert sample["model_a_b_c__t"]["confidence"] == 0.5
    assert [each["label"] for each in sample["merged_labels"]["classifications"]] == [
        "tench", "polar bear"
    ]  # fmt: skip
    assert set(sample) - {"filepath", "tags", "metadata", "image_id"} <= set(fields)


@pytest.mark.parametrize("name", ["label_studio", "fiftyone"])
def test_a_file_for_another_queue_is_refused(tmp_path: Path, name: str) -> None:
    text = format_named(name).write(source_of(TWICE, rows_of(TWICE)))
    with pytest.raises(DataError, match="is of another queue"):
        read_in(tmp_path, text, name, ONCE, pass_="blind")


def test_other_fields_of_fiftyone_are_named(tmp_path: Path) -> None:
    one = {"_cls": "Classification", "label": "tench"}
    sample = {
        "filepath": "/x/plain.jpg",
        "ann": one,
        "ground_truth": one,
        "n": 3,
        "merged_labels": one,
    }
    found = read_in(tmp_path, json.dumps([sample]), "fiftyone", ONCE)
    note = "fields that are named after no annotator were left out: ground_truth, merged_labels"
    assert found.notes == (note,)
    assert said(read_answers(ONCE, tmp_path).rows) == {("plain", (0,), "labelled")}


def test_boxes_and_not_sure_of_reimagenet_are_said(tmp_path: Path) -> None:
    box = {"coordinates": [0, 0, 1, 1], "labels": [1], "crowd_flag": True}
    lines = [
        {"file_path": "n0/plain.JPEG", "reannotated_labels": [1, -1], "bboxes": [box, box]},
        {"file_path": "n0/=1+1.JPEG", "reannotated_labels": [], "bboxes": []},
    ]
    text = "".join(json.dumps(each) + "\n" for each in lines)
    found = read_in(tmp_path, text, "reimagenet", ONCE, annotator="ann")
    assert found.notes == (
        "1 images have -1 (not sure) beside labels, which was left out",
        "2 boxes are not read, nor what they say: an answer is of the whole image",
    )
    expected = {("plain", (1,), "labelled"), ("=1+1", (), "none")}
    assert said(read_answers(ONCE, tmp_path).rows) == expected


def test_a_label_set_of_a_whole_data_set_is_read_where_the_person_is_asked(tmp_path: Path) -> None:
    queue = queue_of([item("a", annotators=("ann",)), item("b", annotators=("bob",))])
    text = "id,proposed_labels\na,1\nb,2\nc,3\n"
    found = read_in(tmp_path, text, "proposed_labels", queue, annotator="ann")
    assert found.added == {"ann": 1}
    assert found.notes[-1].startswith("2 answers to images that are not in the queue, or not this")


def test_csv_of_pandas_and_of_names(tmp_path: Path) -> None:
    text = ",ann,bob\nplain,1.0,nan\n=1+1,,polar bear\ncat/1,2 1,unsure\n"
    read_in(tmp_path, text, "wide_csv", ONCE)
    assert said(read_answers(ONCE, tmp_path).rows, "annotator") == {
        ("plain", (1,), "labelled", "ann"), ("=1+1", (1,), "labelled", "bob"),
        ("cat/1", (1, 2), "labelled", "ann"), ("cat/1", (), "unsure", "bob"),
    }  # fmt: skip


LONG = "image_id,annotator,label,pass\n"
NO_RESULT = [{"data": {"image": "plain"}, "annotations": [{}]}]
HALF = [
    {"type": "choices", "from_name": "labels", "value": {"choices": ["tench"]}},
    {"type": "textarea", "from_name": "comment", "value": {"text": "\ud800"}},
]
HALF_TASK = [{"data": {"image": "plain"}, "annotations": [{"completed_by": "ann", "result": HALF}]}]
NO_LABEL = [{"filepath": "plain", "ann": {"_cls": "Classification"}}]
NOBODY = '{"image_name": "plain", "reannotated_labels": [1]}\n'
WRONG = {
    "a stranger": ("long_csv", LONG + "plain,dan,1,blind\n", "--annotator dan=NAME"),
    "no class": (
        "long_csv",
        LONG + "plain,ann,1,blind\n=1+1,ann,77,blind\n",
        "theirs:3: a label that is no single class",
    ),
    "two classes of a name": ("long_csv", LONG + "plain,ann,crane,blind\n", "no single class"),
    "no pass": ("long_csv", LONG + "plain,ann,1,later\n", "is no pass"),
    "another pass": ("long_csv", LONG + "plain,ann,1,shown\n", "is of a pass"),
    "no label": ("long_csv", LONG + "plain,ann,,blind\n", "has no label"),
    "none and a label": (
        "long_csv",
        LONG + "plain,ann,1,blind\nplain,ann,none,blind\n",
        "says something else",
    ),
    "a row that is cut": ("long_csv", LONG + "plain,ann,1,blind\nplain,bo", "3: fewer cells"),
    "a quote that is cut": ("long_csv", LONG + '"plain,ann', "is the file cut off?"),
    "a column twice": ("wide_csv", "image_id,ann,ann\nplain,1,2\n", "stand twice"),
    "no column": ("crowdkit", "task,label\nplain,1\n", "a column is missing"),
    "nothing": ("crowdkit", "", "a column is missing"),
    "no answers": ("wide_csv", "image_id,ann\nplain,\n", "holds no answer to an image"),
    "other images": ("wide_csv", "image_id,ann\nx,1\ny,1\n", "images x, y"),
    "an image twice": ("wide_csv", "image_id,ann\nplain,1\nplain,1\n", "is a second answer"),
    "JSON that is cut": ("label_studio", "[{", "is the file cut off?"),
    "no tasks": ("label_studio", "{}", "is no list"),
    "no task": ("label_studio", "[3]", "task 1: has no `data`"),
    "no result": ("label_studio", json.dumps(NO_RESULT), "annotation 1: has no list `result`"),
    "half a character": ("label_studio", json.dumps(HALF_TASK), "is no Unicode text"),
    "no samples": ("fiftyone", "{}", "has no samples"),
    "no file path": ("fiftyone", "[{}]", "sample 1: has no `filepath`"),
    "no label text": ("fiftyone", json.dumps(NO_LABEL), "without a `label`"),
    "nobody": ("reimagenet", NOBODY, "--annotator NAME"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_is_wrong_adds_nothing(tmp_path: Path, name: str) -> None:
    form, text, what = WRONG[name]
    write_answers(tmp_path, [answer(ONCE, "plain", "cyd", 1)])
    before = {each.name: each.read_bytes() for each in (tmp_path / "answers").iterdir()}
    with pytest.raises(DataError) as caught:
        read_in(tmp_path, text, form, ONCE)
    assert what in str(caught.value) and str(tmp_path / "theirs") in str(caught.value)
    assert {each.name: each.read_bytes() for each in (tmp_path / "answers").iterdir()} == before


def test_an_answer_that_is_there_is_only_replaced_where_that_is_said(tmp_path: Path) -> None:
    write_answers(tmp_path, [answer(ONCE, "plain", "ann", 1)])
    text = LONG + "plain,ann,2,blind\ncat/1,ann,2,blind\n"
    with pytest.raises(DataError, match="another answer is there"):
        read_in(tmp_path, text, "long_csv", ONCE)
    assert len(read_answers(ONCE, tmp_path).rows) == 1
    read_in(tmp_path, text, "long_csv", ONCE, replace=True)
    found = read_answers(ONCE, tmp_path)
    assert len(found.rows) == 3 and found.latest["ann", "plain", "blind"].labels == (2,)


def test_a_later_answer_is_not_replaced_by_an_earlier_one(tmp_path: Path) -> None:
    write_answers(tmp_path, [answer(ONCE, "plain", "ann", 2, at="2026-04-01T00:00:00Z")])
    names = {"ann@example.com": "ann"}
    with pytest.raises(DataError, match="a later answer is there"):
        read_in(tmp_path, json.dumps(STUDIO), "label_studio", ONCE, names, replace=True)


def test_of_two_passes_the_first_answer_stays_and_comes_first(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="must come first"):
        read_in(tmp_path, LONG + "plain,ann,1,shown\n", "long_csv", TWICE)
    read_in(tmp_path, LONG + "plain,ann,1,shown\nplain,ann,2,blind\n", "long_csv", TWICE)
    with pytest.raises(DataError, match="stays as it was"):
        read_in(tmp_path, LONG + "plain,ann,3,blind\n", "long_csv", TWICE, replace=True)
    with pytest.raises(DataError, match="which pass"):
        read_in(tmp_path, "image_id,ann\ncat/1,1\n", "wide_csv", TWICE)
    assert read_in(tmp_path, "image_id,ann\ncat/1,1\n", "wide_csv", TWICE, pass_="blind").added


def test_nothing_is_added_while_a_server_has_the_folder(tmp_path: Path) -> None:
    (tmp_path / "answers").mkdir()
    with locked(tmp_path / "answers"), pytest.raises(RunError):
        read_in(tmp_path, LONG + "plain,ann,1,blind\n", "long_csv", ONCE)


def test_the_commands_go_there_and_back(
    tmp_path: Path, mini_sources: Any, mini_truth: Mapping[str, frozenset[int]]
) -> None:
    made = made_review(mini_sources, tmp_path / "one", 20)
    accuracies = dict.fromkeys(made.queue.annotators, 0.8)
    write_answers(tmp_path / "one", simulate(made.queue, mini_truth, accuracies))
    made_review(mini_sources, tmp_path / "two", 20)
    rows = read_answers(made.queue, tmp_path / "one").rows
    for name in FORMATS:
        file = tmp_path / f"{name}.out"
        more = ("--annotator", "ann") if FORMATS[name].is_label_set else ()
        out = harness("review", "export", tmp_path / "one", "--format", name, "-o", file, *more)
        assert out.code == 0 and f"{name} does not keep" in out.stderr, out.text
        assert ("what models predict" in out.stderr) is FORMATS[name].has_queue
        back = harness("review", "import", file, tmp_path / "two", "--format", name, *more)
        assert back.code == 0, back.text
    assert said(read_answers(made.queue, tmp_path / "two").rows, "annotator") == said(
        rows, "annotator"
    )
    again = harness("review", "export", tmp_path / "one", "--format", "long_csv", "-o", file)
    assert again.code == 2 and "is there already" in again.text


def test_merged_labels_go_into_a_format_of_one_label_set(tmp_path: Path, mini_sources: Any) -> None:
    made = made_review(mini_sources, tmp_path / "one", 20)
    first, second = (each.image_id for each in made.queue.items[:2])
    merged = tmp_path / "merged.jsonl"
    merged.write_text(
        "".join(json.dumps({"image_id": each, "labels": [4]}) + "\n" for each in (first, second))
    )
    file = tmp_path / "reannotation.jsonl"
    words = ("review", "export", tmp_path / "one", "--format", "reimagenet", "-o", file)
    assert harness(*words, "--labels", merged, "--image", "val/{image_id}.png").code == 0
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(each["image_name"], each["reannotated_labels"]) for each in rows] == [
        (f"val/{each}.png", [4]) for each in (first, second)
    ]
    assert all(isinstance(each["original_class"], int) for each in rows)
    file.unlink()
    for more, what in (
        ((), "--labels FILE or --annotator NAME"),
        (("--labels", merged, "--annotator", "ann"), "--labels FILE or --annotator NAME"),
        (("--annotator", "anne"), "unknown annotator"),
        (("--annotator", "ann", "--image", "x"), "is the same for every image"),
        (("--annotator", "ann", "--pass", "shown"), "has no such answers"),
        (("--annotator", "ann"), "there are no answers in it"),
    ):
        out = harness(*words, *more)
        assert out.code == 2 and what in out.text and not file.exists(), out.text
    assert (
        harness("review", "export", tmp_path / "one", "--format", "reimage", "-o", file).code == 2
    )
