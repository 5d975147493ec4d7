"""What `agree` says of a review, against what is counted by hand."""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.data.labels.label_set import Equivalences
from harness.report.forms import plain
from harness.report.layout import to_text
from harness.review.agreement import NONE, UNSURE, category_of, is_right, measure
from harness.review.agreement_tables import agreement_notes, agreement_tables
from harness.review.answers import AnswerRow, Answers, latest_of
from harness.review.queue import Queue
from harness.review.sources import Sources
from harness.scores.agreement import coded, krippendorff_alpha
from harness.scores.statistics import Draws
from support.annotators import simulate, write_answers
from support.command import harness
from support.reviews import PEOPLE, made_review, made_up_queue
from support.small_review import answer, item, queue_of

ALONE = Equivalences.none()
FEW = Draws(100)


def answers_of(queue: Queue, rows: list[AnswerRow]) -> Answers:
    latest, notes = latest_of(rows)
    return Answers(queue, tuple(rows), latest, tuple(notes))


def test_a_category_is_the_whole_answer() -> None:
    queue = queue_of([item("a")])
    same = Equivalences.from_groups("mine", [(2, 5)])
    assert category_of(answer(queue, "a", "ann", 1, 5), same) == frozenset({1, 2})
    assert category_of(answer(queue, "a", "ann"), same) == NONE
    assert category_of(answer(queue, "a", "ann", status="unsure"), same) == UNSURE


def test_a_honeypot_is_right_where_its_labels_are_met_exactly() -> None:
    honeypot, nothing = item("a", known=(2,)), item("b", known=())
    queue = queue_of([honeypot, nothing])
    same = Equivalences.from_groups("mine", [(2, 5)])
    given = {(2,): True, (5,): True, (1,): False, (1, 2): False, (): False}
    for labels, right in given.items():
        assert is_right(answer(queue, "a", "ann", *labels), honeypot, same) is right
    assert not is_right(answer(queue, "a", "ann", 5), honeypot, ALONE)
    assert is_right(answer(queue, "b", "ann"), nothing, same)
    assert not is_right(answer(queue, "b", "ann", status="unsure"), nothing, same)
    with pytest.raises(ValueError, match="not known"):
        is_right(answer(queue, "a", "ann", 1), item("a"), same)


def test_figures_of_people_and_images_by_hand() -> None:
    items = [
        item("a"),
        item("b", why=("split", "control")),
        item("c", why=("split",)),
        item("h", why=("honeypot",), known=(2,)),
        item("i", why=("honeypot",), known=(2,)),
    ]
    queue = queue_of(items)
    rows = [
        answer(queue, "a", "ann", 1, seconds=1), answer(queue, "a", "bob", 1),
        answer(queue, "b", "ann", 1, 2, seconds=9), answer(queue, "b", "bob", 1),
        answer(queue, "c", "ann", seconds=3), answer(queue, "c", "cyd", status="unsure"),
        answer(queue, "h", "ann", 2, seconds=2), answer(queue, "h", "bob", 2),
        answer(queue, "i", "ann", 1, seconds=7),
    ]  # fmt: skip
    (found,) = measure(answers_of(queue, rows), ALONE, FEW).passes
    assert (found.overall.n, found.overall.raw.n) == (3, 3)
    assert found.overall.raw.value == pytest.approx(1 / 3)
    assert list(found.by_rule) == ["disagree", "split", "control", "honeypot"]
    assert found.by_rule["split"].raw.value == 0
    assert found.by_rule["honeypot"].raw.value == 1
    assert (found.by_rule["honeypot"].n, found.by_rule["honeypot"].raw.n) == (2, 1)
    ann, bob, cyd = found.people
    assert (ann.n, ann.n_assigned, ann.honeypots, ann.seconds) == (5, 5, (1, 2), 3)
    assert (ann.n_none, ann.n_unsure) == (1, 0)
    assert (bob.honeypots, cyd.honeypots, cyd.n_unsure) == ((1, 1), (0, 0), 1)
    pairs = {(each.one, each.two): each for each in found.pairs}
    assert set(pairs) == {("ann", "bob"), ("ann", "cyd")}
    assert pairs["ann", "bob"].raw.value == 0.5
    assert [(key, each.n, each.positive) for key, each in found.by_class.items()] == [
        (1, 2, 1.0), (2, 1, 0.0)
    ]  # fmt: skip
    assert all(each.alpha.ci95 is None for each in found.by_class.values())


