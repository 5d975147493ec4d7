"""The numbers of a review's report as tables, and its first sentences."""

from collections.abc import Iterator, Sequence

from harness.report.table import INTERVAL, NONE, Cell, Column, Number, Probability, Table, names
from harness.review.influence import ModelInfluence
from harness.review.merged_tables import groups_table, ways_table
from harness.review.report_numbers import ReportNumbers
from harness.review.verdicts import (
    ALL,
    CONTROL,
    SIDES,
    VERDICTS,
    Shared,
    Side,
    Verdict,
    VerdictCounts,
)

_OF = (*INTERVAL, "count", "n")
_WHERE: dict[Side, str] = {
    "outside": "outside of the labels",
    "inside": "inside of the labels",
}


_SHORT: dict[Verdict, str] = {
    "confirmed": "conf",
    "integrated": "int",
    "rejected": "rej",
    "corrected": "corr",
}


def number_of(found: Shared) -> Number:
    """Give a share as a cell, with its interval and counts."""
    return Number(found.share, found.ci95, found.n, found.of)


def report_tables(found: ReportNumbers) -> tuple[Table, ...]:
    """Give all tables of a report that have rows."""
    tables = (
        *(_verdicts(found, side) for side in SIDES),
        _influence(found),
        _effects(found),
        _base_rate(found),
        groups_table(found.groups_before, found.groups_after),
        ways_table(found.ways, found.reasons),
        _times(found),
        _agreement(found),
    )
    return tuple(table for table in tables if table.rows)


def _run(each: VerdictCounts | ModelInfluence, found: ReportNumbers) -> str:
    """Name a run by its model, and by its task too where the model has several."""
    tasks = {one.task for one in found.verdicts if one.model == each.model}
    return f"{each.model} on {each.task}" if len(tasks) > 1 else each.model


def _verdicts(found: ReportNumbers, side: Side) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            _run(each, found),
            each.part,
            each.n,
            *(each.verdicts[name].n for name in VERDICTS),
            Number(each.taken.share, each.taken.ci95),
            each.n_undecided,
        )
        for each in found.verdicts
        if each.side == side
    ]
    captions = {
        "outside": "conf, confirmed: the people's labels are the model's class alone. int, "
        "integrated: they are the model's class and others. rej, rejected: the labels stay as "
        "they were. corr: people corrected the labels, but not to the model's class.",
        "inside": "conf, confirmed: the labels stay as they were. int, integrated: the model's "
        "class stays, others came or went. rej, rejected: the model's class goes, none comes. "
        "corr: people corrected the labels: the model's class goes, others come.",
    }
    return Table(
        "verdicts",
        f"Models whose answer is {_WHERE[side]}: what people made of it",
        (
            *names("model", "images"),
            Column("n", "n"),
            *(Column(name, _SHORT[name]) for name in VERDICTS),
            Column("taken", "conf or int (%)", INTERVAL, stays=True),
            Column("undecided", "undecided", is_extra=True),
        ),
        rows,
        caption=f"{captions[side]} Images: {ALL}: those that a rule of the queue chose, S+ to N of "
        f"them by label group; {CONTROL}: drawn at random from all. In brackets Wilson's 95 % "
        "interval.",
        about={"side": side},
    )


def _influence(found: ReportNumbers) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            _run(each, found),
            each.side,
            each.n,
            Number(each.blind.share),
            Number(each.shown.share),
            each.only_blind,
            each.only_shown,
            Probability(each.p_holm),
        )
        for each in found.influence
    ]
    return Table(
        "influence",
        "Answers that name the model's class, before and after its sources were shown",
        (
            *names("model", "side"),
            Column("n", "n"),
            Column("blind", "blind (%)"),
            Column("shown", "shown (%)"),
            Column("only_blind", "only blind", is_extra=True),
            Column("only_shown", "only shown", is_extra=True),
            Column("p_holm", "p (Holm)"),
        ),
        rows,
        caption="n: pairs of answers, of one person to one image. p: McNemar's exact two-sided "
        "test of those that name it only before or only after, with Holm's correction for all "
        "rows. Answers of several people to one image are taken as independent.",
    )


