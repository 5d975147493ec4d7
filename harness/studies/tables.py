"""The tables of a study, in which every number that it found stands once."""

from collections.abc import Collection, Sequence

from harness.report.change_plot import shifts_table
from harness.report.table import INTERVAL, NONE, Cell, Column, Number, Probability, Table, names
from harness.studies.effects import BLANK, FOR_SCALE, LABELS, effects_of, gaps_of, label_sets_of
from harness.studies.granularity import granularity_table
from harness.studies.label_changes import shifts_of_study
from harness.studies.results import FactorEffect, LevelEffect, ModelGap, Score, StudyResults

TABLES = (
    "factors", "levels", "seeds", "places", "label_changes", "granularity", "scores", "variance",
)  # fmt: skip
"""All names that a table of a study may have."""
_SCALES = {LABELS: "other labels", BLANK: "grey pictures instead of the images"}
REST = "what is left"
"""What a grid's factors and their pairs do not take of the variance."""


def study_tables(found: StudyResults) -> list[Table]:
    """Give all tables that have rows. Several have one name where they are of several models or
    label sets, which `Table.about` tells apart; those of the label set of the figures come first.
    """
    sets = list(label_sets_of(found))
    tables = [
        *(factors_table(found, model, each) for each in sets for model in found.models),
        *(table for each in sets for table in levels_tables(found, each)),
        *(seeds_table(found, each) for each in sets),
        *(places_table(found, each) for each in sets),
        *label_changes_tables(found),
        *(granularity_table(found, each) for each in sets),
        *(scores_table(found), variance_table(found)),
    ]
    return [table for table in tables if table.rows]


def factors_table(found: StudyResults, model: str, label_set: str) -> Table:
    """Give one row a factor, by size; what they are to be compared with stands below them."""
    columns = (
        *(Column("choice", "factor", is_name=True), *Column.csv_only("factor", "held")),
        Column("range", "range [95 %]", INTERVAL),
        *(*names("highest", "lowest"), *Column.csv_only("highest_accuracy", "lowest_accuracy")),
        *(Column("p", "p"), Column("n", "n", is_extra=True), *Column.csv_only("n_left_out")),
    )
    effects = effects_of(found, label_set, model)
    own = [_factor_row(each) for each in effects if each.factor not in FOR_SCALE]
    scale = [_factor_row(each) for each in effects if each.factor in FOR_SCALE]
    gaps = [_gap_row(each) for each in gaps_of(found, label_set) if model in (each.a, each.b)]
    what = [_SCALES[each.factor] for each in effects if each.factor in FOR_SCALE]
    what += ["another model"] if gaps else []
    caption = (
        "Range: the highest accuracy less the lowest, in points, on the images that all levels "
        "have; interval: classes redrawn. p: the smallest of its levels against the baseline "
        "(exact McNemar, Holm over the study); of seeds Cochran's Q; between models exact McNemar."
    )
    caption += "".join(map(_fewer, effects))
    if scale or gaps:
        n = len(scale) + len(gaps)
        last = "the last row" if n == 1 else f"the last {n}"
        caption += f" For scale, {last}: {', '.join(dict.fromkeys(what))}."
    title = f"By how much each choice moves the accuracy of {model} under {label_set}"
    about = {"model": model, "label_set": label_set}
    rows = [*own, *scale, *gaps] if effects else []
    return Table("factors", title, columns, rows, caption, about)


def _fewer(effect: FactorEffect) -> str:
    """Say which levels score fewer images than the others have in common."""
    most = max((each.n for each in effect.levels), default=0)
    few = [f"“{each.level}” scores {each.n}" for each in effect.levels if 0 < each.n < most]
    if not few:
        return ""
    return f" Of the {most} images of {effect.title} {', '.join(few)}; p is of no such level."