def test_the_coefficients_are_those_of_the_answers_alone() -> None:
    queue = made_up_queue(40)
    truth = {each.image_id: each.labels["new"] for each in queue.items}
    rows = simulate(queue, truth, {"ann": 0.9, "bob": 0.7, "cem": 0.5}, seed=3)
    (found,) = measure(answers_of(queue, rows), ALONE, FEW).passes
    given = {(row.image_id, row.annotator): row.labels for row in rows}
    open_ids = [each.image_id for each in queue.items if each.known is None]
    codes, _ = coded([[given[each, name] for name in ("ann", "bob", "cem")] for each in open_ids])
    assert found.overall.alpha == krippendorff_alpha(codes, FEW)
    assert found.overall.masi.value == pytest.approx(found.overall.alpha.value)  # one label each
    for person in found.people:
        known = [each for each in queue.items if each.known is not None]
        right = sum(given[each.image_id, person.annotator] == each.known for each in known)
        assert person.honeypots == (right, 2)


def test_drift_is_the_later_half_against_the_earlier_by_the_time_of_the_answers() -> None:
    known = [item(f"h{number}", known=(1,)) for number in range(4)]
    others = [item(f"o{number}") for number in range(4)]
    queue = queue_of([*known, *others])
    rows = []
    for minute, name in enumerate(("h3", "o2", "o3", "h2", "h0", "o1", "o0", "h1")):
        tired = minute >= 4
        at = f"2026-01-31T12:0{minute}:00Z"
        rows.append(answer(queue, name, "ann", 2 if tired else 1, at=at))
        if name.startswith("o"):
            rows.append(answer(queue, name, "bob", 1, at=at))
    rows.append(answer(queue, "o1", "cyd", 2, at="2026-01-31T13:00:00Z"))
    (found,) = measure(answers_of(queue, rows), ALONE, Draws()).passes
    ann, bob = found.drifts  # cyd answered once
    assert ann.honeypots == ((2, 2), (0, 2))
    assert ann.others == (1.0, (0 + 0.5) / 2)
    assert ann.n_others == (2, 2)
    assert ann.honeypots_change is not None and ann.honeypots_change[1] < 1
    assert ann.others_change == (-1.0, -0.5)
    assert (bob.annotator, bob.honeypots) == ("bob", ((0, 0), (0, 0)))
    untimed = [row.model_copy(update={"at": None, "seconds": None}) for row in rows]
    (found,) = measure(answers_of(queue, untimed), ALONE, FEW).passes
    assert found.drifts == () and found.people[0].seconds is None
    at_once = [row.model_copy(update={"at": rows[0].at}) for row in rows]
    (found,) = measure(answers_of(queue, at_once), ALONE, FEW).passes
    assert found.drifts == ()


def test_influence_counts_answers_that_went_to_a_models_class() -> None:
    predicted = made_up_queue(3).items[0].predictions[0].model_copy(update={"classes": (5,)})
    labelled = {"labels": {"again": (2,)}, "predictions": (predicted,)}
    names = ("kept", "alone", "label", "left", "other", "open", "h")
    items = [item(name, **labelled, annotators=("ann",)) for name in names[:-1]]
    items.append(item("h", **labelled, known=(2,), annotators=("ann",)))
    queue = queue_of(items, "blind_then_shown", annotators=("ann",))
    twice = {
        "kept": ((5,), (5,)),
        "alone": ((1,), (1, 5)),
        "label": ((1,), (2,)),
        "left": ((5,), (1,)),
        "other": ((1,), ()),
        "h": ((1,), (5,)),
    }
    rows = [
        answer(queue, name, "ann", *labels, pass_=pass_)
        for name, both in twice.items()
        for pass_, labels in zip(("blind", "shown"), both, strict=True)
    ]
    rows.append(answer(queue, "open", "ann", 1))
    (found,) = measure(answers_of(queue, rows), ALONE, FEW).influences
    assert (found.annotator, found.n, found.n_changed) == ("ann", 5, 4)
    assert (found.n_open, found.n_towards, found.n_towards_model, found.n_away) == (3, 1, 1, 1)
    same = Equivalences.from_groups("mine", [(2, 5)])
    (found,) = measure(answers_of(queue, rows), same, FEW).influences
    assert (found.n_towards, found.n_towards_model) == (2, 0)


