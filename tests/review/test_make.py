"""The folder of a review that is made of real runs."""

import io
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import harness
from harness.data.classes import Class, ClassList
from harness.data.images.pixels import pixels_sha256
from harness.errors import DataError, UserError
from harness.review.make import Made
from harness.review.page_data import file_names, write_classes, write_queue_data
from harness.review.queue import FILE, Queue, order_of
from harness.review.sources import Answered, Sources
from support.reviews import PEOPLE, answered, made_review, made_up_queue, made_up_sources

HOSTILE = (
    "</script><script>alert(1)</script>",
    "a\u2028b\u2029c",
    "\"quotes' & `ticks` \\",
    "\ud800",
)


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def script(path: Path, name: str) -> Any:
    """What a script sets a name of the page to; in ASCII, and with nothing that ends a script."""
    text = path.read_text(encoding="ascii")
    assert text.startswith(f"window.{name} = ") and text.endswith(";\n")
    assert text.count("\n") == 1 and not set("<>&'") & set(text)
    return json.loads(text.removeprefix(f"window.{name} = ").removesuffix(";\n"))


def items_of(made: Made, annotator: str) -> list[dict[str, Any]]:
    found = script(made.folder / "page" / "annotators" / f"{annotator}.js", "REVIEW_ITEMS")
    assert found["annotator"] == annotator
    items: list[dict[str, Any]] = found["items"]
    return items


