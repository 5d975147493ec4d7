"""What people made of models' answers: the eight cases by hand, and that there is no ninth."""

from collections import Counter
from itertools import chain, combinations

import pytest

from harness.data.labels.label_set import Equivalences, Labels, LabelSet
from harness.review.answers import AnswerRow, Answers, latest_of
from harness.review.merging import How, Merged, merge
from harness.review.queue import Predicted, Queue, SourceRun
from harness.review.verdicts import VERDICTS, Side, Verdict, count_verdicts, side_of, verdict_of
from support.small_review import answer, item, queue_of

ids = frozenset


@pytest.mark.parametrize(
    ("named", "before", "after", "side", "verdict"),
    [
        ({1}, {2}, {1}, "outside", "confirmed"),
        ({1}, set(), {1}, "outside", "confirmed"),
        ({1, 3}, {2}, {3}, "outside", "confirmed"),  # several classes stand for the answer
        ({1}, {2}, {1, 2}, "outside", "integrated"),
        ({1}, {2}, {1, 4}, "outside", "integrated"),
        ({1}, {2}, {2}, "outside", "rejected"),
        ({1}, set(), set(), "outside", "rejected"),
        ({1}, {2}, {4}, "outside", "corrected"),
        ({1}, {2}, set(), "outside", "corrected"),
        ({1}, {2, 4}, {2}, "outside", "corrected"),
        ({1}, {1}, {1}, "inside", "confirmed"),
        ({1}, {1, 2}, {1, 2}, "inside", "confirmed"),
        ({1}, {1}, {1, 2}, "inside", "integrated"),
        ({1}, {1, 2}, {1}, "inside", "integrated"),
        ({1}, {1, 2}, {2}, "inside", "rejected"),
        ({1}, {1}, set(), "inside", "rejected"),
        ({1}, {1}, {2}, "inside", "corrected"),
        ({1}, {1, 2}, {2, 3}, "inside", "corrected"),
    ],
)
def test_every_verdict_by_hand(
    named: set[int], before: set[int], after: set[int], side: Side, verdict: Verdict
) -> None:
    assert side_of(ids(named), ids(before)) == side
    assert verdict_of(ids(named), ids(before), ids(after)) == verdict


def test_each_case_has_one_verdict_and_each_verdict_a_case() -> None:
    """Over all sets of three classes, against the four definitions written out one by one."""
    sets = [ids(each) for each in chain(*(combinations((1, 2, 3), n) for n in range(4)))]
    seen: Counter[tuple[Side, Verdict]] = Counter()
    for named in sets:
        for before in sets:
            side = side_of(named, before)
            if side is None:
                assert not named
                continue
            for after in sets:
                taken = bool(named & after)
                of_side: dict[Verdict, bool] = (
                    {
                        "confirmed": taken and after <= named,
                        "integrated": taken and not after <= named,
                        "rejected": not taken and after == before,
                        "corrected": not taken and after != before,
                    }
                    if side == "outside"
                    else {
                        "confirmed": taken and after == before,
                        "integrated": taken and after != before,
                        "rejected": not taken and after <= before,
                        "corrected": not taken and not after <= before,
                    }
                )
                (true,) = [name for name, holds in of_side.items() if holds]
                assert verdict_of(named, before, after) == true
                seen[side, true] += 1
    assert len(seen) == 8 and sum(seen.values()) == 7 * 8 * 8


def predicted(model: str, *classes: int) -> Predicted:
    return Predicted(
        model=model,
        task="t",
        protocol="ow",
        classes=classes,
        answer=None,
        confidence=None,
        oop=not classes,
    )


def a_run(model: str) -> SourceRun:
    return SourceRun(path=f"{model}/t", model=model, task="t", predictions_sha256="1")


def reviewed() -> tuple[Queue, Merged]:
    """Labels before, answers of model m, what ann says: confirmed, integrated, rejected, corrected,
    undecided; one control image; one that is both; one without a class; a honeypot.
    """
    cases = {
        "conf": ((2,), (1,), (1,), ("disagree",), "S-"),
        "int": ((2,), (1,), (1, 2), ("disagree",), "S-"),
        "rej": ((2,), (1,), (2,), ("groups",), "S+"),
        "corr": ((2,), (1,), (4,), ("disagree",), "S+"),
        "open": ((2,), (1,), None, ("disagree",), "S+"),
        "random": ((2,), (2,), (2,), ("control",), "S+"),
        "both": ((5,), (1,), (5,), ("disagree", "control"), None),  # 1 and 5 count as one
        "none": ((2,), (), (2,), ("oop",), "N"),
        "pot": ((2,), (1,), (1,), ("honeypot",), "S+"),
    }
    items = [
        item(
            name,
            why=why,
            group=group,
            predictions=(predicted("m", *named),),
            known=(2,) if name == "pot" else None,
        )
        for name, (_, named, _, why, group) in cases.items()
    ]
    queue = queue_of(items, runs=(a_run("m"), a_run("silent")))
    rows: list[AnswerRow] = [
        answer(queue, name, "ann", status="unsure")
        if after is None
        else answer(queue, name, "ann", *after)
        for name, (_, _, after, _, _) in cases.items()
    ]
    base = LabelSet("again", {name: ids(before) for name, (before, *_) in cases.items()})
    same = Equivalences.from_groups("test", [[1, 5]])
    answers = Answers(queue, tuple(rows), latest_of(rows)[0], ())
    return queue, merge(answers, Labels((base,), same), base, How("majority"))


def test_counts_by_hand() -> None:
    found = {(each.model, each.side, each.part): each for each in count_verdicts(*reviewed())}
    tallies = {
        key: (each.n, *(each.verdicts[name].n for name in VERDICTS), each.n_undecided)
        for key, each in found.items()
    }
    assert tallies == {
        ("m", "outside", "all"): (4, 1, 1, 1, 1, 1),
        ("m", "outside", "S+"): (2, 0, 0, 1, 1, 1),
        ("m", "outside", "S-"): (2, 1, 1, 0, 0, 0),
        ("m", "inside", "all"): (1, 1, 0, 0, 0, 0),
        ("m", "inside", "control"): (2, 2, 0, 0, 0, 0),
        ("silent", "outside", "all"): (0, 0, 0, 0, 0, 0),
        ("silent", "inside", "all"): (0, 0, 0, 0, 0, 0),
    }
    taken = found["m", "outside", "all"].taken
    assert (taken.n, taken.of, taken.share) == (2, 4, 50.0)
    assert taken.ci95 == pytest.approx((15.00, 85.00), abs=0.01)  # Wilson's of 2 of 4
    nothing = found["silent", "outside", "all"].taken
    assert (nothing.share, nothing.ci95) == (None, None)
