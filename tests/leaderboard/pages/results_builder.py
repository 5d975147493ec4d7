"""Results of the models of a hand-made site: scores under both label sets that fit together."""

from harness.answers.outcome import Status
from harness.scores.confidence import Signal
from harness.scores.result_parts import (
    Calibration,
    CalibrationError,
    Granularity,
    GranularityPart,
    Placed,
    ReadingInfo,
    Relation,
    RelationShare,
    ReliabilityBin,
    SeveralAnswers,
)
from harness.scores.results import (
    MATCHED,
    MATCHINGS,
    BootstrapInfo,
    ClassListInfo,
    EquivalencesInfo,
    LabelSetInfo,
    Matched,
    Matching,
    OutShare,
    Protocol,
    Results,
    Score,
    Share,
)
from harness.scores.statistics import wilson

CLASS_NAMES = ("red fox", "grey wolf", "tabby cat", "tiger cat", "missile", "projectile")
N, N_EMPTY = 1234, 46
SHA = "0123456789abcdef" * 4
LABEL_SETS = ("toy_imgt", "toy_regt")


def label_set(original: bool) -> LabelSetInfo:
    return LabelSetInfo(
        source="labels/toy.jsonl",
        digest=SHA,
        original=original,
        n_images=N + N_EMPTY,
        n_empty=0 if original else N_EMPTY,
        n_common=N + N_EMPTY,
        notes={},
    )


def label_sets() -> dict[str, LabelSetInfo]:
    return {name: label_set(name == "toy_imgt") for name in LABEL_SETS}


def _matching(right: int, n: int) -> dict[Matching, Matched]:
    """Fewer are right, the closer answers have to match."""
    hits = {matching: right - 3 * (3 - level) for matching, level in MATCHINGS.items()}
    return {key: Matched(n_right=hit, accuracy=100 * hit / n) for key, hit in hits.items()}


def score_of(right: int, n: int, n_empty: int, matched: bool) -> Score:
    accuracy = 100 * right / n
    low, high = wilson(right, n) or (0.0, 0.0)
    groups = {"S": 900, "S+": 800, "S-": 100, "M": 334, "M+": 184, "M-": 150}
    return Score(
        n=n,
        n_right=right,
        accuracy=accuracy,
        ci95=(low, high),
        ci95_classes=(low - 1, high + 1),
        n_empty=n_empty,
        n_error=0,
        n_classes=len(CLASS_NAMES),
        accuracy_empty_correct=100 * (right + n_empty) / (n + n_empty),
        matching=_matching(right, n) if matched else None,
        accuracy_first_in_list=None,
        mean_per_class=accuracy - 0.5,
        top5=None,
        groups={
            "A": Share(n=n, accuracy=accuracy),
            "N": Share(n=n_empty, accuracy=None),
            **{
                name: Share(n=count, accuracy=max(0.0, accuracy - 3 * place))
                for place, (name, count) in enumerate(groups.items())
            },
        },
    )


def _granularity(n: int) -> Granularity:
    """Three answers in five are exact, the others too generic."""
    counts = {each: 0 for each in Relation} | {Relation.EXACT: n * 3 // 5}
    counts[Relation.GENERIC] = n - counts[Relation.EXACT]
    return Granularity(
        n=n,
        relations={
            name: RelationShare(n=count, share=100 * count / n, ci95=wilson(count, n))
            for name, count in counts.items()
        },
        placed={Placed.CLASS: counts[Relation.EXACT], Placed.NAME: counts[Relation.GENERIC]},
        precision=100,
        recall=70,
        f1=82,
        n_mistakes=0,
        mistake_height=None,
        accuracy_at={"0": 60.0, "1": 100.0},
    )


def _calibration() -> dict[Signal, Calibration]:
    bins = tuple(
        ReliabilityBin(n=100, confidence=20.0 * place, accuracy=15.0 * place) for place in (1, 3, 5)
    )
    ece = CalibrationError(ece=15, ci95=(10, 20), expected=3.5, bins=bins)
    known = Calibration(
        n=300, accuracy=45, auroc=80, auroc_ci95=(70, 90), aurc=30, accuracy_at_80=50, ece=ece
    )
    return {
        Signal.PROBABILITY: known,
        Signal.SCORE: known.model_copy(update={"ece": None, "auroc_ci95": None}),
    }


def _several(n_unclear: int) -> SeveralAnswers:
    clear = {"accuracy_all": 40.0, "accuracy_all_ci95": (38.0, 42.0)} if not n_unclear else {}
    return SeveralAnswers.model_validate(
        {
            **dict.fromkeys(SeveralAnswers.model_fields),
            **{"n": 1000, "n_several": 70, "n_unclear": n_unclear, "accuracy_any": 50.0},
            **{"label_recall": 45.0, "label_recall_ci95_classes": (43.0, 47.0), **clear},
        }
    )


def results_of(
    task: str, protocol: Protocol, place: int, original: Score, headline: Score
) -> Results:
    oop = (17 * place) % 90 if protocol in ("ow", "cw") else 0
    n = N + N_EMPTY
    counts = {status.value: 0 for status in Status} | {"oop": oop, "ok": n - oop}
    return Results(
        task=task,
        model=f"model-{place}",
        protocol=protocol,
        n=n,
        complete=True,
        counts=counts,
        shares={name: 100 * count / n for name, count in counts.items()},
        out_of_prompt=(
            {
                key: OutShare(n=oop + 3 * (3 - level), share=100 * (oop + 3 * (3 - level)) / n)
                for key, level in MATCHINGS.items()
            }
            if protocol in MATCHED
            else None
        ),
        reading=ReadingInfo(rules={}, levels={"read": 3}, removed={}, n_truncated=0, n_tied=0),
        scores={protocol: dict(zip(LABEL_SETS, (original, headline), strict=True))},
        granularity=GranularityPart(
            hierarchy=SHA,
            sibling_height=1,
            scores={protocol: dict.fromkeys(LABEL_SETS, _granularity(1000))},
        )
        if protocol == "ow"
        else None,
        calibration={protocol: dict.fromkeys(LABEL_SETS, _calibration())}
        if protocol == "mc"
        else {},
        several_answers={protocol: dict(zip(LABEL_SETS, map(_several, (0, 3)), strict=True))}
        if protocol == "cw"
        else {},
        changes={},
        mapping=None,
        mc=None,
        per_class={},
        class_list=ClassListInfo(name="toy", name_set="clean", n=len(CLASS_NAMES), digest=SHA),
        label_sets=label_sets(),
        equivalences=EquivalencesInfo(source="labels/toy.json", groups=[[4, 5]]),
        bootstrap=BootstrapInfo(draws=2000, seed=0),
    )
