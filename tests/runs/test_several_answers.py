"""Several answers to one image that are all meant, and options that came with the answers."""

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.answers.outcome import Outcome, Status
from harness.cli import main
from harness.errors import DataError
from harness.report.show import notes_of
from harness.runner.session import NO_OVERRIDES
from harness.runs.finish import Finished
from harness.runs.importing import ImportOptions, import_answers
from harness.runs.remap import map_run, open_combinations
from harness.runs.reopen import open_run, rescore
from harness.runs.several import joined
from harness.scores.results import Protocol, Results
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_task
from harness.store.lines import read_predictions
from harness.store.manifest import Manifest
from harness.store.prediction import Prediction
from support.colours import NAMES, N, write_task

IDS = [f"i{number:02d}" for number in range(N)]
Row = Mapping[str, Any]


def make(catalogue: Catalogue, first: Sequence[Row], task: str = "colours") -> Finished:
    """Import `first` for the first images and a wrong class for all others."""
    folder = catalogue.include_paths[0]
    rows = [{"image_id": each, **row} for each, row in zip(IDS, first, strict=False)]
    rows += [{"image_id": each, "class_id": (n + 1) % 4} for n, each in enumerate(IDS)][len(rows) :]
    path = folder / "answers.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = ImportOptions("given", folder / "runs")
    return import_answers(catalogue, load_task(catalogue, task), path, options)


def results(finished: Finished) -> Results:
    assert finished.results is not None
    return finished.results


def first_row(finished: Finished) -> Prediction:
    return next(
        row
        for row in read_predictions(finished.path / "predictions.jsonl")
        if row.image_id == "i00"
    )


def class_ids(row: Prediction) -> list[int]:
    return [class_id for group in row.meant_classes for class_id in group]


def n_right(finished: Finished, protocol: Protocol = "cw") -> int:
    return results(finished).scores[protocol]["colours_first"].n_right


@pytest.mark.parametrize(
    ("row", "class_id", "also", "right"),
    [
        ({"class_id": [0, 2]}, 0, (2,), 1),
        ({"class_id": [2, 0]}, 2, (0,), 1),
        ({"class_id": [1, 2, 3]}, 1, (2, 3), 0),
        ({"class_id": [0]}, 0, (), 1),
        ({"answer": ["red", "blue"]}, 0, (2,), 1),
        ({"answer": ["blue", "red", "blue"]}, 2, (0,), 1),
        ({"answer": ["red"]}, 0, (), 1),
        ({"answer": ["pink", "red"]}, 0, (), 1),
        # Ranked lists are what they were: the first counts.
        ({"answers": ["blue", "red"]}, 2, (), 0),
        ({"top": [2, 0]}, 2, (), 0),
    ],
)
def test_all_that_are_meant_count(
    catalogue: Catalogue, row: Row, class_id: int, also: tuple[int, ...], right: int
) -> None:
    finished = make(catalogue, [row])
    made = first_row(finished)
    assert (made.status, made.class_id, made.also) == (Status.OK, class_id, also)
    assert n_right(finished) == right
    assert {*class_ids(made)} == {made.class_id, *made.also} or not made.meant_classes
    score = results(finished).scores["cw"]["colours_first"]
    assert score.top5 is None if "answer" in row or "class_id" in row else score.top5 is not None


@pytest.mark.parametrize(
    ("row", "groups"),
    [
        ({"class_id": [2, 0]}, ((2,), (0,))),
        ({"class_id": [0]}, ()),
        ({"answer": ["red"]}, ()),
        ({"answer": ["blue", "red", "blue"]}, ((2,), (0,), (2,))),
        ({"answer": ["pink", "red"]}, ((), (0,))),
        ({"answer": ["bluish", "I cannot help with that.", "reddish"]}, ((2,), (), (0,))),
        ({"answers": ["blue", "red"]}, ()),
        ({"top": [2, 0]}, ()),
    ],
)
def test_the_classes_of_each_answer_are_written(
    catalogue: Catalogue, row: Row, groups: tuple[tuple[int, ...], ...]
) -> None:
    made = first_row(make(catalogue, [row]))
    assert made.meant_classes == groups


