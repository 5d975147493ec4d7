"""Put the runs of one task under one protocol on a board: ranks, tiers, pairs, and the rows of no
model: what blind guessing, one constant answer and the original labels reach.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from pydantic import JsonValue

from harness.data.opened import OpenTask
from harness.errors import DataError, Problem
from harness.leaderboard.numbers.benchmark_labels import BenchmarkLabels
from harness.leaderboard.numbers.ranking import (
    Marks,
    PairCounts,
    Pairs,
    count_pairs,
    pair_intervals,
    rank_intervals,
    ranks_of,
    tiers_of,
)
from harness.leaderboard.numbers.site_model import Board, Reference, ScoredEntry
from harness.scores.answers import NO_CLASS, Bools
from harness.scores.guessing import guess_classes, guess_letters
from harness.scores.metrics import percent, share
from harness.scores.provenance import distractors_of
from harness.scores.results import ChoiceScore, Protocol
from harness.scores.statistics import Draws, holm
from harness.scores.truth import Truth
from harness.specs.task import TaskSpec


def references(
    labels: BenchmarkLabels, asked: Bools, choices: ChoiceScore | None
) -> tuple[Reference, ...]:
    """Give the reference rows of a board, by label set.

    `asked` [n] are the board's images. `choices` are those of a multiple-choice board: there blind
    guessing and a constant answer choose among letters.
    """
    rows = _lettered(labels, choices) if choices else _closed(labels, asked)
    original = labels.before
    if original is None:
        return rows
    note = (
        "The original label of each image as its answer, scored by each label set on the images "
        "that both label. By the headline labels it is the ceiling of what agreement with the "
        "original labels can reach."
    )
    both = asked & (original.n_labels > 0)
    accuracy = {
        truth.name: share(_right_by(original, truth), both & (truth.n_labels > 0))
        for truth in labels.truths
    }
    return (*rows, Reference("original labels", note, accuracy))


def _closed(labels: BenchmarkLabels, asked: Bools) -> tuple[Reference, Reference]:
    ids = labels.classes.ids
    guesses = {
        truth.name: guess_classes(truth, asked & (truth.n_labels > 0), ids)
        for truth in labels.truths
    }
    return (
        Reference(
            "chance",
            f"A class drawn blindly from the {len(ids)} of the list: the mean over the images of "
            "the share of classes that are right.",
            {name: each.chance for name, each in guesses.items()},
        ),
        Reference(
            "constant answer",
            "The one class that is right most often, for all images; the best one for each label "
            "set.",
            {name: each.constant for name, each in guesses.items()},
        ),
    )


def _lettered(labels: BenchmarkLabels, choices: ChoiceScore) -> tuple[Reference, Reference]:
    names = [truth.name for truth in labels.truths]
    guess = guess_letters(choices)
    return (
        Reference(
            "chance",
            "One of the k letters drawn blindly: the mean of 1/k over the questions, of which each "
            "has one right option.",
            dict.fromkeys(names, guess.chance),
        ),
        Reference(
            "constant answer",
            "The one letter that is right most often, for all questions.",
            dict.fromkeys(names, guess.constant),
        ),
    )


def _right_by(original: Truth, truth: Truth) -> Bools:
    rows = np.arange(len(original.lowest), dtype=np.int64)
    return truth.holds(rows, np.where(original.n_labels > 0, original.lowest, NO_CLASS))


PROTOCOLS: tuple[Protocol, ...] = ("ow", "mc", "cw", "cw_plus", "classify")
"""The order of boards."""


def make_boards(
    scored: Sequence[ScoredEntry],
    opened_tasks: Mapping[str, OpenTask],
    labels: Mapping[str, BenchmarkLabels],
) -> tuple[Board, ...]:
    """Rank scored entries apart by task, protocol, and whether their accuracy is a claim.

    `opened_tasks` and `labels` are by task. Only where a run was mapped `cw_plus` is beside `cw`.
    Raises DataError as `make_board`.
    """
    groups: dict[tuple[str, int, str, bool], list[ScoredEntry]] = {}
    for each in scored:
        task, place = each.run.task, PROTOCOLS.index(each.protocol)
        key = (labels[task].name, place, task, each.claimed is not None)
        groups.setdefault(key, []).append(each)
    return tuple(
        make_board(opened_tasks[task].task, labels[task], runs)
        for (_, _, task, _), runs in sorted(groups.items(), key=lambda item: item[0])
        if any(run.is_mapped or run.protocol == run.run.protocol for run in runs)
    )


def make_board(task: TaskSpec, labels: BenchmarkLabels, runs: Sequence[ScoredEntry]) -> Board:
    """Rank some runs of a task under a protocol; all of them are claims, or none.

    Raises DataError when the questions of multiple choice are not the same in all runs.
    """
    protocol, claimed = runs[0].protocol, runs[0].claimed is not None
    if protocol == "mc":
        _check_options(runs)
    ranked = sorted(runs, key=lambda run: (-_accuracy(run), run.name))
    (asked,) = _unpacked(labels, [ranked[0].images.asked])
    marks, draws = marks_of(labels, ranked)
    counts = count_pairs(marks)
    own_place = "--claimed" if claimed and protocol != "classify" else ""  # which is always claimed
    return Board(
        slug=f"{task.task}--{protocol}{own_place}",
        benchmark=labels.name,
        task=task.task,
        protocol=protocol,
        claimed=claimed,
        description=task.description,
        original=labels.before.name if labels.before else None,
        headline=labels.headline.name,
        label_sets=tuple(truth.name for truth in labels.truths),
        n_images=int(asked.sum()),
        distractors=_distractors(task, runs),
        rows=_rows(ranked, marks, counts, draws, int(asked.sum())),
        references=references(labels, asked, _choices(ranked)),
        pairs=make_pairs([run.name for run in ranked], marks, counts, draws),
    )


def _accuracy(run: ScoredEntry) -> float:
    return -1.0 if run.headline.accuracy is None else run.headline.accuracy


def marks_of(labels: BenchmarkLabels, runs: Sequence[ScoredEntry]) -> tuple[Marks, Draws]:
    """Give what became of the images with some runs by the headline labels, and their draws."""
    marks = Marks(
        right=_unpacked(labels, [run.images.right for run in runs]),
        scored=_unpacked(labels, [run.images.scored for run in runs]),
        home=labels.home(labels.headline),
    )
    drawn = runs[0].results.bootstrap
    return marks, Draws(drawn.draws, drawn.seed)


def _unpacked(labels: BenchmarkLabels, masks: Sequence[bytes]) -> Bools:
    """Give masks [m, n] of the benchmark's images."""
    packed = np.frombuffer(b"".join(masks), dtype=np.uint8).reshape(len(masks), -1)
    return np.unpackbits(packed, axis=1, count=len(labels.image_ids)).astype(np.bool_)


