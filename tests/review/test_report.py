"""A review's report: its numbers by hand, and the page and file that come of the command."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.data.labels.label_set import Equivalences, Labels, LabelSet
from harness.data.labels.of_task import NO_OVERRIDES
from harness.review.answers import AnswerRow, Answers, latest_of
from harness.review.effects import effects_on
from harness.review.merging import How, merge
from harness.review.opening import open_review, open_runs, read_review
from harness.review.queue import Queue
from harness.review.report_numbers import ReportNumbers, report_numbers
from harness.review.report_tables import write_report
from harness.review.sources import Sources
from harness.specs.catalogue import Catalogue
from review.test_verdicts import a_run, predicted
from support.annotators import simulate, write_answers
from support.command import harness
from support.reviews import made_review
from support.small_review import answer, item, queue_of

ids = frozenset
NO = Equivalences.none()


def reported(queue: Queue, rows: list[AnswerRow]) -> ReportNumbers:
    base = LabelSet("again", {each.image_id: ids(each.labels["again"]) for each in queue.items})
    answers = Answers(queue, tuple(rows), latest_of(rows)[0], ())
    merged = merge(answers, Labels((base,), NO), base, How("majority"))
    return report_numbers(answers, merged, None)


def test_influence_by_hand() -> None:
    """Model m says 1, the labels 2: three people answer four images twice."""
    queue = queue_of(
        [item(name, predictions=(predicted("m", 1),)) for name in "abcd"],
        mode="blind_then_shown",
        runs=(a_run("m"),),
    )
    said = {
        ("a", "ann"): ((2,), (1,)),
        ("a", "bob"): ((1,), (1,)),
        ("a", "cyd"): ((2,), (2,)),
        ("b", "ann"): ((2,), (1, 2)),
        ("b", "bob"): ((1,), (2,)),
        ("b", "cyd"): ((5,), ()),
        ("c", "ann"): ((2,), (1,)),
        ("c", "bob"): ((2,), (1,)),
        ("c", "cyd"): ((2,), None),  # not answered again: no pair
        ("d", "ann"): ((), (1,)),
    }
    rows = []
    for (image_id, name), (blind, shown) in said.items():
        rows.append(answer(queue, image_id, name, *blind))
        if shown is not None:
            rows.append(answer(queue, image_id, name, *shown, pass_="shown"))
    (found,) = reported(queue, rows).influence
    assert (found.side, found.n) == ("outside", 9)
    assert (found.both, found.only_blind, found.only_shown, found.neither) == (1, 1, 5, 2)
    assert (found.blind.n, found.shown.n) == (2, 6)
    assert found.p_mcnemar == pytest.approx(14 / 64)  # 2 (1 + 6) / 2^6
    assert found.p_holm == found.p_mcnemar


def test_times_by_hand() -> None:
    """What a person took over an image in a pass is all answers to it together."""
    queue = queue_of([item(name) for name in "abcde"])
    rows = [
        answer(queue, name, "ann", 1, seconds=seconds)
        for name, seconds in (("a", 1.0), ("a", 2.0), ("b", 5.0), ("c", 7.0), ("d", 11.0))
    ]
    rows.append(answer(queue, "e", "ann", 1, seconds=None, at=None))
    rows.append(answer(queue, "a", "bob", 1, seconds=100.0))
    found = {(each.by, each.name): each for each in reported(queue, rows).times}
    mine = found["annotator", "ann"]
    assert (mine.n, mine.median, mine.quartiles) == (4, 6.0, (4.5, 8.0))  # 3, 5, 7, 11
    assert (found["all", "all"].n, found["all", "all"].median) == (5, 7.0)
    assert found["why", "disagree"].n == 5 and ("why", "control") not in found


def test_base_rate_by_hand() -> None:
    """Of 1,000 images a rule chooses 200. Reviewed: 4 of them, 3 changed; 5 others, 1 changed;
    one of the four is in the control share too.
    """
    changed = {"r1", "r2", "c0", "o1"}
    names = {"r1": ("disagree",), "r2": ("disagree",), "r3": ("disagree",)}
    names |= {"c0": ("disagree", "control")}
    names |= {f"o{number}": ("control",) for number in range(1, 6)} | {"open": ("control",)}
    items = [item(name, why=why) for name, why in names.items()]
    queue = queue_of(items, n_images=1000, n_chosen=200)
    rows = [
        answer(queue, name, "ann", status="unsure")
        if name == "open"
        else answer(queue, name, "ann", 1 if name in changed else 2)
        for name in names
    ]
    found = reported(queue, rows).base_rate
    assert (found.changed.n, found.changed.of, found.n_undecided) == (2, 6, 1)
    assert (found.chosen.n, found.chosen.of, found.others.n, found.others.of) == (3, 4, 1, 5)
    assert found.whole == pytest.approx(0.2 * 75 + 0.8 * 20)
    assert found.whole_ci95 is not None


def test_a_queue_that_does_not_say_how_many_images_there_are_gives_no_estimate() -> None:
    queue = queue_of([item("a", why=("control",))])
    found = reported(queue, [answer(queue, "a", "ann", 1)]).base_rate
    assert (found.whole, found.whole_ci95, found.n_images) == (None, None, None)
    assert found.changed.share == 100.0


@pytest.fixture(scope="module")
def review(
    mini_sources: Sources,
    mini_truth: Mapping[str, ids[int]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    made = made_review(
        mini_sources, tmp_path_factory.mktemp("report") / "review", mode="blind_then_shown"
    )
    people = dict(zip(made.queue.annotators, (0.95, 0.9, 0.85, 0.6), strict=True))
    rows = simulate(made.queue, mini_truth, people, follows={"dee": 0.8})
    write_answers(made.folder, rows)
    return made.folder


def test_the_effect_is_what_counting_finds(review: Path, mini_runs: list[Path]) -> None:
    """The same run under two label sets: accuracies as scored, and the 2x2 table of the two."""
    catalogue = Catalogue()
    found = open_review(catalogue, read_review(review), NO_OVERRIDES)
    labels = found.opened.labels
    merged = merge(found.review.answers, labels, found.base, How("majority"))
    runs = open_runs(catalogue, mini_runs[:2], found, NO_OVERRIDES)
    effects = effects_on(runs, merged, labels.original)
    for run, effect in zip(runs, effects, strict=True):
        right = {"before": set[str](), "after": set[str]()}
        for row in run.rows:
            named = labels.equivalences.merge_all(
                each for each in (row.class_id, *row.also) if each is not None
            )
            for when, of in (("before", merged.base), ("after", merged.labels)):
                if named & labels.equivalences.merge_all(of.labels[row.image_id]):
                    right[when].add(row.image_id)
        both = [
            row.image_id
            for row in run.rows
            if merged.base.labels[row.image_id] and merged.labels.labels[row.image_id]
        ]
        before, after = ({each for each in both if each in right[when]} for when in right)
        assert (effect.n, effect.only_before, effect.only_after) == (
            len(both), len(before - after), len(after - before)
        )  # fmt: skip
        assert effect.before == pytest.approx(100 * len(before) / len(both))
        assert effect.after == pytest.approx(100 * len(after) / len(both))
        assert effect.p_holm >= effect.p_mcnemar
        assert effect.only_after > effect.only_before


def test_page_and_numbers_of_the_command(
    review: Path, mini_runs: list[Path], tmp_path: Path
) -> None:
    words = ("review", "report", review, *mini_runs[:2], "-o", tmp_path / "report.html")
    told = harness(*words)
    assert told.code == 0, told.text
    assert "people confirmed or integrated its answer on" in told.text
    numbers = json.loads((tmp_path / "report.json").read_text())
    found = ReportNumbers.model_validate(numbers)
    assert len(found.effects) == 2 and found.influence and found.agreement
    for each in found.verdicts:
        assert sum(one.n for one in each.verdicts.values()) == each.n
    page = (tmp_path / "report.html").read_bytes()
    assert b"<script" not in page and b"http://" not in page and b"https://" not in page
    assert harness(*words, "--format", "json").stdout == (tmp_path / "report.json").read_text()
    assert (tmp_path / "report.html").read_bytes() == page
    csv = harness(*words, "--format", "csv").stdout.splitlines()
    assert csv[0].startswith("side,model,images,n,confirmed,integrated,rejected,corrected,taken")
    assert {line.split(",")[0] for line in csv[1:]} == {"outside", "inside"}


def test_a_merged_file_gives_the_same_report_as_its_rule(review: Path, tmp_path: Path) -> None:
    file = tmp_path / "third.jsonl"
    assert harness("review", "merge", review, "--rule", "unanimous", "-o", file).code == 0
    texts = []
    for number, words in enumerate((("--labels", file), ("--rule", "unanimous"))):
        page = tmp_path / f"{number}.html"
        told = harness("review", "report", review, "-o", page, *words)
        assert told.code == 0, told.text
        texts.append(json.loads(page.with_suffix(".json").read_text()))
    assert texts[0].pop("labels") == "third" and texts[1].pop("labels") == "reviewed"
    assert texts[0] == texts[1]


def test_mistakes_say_what_is_wrong(review: Path, tmp_path: Path) -> None:
    file = tmp_path / "third.jsonl"
    harness("review", "merge", review, "--rule", "majority", "-o", file)
    for words, what in (
        (("-o", tmp_path / "a.pdf"), "FILE.html"),
        (("-o", tmp_path / "a.html", "--table", "time"), "did you mean `times`?"),
        (("-o", tmp_path / "a.html", "--labels", file, "--rule", "majority"), "its own rule"),
        (("-o", tmp_path / "a.html", "--labels", tmp_path / "gone.jsonl"), "gone"),
        (("-o", tmp_path / "a.html", "--rule", "adjudicated"), "go together"),
        (("-o", tmp_path / "a.html", "--base", "mini_reg"), "did you mean `mini_regt`?"),
    ):
        told = harness("review", "report", review, *words)
        assert told.code == 2 and what in told.text, told.text
    file.write_text(file.read_text().replace("[", "[ ", 1))
    told = harness("review", "report", review, "--labels", file, "-o", tmp_path / "a.html")
    assert told.code == 2 and "has been changed since it was merged" in told.text
    assert not (tmp_path / "a.html").exists()


def hostile_report() -> ReportNumbers:
    """A model whose name means harm, and whose answers people follow once they see it."""
    name = "<script>alert(1)</script>\u202e" + "a_long_name" * 12
    queue = queue_of(
        [
            item(each, why=("disagree", "control"), predictions=(predicted(name, 1),))
            for each in "abc"
        ],
        mode="blind_then_shown",
        runs=(a_run(name),),
        n_images=30,
        n_chosen=3,
    )
    rows = [
        answer(queue, image_id, person, *labels, pass_=pass_)
        for image_id in "abc"
        for person in ("ann", "bob")
        for pass_, labels in (("blind", (2,)), ("shown", (1,)))
    ]
    return reported(queue, rows)


def test_hostile_names_are_text(tmp_path: Path) -> None:
    write_report(hostile_report(), tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "&lt;script&gt;" in page and "<script" not in page and "\u202e" not in page