def test_a_name_of_two_classes_is_one_answer(folder: Path, catalogue: Catalogue) -> None:
    """The row alone tells it from two answers: by what it stands for, it could be either."""
    names = folder / "classes.yaml"
    names.write_text(names.read_text().replace("grey", "red"))
    finished = make(catalogue, [{"answer": ["red", "blue"]}, {"class_id": [1, 2]}])
    assert first_row(finished).meant_classes == ((0, 3), (2,))
    assert first_row(finished).also == (3, 2)
    found = results(finished).several_answers["cw"]["colours_first"]
    assert (found.n_several, found.n_unclear) == (2, 0)


def test_the_texts_are_kept_and_the_least_certain_decides_the_rule(catalogue: Catalogue) -> None:
    """A lenient reading among them is never counted as a strict match."""
    texts = ["red", "Answer: blue"]
    finished = make(catalogue, [{"answer": texts}])
    made = first_row(finished)
    assert made.meant == tuple(texts)
    assert made.answer == texts[1]
    assert (made.class_id, made.also) == (2, (0,))
    assert made.rule not in ("strict", "normalized")
    score = results(finished).scores["cw"]["colours_first"]
    assert score.n_right == 1
    assert score.matching is not None
    assert score.matching["strict"].n_right == 0


def test_none_of_them_a_name_of_the_list(catalogue: Catalogue) -> None:
    """In CW+ each is mapped for itself, and all that they are mapped to count."""
    finished = make(catalogue, [{"answer": ["I cannot help with that.", "bluish", "reddish"]}])
    made = first_row(finished)
    assert (made.status, made.rule) == (Status.OOP, "mapped")
    assert (made.class_id, made.also) == (2, (0,))
    assert (n_right(finished), n_right(finished, "cw_plus")) == (0, 1)
    assert results(finished).counts["oop"] == 1
    before = (finished.path / "results.json").read_bytes()
    rescore(catalogue, finished.path, NO_OVERRIDES)
    assert (finished.path / "results.json").read_bytes() == before


@pytest.mark.parametrize(
    ("texts", "class_id", "also", "rule"),
    [
        (["green", "red"], 1, (0,), "exact"),
        (["greenish", "red"], 1, (0,), "mapped"),
        (["red", "greenish"], 1, (0,), "mapped"),
        (["bluish", "greenish"], 2, (1,), "mapped"),
        (["?!", "red"], 0, (), "exact"),
    ],
)
def test_in_an_open_world_names_and_mapped_answers_count_together(
    folder: Path, texts: list[str], class_id: int, also: tuple[int, ...], rule: str
) -> None:
    write_task(folder, protocol="ow")
    rows = [{"answer": texts}, *([{"answer": "blue"}] * (N - 1))]
    made = first_row(make(Catalogue((folder,)), rows))
    assert (made.class_id, made.also, made.rule) == (class_id, also, rule)
    of_each = {"green": (1,), "greenish": (1,), "red": (0,), "bluish": (2,), "?!": ()}
    assert made.meant_classes == tuple(of_each[text] for text in texts)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"class_id": [0, 0]}, "`class_id` holds a class id twice"),
        ({"class_id": []}, "`class_id` is no class id"),
        ({"class_id": [0, -1]}, "none of the classes is meant, and names some"),
        ({"class_id": [0, "1"]}, "`class_id` is no class id"),
        ({"class_id": [-1.0]}, "`class_id` is no class id"),
        ({"class_id": [0, 7]}, "no class of `colours`"),
        ({"answer": ["red", None]}, "`answer` is no text"),
    ],
)
def test_lists_that_do_not_fit_are_refused(catalogue: Catalogue, row: Row, told: str) -> None:
    with pytest.raises(DataError, match=told):
        make(catalogue, [row])


@pytest.mark.parametrize("row", [{"class_id": [-1]}, {"class_id": -1}])
def test_none_of_the_classes_may_stand_in_a_list(catalogue: Catalogue, row: Row) -> None:
    assert first_row(make(catalogue, [row])).status is Status.OOP


@pytest.mark.parametrize("row", [{"answer": []}, {"answer": [""]}, {"answer": ["", " "]}])
def test_no_answer_at_all_is_empty(catalogue: Catalogue, row: Row) -> None:
    assert first_row(make(catalogue, [row])).status is Status.EMPTY


def test_how_many_there_are_is_told_and_written(
    catalogue: Catalogue, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="harness"):
        finished = make(catalogue, [{"class_id": [0, 1]}, {"answer": ["red", "blue"]}])
    assert "2 of 12 images have several answers that are all meant" in caplog.text
    assert Manifest.read(finished.path).model_facts["several_answers"] == 2
    found = results(finished)
    assert found.reading is not None and found.reading.n_several == 2
    assert any("2 of 12 answers stand for several classes" in line for line in notes_of(found))