def _choices(runs: Sequence[ScoredEntry]) -> ChoiceScore | None:
    """Give the letters of the run that was asked most."""
    found = [run.results.mc for run in runs if run.results.mc is not None]
    return max(found, key=lambda each: sum(each.n_options.values()), default=None)


def _rows(
    runs: Sequence[ScoredEntry], marks: Marks, counts: PairCounts, draws: Draws, n_images: int
) -> tuple[ScoredEntry, ...]:
    """Give the runs with what only all of them together say."""
    changes = [run.change for run in runs]
    together = zip(
        runs,
        ranks_of([run.headline.accuracy for run in runs]),
        rank_intervals(marks, draws),
        ranks_of([each.from_ if each else None for each in changes]),
        ranks_of([each.to if each else None for each in changes]),
        tiers_of(counts.p_value),
        strict=True,
    )
    return tuple(
        replace(
            run,
            rank=rank,
            rank_interval=interval,
            rank_original=before if run.change else None,
            rank_on_common=after if run.change else None,
            tier=tier,
            coverage=percent(run.n_answered, n_images) or 0.0,
        )
        for run, rank, interval, before, after, tier in together
    )


def make_pairs(names: Sequence[str], marks: Marks, counts: PairCounts, draws: Draws) -> Pairs:
    """Give every two runs, in their order, with Holm's correction over all of them."""
    a, b = np.triu_indices(len(names), 1)
    p_values = counts.p_value[a, b]
    return Pairs(
        names=tuple(names),
        a=a,
        b=b,
        n=counts.n[a, b],
        only_a=counts.only_a[a, b],
        only_b=counts.only_a[b, a],
        ci95=pair_intervals(marks, draws),
        p_mcnemar=p_values,
        p_holm=np.array(holm(p_values.tolist())),
    )


def _distractors(task: TaskSpec, runs: Sequence[ScoredEntry]) -> dict[str, JsonValue] | None:
    """Say how the options of a board were drawn: by the task where a run has those it draws. All
    runs have the same options.
    """
    found = [distractors_of(task, run.run.run) for run in runs]
    drawn = task.distractors.model_dump(mode="json") if task.distractors else None
    return drawn if drawn in found else found[0]


def _check_options(runs: Sequence[ScoredEntry]) -> None:
    """Raise DataError when runs of multiple choice were asked different questions: whole runs by
    the digest of their options, all of them by the options of the images that two have in common.
    """
    _check_common_options(runs)
    whole = max(run.run.run.n for run in runs)
    by_options: dict[str | None, ScoredEntry] = {}
    for run in runs:
        if run.run.run.n == whole:
            by_options.setdefault(run.run.run.identity.options, run)
    if len(by_options) > 1:
        names = ", ".join(f"`{run.name}`" for run in by_options.values())
        what = "were asked different questions: the options of their runs differ"
        fix = "options depend on the label sets of the machine; run one of them again with the same"
        raise DataError(Problem(f"task `{runs[0].run.task}`, entries {names}", what, fix=fix))


def _check_common_options(runs: Sequence[ScoredEntry]) -> None:
    """Raise DataError for two runs whose options of one image are not the same."""
    asked = [(run, np.frombuffer(run.images.questions, dtype=np.int64)) for run in runs]
    for (one, mine), (other, theirs) in combinations(asked, 2):
        common = (mine != 0) & (theirs != 0)
        n, differing = int(common.sum()), int((common & (mine != theirs)).sum())
        if differing:
            where = f"task `{one.run.task}`, entries `{one.name}` and `{other.name}`"
            what = "were asked different questions: the options of an image differ"
            fix = "run one of them again with the same label sets, or import the same options"
            raise DataError(Problem(where, what, f"{differing} of {n} common images", fix=fix))