def test_what_has_no_value_is_a_dash_and_a_note(tmp_path: Path) -> None:
    queue = queue_of([item("a"), item("b", annotators=("bob",))])
    rows = [answer(queue, "a", "ann", 1), answer(queue, "b", "bob", 1)]
    found = measure(answers_of(queue, rows), ALONE, FEW)
    notes = agreement_notes(found)
    assert notes[0] == (
        "blind, all images: no value for raw; Fleiss; Krippendorff's alpha; Krippendorff's alpha, "
        "MASI: no image has two answers"
    )
    assert found.passes[0].pairs == () and found.passes[0].overall.n == 2


@pytest.fixture(scope="module")
def answered(
    tmp_path_factory: pytest.TempPathFactory,
    mini_sources: Sources,
    mini_truth: Mapping[str, frozenset[int]],
) -> Path:
    folder = tmp_path_factory.mktemp("review") / "twice"
    made = made_review(mini_sources, folder, 60, mode="blind_then_shown", honeypots=8)
    accuracies = dict(zip(PEOPLE, (0.95, 0.9, 0.8, 0.6), strict=True))
    write_answers(folder, simulate(made.queue, mini_truth, accuracies, follows={"dee": 0.7}))
    return folder


def test_nothing_is_cut_at_80_columns(answered: Path, mini_sources: Sources) -> None:
    from harness.review.answers import read_answers

    queue = Queue.read(answered)
    found = measure(read_answers(queue, answered), ALONE, FEW)
    tables = agreement_tables(found, mini_sources.classes)
    names = ["overall", "rules", "annotators", "drift", "pairs", "classes"]
    assert [each.name for each in tables] == [*names, *names, "influence"]
    for table in tables:
        text = to_text(table, 80)
        assert "…" not in text and max(map(len, text.splitlines())) <= 80
        for row in table.rows:
            shown = [plain(row[place]) for place, each in table.for_people if not each.is_extra]
            assert all(each in text for each in shown if " " not in each or each[0].isdigit())


def test_agree_prints_every_form(answered: Path) -> None:
    said = harness("review", "agree", answered)
    assert said.code == 0
    for title in (
        "Agreement, blind",
        "Agreement, shown",
        "Every two annotators",
        "towards a model",
    ):
        assert title in said.stdout
    assert (
        "Krippendorff's alpha, MASI"
        in harness("review", "agree", answered, "--format", "latex").stdout
    )
    assert "| ann | bob |" in harness("review", "agree", answered, "--format", "markdown").stdout


def test_agree_in_json_and_csv_is_the_same(answered: Path) -> None:
    found = json.loads(harness("review", "agree", answered, "--json").stdout)
    people = [
        row for each in found["tables"] if each["table"] == "annotators" for row in each["rows"]
    ]
    assert [(each["pass"], each["annotator"]) for each in people] == [
        (pass_, name) for pass_ in ("blind", "shown") for name in PEOPLE
    ]
    said = harness("review", "agree", answered, "--format", "csv", "--table", "annotators")
    rows = list(csv.DictReader(io.StringIO(said.stdout)))
    assert [float(each["honeypots"]) for each in rows] == [each["honeypots"] for each in people]
    wrong = harness("review", "agree", answered, "--table", "annotater")
    assert wrong.code == 2 and "did you mean `annotators`?" in wrong.text


def test_agree_refuses_a_folder_without_a_queue_or_answers(answered: Path, tmp_path: Path) -> None:
    said = harness("review", "agree", tmp_path)
    assert said.code == 2 and "queue.json" in said.text
    (tmp_path / "queue.json").write_bytes((answered / "queue.json").read_bytes())
    said = harness("review", "agree", tmp_path)
    assert said.code == 2 and "there are no answers in it" in said.text
