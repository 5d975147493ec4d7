"""What people disagree on goes to one more person, and what that one says into the label set."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.errors import UserError
from harness.review.adjudication import adjudication_of
from harness.review.answers import AnswerRow, Answers, latest_of
from harness.review.label_file import Provenance
from harness.review.opening import Review
from harness.review.page_data import read_script
from harness.review.queue import Queue
from harness.review.sources import Sources
from support.annotators import simulate, write_answers
from support.command import harness
from support.reviews import made_review
from support.small_review import NAMES, answer, item, queue_of

QUEUE = queue_of(
    [
        *(item(name) for name in ("agreed", "labels", "status", "alone", "both unsure", "nobody")),
        item("pot", why=("honeypot",), known=(5,)),
    ]
)


def review_of(rows: list[AnswerRow], queue: Queue = QUEUE) -> Review:
    latest, notes = latest_of(rows)
    return Review(Path("review"), Answers(queue, tuple(rows), latest, tuple(notes)))


ROWS = [
    answer(QUEUE, "agreed", "ann", 1),
    answer(QUEUE, "agreed", "bob", 1),
    answer(QUEUE, "labels", "ann", 1),
    answer(QUEUE, "labels", "bob", 1, 9, comment="both"),
    answer(QUEUE, "labels", "cyd", 1),
    answer(QUEUE, "status", "ann", 2),
    answer(QUEUE, "status", "bob", status="unsure"),
    answer(QUEUE, "alone", "ann", 2),
    answer(QUEUE, "both unsure", "ann", status="unsure"),
    answer(QUEUE, "both unsure", "bob", status="unsure"),
    answer(QUEUE, "pot", "ann", 2),
    answer(QUEUE, "pot", "bob", 5),
]


def test_only_disagreements_are_in_it_without_names() -> None:
    found = adjudication_of(review_of(ROWS), "judge")
    queue = found.queue
    assert [each.image_id for each in queue.items] == ["labels", "status"]
    assert (queue.mode, queue.annotators, queue.n, found.n_several) == (
        "adjudicate", ("judge",), 2, 4
    )  # fmt: skip
    assert queue.adjudicates == QUEUE.sha256 != queue.sha256
    first = queue.items[0]
    assert first.candidates == (1, 2, 5, 9)  # what bob looked up is offered
    assert sorted(vote.labels for vote in first.votes) == [(1,), (1,), (1, 9)]
    text = json.dumps([vote.model_dump() for vote in first.votes])
    assert not any(name in text for name in NAMES) and "both" in text


def test_votes_stand_in_an_order_that_says_nothing_of_who_gave_them() -> None:
    queue = queue_of([item(f"i{number}") for number in range(40)])
    rows = [
        answer(queue, each.image_id, name, label)
        for each in queue.items
        for name, label in zip(NAMES, (1, 2, 5), strict=True)
    ]
    found = adjudication_of(review_of(rows, queue))
    places = {item.votes.index(vote) for item in found.queue.items for vote in item.votes[:1]}
    assert places == {0}
    firsts = [item.votes[0].labels for item in found.queue.items]
    assert {firsts.count((label,)) > 5 for label in (1, 2, 5)} == {True}
    again = adjudication_of(review_of(list(reversed(rows)), queue))
    assert again.queue == found.queue


def test_the_last_answer_is_the_one_that_counts() -> None:
    queue = queue_of([item("a")], mode="blind_then_shown")
    rows = [answer(queue, "a", "ann", 1), answer(queue, "a", "bob", 2)]
    assert len(adjudication_of(review_of(rows, queue)).queue.items) == 1
    rows.append(answer(queue, "a", "ann", 2, pass_="shown"))
    with pytest.raises(UserError, match="nothing to adjudicate"):
        adjudication_of(review_of(rows, queue))


@pytest.fixture(scope="module")
def review(
    mini_sources: Sources,
    mini_truth: Mapping[str, frozenset[int]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    made = made_review(mini_sources, tmp_path_factory.mktemp("adjudication") / "review")
    people = dict(zip(made.queue.annotators, (0.9, 0.8, 0.7, 0.6), strict=True))
    write_answers(made.folder, simulate(made.queue, mini_truth, people))
    return made.folder


def test_from_disagreement_to_labels(
    review: Path, mini_truth: Mapping[str, frozenset[int]], tmp_path: Path
) -> None:
    last = tmp_path / "last"
    told = harness("review", "adjudicate", review, "-o", last, "--annotator", "judge")
    assert told.code == 0, told.text
    queue = Queue.read(last)
    page = read_script(last / "page" / "annotators" / "judge.js", "REVIEW_ITEMS")
    assert [each["image_id"] for each in page["items"]] != []
    assert {each["image_id"] for each in page["items"]} == set(queue.item_of)
    for each in page["items"]:
        assert (last / "page" / each["image"]).is_file()
        assert len(each["votes"]) == 3
    for path in (last / "page").rglob("*.js"):  # the organiser's file has them, the page has not
        assert not any(f'"{name}"' in path.read_text() for name in Queue.read(review).annotators)
    of_review = {path.name for path in (review / "page" / "images").iterdir()}
    assert {path.name for path in (last / "page" / "images").iterdir()} < of_review

    merged = ("review", "merge", review, "--rule", "adjudicated", "-o", tmp_path / "new.jsonl")
    told = harness(*merged, "--adjudication", last)
    assert told.code == 2 and "there are no answers in it" in told.text
    write_answers(last, simulate(queue, mini_truth, {"judge": 1.0}))
    told = harness(*merged, "--adjudication", last)
    assert told.code == 0, told.text
    found = Provenance.read(tmp_path / "new.jsonl")
    by_id = {each.image_id: each for each in found.images}
    assert found.counts.decided == found.counts.reviewed
    assert found.adjudication_sha256 == queue.sha256
    for image_id in queue.item_of:
        assert by_id[image_id].after is not None
        assert set(by_id[image_id].after or ()) == mini_truth[image_id]
        assert [each.annotator for each in by_id[image_id].adjudication] == ["judge"]
    told = harness(*merged, "--adjudication", review)
    assert told.code == 2 and "is no adjudication of this review" in told.text
    told = harness("review", "merge", last, "--rule", "majority", "-o", tmp_path / "x.jsonl")
    assert told.code == 2 and "is the adjudication of a review" in told.text


def test_what_cannot_be_made_is_said_before_anything_is_written(
    review: Path, tmp_path: Path
) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "x").touch()
    for words, what in (
        (("-o", full), "is not empty"),
        (("-o", tmp_path / "new", "--annotator", "a b"), "is no name"),
    ):
        told = harness("review", "adjudicate", review, *words)
        assert told.code == 2 and what in told.text
    assert [each.name for each in tmp_path.iterdir()] == ["full"]