@pytest.mark.parametrize(
    ("outcomes", "place", "expected"),
    [
        ([Outcome(Status.REFUSED), Outcome(Status.UNPARSED)], 1, Outcome(Status.UNPARSED)),
        ([Outcome(Status.EMPTY), Outcome(Status.REFUSED)], 1, Outcome(Status.REFUSED)),
        (
            [Outcome(Status.OOP, rule="none_listed"), Outcome(Status.OOP, rule="no_match")],
            1,
            Outcome(Status.OOP, rule="no_match"),
        ),
        (
            [Outcome(Status.OK, 3, (5,), "strict"), Outcome(Status.OK, 5, (3,), "strict")],
            0,
            Outcome(Status.OK, 3, (5,), "strict"),
        ),
    ],
)
def test_the_best_status_of_several(outcomes: list[Outcome], place: int, expected: Outcome) -> None:
    found = joined("cw", outcomes)
    assert (found.place, found.outcome) == (place, expected)


def test_a_grid_of_mappings_refuses_them(catalogue: Catalogue) -> None:
    finished = make(catalogue, [{"answer": ["bluish", "reddish"]}])
    run = open_run(catalogue, finished.path, NO_OVERRIDES)
    combinations = open_combinations(catalogue, ["lexical"], ["raw"], ["raw"])
    with pytest.raises(DataError, match="several answers that are all meant"):
        map_run(run, combinations)


def test_real_predictions_with_several_classes_an_image(
    shared_data: Path, tmp_path: Path, root: Path
) -> None:
    """GPT-4o named two or three classes for 25 of 1,918 hard images; with all of them counted it is
    right on 723, as published with the data.
    """
    source = shared_data / "labels" / "regt_era_s_minus_1918.json"
    entries = json.loads(source.read_text())
    rows = [{"image_id": name, "class_id": each["ChatGPT_prediction"]}
            for name, each in entries.items()]  # fmt: skip
    assert sum(len(row["class_id"]) > 1 for row in rows) == 25
    path = tmp_path / "gpt4o.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "ids.jsonl").write_text(
        "".join(json.dumps({"image_id": name.removesuffix(".JPEG")}) + "\n" for name in entries)
    )
    (tmp_path / "hard.yaml").write_text(
        f"label_set: hard\nformat: regt\nclass_list: imagenet1k\npath: {source}\n"
    )
    (tmp_path / "task.yaml").write_text(
        "task: hard\nprotocol: classify\ndataset_path: ids.jsonl\ndoc_to_id: image_id\n"
        "class_list: imagenet1k\nlabel_sets: [imgt, hard]\nmetadata: {version: 1}\n"
    )
    catalogue = Catalogue((tmp_path,))
    options = ImportOptions("gpt4o", tmp_path / "runs")
    found = results(import_answers(catalogue, load_task(catalogue, "hard"), path, options))
    scores = found.scores["classify"]
    assert (scores["hard"].n_right, scores["hard"].n) == (723, 1918)
    assert scores["imgt"].n_right == 624
    assert found.label_sets["hard"].notes["original_contradicted"] == 0
    several = found.several_answers["classify"]["hard"]
    named = [
        ({*each["ChatGPT_prediction"]} - {-1}, {*each["annotation_labels"]})
        for each in entries.values()
    ]
    whole = sum(bool(ids) and ids <= right for ids, right in named)
    recall = sum(len(ids & right) / len(right) for ids, right in named)
    assert (several.n, several.n_several, several.n_unclear) == (1918, 25, 0)
    assert several.accuracy_any == pytest.approx(100 * 723 / 1918)
    assert several.accuracy_all == pytest.approx(100 * whole / 1918)
    assert several.label_recall == pytest.approx(100 * recall / 1918)
    assert whole < 723 == round(recall)


# Options that came with the answers


def choice_task(folder: Path) -> Catalogue:
    write_task(folder, "distractors: {n_options: 3}\n", "mc")
    task = folder / "colours.yaml"
    task.write_text(task.read_text().replace("{{ classes | join(' ') }}", "{{ options }}"))
    return Catalogue((folder,))


