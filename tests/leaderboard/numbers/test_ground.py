"""Images and labels of a benchmark: groups, homes, differences, and chance under equivalences."""

from dataclasses import replace

import numpy as np
import pytest

from harness.data.labels.label_set import Equivalences
from harness.leaderboard.numbers.ground import NO_GROUP, Ground, describe, make_ground
from harness.leaderboard.numbers.references import references
from harness.runs.finish import Ending
from leaderboard.numbers.entry_builder import IDS, ORIGINAL, N, Toy, corrected


@pytest.fixture
def ending(toy: Toy) -> Ending:
    return toy.ending("toy_cw")


def test_the_headline_is_the_last_that_is_not_original(ending: Ending) -> None:
    original, corrected_labels = ending.truths.label_sets
    more = replace(corrected_labels, name="earlier")
    truths = replace(ending.truths, label_sets=(original, more, corrected_labels))
    assert make_ground("toy", replace(ending, truths=truths)).headline.name == "corrected"
    ground = make_ground("toy", ending)
    assert ground.image_ids == IDS
    assert ground.original is not None
    assert (ground.original.name, ground.headline.name) == ("original", "corrected")
    assert ground.home(ground.headline).tolist() == ORIGINAL


def test_groups_against_a_plain_loop(ending: Ending) -> None:
    expected = []
    for place, image_id in enumerate(IDS):
        labels = corrected().get(image_id)
        if labels is None:
            expected.append("?")
        elif not labels:
            expected.append("N")
        else:
            sign = "+" if ORIGINAL[place] in labels else "-"
            expected.append(("S" if len(labels) == 1 else "M") + sign)
    ground = make_ground("toy", ending)
    groups, codes = ground.group_codes()
    assert groups == ("N", "S+", "S-", "M+", "M-")
    assert ["?" if code == NO_GROUP else groups[code] for code in codes] == expected
    told = describe(ground, None)
    assert told.groups["N"] == expected.count("N") > 0
    assert told.groups["A"] == sum(each not in "?N" for each in expected)
    assert told.groups["M+"] == expected.count("M+") > 0
    assert {each.group for each in told.differences} == {"N", "S-", "M+"}
    assert [each.image_id for each in told.differences] == [
        IDS[place] for place in range(N) if expected[place] in ("N", "S-", "M+", "M-")
    ]
    added = next(each for each in told.differences if each.group == "M+")
    assert added.original == (ORIGINAL[IDS.index(added.image_id)],)
    assert added.headline == tuple(sorted(corrected()[added.image_id]))


def without_original(ending: Ending) -> Ground:
    sets = tuple(replace(labels, original=False) for labels in ending.truths.label_sets)
    return make_ground("toy", replace(ending, truths=replace(ending.truths, label_sets=sets[1:])))


def test_without_original_labels_groups_have_no_sign(ending: Ending) -> None:
    ground = without_original(ending)
    groups, codes = ground.group_codes()
    assert groups == ("N", "S", "M")
    assert ground.original is None
    assert len(ground.image_ids) == len(corrected())
    assert np.bincount(codes).tolist() == [9, 54, 9]
    home = ground.home(ground.headline)
    assert home.tolist() == [min(corrected()[each], default=-1) for each in ground.image_ids]
    assert describe(ground, None).differences == ()
    names = [each.name for each in references(ground, np.ones(len(home), dtype=np.bool_), None)]
    assert names == ["chance", "constant answer"]


def test_the_original_labels_alone_rank(ending: Ending) -> None:
    truths = replace(ending.truths, label_sets=ending.truths.label_sets[:1])
    ground = make_ground("toy", replace(ending, truths=truths))
    assert ground.headline is ground.original
    assert describe(ground, None).differences == ()


def test_classes_that_count_as_one_are_right_together(ending: Ending) -> None:
    merged = Equivalences.from_groups("/home/someone/config.json", [[0, 1, 2]])
    truths = replace(ending.truths, equivalences=merged)
    ground = make_ground("toy", replace(ending, truths=truths))
    assert ground.equivalences.source == "config.json"
    rows = {each.name: each for each in references(ground, np.ones(N, dtype=np.bool_), None)}
    # Half of the images are of one of the three; each of these is right for all of them.
    assert rows["chance"].accuracy["original"] == pytest.approx(100 * (0.5 * 3 + 0.5) / 6)
    assert rows["constant answer"].accuracy["original"] == pytest.approx(50)


def test_no_folder_of_this_machine_is_told(ending: Ending) -> None:
    told = describe(make_ground("toy", ending), None)
    assert {info.source for info in told.label_sets.values()} == {
        "original.jsonl", "corrected.jsonl",
    }  # fmt: skip