def _effects(found: ReportNumbers) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            f"{each.model} on {each.task}",
            each.n,
            Number(each.before),
            Number(each.after),
            Number(each.delta, each.ci95, signed=True),
            each.only_before,
            each.only_after,
            Probability(each.p_holm),
        )
        for each in found.effects
    ]
    return Table(
        "effects",
        f"Accuracy (%) under {found.base} and under {found.labels}",
        (
            *names("run"),
            Column("n", "n"),
            Column("before", "before"),
            Column("after", "after"),
            Column("delta", "change", INTERVAL, stays=True),
            Column("only_before", "only before", is_extra=True),
            Column("only_after", "only after", is_extra=True),
            Column("p_holm", "p (Holm)"),
        ),
        rows,
        caption="On the images that have a label under both. In brackets 95 %, whole classes "
        "redrawn; p: McNemar's exact two-sided test, with Holm's correction for the runs. Where no "
        "model of the queue contradicts the labels, hardly any image was reviewed: a change in "
        "favour of these models is to be expected.",
    )


def _base_rate(found: ReportNumbers) -> Table:
    rate = found.base_rate
    rows: list[tuple[Cell, ...]] = [
        ("control images, drawn from all", number_of(rate.changed)),
        ("reviewed images that a rule chose", number_of(rate.chosen)),
        ("reviewed images that no rule chose", number_of(rate.others)),
    ]
    caption = "Of the images that were decided; in brackets Wilson's 95 % interval."
    if rate.whole is not None and rate.n_images is not None:
        whole = Number(rate.whole, rate.whole_ci95)
        rows.append((f"estimate for all {rate.n_images} images", whole))
        caption += (
            f" The estimate weighs the two lines above it by the {rate.n_chosen} images that a "
            f"rule chooses and the {rate.n_images - (rate.n_chosen or 0)} others; its interval is "
            "Zou and Donner's. It is the share of images whose labels these people would change."
        )
    elif rate.n_images is not None:
        caption += (
            " There is no estimate for all images: of those that a rule chooses, or of the others, "
            "none was decided."
        )
    columns = (*names("images"), Column("changed", "labels changed (%)", _OF))
    return Table("base_rate", "How many labels people change", columns, rows, caption=caption)


def _times(found: ReportNumbers) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            each.pass_,
            each.by,
            each.name,
            each.n,
            *(f"{value:.1f}" for value in (each.median, *each.quartiles)),
        )
        for each in found.times
    ]
    return Table(
        "times",
        "Seconds an image",
        (
            *names("pass", "by", "name"),
            Column("n", "n"),
            Column("median", "median"),
            Column("lower", "1st quartile"),
            Column("upper", "3rd quartile"),
        ),
        rows,
        caption="All answers of one person to one image in one pass together, without the time in "
        "which the page was hidden. An image may be there for several reasons.",
    )


def _agreement(found: ReportNumbers) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            each.pass_,
            each.measure,
            each.n,
            NONE if each.value is None else Number(each.value, each.ci95),
        )
        for each in found.agreement
    ]
    return Table(
        "agreement",
        "How far people agree",
        (*names("pass", "measure"), Column("n", "images"), Column("value", "value", INTERVAL)),
        rows,
        caption="From 0 (raw) or by chance 0 (the others) to 1, honeypots left out; in brackets "
        "95 %, images redrawn. `harness review agree` has it by rule, class and person.",
    )


def sentences(found: ReportNumbers) -> Iterator[str]:
    """Say in words what a reader looks for first."""
    for each in found.verdicts:
        if each.side == "outside" and each.part == ALL and each.n:
            low, high = each.taken.ci95 or (0.0, 100.0)
            yield (
                f"{_run(each, found)}: people confirmed or integrated its answer on {each.taken.n} "
                f"of {each.n} chosen images on which it is outside of {found.base}: "
                f"{each.taken.share:.1f}\N{NO-BREAK SPACE}% [{low:.1f}, {high:.1f}]."
            )
    rate = found.base_rate.changed
    if rate.of:
        low, high = rate.ci95 or (0.0, 100.0)
        yield (
            f"Of {rate.of} images drawn at random from all, people changed the labels of {rate.n}: "
            f"{rate.share:.1f}\N{NO-BREAK SPACE}% [{low:.1f}, {high:.1f}]."
        )


def limits(found: ReportNumbers) -> Sequence[str]:
    """Say what the numbers do not say."""
    notes = [
        "The shares of verdicts are of the images that the queue's rules chose, not of all: on "
        "images on which a model agrees with the labels nobody may have looked.",
    ]
    undecided = found.n_reviewed - found.n_decided
    if undecided:
        notes.append(
            f"{undecided} of {found.n_reviewed} reviewed images are not decided by rule "
            f"{found.rule}; they are in no share, and keep the labels of {found.base}."
        )
    notes += [
        f"{name}: on {n} reviewed images it names no class, so that there is no verdict."
        for name, n in found.no_class.items()
        if n
    ]
    return [*notes, *found.notes]