def _factor_row(effect: FactorEffect) -> tuple[Cell, ...]:
    low, high = effect.extremes or (None, None)
    return (
        *(effect.title, effect.factor, effect.held),
        Number(effect.range, effect.range_ci95),
        *(high.level if high else NONE, low.level if low else NONE),
        *(Number(each.accuracy) if each else NONE for each in (high, low)),
        *(_p(effect.p_value), low.n if low else 0, effect.n_left_out),
    )


def _gap_row(gap: ModelGap) -> tuple[Cell, ...]:
    high, low = (gap.b, gap.a) if (gap.delta or 0) >= 0 else (gap.a, gap.b)
    accuracies = {gap.a: gap.accuracy_a, gap.b: gap.accuracy_b}
    return (
        *("models", "models", ""),
        Number(gap.size, gap.size_ci95),
        *(high, low),
        *(Number(accuracies[each]) for each in (high, low)),
        *(_p(gap.p_mcnemar), gap.n, NONE),
    )


def levels_tables(
    found: StudyResults, label_set: str, factors: Collection[str] | None = None
) -> list[Table]:
    """Give a table a model of the levels of some factors, or of all."""
    chosen = [
        each
        for each in found.factors
        if each.label_set == label_set and (factors is None or each.factor in factors)
    ]
    return [levels_table([each for each in chosen if each.model == name]) for name in found.models]


def levels_table(effects: Sequence[FactorEffect]) -> Table:
    """Give a row a level of factors of one model under one label set; each factor has its best."""
    columns = (
        *(*names("level"), *Column.csv_only("factor", "held", "value")),
        Column("accuracy", "accuracy [95 %]", INTERVAL, has_best=True),
        Column("delta", "less baseline [95 %]", INTERVAL),
        Column("p_mcnemar", "p", is_extra=True),
        Column("p_holm", "p (Holm)"),
        Column("flips", "flips", is_extra=True),
        Column("oop", "out of prompt (%)", is_extra=True),
        Column("n", "n", is_extra=True),
        *Column.csv_only("n_right", "only_baseline", "only_level", "is_baseline", "run"),
    )
    rows = [_level_row(effect, each) for effect in effects for each in effect.levels]
    peers = [  # of seeds, label sets and grey pictures none is the best choice
        None if effect.seeds or effect.factor in FOR_SCALE else effect.title
        for effect in effects
        for _ in effect.levels
    ]
    caption = (
        "Accuracy in percent, differences in points, on the images that all levels of a factor "
        "have; intervals: classes redrawn. p: exact McNemar; Holm: corrected for all levels of the "
        "study. Flips: images whose class answered is another one than the baseline's."
    )
    first = effects[0] if effects else None
    about = {"model": first.model, "label_set": first.label_set} if first else {}
    title = f"Levels of each factor: {first.model} under {first.label_set}" if first else ""
    return Table("levels", title, columns, rows, caption, about, peers)


def _level_row(effect: FactorEffect, level: LevelEffect) -> tuple[Cell, ...]:
    name = f"{effect.title}: {level.level}" + (" (baseline)" if level.is_baseline else "")
    return (
        *(name, effect.factor, effect.held, level.level),
        Number(level.accuracy, level.ci95),
        Number(level.delta, level.delta_ci95, signed=True),
        *(_p(level.p_mcnemar), _p(level.p_holm), _count(level.flips), Number(level.oop), level.n),
        *(level.n_right, _count(level.only_baseline), _count(level.only_level)),
        *(int(level.is_baseline), level.run or NONE),
    )


def seeds_table(found: StudyResults, label_set: str) -> Table:
    """Give mean, deviation and interval of each factor whose levels are seeds."""
    columns = (
        *names("model", "factor"),
        Column("n", "seeds"),
        Column("mean", "mean [95 %]", INTERVAL),
        Column("deviation", "deviation"),
    )
    rows = [
        (
            *(each.model, each.title, spread.n),
            *(Number(spread.mean, spread.ci95), Number(spread.deviation)),
        )
        for each in found.factors
        if each.label_set == label_set and (spread := each.seeds) is not None
    ]
    caption = "Interval of the mean: Student's t over seeds; deviation: of a sample, in points."
    title = f"Accuracy (%) over seeds under {label_set}"
    return Table("seeds", title, columns, rows, caption, {"label_set": label_set})


