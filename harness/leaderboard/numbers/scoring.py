"""Hold one run of an entry against its task, score it again for every board it is on, and write
its data files.

A run is scored in a process of its own; what comes back is small.
"""

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from harness.data.classes import ClassList
from harness.data.labels.meeting import foreign
from harness.data.opened import OpenTask
from harness.errors import DataError
from harness.leaderboard.entries.case import RunCase
from harness.leaderboard.entries.check_run import errors_in, examine
from harness.leaderboard.entries.claimed import claimed
from harness.leaderboard.entries.finding import Finding
from harness.leaderboard.entries.manifest import EntryRun
from harness.leaderboard.entries.read import Entry
from harness.leaderboard.entries.rules.rows import expected_ids
from harness.leaderboard.entries.rules.scores import compare_claims
from harness.leaderboard.files.data_scripts import NO_ROW, RunShard, write_run
from harness.leaderboard.numbers import gallery
from harness.leaderboard.numbers.ground import Ground
from harness.leaderboard.numbers.site_model import (
    ClassScore,
    Confused,
    Decomposition,
    OutOfPrompt,
)
from harness.score.answers import NO_CLASS, Answers, Ints, to_answers
from harness.score.judgement import Judgement, judge, open_truths
from harness.score.metrics import counted_rows
from harness.score.results import Protocol, Results
from harness.score.scoring import ScoreRequest, results_of
from harness.store.prediction import Prediction

NO_QUESTION = 0
"""Stands for no options."""
Packed = NDArray[np.uint8]
"""A mask over the benchmark's images, eight a byte."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run to score."""

    entry: Entry
    run: EntryRun
    protocols: tuple[Protocol, ...]
    """Of the boards that the run may be on; the first is the task's."""
    distractors: Mapping[str, JsonValue] | None
    ground: Path
    """A file of `save_ground`."""
    data: Path
    """The folder that the data files are written below."""
    key: str
    """`NAME/ENTRY--TASK`."""


@dataclass(frozen=True, slots=True)
class BoardTally:
    """What a run scored under one protocol."""

    results: Results
    """Without what is told of single classes, which would be most of it."""
    right: Packed
    """Scored and right under the headline labels."""
    decomposition: Decomposition | None
    best: tuple[ClassScore, ...]
    worst: tuple[ClassScore, ...]
    confused: tuple[Confused, ...]


@dataclass(frozen=True, slots=True)
class RunTally:
    """What a run scored."""

    boards: Mapping[Protocol, BoardTally]
    claimed: Mapping[Protocol, str]
    """Why what it scored under a protocol is a claim; see `entries.claimed`."""
    expected: Packed
    """The images that the task asks of."""
    scored: Packed
    """Under the headline labels."""
    n_answered: int
    """Of the benchmark's images, those with an answer."""
    mapped: bool
    """Whether any answer was mapped to a class."""
    out_of_prompt: tuple[OutOfPrompt, ...]
    prompt: str | None
    questions: NDArray[np.int64] | None = None
    """For multiple choice, a number [n] for the options of each of the benchmark's images: equal
    ones for equal options in equal order, `NO_QUESTION` for none."""


def save_ground(ground: Ground, opened_tasks: Mapping[str, OpenTask], path: Path) -> None:
    """Write what `score_run` reads in each process: a ground, and the tasks on it by name."""
    path.write_bytes(pickle.dumps((ground, dict(opened_tasks))))


@lru_cache(maxsize=1)
def _load_ground(path: Path) -> tuple[Ground, Mapping[str, OpenTask]]:
    """Read a file of `save_ground`; jobs come sorted by benchmark, so that one is kept."""
    ground, opened_tasks = pickle.loads(path.read_bytes())
    return ground, opened_tasks


def score_run(job: Job) -> RunTally | tuple[Finding, ...]:
    """Read the rows of a run, score them under its protocols, and write its data files.

    Gives the errors where the checker refuses the run; nothing is written then. Raises DataError
    when the rows are of none of the benchmark's images.
    """
    ground, opened_tasks = _load_ground(job.ground)
    examined = examine(job.entry, job.run, opened_tasks[job.run.task])
    if examined.case is None:
        return errors_in(examined.findings)
    run = _open(job, ground, examined.case)
    boards = {protocol: run.board(protocol) for protocol in job.protocols}
    unproven = errors_in(compare_claims(examined.case, boards[job.protocols[0]].results))
    if unproven:
        return unproven
    write_run(job.data, run.shard())
    headline = run.headline
    ids = expected_ids(examined.case)
    asked = np.array([each in ids for each in ground.image_ids], dtype=np.bool_)
    return RunTally(
        boards={protocol: _slim(each) for protocol, each in boards.items()},
        claimed=claimed(examined),
        expected=np.packbits(asked),
        scored=np.packbits(run.spread(headline.scope.scored, fill=False)),
        n_answered=int((asked & run.spread(run.answers.answered, fill=False)).sum()),
        mapped=bool(run.answers.mapped.any()),
        out_of_prompt=gallery.out_of_prompt(run.rows, run.answers, headline, run.classes),
        prompt=_first_prompt(examined.case, run.rows),
        questions=run.questions() if "mc" in job.protocols else None,
    )


