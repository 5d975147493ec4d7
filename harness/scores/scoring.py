"""From the rows of a run and its label sets to results: the one entry of the scorer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from pydantic import JsonValue

from harness.data.classes import ClassList
from harness.data.labels.label_set import Labels
from harness.data.opened import OpenTask
from harness.data.sample import Sample
from harness.scores import judgement, metrics, provenance
from harness.scores.answers import NO_CLASS, Answers, Bools, to_answers
from harness.scores.calibration import calibration_of
from harness.scores.choices import score_choices
from harness.scores.granularity import granularity_of
from harness.scores.guessing import guess
from harness.scores.judgement import Judgement, judge
from harness.scores.results import (
    MATCHED,
    BootstrapInfo,
    Change,
    Interval,
    MappedScore,
    Protocol,
    Results,
    Score,
    Share,
)
from harness.scores.several_answers import several_answers_of
from harness.scores.statistics import Draws, class_bootstrap, holm, mcnemar, wilson, wilson_of_part
from harness.scores.truth import check_met
from harness.store.manifest import Manifest
from harness.store.prediction import Prediction


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """What to score by."""

    task: str
    model: str
    protocol: Protocol
    class_list: ClassList
    labels: Labels
    """The first that is `original` says which class an image is filed under and what + and -
    mean. The classes that count as one do so under every label set."""
    mapping: Mapping[str, JsonValue] | None = None
    """`encoder`, `class_template`, `answer_template` and whatever else to write beside them."""
    distractors: Mapping[str, JsonValue] | None = None
    """How the options were drawn, for `mc`."""
    n_expected: int | None = None
    """Images of the task; fewer rows make the results incomplete."""
    n_images: int | None = None
    """Images of the data set; fewer rows are a part of it, of which a label set may know none."""
    sample: Sample | None = None
    """What part of its images the task asks about, where it is a part."""
    blank_images: bool = False
    """Whether the task shows grey pictures in place of the images."""
    draws: int = 2000


def score_run(
    opened: OpenTask, manifest: Manifest, rows: Sequence[Prediction], draws: int = 2000
) -> Results:
    """Score the rows of a run by its task's label sets of today. Raises DataError as `score`."""
    return score(rows, replace(request_of(opened, manifest), draws=draws))


def request_of(opened: OpenTask, manifest: Manifest) -> ScoreRequest:
    """Give what the rows of a run are scored by."""
    return ScoreRequest(
        task=manifest.task,
        model=manifest.model,
        protocol=opened.task.protocol,
        class_list=opened.classes,
        labels=opened.labels,
        mapping=manifest.mapping.model_dump() if manifest.mapping else None,
        distractors=provenance.distractors_of(opened.task, manifest),
        n_expected=manifest.n,
        n_images=manifest.data.n,
        sample=manifest.sample,
        blank_images=opened.task.blank_images,
    )


def score(rows: Sequence[Prediction], request: ScoreRequest) -> Results:
    """Score a run against all label sets at once.

    Raises DataError, before anything is computed, for two rows of one image, class ids that are
    none of the class list, label sets of one name, and labels of another data set (`check_met`).
    """
    answers = to_answers(rows, request.class_list)
    truths = judgement.open_truths(request.labels, answers.image_ids)
    for labels, truth in zip(request.labels.sets, truths, strict=True):
        check_met(labels, truth, answers.image_ids, request.n_images)
    protocols = protocols_of(answers, request)
    return results_of(answers, judge(answers, request.labels, protocols, truths), request)


def results_of(answers: Answers, judged: Sequence[Judgement], request: ScoreRequest) -> Results:
    """Give the results of answers that were judged, under all of `protocols_of` at least."""
    choices, protocols = None, protocols_of(answers, request)
    counts, draws = metrics.count_statuses(answers), Draws(request.draws)
    if request.protocol == "mc":
        truths = [each.truth for each in judged]
        choices = score_choices(answers, truths, request.distractors)
    return Results(
        task=request.task,
        model=request.model,
        protocol=request.protocol,
        n=len(answers),
        complete=_is_complete(answers, request),
        sample=request.sample,
        blank_images=request.blank_images,
        counts=counts,
        shares={each: metrics.percent(count, len(answers)) for each, count in counts.items()},
        out_of_prompt=judgement.out_of_prompt(answers) if request.protocol in MATCHED else None,
        reading=judgement.reading_info(answers, request.protocol),
        scores={
            protocol: {each.truth.name: _score(answers, each, protocol, request) for each in judged}
            for protocol in protocols
        },
        changes=_changes(judged, request),
        mapping=_mapping(answers, judged, request),
        mc=choices,
        granularity=granularity_of(answers, judged, protocols, request.class_list, request.mapping),
        calibration=calibration_of(answers, judged, protocols, draws),
        several_answers=several_answers_of(answers, judged, protocols, draws),
        per_class={each.truth.name: _per_class(each, request.protocol) for each in judged},
        class_list=provenance.describe_classes(request.class_list),
        label_sets={
            labels.name: provenance.describe_labels(labels, each.truth)
            for labels, each in zip(request.labels.sets, judged, strict=True)
        },
        equivalences=provenance.describe_equivalences(request.labels.equivalences),
        bootstrap=BootstrapInfo(draws=draws.count, seed=draws.seed),
    )


def _is_complete(answers: Answers, request: ScoreRequest) -> bool:
    expected = len(answers) if request.n_expected is None else request.n_expected
    return bool(answers.answered.all()) and len(answers) >= expected


