"""Put the runs of one task under one protocol on a board: ranks, tiers, references, pairs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from pydantic import JsonValue

from harness.errors import DataError, Problem
from harness.leaderboard.numbers.ground import Ground
from harness.leaderboard.numbers.pairs import Pairs
from harness.leaderboard.numbers.ranking import (
    Marks,
    PairCounts,
    count_pairs,
    pair_intervals,
    rank_intervals,
    ranks_of,
    tiers_of,
)
from harness.leaderboard.numbers.references import references
from harness.leaderboard.numbers.scoring import NO_QUESTION, BoardTally, Job, Packed, RunTally
from harness.leaderboard.numbers.site_model import Before, Board, Row
from harness.score.answers import Bools
from harness.score.metrics import percent
from harness.score.provenance import distractors_of
from harness.score.results import Change, ChoiceScore, Protocol
from harness.score.statistics import Draws, holm, wilson
from harness.specs.task import TaskSpec

PROTOCOLS: tuple[Protocol, ...] = ("ow", "mc", "cw", "cw_plus", "classify")
"""The order of boards."""


@dataclass(frozen=True, slots=True)
class Done:
    """A run that was scored."""

    job: Job
    tally: RunTally

    @property
    def name(self) -> str:
        """The entry's name."""
        return self.job.entry.name


def slug_of(task: str, protocol: Protocol, *, claimed: bool) -> str:
    """Give the name of a board in addresses; `classify` has boards of claims only."""
    return f"{task}--{protocol}" + ("--claimed" if claimed and protocol != "classify" else "")


def board_protocols(runs: Sequence[Done]) -> tuple[Protocol, ...]:
    """Give the protocols of one task that have a board: its own, and `cw_plus` beside `cw` when any
    run was mapped.
    """
    own = runs[0].job.protocols
    mapped = any(run.tally.mapped for run in runs)
    return own if mapped else own[:1]


def parted(runs: Sequence[Done], protocol: Protocol) -> Iterator[list[Done]]:
    """Give the runs whose accuracy under a protocol was found again from their texts, and those for
    which it is a claim; each where there are any. They are ranked apart.
    """
    for is_claim in (False, True):
        found = [run for run in runs if (protocol in run.tally.claimed) is is_claim]
        if found:
            yield found


def make_board(task: TaskSpec, protocol: Protocol, ground: Ground, runs: Sequence[Done]) -> Board:
    """Rank some runs of a task under a protocol; all of them are claims, or none.

    Raises DataError when the questions of multiple choice are not the same in all runs.
    """
    if protocol == "mc":
        _check_options(runs)
    headline = ground.headline.name
    claimed = protocol in runs[0].tally.claimed
    ranked = sorted(runs, key=lambda run: (-_accuracy(run, protocol, headline), run.name))
    field = _Field(protocol, ground, tuple(ranked))
    asked, marks = field.asked(), field.marks()
    counts = count_pairs(marks)
    return Board(
        slug=slug_of(task.task, protocol, claimed=claimed),
        benchmark=ground.name,
        task=task.task,
        protocol=protocol,
        claimed=claimed,
        description=task.description,
        original=ground.before.name if ground.before else None,
        headline=headline,
        label_sets=tuple(truth.name for truth in ground.truths),
        n_images=int(asked.sum()),
        distractors=_distractors(task, runs),
        rows=field.rows(int(asked.sum()), marks, counts),
        references=references(ground, asked, field.choices()),
        pairs=field.pairs(marks, counts),
    )


