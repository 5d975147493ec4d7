"""What a leaderboard shows, as plain data: computed once, then rendered and written unchanged.

Accuracies, shares and changes are percent (points) as floats; None where there is nothing to say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.answers.outcome import Status
from harness.data.classes import ClassList
from harness.leaderboard.entries.card import ModelCard
from harness.leaderboard.entries.finding import Report
from harness.leaderboard.entries.ledger import Decision, Level
from harness.leaderboard.entries.manifest import EntryManifest
from harness.leaderboard.numbers.pairs import Pair
from harness.score.metrics import Group
from harness.score.results import Change, LabelSetInfo, Protocol, Results, Score
from harness.score.statistics import Interval
from harness.store.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Reference:
    """A row of no model: what blind guessing, one constant answer, or the original labels reach."""

    name: str
    note: str
    """How it is computed, in a sentence."""
    accuracy: Mapping[str, float | None]
    """By label set."""


@dataclass(frozen=True, slots=True)
class Decomposition:
    """The images that both label sets score, by what became of the answer; the five sum to n."""

    n: int
    right_right: int
    wrong_right: int
    """Wrong under the original labels, right under the headline ones."""
    right_wrong: int
    wrong_wrong: int
    """A class was named, and it is wrong under both."""
    no_class: int
    """No class was named (out of prompt, unparsed, refused, empty)."""


@dataclass(frozen=True, slots=True)
class Before:
    """Accuracy by the original labels, on the images that the headline labels score too."""

    n: int
    accuracy: float
    ci95: Interval | None
    """Wilson's."""


@dataclass(frozen=True, slots=True)
class Row:
    """One model on one board."""

    entry: str
    """The entry's name; its page is `models/<entry>.html`."""
    claimed: str | None
    """Why the accuracy is a claim of the submitter; None where it was found again from the texts.
    """
    results: Results
    """Of the run, scored again under the board's protocol."""
    headline: Score
    """By the label set that ranks."""
    before: Before | None
    change: Change | None
    """From the original to the headline labels on the same images."""
    decomposition: Decomposition | None
    rank: int
    """1 + how many models have a higher headline accuracy."""
    rank_interval: tuple[int, int]
    """95 % of the ranks over shared draws of whole classes."""
    rank_original: int | None
    """1 + how many models have a higher accuracy by the original labels, on the images that the
    headline labels score too; and …"""
    rank_on_common: int | None
    """… by the headline labels on these images: what `rank_original` is held against."""
    tier: int
    """1: not separable from the best; 2: not from the best of the others; and so on."""
    coverage: float
    """Percent of the board's images that have an answer (no `error`, not missing)."""


@dataclass(frozen=True, slots=True)
class Board:
    """One ranking: one task under one protocol. Protocols and tasks are never mixed in one."""

    slug: str
    """`<task>--<protocol>`, for addresses; with `--claimed` where claims have a board of theirs."""
    benchmark: str
    task: str
    protocol: Protocol
    claimed: bool
    """Whether its runs are those of which nothing in the entries gives the classes again: they are
    ranked among themselves."""
    description: str
    original: str | None
    """Name of the original label set, where another one ranks."""
    headline: str
    """Name of the label set that ranks: the last that the task names and that is not the original
    one, which ranks where there is no other."""
    label_sets: tuple[str, ...]
    n_images: int
    distractors: Mapping[str, object] | None
    """How the wrong options were drawn, for `mc`."""
    rows: tuple[Row, ...]
    """By headline accuracy, best first; equal ones by name."""
    references: tuple[Reference, ...]
    pairs: Sequence[Pair]
    """Every two rows, in the order of the rows."""


@dataclass(frozen=True, slots=True)
class Difference:
    """An image on which the two label sets disagree."""

    image_id: str
    original: tuple[int, ...]
    headline: tuple[int, ...]
    group: Group
    """N, S-, M+ or M-."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The images and labels that boards have in common: one class list and its label sets."""

    name: str
    """Name of the class list."""
    classes: ClassList
    image_ids: tuple[str, ...]
    """Sorted."""
    label_sets: Mapping[str, LabelSetInfo]
    original: str | None
    headline: str
    groups: Mapping[Group, int]
    """How many images each group has under the headline labels."""
    differences: tuple[Difference, ...]
    images: str | None
    """Where the images are in the site, as `images/<benchmark>/{image_id}.png`; None when they may
    not be shipped."""


@dataclass(frozen=True, slots=True)
class ClassScore:
    """Accuracy on the images of one class, under the headline label set."""

    class_id: int
    n: int
    accuracy: float


@dataclass(frozen=True, slots=True)
class Confused:
    """How often images of one class were taken for another."""

    class_id: int
    answered: int
    n: int


@dataclass(frozen=True, slots=True)
class OutOfPrompt:
    """An answer that is no name of the list, for the gallery."""

    image_id: str
    answer: str
    """Verbatim, at most 300 characters of it."""
    status: Status
    class_id: int | None
    """The class that it was mapped to."""
    similarity: float | None
    right: bool | None
    """Whether that class is right under the headline labels; None when nothing says."""


@dataclass(frozen=True, slots=True)
class RunPage:
    """What the page of a model tells of one board."""

    board: str
    run: Manifest
    prompt: str | None
    """The first prompt of the run, verbatim."""
    best: tuple[ClassScore, ...]
    worst: tuple[ClassScore, ...]
    confused: tuple[Confused, ...]
    out_of_prompt: tuple[OutOfPrompt, ...]
    """At most 24, spread evenly over the images."""


@dataclass(frozen=True, slots=True)
class EntryPage:
    """An entry with all that its page says."""

    entry: str
    manifest: EntryManifest
    card: ModelCard
    card_text: str
    """The card below its front matter, markdown as written."""
    level: Level
    decisions: tuple[Decision, ...]
    """About this entry, oldest first."""
    runs: tuple[RunPage, ...]
    """One for each board, in the order of `Site.boards`."""

    @property
    def imported(self) -> frozenset[str]:
        """The tasks whose answers something else than the harness asked for."""
        return frozenset(run.task for run in self.manifest.runs if run.is_imported)


@dataclass(frozen=True, slots=True)
class Site:
    """The whole leaderboard."""

    version: str
    """Of the harness."""
    date: str
    """Of the newest entry or decision; the day of the build is not told, so that two builds are
    equal."""
    benchmarks: tuple[Benchmark, ...]
    boards: tuple[Board, ...]
    """By benchmark, then in the order ow, mc, cw, cw_plus, classify, then by task."""
    entries: tuple[EntryPage, ...]
    """By name."""
    decisions: tuple[Decision, ...]
    """The whole ledger, newest first; withdrawn entries are told only here."""
    refused: tuple[Report, ...]
    """Entries that the checker refuses, by name, with its errors; they are told only here."""