def protocols_of(answers: Answers, request: ScoreRequest) -> tuple[Protocol, ...]:
    """Give the protocols to score by: of a closed world that was mapped, with and without it."""
    if not request.protocol.startswith("cw"):
        return (request.protocol,)
    was_mapped = request.protocol == "cw_plus" or request.mapping is not None
    return ("cw", "cw_plus") if was_mapped or answers.mapped.any() else ("cw",)


def _score(
    answers: Answers,
    judged: Judgement,
    protocol: Protocol,
    request: ScoreRequest,
) -> Score:
    scope, truth = judged.scope, judged.truth
    right = judged.right[protocol] & scope.scored
    n, n_right, n_empty = (int(mask.sum()) for mask in (scope.scored, right, scope.empty))
    table = metrics.class_table(right, scope)
    groups = metrics.group_rows(truth, scope, judged.original)
    counted = metrics.counted_rows(answers, protocol)
    f1, n_classes_f1 = metrics.macro_f1(answers, truth, scope, right, counted)
    options = answers.options if request.protocol == "mc" else None
    guessing = guess(truth, scope.scored, request.class_list.ids, options)
    return Score(
        n=n,
        n_right=n_right,
        accuracy=metrics.percent(n_right, n),
        ci95=wilson(n_right, n),
        ci95_whole=_of_whole(n_right, n, request) if _is_complete(answers, request) else None,
        ci95_classes=class_bootstrap(
            100.0 * right[scope.scored], scope.home[scope.scored], Draws(request.draws)
        ),
        n_empty=n_empty,
        n_error=int(scope.failed.sum()),
        n_classes=len(table.ids),
        accuracy_empty_correct=metrics.percent(n_right + n_empty, n + n_empty),
        matching=judgement.matched_scores(answers, judged, protocol)
        if protocol in MATCHED
        else None,
        accuracy_first_in_list=(
            metrics.share(truth.any_held(answers.listed), scope.scored)
            if protocol == "cw" and answers.several
            else None
        ),
        mean_per_class=float(table.accuracy.mean()) if n else None,
        macro_f1=f1,
        n_classes_f1=n_classes_f1,
        top5=metrics.share(right | metrics.right_in_top(answers, truth), scope.scored)
        if (answers.top != NO_CLASS).any()
        else None,
        chance=guessing.chance,
        constant_answer=guessing.constant,
        groups={name: _group(name, right, rows) for name, rows in groups.items()},
    )


def _of_whole(n_right: int, n: int, request: ScoreRequest) -> Interval | None:
    part = request.sample
    if part is None or part.seed is None or part.stratify:
        return None
    return wilson_of_part(n_right, n, part.n / part.of)


def _group(name: metrics.Group, right: Bools, rows: Bools) -> Share:
    accuracy = None if name == "N" else metrics.share(right, rows)
    return Share(n=int(rows.sum()), accuracy=accuracy)


def _changes(judged: Sequence[Judgement], request: ScoreRequest) -> dict[str, Change]:
    ordered = sorted(judged, key=lambda each: each.truth is not each.original)
    pairs = list(combinations(ordered, 2))
    changes = [change_of(*pair, request.protocol, Draws(request.draws)) for pair in pairs]
    adjusted = holm([change.p_mcnemar for change in changes])
    return {
        f"{before.truth.name}->{after.truth.name}": change.model_copy(update={"p_holm": p_holm})
        for (before, after), change, p_holm in zip(pairs, changes, adjusted, strict=True)
    }


def change_of(before: Judgement, after: Judgement, protocol: Protocol, draws: Draws) -> Change:
    """Give the change of one run from one label set to another; `p_holm` is not corrected yet."""
    common = before.scope.scored & after.scope.scored
    was, now = before.right[protocol], after.right[protocol]
    n = int(common.sum())
    lost, won = (int((common & mask).sum()) for mask in (was & ~now, now & ~was))
    step = 100.0 * now[common] - 100.0 * was[common]
    p_value = mcnemar(lost, won)
    return Change(
        protocol=protocol,
        n=n,
        from_=metrics.share(was, common),
        to=metrics.share(now, common),
        delta=metrics.percent(won - lost, n),
        ci95=class_bootstrap(step, before.scope.home[common], draws),
        both=metrics.share(was & now, common),
        p_mcnemar=p_value,
        p_holm=p_value,
    )


def _mapping(
    answers: Answers, judged: Sequence[Judgement], request: ScoreRequest
) -> MappedScore | None:
    if request.mapping is None and not answers.mapped.any():
        return None
    protocol: Protocol = "cw_plus" if request.protocol == "cw" else request.protocol
    mapped = answers.mapped & metrics.counted_rows(answers, protocol)
    accuracy = {
        each.truth.name: Share(
            n=int((mapped & each.scope.scored).sum()),
            accuracy=metrics.share(each.right[protocol], mapped & each.scope.scored),
        )
        for each in judged
    }
    computed = {
        "n_mapped": int(mapped.sum()),
        "mapped_share": metrics.share(mapped, answers.answered),
        "accuracy_of_mapped": accuracy,
    }
    return MappedScore.model_validate({**(request.mapping or {}), **computed})


def _per_class(judged: Judgement, protocol: Protocol) -> dict[str, Share]:
    table = metrics.class_table(judged.right[protocol], judged.scope)
    return {
        str(class_id): Share(n=int(n), accuracy=float(accuracy))
        for class_id, n, accuracy in zip(table.ids, table.n, table.accuracy, strict=True)
    }
