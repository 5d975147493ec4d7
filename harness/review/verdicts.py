"""What people made of a model's answers: confirmed, integrated, rejected, corrected otherwise.

With C the classes that a model's answer stands for, B the labels that were there and P the people's
labels of an image that was decided, equivalent classes merged throughout; two sets meet where they
have a class in common. Each decided image on which the model names a class is in one of the eight:

               outside: C does not meet B            inside: C meets B
    confirmed  P meets C, and is within C            P meets C, and is B: the labels stay
    integrated P meets C, and has others too         P meets C, and is not B: others came or went
    rejected   P does not meet C, and is B           P does not meet C, and is within B
    corrected  P does not meet C, and is not B       P does not meet C, and is not within B
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, get_args

from harness.review.merging import Merged
from harness.review.queue import Item, Queue
from harness.scores.results import Interval, Part, Percent
from harness.scores.statistics import wilson

Verdict = Literal["confirmed", "integrated", "rejected", "corrected"]
VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)
Side = Literal["outside", "inside"]
"""Whether a model's answer is outside or inside the labels that were there."""
SIDES: Final[tuple[Side, ...]] = get_args(Side)
ALL, CONTROL = "all", "control"
"""Images that a rule chose; those drawn at random from all."""
_GROUPS = ("S+", "S-", "M+", "M-", "N")


class Shared(Part):
    """A share and Wilson's interval of it, in percent; null of none."""

    n: int
    of: int
    share: Percent | None
    ci95: Interval | None


class VerdictCounts(Part):
    """A model's answers on one side of the labels, for one part of the reviewed images."""

    model: str
    task: str
    side: Side
    part: str
    """`all`: those that a rule chose; S+, S-, M+, M-, N: those of them in a label group; `control`:
    those drawn at random from all images, whether a rule chooses them or not."""
    n: int
    """Decided images; the four verdicts sum to it."""
    n_undecided: int
    """Besides: images on this side that the people's rule did not decide."""
    verdicts: dict[Verdict, Shared]
    taken: Shared
    """Confirmed or integrated."""


def share_of(n: int, of: int) -> Shared:
    """Give a share with its interval."""
    return Shared(n=n, of=of, share=100 * n / of if of else None, ci95=wilson(n, of))


def side_of(named: frozenset[int], before: frozenset[int]) -> Side | None:
    """Say on which side of the labels an answer is; None where it names no class. All merged."""
    if not named:
        return None
    return "inside" if named & before else "outside"


def verdict_of(named: frozenset[int], before: frozenset[int], after: frozenset[int]) -> Verdict:
    """Say what people made of a model's answer; classes are merged, and `named` is not empty."""
    is_taken, is_kept = bool(named & after), after == before
    if named & before:
        if is_taken:
            return "confirmed" if is_kept else "integrated"
        return "corrected" if after - before else "rejected"
    if is_taken:
        return "integrated" if after - named else "confirmed"
    return "rejected" if is_kept else "corrected"


def is_chosen(item: Item) -> bool:
    """Whether a rule chose an image, be it in the control share too."""
    return any(why not in ("control", "honeypot") for why in item.why)


def parts_of(item: Item) -> Iterator[str]:
    """Give the parts in which an image is counted."""
    if is_chosen(item):
        yield ALL
        if item.group is not None:
            yield item.group
    if "control" in item.why:
        yield CONTROL


def count_verdicts(queue: Queue, merged: Merged) -> tuple[VerdictCounts, ...]:
    """Count verdicts by run, side and part, without honeypots; of empty parts only `all`."""
    runs = [(run.model, run.task) for run in queue.runs]
    tally: Counter[tuple[int, Side, str, Verdict | None]] = Counter()
    decided, merge_all = merged.decided, merged.same.merge_all
    for item in queue.items:
        if item.known is not None:
            continue
        before = merge_all(merged.base.labels.get(item.image_id, ()))
        after = decided.get(item.image_id)
        for predicted in item.predictions:
            place = runs.index((predicted.model, predicted.task))
            named = merge_all(predicted.classes)
            side = side_of(named, before)
            if side is None:
                continue
            found = None if after is None else verdict_of(named, before, merge_all(after))
            for part in parts_of(item):
                tally[place, side, part, found] += 1
    return tuple(_rows(runs, tally))


def _rows(
    runs: Sequence[tuple[str, str]], tally: Mapping[tuple[int, Side, str, Verdict | None], int]
) -> Iterator[VerdictCounts]:
    for side in SIDES:
        for place, (model, task) in enumerate(runs):
            for part in (ALL, *_GROUPS, CONTROL):
                counts = {each: tally.get((place, side, part, each), 0) for each in VERDICTS}
                n, undecided = sum(counts.values()), tally.get((place, side, part, None), 0)
                if not n + undecided and part != ALL:
                    continue
                yield VerdictCounts(
                    model=model,
                    task=task,
                    side=side,
                    part=part,
                    n=n,
                    n_undecided=undecided,
                    verdicts={each: share_of(count, n) for each, count in counts.items()},
                    taken=share_of(counts["confirmed"] + counts["integrated"], n),
                )
