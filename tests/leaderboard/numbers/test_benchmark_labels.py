"""Images and labels of a benchmark: groups, homes, differences, and chance under equivalences."""

from dataclasses import replace

import numpy as np
import pytest

from harness.data.labels.label_set import Equivalences
from harness.data.opened import OpenTask
from harness.leaderboard.numbers.benchmark_labels import (
    NO_GROUP,
    BenchmarkLabels,
    describe,
    labels_of,
)
from harness.leaderboard.numbers.references import references
from leaderboard.numbers.entry_builder import IDS, ORIGINAL, N, Toy, corrected


@pytest.fixture
def opened(toy: Toy) -> OpenTask:
    return toy.opened("toy_cw")


def test_the_headline_is_the_last_that_is_not_original(opened: OpenTask) -> None:
    original, corrected_labels = opened.labels.sets
    more = replace(corrected_labels, name="earlier")
    truths = replace(opened.labels, sets=(original, more, corrected_labels))
    assert labels_of("toy", replace(opened, labels=truths)).headline.name == "corrected"
    benchmark = labels_of("toy", opened)
    assert benchmark.image_ids == IDS
    assert benchmark.original is not None
    assert (benchmark.original.name, benchmark.headline.name) == ("original", "corrected")
    assert benchmark.home(benchmark.headline).tolist() == ORIGINAL


def test_groups_against_a_plain_loop(opened: OpenTask) -> None:
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
    benchmark = labels_of("toy", opened)
    groups, codes = benchmark.group_codes()
    assert groups == ("N", "S+", "S-", "M+", "M-")
    assert ["?" if code == NO_GROUP else groups[code] for code in codes] == expected
    told = describe(benchmark, None)
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


def without_original(opened: OpenTask) -> BenchmarkLabels:
    sets = tuple(replace(labels, original=False) for labels in opened.labels.sets)
    return labels_of("toy", replace(opened, labels=replace(opened.labels, sets=sets[1:])))


def test_without_original_labels_groups_have_no_sign(opened: OpenTask) -> None:
    benchmark = without_original(opened)
    groups, codes = benchmark.group_codes()
    assert groups == ("N", "S", "M")
    assert benchmark.original is None
    assert len(benchmark.image_ids) == len(corrected())
    assert np.bincount(codes).tolist() == [9, 54, 9]
    home = benchmark.home(benchmark.headline)
    assert home.tolist() == [min(corrected()[each], default=-1) for each in benchmark.image_ids]
    assert describe(benchmark, None).differences == ()
    names = [each.name for each in references(benchmark, np.ones(len(home), dtype=np.bool_), None)]
    assert names == ["chance", "constant answer"]


def test_the_original_labels_alone_rank(opened: OpenTask) -> None:
    truths = replace(opened.labels, sets=opened.labels.sets[:1])
    benchmark = labels_of("toy", replace(opened, labels=truths))
    assert benchmark.headline is benchmark.original
    assert describe(benchmark, None).differences == ()


def test_classes_that_count_as_one_are_right_together(opened: OpenTask) -> None:
    merged = Equivalences.from_groups("/home/someone/config.json", [[0, 1, 2]])
    truths = replace(opened.labels, equivalences=merged)
    benchmark = labels_of("toy", replace(opened, labels=truths))
    assert benchmark.labels.equivalences.source == "config.json"
    rows = {each.name: each for each in references(benchmark, np.ones(N, dtype=np.bool_), None)}
    # Half of the images are of one of the three; each of these is right for all of them.
    assert rows["chance"].accuracy["original"] == pytest.approx(100 * (0.5 * 3 + 0.5) / 6)
    assert rows["constant answer"].accuracy["original"] == pytest.approx(50)


def test_no_folder_of_this_machine_is_told(opened: OpenTask) -> None:
    told = describe(labels_of("toy", opened), None)
    assert {info.source for info in told.label_sets.values()} == {
        "original.jsonl", "corrected.jsonl",
    }  # fmt: skip