def places_table(found: StudyResults, label_set: str) -> Table:
    """Give the accuracy at each place in the prompt."""
    columns = (
        *names("model"),
        Column("images_per_prompt", "images a prompt"),
        Column("place", "place"),
        Column("accuracy", "accuracy [95 %]", INTERVAL),
        *(Column("n", "n"), *Column.csv_only("run")),
    )
    rows = [
        (
            *(each.model, each.images_per_prompt, each.place),
            *(Number(each.accuracy, each.ci95), each.n, each.run),
        )
        for each in found.places
        if each.label_set == label_set
    ]
    title = f"Accuracy (%) by place in the prompt under {label_set}"
    caption = "Intervals: classes redrawn."
    return Table("places", title, columns, rows, caption, {"label_set": label_set})


def label_changes_tables(found: StudyResults) -> list[Table]:
    """Give one row a run under two label sets; no table where the labels are not varied."""
    shifts = shifts_of_study(found)
    return [shifts_table(shifts)] if shifts else []


def scores_table(found: StudyResults) -> Table:
    """Give a row a run and a column a label set; the best is of one task under one protocol."""
    columns = (
        *(*names("model", "settings"), *Column.csv_only("task"), *names("protocol")),
        *(_scored(found, each) for each in found.label_sets),
        *Column.csv_only(*(f"n_{each}" for each in found.label_sets)),
        *(Column("oop", "out of prompt (%)", is_extra=True), *Column.csv_only("complete")),
    )
    runs: dict[tuple[str, str, str, str], dict[str, Score]] = {}
    for each in found.scores:
        key = (each.model, each.task, each.protocol, each.settings)
        runs.setdefault(key, {})[each.label_set] = each
    rows = [_score_row(found, key, scores) for key, scores in runs.items()]
    caption = "All images of each run that a label set has labels of; intervals: classes redrawn."
    if not all(each.complete for each in found.scores):
        caption += " *: the run is not complete."
    title = f"Accuracy (%) of the runs of {found.study}"
    return Table("scores", title, columns, rows, caption, peers=[key[1:3] for key in runs])


def _scored(found: StudyResults, label_set: str) -> Column:
    is_extra = label_set not in (found.original, found.headline)  # a terminal has room for two
    key, heading = f"accuracy_{label_set}", f"{label_set} [95 %]"
    return Column(key, heading, INTERVAL, has_best=True, is_extra=is_extra)


def _score_row(
    found: StudyResults, key: tuple[str, str, str, str], scores: dict[str, Score]
) -> tuple[Cell, ...]:
    model, task, protocol, settings = key
    each_set = [scores.get(each) for each in found.label_sets]
    first = next(iter(scores.values()))
    mark = "" if first.complete else "*"
    where = [settings or ("as in the task" if task == found.task else task)]
    where += [task] if settings and task != found.task else []
    return (
        *(model, ", ".join(where), task, protocol),
        *(Number(each.accuracy, each.ci95, mark=mark) if each else NONE for each in each_set),
        *(each.n if each else NONE for each in each_set),
        *(Number(first.oop), int(first.complete)),
    )


def variance_table(found: StudyResults) -> Table:
    """Give the share of the variance in a grid that each factor, and each pair of them, takes."""
    columns = (*names("model", "label set", "factors"), Column("share", "share of variance (%)"))
    rows = [
        (each.model, each.label_set, " × ".join(each.factors) or REST, Number(each.share))
        for each in found.variance
    ]
    title = "Share of the variance of the accuracies that each factor and each pair takes"
    return Table("variance", title, columns, rows, "Of the sum of squares over the grid's cells.")


def _p(value: float | None) -> Cell:
    return NONE if value is None else Probability(value)


def _count(value: int | None) -> Cell:
    return NONE if value is None else value
