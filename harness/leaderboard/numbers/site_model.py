"""What a leaderboard shows, as plain data: computed once, then rendered and written unchanged.

Accuracies, shares and changes are percent (points) as floats; None where there is nothing to say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from harness.leaderboard.entries.branding import Branding
from harness.leaderboard.entries.entry import Entry
from harness.leaderboard.entries.finding import Report
from harness.leaderboard.entries.format import EntryRun
from harness.leaderboard.entries.ledger import Decision
from harness.leaderboard.numbers.benchmark import Benchmark
from harness.leaderboard.numbers.gallery import ClassScore, Confused, Decomposition, OutOfPrompt
from harness.leaderboard.numbers.pairs import Pair
from harness.leaderboard.numbers.ranking import Place, Ranking
from harness.scores.results import Change, LabelSetInfo, Protocol, Results, Score
from harness.scores.statistics import Interval, wilson
from harness.specs.model import Kind


@dataclass(frozen=True, slots=True)
class Reference:
    """A row of no model: what blind guessing, one constant answer, or the original labels reach."""

    name: str
    note: str
    """How it is computed, in a sentence."""
    accuracy: Mapping[str, float | None]
    """By label set."""


@dataclass(frozen=True, slots=True)
class Before:
    """Accuracy by the original labels, on the images that the headline labels score too."""

    n: int
    accuracy: float
    ci95: Interval | None
    """Wilson's."""


@dataclass(frozen=True, slots=True)
class OnImages:
    """What a board compares models by: masks of the benchmark's images, eight a byte."""

    right: Mapping[str, bytes] = field(default_factory=dict)
    """By label set: scored and right."""
    answered: bytes = b""
    """The images that have an answer."""
    asked: bytes = b""
    """The images that the task asks of."""
    questions: bytes = b""
    """For multiple choice, eight bytes for the options of each image: equal ones for equal options
    in equal order, zeros for none."""
    votes: bytes = b""
    """But for multiple choice, two bytes for the vote on each image (`suspects.votes_of`)."""


@dataclass(frozen=True, slots=True)
class ScoredEntry:
    """One model on one board: a run of an entry, scored again under the board's protocol."""

    entry: Entry
    run: EntryRun
    protocol: Protocol
    claimed: str | None
    """Why the accuracy is the submitter's claim; None where it was found again from the texts."""
    results: Results
    """Without the accuracy of single classes, which would be most of it."""
    headline: Score
    """By the label set that ranks."""
    change: Change | None
    """From the original to the headline labels on the same images."""
    decomposition: Decomposition | None
    best: tuple[ClassScore, ...]
    worst: tuple[ClassScore, ...]
    confused: tuple[Confused, ...]
    out_of_prompt: tuple[OutOfPrompt, ...]
    """At most 24, spread evenly over the images."""
    prompt: str | None
    """The first prompt of the run, verbatim."""
    is_mapped: bool
    """Whether any answer of the run was mapped to a class."""
    n_answered: int
    """Of the benchmark's images, those with an answer."""
    images: OnImages
    rank_original: int | None = None
    """1 + how many models have a higher accuracy by the original labels, on the images that the
    headline labels score too; and …"""
    rank_on_common: int | None = None
    """… by the headline labels on these images: what `rank_original` is held against."""
    coverage: float = 0.0
    """Percent of the board's images that have an answer (no `error`, not missing)."""

    @property
    def name(self) -> str:
        """The entry's name; its page is `models/<name>.html`."""
        return self.entry.name

    @property
    def model(self) -> str:
        """What the model is called, as its submitter wrote."""
        return self.entry.card.model

    @property
    def kind(self) -> Kind:
        """What kind of model it is, as its submitter wrote."""
        return self.entry.card.kind

    @property
    def badges(self) -> tuple[str, ...]:
        """What sets the run apart from one that the harness made whole and can read again."""
        facts = self.run.run
        is_part = facts.sample is not None or (facts.limit or facts.data.n) < facts.data.n
        found = {"claimed": self.claimed, "imported": self.run.is_imported, "sample": is_part}
        return tuple(name for name, is_so in found.items() if is_so)

    @property
    def is_all_priced(self) -> bool:
        """Whether every answer of the run is known to be in its cost, if it has one."""
        return self.run.run.cost is None or self.run.run.unpriced == 0

    @property
    def before(self) -> Before | None:
        """Accuracy by the original labels, where other labels rank."""
        change = self.change
        if change is None or change.from_ is None:
            return None
        right = round(change.from_ * change.n / 100)
        return Before(change.n, change.from_, wilson(right, change.n))