@dataclass(frozen=True, slots=True)
class _Field:
    """The runs of a board, best first."""

    protocol: Protocol
    ground: Ground
    runs: tuple[Done, ...]

    def tallies(self) -> list[BoardTally]:
        return [run.tally.boards[self.protocol] for run in self.runs]

    def asked(self) -> Bools:
        """Give the images [n] of the board: those that the task asks of."""
        masks: Bools = self._unpacked([self.runs[0].tally.expected])[0]
        return masks

    def choices(self) -> ChoiceScore | None:
        """Give the letters of the run that was asked most."""
        found = [each.results.mc for each in self.tallies() if each.results.mc is not None]
        return max(found, key=lambda each: sum(each.n_options.values()), default=None)

    def marks(self) -> Marks:
        truth = self.ground.headline
        return Marks(
            right=self._unpacked([each.right for each in self.tallies()]),
            scored=self._unpacked([run.tally.scored for run in self.runs]),
            home=self.ground.home(truth),
        )

    def _unpacked(self, masks: Sequence[Packed]) -> Bools:
        n = len(self.ground.image_ids)
        return np.unpackbits(np.stack(masks), axis=1, count=n).astype(np.bool_)

    def draws(self) -> Draws:
        how = self.tallies()[0].results.bootstrap
        return Draws(how.draws, how.seed)

    def rows(self, n_images: int, marks: Marks, counts: PairCounts) -> tuple[Row, ...]:
        """Give the rows with what only all of them together tell."""
        headline = self.ground.headline.name
        ranks = ranks_of(self._accuracies(headline))
        intervals = rank_intervals(marks, self.draws())
        tiers = tiers_of(counts.p_value)
        changes = self._changes()
        before = ranks_of([each.from_ if each else None for each in changes])
        after = ranks_of([each.to if each else None for each in changes])
        together = zip(
            self.runs, self.tallies(), ranks, intervals, changes, before, after, tiers, strict=True
        )
        return tuple(
            Row(
                entry=run.name,
                claimed=run.tally.claimed.get(self.protocol),
                results=tally.results,
                headline=tally.results.scores[self.protocol][headline],
                before=_before(change),
                change=change,
                decomposition=tally.decomposition,
                rank=rank,
                rank_interval=interval,
                rank_original=rank_before if change else None,
                rank_on_common=rank_after if change else None,
                tier=tier,
                coverage=percent(run.tally.n_answered, n_images) or 0.0,
            )
            for run, tally, rank, interval, change, rank_before, rank_after, tier in together
        )

    def _changes(self) -> list[Change | None]:
        """Give each run's change from the original to the headline labels, where both are known."""
        before, headline = self.ground.before, self.ground.headline
        name = f"{before.name}->{headline.name}" if before else ""
        return [each.results.changes.get(name) for each in self.tallies()]

    def _accuracies(self, label_set: str) -> list[float | None]:
        return [each.results.scores[self.protocol][label_set].accuracy for each in self.tallies()]

    def pairs(self, marks: Marks, counts: PairCounts) -> Pairs:
        """Give every two rows, in their order, with Holm's correction over all of them."""
        a, b = np.triu_indices(len(self.runs), 1)
        p_values = counts.p_value[a, b]
        return Pairs(
            names=tuple(run.name for run in self.runs),
            a=a,
            b=b,
            n=counts.n[a, b],
            only_a=counts.only_a[a, b],
            only_b=counts.only_a[b, a],
            ci95=pair_intervals(marks, self.draws()),
            p_mcnemar=p_values,
            p_holm=np.array(holm(p_values.tolist())),
        )


def _accuracy(run: Done, protocol: Protocol, label_set: str) -> float:
    accuracy = run.tally.boards[protocol].results.scores[protocol][label_set].accuracy
    return -1.0 if accuracy is None else accuracy


def _before(change: Change | None) -> Before | None:
    if change is None or change.from_ is None:
        return None
    right = round(change.from_ * change.n / 100)
    return Before(change.n, change.from_, wilson(right, change.n))


def _distractors(task: TaskSpec, runs: Sequence[Done]) -> dict[str, JsonValue] | None:
    """Say how the options of a board were drawn: by the task where a run has those it draws. All
    runs have the same options.
    """
    told = [distractors_of(task, run.job.run.run) for run in runs]
    drawn = task.distractors.model_dump(mode="json") if task.distractors else None
    return drawn if drawn in told else told[0]


def _check_options(runs: Sequence[Done]) -> None:
    """Raise DataError when runs of multiple choice were asked different questions: whole runs by
    the digest of their options, all of them by the options of the images that two have in common.
    """
    _check_common_options(runs)
    whole = max(run.job.run.run.n for run in runs)
    by_options: dict[str | None, Done] = {}
    for run in runs:
        if run.job.run.run.n == whole:
            by_options.setdefault(run.job.run.run.identity.options, run)
    if len(by_options) > 1:
        names = ", ".join(f"`{run.name}`" for run in by_options.values())
        what = "were asked different questions: the options of their runs differ"
        fix = "options depend on the label sets of the machine; run one of them again with the same"
        where = f"task `{runs[0].job.run.task}`, entries {names}"
        raise DataError(Problem(where, what, fix=fix))


def _check_common_options(runs: Sequence[Done]) -> None:
    """Raise DataError for two runs whose options of one image are not the same."""
    asked = [(run, run.tally.questions) for run in runs if run.tally.questions is not None]
    for (one, mine), (other, theirs) in combinations(asked, 2):
        common = (mine != NO_QUESTION) & (theirs != NO_QUESTION)
        n, differing = int(common.sum()), int((common & (mine != theirs)).sum())
        if differing:
            where = f"task `{one.job.run.task}`, entries `{one.name}` and `{other.name}`"
            what = "were asked different questions: the options of an image differ"
            fix = "run one of them again with the same label sets, or import the same options"
            raise DataError(Problem(where, what, f"{differing} of {n} common images", fix=fix))