def choices(n_own: int, catalogue: Catalogue) -> Finished:
    """Answers of which the first `n_own` bring their own two options."""
    folder = catalogue.include_paths[0]
    rows: list[dict[str, Any]] = [
        {"image_id": each, "class_id": n % 4} for n, each in enumerate(IDS)
    ]
    for n, row in enumerate(rows[:n_own]):
        row["options"] = [(n + 1) % 4, n % 4]
    path = folder / "answers.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = ImportOptions("given", folder / "runs", fresh=True)
    return import_answers(catalogue, load_task(catalogue, "colours"), path, options)


def distractors(finished: Finished) -> dict[str, Any]:
    found = results(finished).mc
    assert found is not None
    return dict(found.distractors)


def test_options_are_recorded_as_what_they_are(folder: Path) -> None:
    catalogue = choice_task(folder)
    drawn = load_task(catalogue, "colours").distractors
    assert drawn is not None
    how = drawn.model_dump(mode="json")
    assert distractors(choices(N, catalogue)) == {"strategy": "given", "n_given": N}
    assert distractors(choices(0, catalogue)) == how
    assert distractors(choices(5, catalogue)) == {
        "strategy": "given and drawn", "n_given": 5, "n_drawn": N - 5, "drawn": how,
    }  # fmt: skip


def test_scoring_again_knows_how_the_options_came(folder: Path) -> None:
    catalogue = choice_task(folder)
    finished = choices(N, catalogue)
    assert Manifest.read(finished.path).model_facts["options"] == {"given": N, "drawn": 0}
    again = rescore(catalogue, finished.path, NO_OVERRIDES).mc
    assert again is not None and again.distractors["strategy"] == "given"


def test_of_several_classes_those_that_are_options_count(folder: Path) -> None:
    catalogue = choice_task(folder)
    first = {"class_id": [3, 0, 2], "options": [0, 1, 2]}
    rows = [first] + [{"class_id": 1, "options": [1, 2]}] * (N - 1)
    made = first_row(make(catalogue, rows))
    assert (made.class_id, made.also) == (0, (2,))
    assert made.meant_classes == ((), (0,), (2,))
    first["class_id"] = [3]
    path = catalogue.include_paths[0] / "runs"
    path.rename(path.with_name("before"))
    assert first_row(make(catalogue, rows)).rule == "other_name"


# Data that are ids alone


def ids_task(folder: Path, *lines: str) -> Catalogue:
    (folder / "ids.jsonl").write_text(
        "".join(json.dumps({"image_id": each, "note": "x"}) + "\n" for each in IDS)
    )
    (folder / "only_ids.yaml").write_text(
        "task: only_ids\nprotocol: cw\ndataset_path: ids.jsonl\nclass_list: colours\n"
        "label_sets: [colours_first]\nmetadata: {version: 1}\n"
        "doc_to_text: \"{{ classes | join(' ') }} <image>\"\n" + "".join(lines)
    )
    return Catalogue((folder,))


def test_ids_alone_are_enough_to_import_and_score(folder: Path) -> None:
    catalogue = ids_task(folder, "doc_to_id: image_id\n")
    finished = make(catalogue, [{"answer": NAMES[n % 4]} for n in range(N)], "only_ids")
    assert n_right(finished) == N
    assert rescore(catalogue, finished.path, NO_OVERRIDES).complete


@pytest.mark.parametrize("protocol", ["cw", "classify"])
def test_what_is_missing_is_named(folder: Path, protocol: str) -> None:
    catalogue = ids_task(folder)
    if protocol == "classify":
        text = (folder / "only_ids.yaml").read_text().replace("protocol: cw", "protocol: classify")
        (folder / "only_ids.yaml").write_text(text[: text.index("doc_to_text")])
    with pytest.raises(DataError) as caught:
        make(catalogue, [], "only_ids")
    (problem,) = caught.value.problems
    assert "`doc_to_id` names no column of ids" in problem.what
    assert problem.fix == "`doc_to_id: image_id`"
    assert "did you mean" not in str(problem)


def test_a_model_is_not_asked_about_ids(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    ids_task(folder, "doc_to_id: image_id\n")
    words = ["harness", "run", "--tasks", "only_ids", "--model", "mini", "--include_path",
             str(folder), "--output", str(folder / "runs")]  # fmt: skip
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    told = capfd.readouterr().err
    assert "its data set has no images" in told
    assert "harness import" in told
    assert "Traceback" not in told
