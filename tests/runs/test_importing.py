"""Runs made of answers that something else produced."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.answers.outcome import Status
from harness.data.opened import open_task
from harness.errors import DataError, UserError
from harness.prompts.plan import make_plan
from harness.runner.session import NO_OVERRIDES
from harness.runs.finish import Finished
from harness.runs.importing import ImportOptions, import_answers
from harness.runs.reopen import rescore
from harness.scores.confidence import Signal
from harness.scores.results import Results
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.store.lines import read_predictions
from harness.store.manifest import Manifest
from harness.store.prediction import Prediction
from support.colours import NAMES, N, write_task

IDS = [f"i{number:02d}" for number in range(N)]
Rows = Sequence[Mapping[str, Any]]


def write(folder: Path, rows: Rows, name: str = "answers.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def make(
    catalogue: Catalogue,
    rows: Rows | Path,
    *,
    partial: bool = False,
    fresh: bool = False,
    settings: tuple[str, ...] = (),
) -> Finished:
    folder = catalogue.include_paths[0]
    path = rows if isinstance(rows, Path) else write(folder, rows)
    options = ImportOptions("given", folder / "runs", partial, fresh, settings)
    return import_answers(catalogue, load_task(catalogue, "colours", settings), path, options)


def results(finished: Finished) -> Results:
    assert finished.results is not None
    return finished.results


def rows_of(finished: Finished) -> dict[str, Prediction]:
    return {row.image_id: row for row in read_predictions(finished.path / "predictions.jsonl")}


def right(key: str, **more: Any) -> list[dict[str, Any]]:
    """Give rows that are all right under the first labels."""
    value: Any = {
        "answer": lambda place: NAMES[place],
        "answers": lambda place: [NAMES[place], "pink"],
        "class_id": lambda place: place,
        "top": lambda place: [place, (place + 1) % 4],
    }[key]
    return [{"image_id": each, key: value(i % 4), **more} for i, each in enumerate(IDS)]


@pytest.mark.parametrize("key", ["answer", "answers", "class_id", "top"])
def test_each_form_of_answer_is_scored(catalogue: Catalogue, key: str) -> None:
    finished = make(catalogue, right(key))
    score = results(finished).scores["cw"]["colours_first"]
    assert (score.accuracy, score.accuracy_by("strict")) == (100, 100)
    assert results(finished).complete
    manifest = Manifest.read(finished.path)
    assert manifest.identity.model["adapter"] == "predictions"
    assert manifest.model_facts["file"] == "answers.jsonl"
    assert len(manifest.model_facts["sha256"]) == 64
    assert manifest.status == "complete"


def test_the_probabilities_of_imported_classes_are_laid_beside_what_is_right(
    catalogue: Catalogue,
) -> None:
    rows = right("class_id", confidence=0.75)
    rows[0] = {"image_id": "i00", "top": [1, 0], "confidence": 1}
    finished = make(catalogue, rows)
    assert [row.confidence for row in rows_of(finished).values()] == [1, *[0.75] * 11]
    found = results(finished).calibration["cw"]["colours_first"][Signal.PROBABILITY]
    assert found.ece is not None
    assert (found.n, found.ece.ece) == (12, pytest.approx(100 * (11 * 0.25 + 1) / 12))


def test_the_first_of_several_answers_counts_and_the_others_give_top(catalogue: Catalogue) -> None:
    rows = right("answer")
    rows[0] = {"image_id": "i00", "answers": ["pink", "dark red", "Blue", "red", "blue"]}
    rows[1] = {"image_id": "i01", "answers": []}
    finished = make(catalogue, rows)
    made = rows_of(finished)
    assert made["i00"].status is Status.OOP or made["i00"].rule == "mapped"
    assert made["i00"].answer == "pink"
    assert made["i00"].top == (2, 0)  # names of the list, in order, each once
    assert made["i01"].status is Status.EMPTY
    score = results(finished).scores["cw"]["colours_first"]
    # "red" is the first that is spelled as the list spells it; a single answer is a list of one
    assert score.accuracy_first_in_list == pytest.approx(100 * 11 / 12)
    assert made["i00"].answers == ("pink", "dark red", "Blue", "red", "blue")
    assert score.top5 == pytest.approx(100 * 11 / 12)


def test_the_first_of_several_answers_is_the_answer_without_its_reasoning(
    catalogue: Catalogue,
) -> None:
    rows = right("answer")
    rows[0] = {"image_id": "i00", "answers": ["<think>Not blue.</think>red", "blue"]}
    made = rows_of(make(catalogue, rows))["i00"]
    assert (made.answer, made.answers) == ("red", ("red", "blue"))
    assert (made.class_id, made.top, made.reasoning) == (0, (0, 2), "Not blue.")


def test_a_mention_comes_after_the_names(catalogue: Catalogue) -> None:
    rows = right("answer")
    rows[0] = {"image_id": "i00", "answers": ["This is red and shiny.", "blue"]}
    assert rows_of(make(catalogue, rows))["i00"].top == (2, 0)


def test_no_class_is_out_of_prompt(catalogue: Catalogue) -> None:
    rows = right("class_id")
    rows[0]["class_id"] = -1
    finished = make(catalogue, rows)
    assert rows_of(finished)["i00"].status is Status.OOP
    assert results(finished).counts["oop"] == 1


def test_a_mapped_answer_counts_in_cw_plus_only(catalogue: Catalogue) -> None:
    rows = right("answer")
    rows[0]["answer"] = "reddish"
    found = results(make(catalogue, rows))
    assert found.scores["cw"]["colours_first"].n_right == 11
    assert found.scores["cw_plus"]["colours_first"].n_right == 12


def test_images_may_be_named_by_their_files(catalogue: Catalogue) -> None:
    rows = [{**row, "image_id": f"some/folder/{row['image_id']}.png"} for row in right("answer")]
    assert results(make(catalogue, rows)).complete


def with_ids(catalogue: Catalogue, ids: Sequence[str], answered: Sequence[str]) -> Finished:
    """Import right answers to a task of two images whose ids stand in a column."""
    folder = catalogue.include_paths[0]
    write(folder, [{"image_id": each} for each in ids], "ids.jsonl")
    for name in ("first", "all"):
        rows = [{"image_id": each, "labels": [place]} for place, each in enumerate(ids)]
        write(folder, rows, f"{name}.jsonl")
    settings = (f"dataset_path={folder / 'ids.jsonl'}", "doc_to_id=image_id")
    rows = [{"image_id": each, "class_id": place} for place, each in enumerate(answered)]
    return make(catalogue, rows, settings=settings)


@pytest.mark.parametrize(
    "ids", [("cat/1", "dog/1"), ("a.jpg", "a.png"), ("007", "7"), ("NA", "nan")]
)
def test_ids_of_a_column_are_never_cut(catalogue: Catalogue, ids: tuple[str, str]) -> None:
    finished = with_ids(catalogue, ids, ids)
    assert results(finished).scores["cw"]["colours_first"].n_right == 2
    assert set(rows_of(finished)) == set(ids)


def test_an_answer_to_a_file_name_is_no_answer_to_an_id_of_a_column(catalogue: Catalogue) -> None:
    with pytest.raises(DataError, match="none of the answers is of an image"):
        with_ids(catalogue, ("1", "2"), ("cat/1.png", "dog/2.png"))


def test_ids_meet_in_normal_form_c(catalogue: Catalogue) -> None:
    finished = with_ids(catalogue, ("cafe\u0301", "u\u0308"), ("café", "ü"))
    assert results(finished).scores["cw"]["colours_first"].n_right == 2
    assert set(rows_of(finished)) == {"café", "ü"}


def test_two_answers_that_are_of_one_image_in_normal_form_c(catalogue: Catalogue) -> None:
    with pytest.raises(DataError, match="more than one row for an image"):
        with_ids(catalogue, ("café", "ü"), ("café", "ü", "cafe\u0301"))


def test_rows_of_an_older_run_meet_in_normal_form_c(catalogue: Catalogue) -> None:
    finished = with_ids(catalogue, ("café", "ü"), ("café", "ü"))
    path = finished.path / "predictions.jsonl"
    path.write_text(path.read_text().replace("café", "cafe\u0301"))
    assert (
        rescore(catalogue, finished.path, NO_OVERRIDES).scores["cw"]["colours_first"].n_right == 2
    )


def test_a_byte_order_mark_does_no_harm(catalogue: Catalogue) -> None:
    path = write(catalogue.include_paths[0], right("answer"))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert results(make(catalogue, path)).complete


def test_no_images_are_needed(catalogue: Catalogue) -> None:
    folder = catalogue.include_paths[0]
    write(folder, [{"image_id": each} for each in IDS], "ids.jsonl")
    settings = (f"dataset_path={folder / 'ids.jsonl'}", "doc_to_id=image_id")
    assert results(make(catalogue, right("answer"), settings=settings)).complete


def test_the_ids_of_a_hub_data_set_come_from_the_original_labels(
    catalogue: Catalogue, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "harness")
    finished = make(catalogue, right("answer"), settings=("dataset_path=nobody/nothing",))
    assert results(finished).complete
    assert Manifest.read(finished.path).model_facts["ids_from"] == "label set colours_first"
    assert "come from `colours_first`" in caplog.text


def test_a_run_that_was_imported_is_scored_again(catalogue: Catalogue) -> None:
    finished = make(catalogue, right("answer"))
    before = (finished.path / "results.json").read_bytes()
    rescore(catalogue, finished.path, NO_OVERRIDES)
    assert (finished.path / "results.json").read_bytes() == before


# Multiple choice


def choices(catalogue: Catalogue) -> dict[str, tuple[int, ...]]:
    folder = catalogue.include_paths[0]
    write_task(folder, "distractors: {n_options: 3}\n", "mc")
    task = folder / "colours.yaml"
    task.write_text(task.read_text().replace("{{ classes | join(' ') }}", "{{ options }}"))
    return dict(make_plan(open_task(catalogue, load_task(catalogue, "colours"))).planner.options)


def test_letters_are_read_with_the_options_of_the_task(catalogue: Catalogue) -> None:
    options = choices(catalogue)
    rows = [
        {"image_id": each, "answer": "ABC"[options[each].index(i % 4)]}
        for i, each in enumerate(IDS)
    ]
    finished = make(catalogue, rows)
    assert results(finished).scores["mc"]["colours_first"].accuracy == 100
    assert {key: row.options for key, row in rows_of(finished).items()} == options


def test_letters_are_read_with_options_of_ones_own(catalogue: Catalogue) -> None:
    choices(catalogue)
    rows = [
        {"image_id": each, "answer": "B", "options": [(i + 1) % 4, i % 4]}
        for i, each in enumerate(IDS)
    ]
    rows[0] = {"image_id": "i00", "class_id": 3, "options": [0, 1]}
    finished = make(catalogue, rows)
    assert results(finished).scores["mc"]["colours_first"].n_right == 11
    assert rows_of(finished)["i00"].status is Status.OOP
    assert rows_of(finished)["i01"].options == (2, 1)


def test_answers_to_images_without_a_question_are_left_out(catalogue: Catalogue) -> None:
    labels = catalogue.include_paths[0] / "all.jsonl"
    labels.write_text(labels.read_text().replace('"i00", "labels": [0]', '"i00", "labels": []'))
    choices(catalogue)
    rows = right("class_id")
    rows[0]["class_id"] = 1
    finished = make(catalogue, rows)
    assert (results(finished).n, results(finished).complete) == (11, True)
    assert Manifest.read(finished.path).skipped == {"no valid label": 1}


# Bad input: one clear error, and nothing is written


def without(rows: Rows, *ids: str) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["image_id"] not in ids]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (without(right("answer"), "i03", "i04"), "no answer for images.*got: 2: `i03`, `i04`"),
        ([*right("answer"), {"image_id": "x", "answer": "red"}], "answers to images that.*1: `x`"),
        ([*right("answer"), right("answer")[0]], r"more than one row.*1: `i00` \(1, 13\)"),
        ([{"image_id": "x", "answer": "red"}], "none of the answers is of an image"),
        ([{"image_id": "i00", "class_id": 4}], "no class of `colours`"),
        ([{"image_id": "i00", "class_id": -2}], "no class of `colours`"),
        ([{"image_id": "i00", "top": [0, -1]}], "no class of `colours`"),
        ([{"image_id": "i00", "top": [0, 0]}], "holds a class id twice"),
        ([{"image_id": "i00", "top": []}], "`top` is no list of class ids"),
        ([{"image_id": "i00", "class_id": "0"}], "`class_id` is no class id"),
        ([{"image_id": "i00", "class_id": True}], "`class_id` is no class id"),
        ([{"image_id": "i00", "class_id": 1.0}], "`class_id` is no class id"),
        ([{"image_id": "i00", "class_id": None}], "`class_id` is no class id"),
        ([{"image_id": "i00", "answer": 3}], "`answer` is no text"),
        ([{"image_id": "i00", "answer": None}], "`answer` is no text"),
        ([{"image_id": "i00", "answer": "ValueError: no"}], "is the message of an error"),
        ([{"image_id": "i00", "answers": ["red", "ValueError: no"]}], "is the message of an error"),
        ([{"image_id": "i00", "answers": "red"}], "`answers` is no list of texts"),
        ([{"image_id": "i00", "answers": ["red", 1]}], "`answers` is no list of texts"),
        ([{"image_id": "i00", "anwser": "red"}], "did you mean `answer`"),
        ([{"image_id": "i00"}], "a row holds one answer"),
        ([{"image_id": "i00", "answer": "red", "class_id": 0}], "`answer` and `class_id`"),
        ([{"image_id": 3, "answer": "red"}], "`image_id` is no id"),
        ([{"answer": "red"}], "`image_id` is no id"),
        ([{"image_id": "", "answer": "red"}], "`image_id` is no id.*it is empty"),
        ([{"image_id": "\ud800", "answer": "red"}], "`image_id` is no id.*no Unicode text"),
        ([{"image_id": "i00", "answer": "red", "options": [0, 1]}], "multiple choice"),
        ([{"image_id": "i00", "class_id": 0, "confidence": 1.1}], "`confidence` is no probab"),
        ([{"image_id": "i00", "top": [0], "confidence": True}], "`confidence` is no probability"),
        ([{"image_id": "i00", "answer": "red", "confidence": 0.5}], "probability of one class"),
        ([{"image_id": "i00", "class_id": -1, "confidence": 0.5}], "probability of one class"),
        ([{"image_id": "i00", "class_id": [0, 1], "confidence": 0.5}], "probability of one class"),
        ([], "no answers in it"),
    ],
)  # fmt: skip
def test_answers_that_do_not_fit_are_refused(catalogue: Catalogue, rows: Rows, told: str) -> None:
    with pytest.raises(DataError, match=f"(?s){told}"):
        make(catalogue, rows)
    assert not (catalogue.include_paths[0] / "runs").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([0], "no list of options"),
        ([0, 0], "a class id twice"),
        ([0, 9], "no class of"),
        ("AB", "no list of options"),
    ],
)
def test_options_that_do_not_fit_are_refused(catalogue: Catalogue, options: Any, told: str) -> None:
    choices(catalogue)
    with pytest.raises(DataError, match=told):
        make(catalogue, right("answer", options=options))
    assert not (catalogue.include_paths[0] / "runs").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"image_id": "i00", "answer": "red"}\n{"image_id": "i01", "ans', "the file is cut off"),
        (b'[{"image_id": "i00", "answer": "red"}]', "not a JSON object"),
        (b"\xff\xfe\x00", "is not UTF-8"),
        (b"", "no answers in it"),
    ],
)
def test_a_broken_file_is_refused(catalogue: Catalogue, content: bytes, told: str) -> None:
    path = catalogue.include_paths[0] / "broken.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=told):
        make(catalogue, path)
    assert not (catalogue.include_paths[0] / "runs").exists()


def test_a_file_that_is_not_there_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        make(catalogue, catalogue.include_paths[0] / "nothing.jsonl")


def test_many_mistakes_are_counted(catalogue: Catalogue) -> None:
    rows = [{"image_id": each, "class_id": 99} for each in IDS]
    with pytest.raises(DataError, match="and 2 more problems") as caught:
        make(catalogue, rows)
    assert len(caught.value.problems) == 11


def test_nothing_stays_when_scoring_fails(catalogue: Catalogue) -> None:
    settings = ("mapping={encoder: nope}",)
    rows = right("answer")
    rows[0]["answer"] = "pink"
    with pytest.raises(UserError, match="unknown encoder"):
        make(catalogue, rows, settings=settings)
    assert not (catalogue.include_paths[0] / "runs").exists()


# Again, and in part


def test_partial_answers_give_incomplete_results(catalogue: Catalogue) -> None:
    rows = [*without(right("answer"), "i03", "i04"), {"image_id": "x", "answer": "red"}]
    finished = make(catalogue, rows, partial=True)
    found = results(finished)
    assert (found.n, found.complete) == (10, False)
    manifest = Manifest.read(finished.path)
    assert (manifest.n, manifest.status) == (12, "incomplete")
    assert manifest.skipped == {"answered, but not in the task": 1}


def test_two_answers_to_an_image_are_never_accepted(catalogue: Catalogue) -> None:
    with pytest.raises(DataError, match="more than one row"):
        make(catalogue, [*right("answer"), right("answer")[0]], partial=True)


def test_the_same_file_may_be_imported_again(catalogue: Catalogue) -> None:
    short = make(catalogue, right("answer"), partial=True, settings=("limit=6",))
    assert results(short).n == 6
    again = make(catalogue, right("answer"))
    assert (results(again).n, results(again).complete) == (12, True)
    assert [each.name for each in again.path.parent.iterdir()] == ["colours"]


def test_another_file_needs_fresh(catalogue: Catalogue) -> None:
    make(catalogue, right("answer"))
    with pytest.raises(UserError, match="a run of something else"):
        make(catalogue, right("class_id"))
    finished = make(catalogue, right("class_id"), fresh=True)
    assert rows_of(finished)["i00"].answer is None
    names = sorted(each.name for each in finished.path.parent.iterdir())
    assert names == ["colours", "colours.old-1"]


def test_a_folder_that_is_no_run_is_left_alone(catalogue: Catalogue) -> None:
    folder = catalogue.include_paths[0] / "runs" / "given" / "colours"
    folder.mkdir(parents=True)
    (folder / "thesis.tex").write_text("mine")
    with pytest.raises(UserError, match="is no run"):
        make(catalogue, right("answer"), fresh=True)
    assert [each.name for each in folder.iterdir()] == ["thesis.tex"]