@dataclass(frozen=True, slots=True)
class Board:
    """The runs of one task under one protocol, never mixed with others', and their rankings."""

    slug: str
    """`<task>--<protocol>`, for addresses; with `--claimed` where claims have a board of theirs."""
    benchmark: str
    task: str
    protocol: Protocol
    claimed: bool
    """Whether nothing in the entries gives the classes again; ranked among themselves."""
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
    rows: tuple[ScoredEntry, ...]
    """By headline accuracy, best first; equal ones by name."""
    rankings: tuple[Ranking, ...]
    """By every label set, on all its images and each group of them; none where `is_part`."""
    references: tuple[Reference, ...]
    pairs: Sequence[Pair]
    """Every two rows, in the order of the rows."""
    note: str = ""
    """Of one's own runs, which images they are of, and in what they were asked otherwise."""
    is_part: bool = False
    """Whether it is of one run that is not complete, which has no rank."""

    def place(self, name: str, label_set: str | None = None) -> Place | None:
        """Give where an entry stands by a label set, or the headline's; None without a ranking."""
        by = self.headline if label_set is None else label_set
        places = (place for each in self.rankings if each.is_of(by) for place in each.places)
        return next((place for place in places if place.name == name), None)


@dataclass(frozen=True, slots=True)
class OwnRuns:
    """What a site of one's own runs, which are no entries, has besides."""

    folders: Mapping[str, str]
    """Where the runs lie, by `OwnRuns.key`."""
    refresh: int | None
    """Seconds after which a page loads itself again; None for a site that stays as it is."""

    @staticmethod
    def key(entry: str, task: str) -> str:
        """Give the name of a run in the site."""
        return f"{entry}--{task}"


@dataclass(frozen=True, slots=True)
class Move:
    """What became of an entry on a ranking since the last release."""

    board: str
    entry: str
    what: str
    why: str
    """Empty for entries that came or went."""


@dataclass(frozen=True, slots=True)
class Since:
    """What moved since the last release."""

    date: str
    harness_version: str
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """The whole leaderboard."""

    version: str
    """Of the harness."""
    date: str
    """Of the newest entry or decision, not of the build, so that two builds are equal."""
    benchmarks: tuple[Benchmark, ...]
    boards: tuple[Board, ...]
    """By benchmark, then in the order ow, mc, cw, cw_plus, classify, then by task."""
    entries: tuple[Entry, ...]
    """By name."""
    decisions: tuple[Decision, ...] = ()
    """The whole ledger, newest first; withdrawn entries are only here."""
    refused: tuple[Report, ...] = ()
    """Entries that the checker refuses, by name, with its errors; they are only here."""
    own: OwnRuns | None = None
    """For a site of one's own runs (`harness view`); None for a leaderboard."""
    since: Since | None = None
    """None where no release is recorded."""
    branding: Branding = field(default_factory=Branding)

    def label_sets_of(self, board: Board) -> Mapping[str, LabelSetInfo]:
        """Give the label sets of a board's benchmark."""
        return next(each.label_sets for each in self.benchmarks if each.name == board.benchmark)


Why = Literal["incomplete", "refused", "withdrawn"]
_INCOMPLETE = ("E302", "E311")
"""Rules of the checker on images without an answer."""


@dataclass(frozen=True, slots=True)
class Outside:
    """A reason why an entry is on no ranking; an entry may have several."""

    entry: str
    why: Why
    where: str
    """Rule and file; for `withdrawn` the date of the decision."""
    text: str
    """A submitter's words may stand in it."""


def outside(site: Site) -> tuple[Outside, ...]:
    """Give every reason for every entry that is on no ranking, by the entry's name."""
    found = []
    for report in site.refused:
        for each in report.findings:
            why: Why = "incomplete" if each.code in _INCOMPLETE else "refused"
            found.append(Outside(report.name, why, f"{each.code} {each.where}", each.message))
    last = {each.entry: each for each in reversed(site.decisions)}
    found += [
        Outside(each.entry, "withdrawn", each.date, each.reason)
        for each in last.values()
        if each.decision == "withdrawn"
    ]
    return tuple(sorted(found, key=lambda each: each.entry))