@pytest.fixture(scope="module")
def made(mini_sources: Sources, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made_review(mini_sources, tmp_path_factory.mktemp("made") / "review")


def test_the_same_request_makes_the_same_bytes(
    made: Made, mini_sources: Sources, tmp_path: Path
) -> None:
    assert files_of(made_review(mini_sources, tmp_path / "again").folder) == files_of(made.folder)
    assert Queue.read(made.folder) == made.queue


def test_the_queue_says_what_is_known_of_each_image(made: Made, mini_sources: Sources) -> None:
    queue = made.queue
    assert [item.image_id for item in queue.items] == sorted(item.image_id for item in queue.items)
    assert len(queue.items) == queue.n + queue.rules.honeypots
    assert (queue.base, queue.label_sets) == ("mini_imgt", ("mini_imgt", "mini_regt"))
    assert [run.path for run in queue.runs][-1] == "mini/mini_ow"
    for item in queue.items:
        labels = {each for ids in item.labels.values() for each in ids}
        named = {each for answer in item.predictions for each in answer.classes}
        if item.known is None:
            assert item.candidates == tuple(sorted(labels | named))
        else:
            assert set(item.candidates) >= labels | named and len(item.candidates) > 1
            assert item.known == item.labels["mini_regt"] and item.why == ("honeypot",)
        wrong = {
            each.model
            for each in item.predictions
            if each.classes and not set(each.classes) & set(item.labels["mini_imgt"])
        }
        if "disagree" in item.why:
            assert len(wrong) >= 2
        else:
            assert item.why in (("control",), ("honeypot",)) and len(wrong) < 2
        assert len(item.predictions) == 4 and len(item.annotators) == 3
    counts = Counter(each for item in queue.items for each in item.why)
    assert counts["control"] == 4 and counts["honeypot"] == 4 and made.available["control"] == 240


def test_a_run_says_its_share_for_the_class_where_its_scores_are_such(made: Made) -> None:
    by_model: dict[str, set[bool]] = {}
    for item in made.queue.items:
        for each in item.predictions:
            by_model.setdefault(each.model, set()).add(each.confidence is not None)
            assert each.confidence is None or 0 < each.confidence <= 1
    assert by_model == {
        "mini": {False}, "mini_classifier": {True}, "mini_dual": {False}, "mini_knn": {True}
    }  # fmt: skip


def test_the_page_has_the_images_under_names_that_say_nothing(
    made: Made, mini_sources: Sources
) -> None:
    page = made.folder / "page"
    assert script(page / "queue.js", "REVIEW_QUEUE") == {
        "queue_sha256": made.queue.sha256,
        "mode": "blind",
        "tool_version": harness.__version__,
        "task": "mini_classify",
        "class_list": "mini",
        "annotators": list(PEOPLE),
        "has_images": True,
    }
    by_id = {item.image_id: item for item in made.queue.items}
    source = mini_sources.images
    assert source is not None and source.read is not None
    for name in PEOPLE:
        items = items_of(made, name)
        assert [each["image_id"] for each in items] != sorted(each["image_id"] for each in items)
        for each in items:
            item = by_id[each["image_id"]]
            assert name in item.annotators and each["votes"] == [] and each["file"] is None
            assert tuple(each["order"]) == order_of(made.queue.seed, item, name)
            original = source.read(source.ids.index(item.image_id))
            assert each["image_sha256"] == item.image_sha256 == pixels_sha256(original)
            assert Image.open(io.BytesIO((page / each["image"]).read_bytes())).size == original.size
            assert item.image_id not in each["image"]


def test_classes_have_their_other_names_and_examples_from_outside_of_the_queue(
    made: Made, mini_truth: Mapping[str, frozenset[int]]
) -> None:
    page = made.folder / "page"
    classes = script(page / "classes.js", "REVIEW_CLASSES")
    assert classes[0] | {"examples": []} == {
        "id": 0, "name": "dog", "aliases": ["puppy", "hound"], "gloss": None, "examples": []
    }  # fmt: skip
    examples = [each for item in classes for each in item["examples"]]
    assert len(examples) > 64 and len(set(examples)) == len(examples)
    assert max(len(each["examples"]) for each in classes) == 3
    asked = {each["image"] for name in PEOPLE for each in items_of(made, name)}
    assert not asked & set(examples)
    assert {f"images/{path.name}" for path in (page / "images").iterdir()} == asked | set(examples)


def as_of_others(sources: Sources) -> Sources:
    """The same labels and answers from label sets and models of other names, in another order."""
    sets = tuple(replace(each, name=f"other_{each.name}") for each in sources.labels.sets)
    names = dict(zip(sources.models, reversed(sources.models), strict=True))

    def of_other(each: Answered) -> Answered:
        predicted = each.predicted.model_copy(
            update={"model": names[each.predicted.model], "confidence": 0.5, "protocol": "cw"}
        )
        return replace(each, predicted=predicted)

    answers = {key: tuple(map(of_other, found[::-1])) for key, found in sources.answers.items()}
    runs = tuple(run.model_copy(update={"model": names[run.model]}) for run in sources.runs)
    return replace(sources, labels=replace(sources.labels, sets=sets), answers=answers, runs=runs)


def page_without_id(made: Made) -> dict[str, bytes]:
    found = files_of(made.folder / "page")
    found["queue.js"] = found["queue.js"].replace(made.queue.sha256.encode(), b"ID")
    return found


def test_nothing_of_a_blind_page_depends_on_where_candidates_come_from(
    made: Made, mini_sources: Sources, tmp_path: Path
) -> None:
    other = made_review(as_of_others(mini_sources), tmp_path / "other", base="other_mini_imgt")
    assert [each.predictions for each in other.queue.items] != [
        each.predictions for each in made.queue.items
    ]
    assert other.queue.sha256 != made.queue.sha256
    assert page_without_id(other) == page_without_id(made)


def test_nothing_of_a_blind_page_depends_on_why_an_image_is_there(
    made: Made, mini_sources: Sources, tmp_path: Path
) -> None:
    plain = made_review(mini_sources, tmp_path / "plain", honeypots=0)
    by_rule = [item.image_id for item in plain.queue.items if "disagree" in item.why]
    file = tmp_path / "ids.txt"
    file.write_text("\n".join(by_rule) + "\n")
    other = made_review(mini_sources, tmp_path / "other", disagree=None, flagged=file, honeypots=0)
    assert {each for item in other.queue.items for each in item.why} == {"flagged", "control"}
    assert page_without_id(other) == page_without_id(plain)
    words = "disagree honeypot control flagged known label_set imgt regt mini_knn confidence"
    for name, data in files_of(made.folder / "page").items():
        if name in ("queue.js", "classes.js") or name.startswith("annotators/"):
            assert not [each for each in words.split() if each.encode() in data]


def test_a_honeypot_has_what_every_other_image_has(made: Made) -> None:
    pots = {item.image_id for item in made.queue.items if item.known}
    items = [each for name in PEOPLE for each in items_of(made, name)]
    assert len({tuple(each) for each in items}) == 1
    sizes = {len(each["order"]) for each in items if each["image_id"] not in pots}
    assert {len(each["order"]) for each in items if each["image_id"] in pots} <= sizes
    assert all(len(each["order"]) > 1 for each in items if each["image_id"] in pots)


def test_sources_are_shown_where_the_mode_shows_them(
    made: Made, mini_sources: Sources, tmp_path: Path
) -> None:
    assert not list((made.folder / "page" / "annotators").glob("*.shown.js"))
    shown = made_review(mini_sources, tmp_path / "shown", mode="blind_then_shown")
    by_id = {item.image_id: item for item in shown.queue.items}
    for name in PEOPLE:
        path = shown.folder / "page" / "annotators" / f"{name}.shown.js"
        found = script(path, "REVIEW_SHOWN")
        assert set(found) == {each["image_id"] for each in items_of(shown, name)}
        for image_id, by_class in found.items():
            item = by_id[image_id]
            assert {int(each) for each in by_class} == set(item.candidates)  # none without source
            for answer in item.predictions:
                for each in answer.classes:
                    expected = {"source": f"model {answer.model}", "confidence": answer.confidence}
                    assert expected in by_class[str(each)]
            for label in item.labels["mini_regt"]:
                expected = {"source": "label set mini_regt", "confidence": None}
                assert expected in by_class[str(label)]


def test_without_a_licence_no_image_is_copied_and_annotators_look_for_its_file(
    mini_sources: Sources, tmp_path: Path
) -> None:
    task = mini_sources.task
    metadata = task.metadata.model_copy(update={"redistribute_images": False})
    sources = replace(mini_sources, task=task.model_copy(update={"metadata": metadata}))
    made = made_review(sources, tmp_path / "review")
    assert not (made.folder / "page" / "images").exists() and not made.has_images
    assert script(made.folder / "page" / "queue.js", "REVIEW_QUEUE")["has_images"] is False
    for each in items_of(made, "ann"):
        assert each["image"] is None and each["file"] == each["image_id"]
    classes = script(made.folder / "page" / "classes.js", "REVIEW_CLASSES")
    assert not any(each["examples"] for each in classes)


def test_files_are_found_by_name_or_where_names_repeat_by_path(mini_sources: Sources) -> None:
    assert mini_sources.images is not None
    val = "ILSVRC2012_val_00000293"
    source = replace(
        mini_sources.images,
        ids=("cat/1", "dog/1", "fox", val),
        files=("cat/1.jpg", "dog/1.jpg", "x/fox.PNG", f"n01440764/{val}_n01440764.JPEG"),
    )
    found = file_names(replace(mini_sources, images=source))
    assert [found[each] for each in source.ids] == [
        "cat/1.jpg", "dog/1.jpg", "fox.PNG", val
    ]  # fmt: skip
    assert found["mini_val_00000001"] == "mini_val_00000001"


def test_hostile_names_are_inert_and_come_through(mini_sources: Sources, tmp_path: Path) -> None:
    classes = ClassList("c", "clean", tuple(Class(i, n, (n,)) for i, n in enumerate(HOSTILE)))
    write_classes(tmp_path, replace(mini_sources, classes=classes), {0: ["images/a.jpg"]})
    found = script(tmp_path / "page" / "classes.js", "REVIEW_CLASSES")
    assert [each["name"] for each in found] == [each["aliases"][0] for each in found] == [*HOSTILE]
    queue = made_up_queue().model_copy(update={"task": HOSTILE[0], "class_list": HOSTILE[1]})
    write_queue_data(tmp_path, queue, has_images=False)
    value = script(tmp_path / "page" / "queue.js", "REVIEW_QUEUE")
    assert (value["task"], value["class_list"]) == HOSTILE[:2]


def test_an_image_that_cannot_be_read_leaves_nothing_behind(
    mini_sources: Sources, tmp_path: Path
) -> None:
    assert mini_sources.images is not None
    images = replace(mini_sources.images, ids=tuple("x" + each for each in mini_sources.images.ids))
    with pytest.raises(DataError, match=r"image `mini_val_.*is not in the data set"):
        made_review(replace(mini_sources, images=images), tmp_path / "review")
    assert [each for each in tmp_path.iterdir() if each.is_dir()] == []


def test_an_image_that_is_not_the_one_that_the_runs_saw_is_refused(
    mini_sources: Sources, tmp_path: Path
) -> None:
    assert mini_sources.images is not None
    ids = mini_sources.images.ids
    images = replace(mini_sources.images, ids=(*ids[1:], ids[0]))
    with pytest.raises(DataError, match="is another picture than the runs have seen"):
        made_review(replace(mini_sources, images=images), tmp_path / "review")


def test_ids_that_name_their_class_are_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for kind, expected in (("class_1_photo", True), ("photo", False)):
        ids = [f"{kind}/{number}" for number in range(10)]
        rows = {"x": dict.fromkeys(ids, 1)}
        sources = made_up_sources({"old": {each: [0] for each in ids}}, rows)
        caplog.clear()
        made_review(sources, tmp_path / kind, n=10, honeypots=0, base="old", disagree=1)
        assert ("names of 10 of 10 images hold the name of one of" in caplog.text) is expected


def test_answers_and_ids_of_any_characters_come_through(tmp_path: Path) -> None:
    ids = ["a/../b", "<b>", "x" * 300, "é\u2028", "c"]
    answer = answered("x", 1)
    predicted = answer.predicted.model_copy(update={"answer": "half \ud800 </script>\u2028\x00"})
    rows = {"x": dict.fromkeys(ids, replace(answer, predicted=predicted))}
    sources = made_up_sources({"old": {each: [0] for each in ids}}, rows)
    made = made_review(sources, tmp_path / "review", n=5, honeypots=0, base="old", disagree=1)
    assert Queue.read(made.folder) == made.queue
    assert {item.image_id for item in made.queue.items} == set(ids)
    assert {item.predictions[0].answer for item in made.queue.items} == {predicted.answer}
    found = {each["image_id"] for name in PEOPLE for each in items_of(made, name)}
    assert found == set(ids)
    names = {path.name for path in made.folder.rglob("*.js")}
    assert {f"{name}.js" for name in PEOPLE} < names


def test_a_folder_that_is_there_is_refused_and_stays(made: Made, mini_sources: Sources) -> None:
    before = files_of(made.folder)
    with pytest.raises(UserError, match="is there already, and is not empty"):
        made_review(mini_sources, made.folder, n=30)
    assert files_of(made.folder) == before


def test_a_queue_that_was_changed_is_refused(made: Made, tmp_path: Path) -> None:
    values = json.loads((made.folder / FILE).read_text("utf-8"))
    values["items"][0]["known"] = [3]
    (tmp_path / FILE).write_text(json.dumps(values))
    with pytest.raises(DataError, match="has been changed since it was made"):
        Queue.read(tmp_path)


def test_the_ids_of_a_class_list_with_gaps_are_in_the_queue(
    made: Made, mini_sources: Sources, tmp_path: Path
) -> None:
    assert made.queue.class_ids == ()
    classes = mini_sources.classes
    more = replace(classes, classes=(*classes.classes, Class(100, "a hundred")))
    queue = made_review(replace(mini_sources, classes=more), tmp_path / "gaps", 20).queue
    assert queue.class_ids == (*classes.ids, 100)
    assert 100 in queue.known_classes and 99 not in queue.known_classes
