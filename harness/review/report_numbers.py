"""All that a review's report says, as numbers: the whole of the JSON file beside its page."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Literal

import numpy as np
from pydantic import Field

import harness
from harness.data.labels.label_set import LabelSet
from harness.review.agreement import measure_overall
from harness.review.answers import Answers, Key
from harness.review.deciding import Reason, Rule, Which
from harness.review.effects import Effect
from harness.review.influence import ModelInfluence, influence_on_models
from harness.review.merging import Merged, Way, count_groups
from harness.review.queue import Item, Mode, Pass, Queue
from harness.review.rules import WHYS
from harness.review.verdicts import Shared, VerdictCounts, count_verdicts, is_chosen, share_of
from harness.scores.metrics import Group
from harness.scores.results import Interval, Part, Percent
from harness.scores.statistics import Stratum, of_strata


class Time(Part):
    """Seconds an image, all answers to it of one person and pass together."""

    pass_: Pass = Field(validation_alias="pass", serialization_alias="pass")
    by: Literal["all", "annotator", "why"]
    name: str
    n: int
    median: float
    quartiles: tuple[float, float]
    """Linear between the two nearest."""


class AgreementShown(Part):
    """One measure of how far people agree; a share or a coefficient from -1 to 1."""

    pass_: Pass = Field(validation_alias="pass", serialization_alias="pass")
    measure: str
    value: float | None
    ci95: Interval | None
    n: int
    reason: str | None


class BaseRate(Part):
    """How many labels people change in images drawn at random from all, without honeypots."""

    changed: Shared
    """Of the control images that were decided."""
    n_undecided: int
    n_images: int | None
    """All images from which they were drawn; null where the queue does not say it."""
    n_chosen: int | None
    """Of those the images that a rule chooses."""
    whole: Percent | None
    """Estimate of the share in all images from all that were reviewed: the shares in the images
    that a rule chooses and in the others, weighted by how many there are of each. Null where the
    queue does not say that, or a part has no decided image."""
    whole_ci95: Interval | None
    chosen: Shared
    """Of the decided images that a rule chose."""
    others: Shared
    """Of the decided images that no rule chose, all of them control images."""


class ReportNumbers(Part):
    """The whole file."""

    review_report: Literal[1] = 1
    harness_version: str
    queue_sha256: str
    mode: Mode
    task: str
    class_list: str
    base: str
    labels: str
    """Name of the label set that came of the review."""
    rule: Rule
    pass_: Which = Field(validation_alias="pass", serialization_alias="pass")
    annotators: tuple[str, ...]
    n_answers: int
    n_reviewed: int
    n_decided: int
    n_honeypots: int
    ways: dict[Way, int]
    reasons: dict[Reason, int]
    groups_before: dict[Group, int]
    groups_after: dict[Group, int]
    verdicts: tuple[VerdictCounts, ...]
    no_class: dict[str, int]
    """Run (model and task) to reviewed images on which its answer names no class or is missing."""
    influence: tuple[ModelInfluence, ...]
    times: tuple[Time, ...]
    base_rate: BaseRate
    agreement: tuple[AgreementShown, ...]
    effects: tuple[Effect, ...]
    notes: tuple[str, ...]


def report_numbers(
    answers: Answers, merged: Merged, original: LabelSet | None, effects: tuple[Effect, ...] = ()
) -> ReportNumbers:
    """Compute all numbers of a report; pure."""
    queue = answers.queue
    before, after = (
        count_groups(each, original, merged.same) for each in (merged.base, merged.labels)
    )
    return ReportNumbers(
        harness_version=harness.__version__,
        queue_sha256=queue.sha256,
        mode=queue.mode,
        task=queue.task,
        class_list=queue.class_list,
        base=merged.base.name,
        labels=merged.labels.name,
        rule=merged.rule,
        pass_=merged.which,
        annotators=queue.annotators,
        n_answers=len(answers.latest),
        n_reviewed=len(merged.images),
        n_decided=sum(each.decided for each in merged.images),
        n_honeypots=merged.n_honeypots,
        ways=merged.ways,
        reasons=merged.reasons,
        groups_before=before,
        groups_after=after,
        verdicts=count_verdicts(queue, merged),
        no_class=_without_class(queue),
        influence=influence_on_models(answers, merged),
        times=tuple(_times(answers)),
        base_rate=_base_rate(queue, merged),
        agreement=tuple(
            AgreementShown(pass_=pass_, measure=name, **asdict(each))
            for pass_, overall in measure_overall(answers, merged.same).items()
            for name, each in overall.named.items()
        ),
        effects=effects,
        notes=answers.notes,
    )


def _without_class(queue: Queue) -> dict[str, int]:
    items = [item for item in queue.items if item.known is None]
    named = Counter(
        (each.model, each.task) for item in items for each in item.predictions if each.classes
    )
    return {
        f"{run.model} on {run.task}": len(items) - named[run.model, run.task] for run in queue.runs
    }


def _times(answers: Answers) -> Iterator[Time]:
    of_key: defaultdict[Key, list[float | None]] = defaultdict(list)
    for row in answers.rows:
        of_key[row.key].append(row.seconds)
    known = {
        key: sum(each or 0 for each in seconds)
        for key, seconds in of_key.items()
        if None not in seconds
    }
    queue = answers.queue
    for name in queue.passes:
        of_pass = {key: value for key, value in known.items() if key[2] == name}
        yield from _time(name, "all", "all", of_pass.values())
        for person in queue.annotators:
            mine = [value for key, value in of_pass.items() if key[0] == person]
            yield from _time(name, "annotator", person, mine)
        for why in WHYS:
            there = [value for key, value in of_pass.items() if why in queue.item_of[key[1]].why]
            yield from _time(name, "why", why, there)


def _time(
    pass_: Pass, by: Literal["all", "annotator", "why"], name: str, seconds: Iterable[float]
) -> Iterator[Time]:
    values = sorted(seconds)
    if values:
        found = np.quantile(values, (0.25, 0.5, 0.75))
        low, middle, high = (round(float(each), 3) for each in found)
        yield Time(
            pass_=pass_, by=by, name=name, n=len(values), median=middle, quartiles=(low, high)
        )


def _base_rate(queue: Queue, merged: Merged) -> BaseRate:
    way = {each.image_id: each.way for each in merged.images}

    def changed(items: Iterable[Item]) -> Shared:
        ways = [way[each.image_id] for each in items if way[each.image_id] is not None]
        return share_of(sum(each != "kept" for each in ways), len(ways))

    items = [item for item in queue.items if item.known is None]
    control = [each for each in items if "control" in each.why]
    of_control = changed(control)
    chosen = changed(each for each in items if is_chosen(each))
    others = changed(each for each in items if not is_chosen(each))
    whole, ci95 = None, None
    if queue.n_images is not None and queue.n_chosen is not None:
        n_others = queue.n_images - queue.n_chosen
        sizes = ((queue.n_chosen, chosen), (n_others, others))
        strata = [Stratum(size, each.n, each.of) for size, each in sizes if size]
        whole, ci95 = of_strata(strata) or (None, None)
    return BaseRate(
        changed=of_control,
        n_undecided=len(control) - of_control.of,
        n_images=queue.n_images,
        n_chosen=queue.n_chosen,
        whole=whole,
        whole_ci95=ci95,
        chosen=chosen,
        others=others,
    )
