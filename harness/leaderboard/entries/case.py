"""A run of an entry beside the benchmark as it is today: what the rules look at."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from harness.answers.outcome import Outcome, Status
from harness.data.labels.label_set import Labels, LabelSet
from harness.data.opened import OpenTask
from harness.leaderboard.entries.manifest import EntryRun
from harness.leaderboard.entries.rows import Prompt
from harness.runs.rows import read_answer
from harness.scores.answers import Answers, Bools, to_answers
from harness.scores.metrics import counted_rows
from harness.scores.results import Protocol
from harness.store.prediction import Prediction

_SHORT, _MOST_KNOWN = 100, 1 << 16
Reading = tuple[str | None, tuple[int, ...]]


@lru_cache(maxsize=4)
def _readings(protocol: Protocol, class_list_digest: str) -> dict[Reading, Outcome]:
    """Give what was read so far in this process; models repeat each other's answers."""
    return {}


@dataclass(frozen=True)
class RunCase:
    """One run, read and in memory."""

    entry: str
    """Name of the entry."""
    run: EntryRun
    opened: OpenTask
    """The task of that name, its classes and its label sets, as the leaderboard has them."""
    rows: tuple[Prediction, ...]
    prompts: tuple[Prompt, ...]

    @property
    def where(self) -> str:
        """Path of the rows."""
        return self.run.predictions

    @property
    def protocol(self) -> Protocol:
        """How the task asks."""
        return self.opened.task.protocol

    @property
    def is_imported(self) -> bool:
        """Whether something else than the harness has asked the model."""
        return self.run.is_imported

    @property
    def original(self) -> LabelSet | None:
        """The benchmark's own labels."""
        return self.opened.labels.original

    @property
    def headline(self) -> LabelSet | None:
        """The label set that ranks."""
        return self.opened.labels.headline

    @cached_property
    def labels(self) -> Labels:
        """The label sets that the task names or that the run was scored by; one that was only added
        to this check decides on no rule.
        """
        claimed = {name for claims in self.run.claims.values() for name in claims}
        found = self.opened.labels
        kept = tuple(each for each in found.sets if not each.added or each.name in claimed)
        return replace(found, sets=kept)

    @cached_property
    def labels_changed(self) -> tuple[str, ...]:
        """Label sets that are not those, or not all of those, that the run was scored by."""
        claimed = {
            (name, claim.label_set_digest)
            for claims in self.run.claims.values()
            for name, claim in claims.items()
        }
        now = {(each.name, each.digest) for each in self.labels.sets}
        return tuple(sorted({name for name, _ in claimed ^ now}))

    @property
    def equivalences_are_known(self) -> bool:
        """Whether the classes that count as one are those that the run was scored by: they come
        from the task or its label sets, which are the same, and from nothing that was added.
        """
        found = self.opened.labels
        return not (
            self.labels_changed
            or found.overridden
            or any(each.added and each.equivalence_groups for each in found.sets)
        )

    @cached_property
    def answers(self) -> Answers:
        """The rows as arrays. Raises DataError for rows that break E304 or E306."""
        return to_answers(self.rows, self.opened.classes, self.where)

    @property
    def widest(self) -> Protocol:
        """The widest reading of the protocol."""
        return "cw_plus" if self.protocol == "cw" else self.protocol

    @cached_property
    def counted(self) -> Bools:
        """Which rows name a class, under the widest reading of the protocol."""
        return counted_rows(self.answers, self.widest)

    def read(self, answer: str | None, options: Sequence[int]) -> Outcome:
        """Give what the parser finds in an answer; of short ones that many give, once."""
        classes = self.opened.classes
        known, key = _readings(self.protocol, classes.digest), (answer, tuple(options))
        if key in known:
            return known[key]
        found = read_answer(self.protocol, answer, options, classes)
        if len(answer or "") <= _SHORT and len(known) < _MOST_KNOWN:
            known[key] = found
        return found

    def share_of(self, *statuses: Status) -> float:
        """Give the share of rows that bear one of these statuses, 0 to 1."""
        return sum(row.status in statuses for row in self.rows) / max(len(self.rows), 1)