def _slim(tally: BoardTally) -> BoardTally:
    return replace(tally, results=tally.results.model_copy(update={"per_class": {}}))


@dataclass(frozen=True, slots=True)
class _Run:
    """The rows of a run, sorted by image id, laid beside the labels."""

    job: Job
    classes: ClassList
    """As the task names them."""
    ground: Ground
    rows: Sequence[Prediction]
    answers: Answers
    judged: tuple[Judgement, ...]
    rows_on_ground: Ints
    """The rows whose image the benchmark has, …"""
    places: Ints
    """… and their places among its images."""

    @property
    def headline(self) -> Judgement:
        """The answers under the labels that rank."""
        return self._under(self.ground.headline.name)

    @property
    def original(self) -> Judgement | None:
        """The answers under the original labels, unless these are the headline."""
        before = self.ground.before
        return self._under(before.name) if before else None

    def _under(self, name: str) -> Judgement:
        return next(each for each in self.judged if each.truth.name == name)

    def spread(self, values: NDArray[Any], fill: Any) -> NDArray[Any]:
        """Lay values of the rows out over the benchmark's n images."""
        spread = np.full(len(self.ground.image_ids), fill, dtype=values.dtype)
        spread[self.places] = values[self.rows_on_ground]
        return spread

    def board(self, protocol: Protocol) -> BoardTally:
        """Score under one protocol."""
        job, facts, headline = self.job, self.job.run.run, self.headline
        request = ScoreRequest(
            task=job.run.task,
            model=job.entry.manifest.model,
            protocol=protocol,
            class_list=self.classes,
            labels=self.ground.labels,
            mapping=facts.mapping.model_dump() if facts.mapping else None,
            distractors=job.distractors,
            n_expected=facts.n,
        )
        results = results_of(self.answers, self.judged, request)
        counted = counted_rows(self.answers, protocol)
        best, worst = gallery.extremes(results.per_class[headline.truth.name])
        right = headline.right[protocol] & headline.scope.scored
        return BoardTally(
            results=results,
            right=np.packbits(self.spread(right, fill=False)),
            decomposition=gallery.decompose(self.original, headline, protocol, counted),
            best=best,
            worst=worst,
            confused=gallery.most_confused(self.answers, headline, protocol, counted),
        )

    def questions(self) -> NDArray[np.int64]:
        """Give a number for the options of each image; hashes of integers are the same in every
        process.
        """
        told = [hash(row.options) or 1 if row.options else NO_QUESTION for row in self.rows]
        return self.spread(np.array(told, dtype=np.int64), fill=NO_QUESTION)

    def shard(self) -> RunShard:
        """Give what the page's scripts are to know of every image."""
        texts: list[str | None] = [None] * len(self.ground.image_ids)
        for row, place in zip(self.rows_on_ground.tolist(), self.places.tolist(), strict=True):
            texts[place] = self.rows[row].answer
        similarity = np.array(
            [np.nan if row.similarity is None else row.similarity for row in self.rows]
        )
        here = np.ones(len(self.rows), dtype=np.bool_)
        scored = {
            each.truth.name: self.spread(each.scope.scored, fill=False) for each in self.judged
        }
        return RunShard(
            key=self.job.key,
            present=self.spread(here, fill=False),
            status=self.spread(self.answers.status, fill=NO_ROW),
            class_id=self.spread(self.answers.first, fill=NO_CLASS),
            right={
                protocol: {
                    each.truth.name: self.spread(
                        each.right[protocol] & each.scope.scored, fill=False
                    )
                    for each in self.judged
                }
                for protocol in self.job.protocols
            },
            scored=dict.fromkeys(self.job.protocols, scored),
            similarity=self.spread(similarity, fill=np.nan),
            texts=texts,
        )


def _open(job: Job, ground: Ground, case: RunCase) -> _Run:
    where = f"entry `{job.entry.name}`, task `{job.run.task}`"
    rows = sorted(case.rows, key=lambda row: row.image_id)
    answers = to_answers(rows, case.opened.classes, where)
    is_all = answers.image_ids == ground.image_ids
    truths = ground.truths if is_all else open_truths(ground.labels, answers.image_ids)
    # A task of cw_plus has no board of cw, and yet results under both.
    both: tuple[Protocol, ...] = ("cw", "cw_plus")
    protocols = both if "cw_plus" in job.protocols else job.protocols
    judged = judge(answers, ground.labels, protocols, truths)
    index = {image_id: place for place, image_id in enumerate(ground.image_ids)}
    places = np.array([index.get(each, -1) for each in answers.image_ids], dtype=np.int64)
    on_ground = np.flatnonzero(places >= 0)
    if rows and not len(on_ground):
        raise DataError(foreign(ground.labels.sets[0], answers.image_ids))
    return _Run(
        job, case.opened.classes, ground, rows, answers, judged, on_ground, places[on_ground]
    )


def _first_prompt(case: RunCase, rows: Sequence[Prediction]) -> str | None:
    prompts = {each.sha256: each.text for each in case.prompts}
    known = (prompts.get(row.prompt_sha256 or "") for row in rows) if prompts else ()
    return next((text for text in known if text is not None), None)
