"""Put the runs of one task under one protocol on a board, with its rankings and pairs; and compare
the runs of different boards: an MLLM beside a classifier, one model under two protocols.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from itertools import combinations

import numpy as np
from pydantic import JsonValue

from harness.data.opened import OpenTask
from harness.errors import DataError, Problem
from harness.leaderboard.numbers.benchmark_labels import BenchmarkLabels
from harness.leaderboard.numbers.pairs import Pairs, make_pairs
from harness.leaderboard.numbers.ranking import Marks, Ranking, rank_models, ranks_of
from harness.leaderboard.numbers.references import references
from harness.leaderboard.numbers.site_model import Board, ScoredEntry
from harness.scores.answers import Bools
from harness.scores.guessing import Guessing
from harness.scores.metrics import GROUPS, Group, percent
from harness.scores.provenance import distractors_of
from harness.scores.results import Protocol
from harness.scores.statistics import Draws
from harness.scores.truth import Truth
from harness.specs.task import TaskSpec

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
    (asked,) = _unpacked(labels, [runs[0].images.asked])
    rankings = tuple(each for truth in labels.truths for each in _rankings(labels, truth, runs))
    headline = next(each for each in rankings if each.is_of(labels.headline.name))
    by_name = {run.name: run for run in runs}
    rows = _rows([by_name[place.name] for place in headline.places], int(asked.sum()))
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
        rows=rows,
        rankings=rankings,
        references=references(labels, asked, _letters(rows)),
        pairs=make_pairs(
            [row.name for row in rows], marks_of(labels, labels.headline, rows), draws_of(rows)
        ),
    )


_RANKED: tuple[Group, ...] = tuple(each for each in GROUPS if each != "N")


def _rankings(
    labels: BenchmarkLabels, truth: Truth, runs: Sequence[ScoredEntry]
) -> Iterator[Ranking]:
    """Rank runs by a label set, on all images that it labels and on each of its groups.

    A group without a scored image, or of all scored images, has no ranking, nor has a label set
    that knows none of the images, unless it is the headline's.
    """
    protocol = runs[0].protocol
    scores = [run.results.scores[protocol][truth.name] for run in runs]
    marks, masks = marks_of(labels, truth, runs), labels.group_masks(truth)
    n_scored = max(score.n for score in scores)
    for group in _RANKED:
        shares = [score.groups[group] for score in scores]
        n = max(share.n for share in shares)
        if (0 < n < n_scored) if group != "A" else (n or truth is labels.headline):
            images = np.flatnonzero(masks[group])
            places = rank_models(
                [run.name for run in runs],
                shares,
                Marks(marks.right[:, images], marks.scored[:, images], marks.home[images]),
                draws_of(runs),
            )
            yield Ranking(truth.name, group, n, places)


def marks_of(labels: BenchmarkLabels, truth: Truth, runs: Sequence[ScoredEntry]) -> Marks:
    """Give what became of the images with some runs by a label set."""
    answered = _unpacked(labels, [run.images.answered for run in runs])
    return Marks(
        right=_unpacked(labels, [run.images.right[truth.name] for run in runs]),
        scored=answered & (truth.n_labels > 0),
        home=labels.home(truth),
    )


def draws_of(runs: Sequence[ScoredEntry]) -> Draws:
    """Give how the bootstrap of some runs' results drew, which is one for all."""
    drawn = runs[0].results.bootstrap
    return Draws(drawn.draws, drawn.seed)


MOST_RUNS = 100
"""With more runs on the boards of a benchmark their pairs would be more than a page can load."""


def crossed(boards: Sequence[Board], labels: BenchmarkLabels) -> Pairs | None:
    """Compare every two runs of a benchmark's boards that are not on one board, on the images that
    both have scored by the headline labels; names are `<board's slug>:<entry>`.

    Holm's correction is over all pairs of the runs, those of one board too. None for fewer than two
    boards, and for more than `MOST_RUNS` runs.
    """
    rows = [row for board in boards for row in board.rows]
    if len(boards) < 2 or len(rows) > MOST_RUNS:
        return None
    names = [f"{board.slug}:{row.name}" for board in boards for row in board.rows]
    pairs = make_pairs(names, marks_of(labels, labels.headline, rows), draws_of(rows))
    places = np.array([place for place, board in enumerate(boards) for _ in board.rows])
    kept = places[pairs.a] != places[pairs.b]
    arrays = [each.name for each in fields(pairs) if each.name != "names"]
    return replace(pairs, **{name: getattr(pairs, name)[kept] for name in arrays})


def _unpacked(labels: BenchmarkLabels, masks: Sequence[bytes]) -> Bools:
    """Give masks [m, n] of the benchmark's images."""
    packed = np.frombuffer(b"".join(masks), dtype=np.uint8).reshape(len(masks), -1)
    return np.unpackbits(packed, axis=1, count=len(labels.image_ids)).astype(np.bool_)


def _letters(runs: Sequence[ScoredEntry]) -> Mapping[str, Guessing] | None:
    """Give what guessing among letters reaches, by label set, of the run that was asked most."""
    asked = {run.name: sum(run.results.mc.n_options.values()) for run in runs if run.results.mc}
    most = max(
        (run for run in runs if run.name in asked), key=lambda run: asked[run.name], default=None
    )
    if most is None:
        return None
    scores = most.results.scores[most.protocol]
    return {name: Guessing(each.chance, each.constant_answer) for name, each in scores.items()}


def _rows(runs: Sequence[ScoredEntry], n_images: int) -> tuple[ScoredEntry, ...]:
    """Give the runs with what only all of them together say."""
    changes = [run.change for run in runs]
    together = zip(
        runs,
        ranks_of([each.from_ if each else None for each in changes]),
        ranks_of([each.to if each else None for each in changes]),
        strict=True,
    )
    return tuple(
        replace(
            run,
            rank_original=before if run.change else None,
            rank_on_common=after if run.change else None,
            coverage=percent(run.n_answered, n_images) or 0.0,
        )
        for run, before, after in together
    )


def _distractors(task: TaskSpec, runs: Sequence[ScoredEntry]) -> dict[str, JsonValue] | None:
    """Say how the options of all runs were drawn: as the task draws where any run says so."""
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
