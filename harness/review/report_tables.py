"""The report of a review: its numbers as tables and in sentences, and the page that has both."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.report.html_page import write_html
from harness.report.table import INTERVAL, Cell, Column, Number, Probability, Table, names, table_of
from harness.review.influence import ModelInfluence
from harness.review.merged_tables import groups_table, ways_table
from harness.review.report_numbers import ReportNumbers
from harness.review.verdicts import ALL, CONTROL, SIDES, Shared, Side, VerdictCounts
from harness.store.lines import write_json

_OF = (*INTERVAL, "count", "n")


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
    captions = {
        "outside": "conf, confirmed: the people's labels are the model's class alone. int, "
        "integrated: they are the model's class and others. rej, rejected: the labels stay as "
        "they were. corr: people corrected the labels, but not to the model's class.",
        "inside": "conf, confirmed: the labels stay as they were. int, integrated: the model's "
        "class stays, others came or went. rej, rejected: the model's class goes, none comes. "
        "corr: people corrected the labels: the model's class goes, others come.",
    }
    taken = Column("taken", "conf or int (%)", INTERVAL, stays=True)
    return table_of(
        (each for each in found.verdicts if each.side == side),
        (
            ("model", lambda each: _run(each, found)),
            ("images", lambda each: each.part),
            (Column("n", "n"), lambda each: each.n),
            (Column("confirmed", "conf"), lambda each: each.verdicts["confirmed"].n),
            (Column("integrated", "int"), lambda each: each.verdicts["integrated"].n),
            (Column("rejected", "rej"), lambda each: each.verdicts["rejected"].n),
            (Column("corrected", "corr"), lambda each: each.verdicts["corrected"].n),
            (taken, lambda each: Number(each.taken.share, each.taken.ci95)),
            (Column("undecided", "undecided", is_extra=True), lambda each: each.n_undecided),
        ),
        "verdicts",
        f"Models whose answer is {side} of the labels: what people made of it",
        f"{captions[side]} Images: {ALL}: those that a rule of the queue chose, S+ to N of "
        f"them by label group; {CONTROL}: drawn at random from all. In brackets Wilson's 95 % "
        "interval.",
        {"side": side},
    )


def _influence(found: ReportNumbers) -> Table:
    return table_of(
        found.influence,
        (
            ("model", lambda each: _run(each, found)),
            ("side", lambda each: each.side),
            (Column("n", "n"), lambda each: each.n),
            (Column("blind", "blind (%)"), lambda each: Number(each.blind.share)),
            (Column("shown", "shown (%)"), lambda each: Number(each.shown.share)),
            (Column("only_blind", "only blind", is_extra=True), lambda each: each.only_blind),
            (Column("only_shown", "only shown", is_extra=True), lambda each: each.only_shown),
            (Column("p_holm", "p (Holm)"), lambda each: Probability(each.p_holm)),
        ),
        "influence",
        "Answers that name the model's class, before and after its sources were shown",
        "n: pairs of answers, of one person to one image. p: McNemar's exact two-sided "
        "test of those that name it only before or only after, with Holm's correction for all "
        "rows. Answers of several people to one image are taken as independent.",
    )


def _effects(found: ReportNumbers) -> Table:
    change = Column("delta", "change", INTERVAL, stays=True)
    return table_of(
        found.effects,
        (
            ("run", lambda each: f"{each.model} on {each.task}"),
            (Column("n", "n"), lambda each: each.n),
            (Column("before", "before"), lambda each: Number(each.before)),
            (Column("after", "after"), lambda each: Number(each.after)),
            (change, lambda each: Number(each.delta, each.ci95, signed=True)),
            (Column("only_before", "only before", is_extra=True), lambda each: each.only_before),
            (Column("only_after", "only after", is_extra=True), lambda each: each.only_after),
            (Column("p_holm", "p (Holm)"), lambda each: Probability(each.p_holm)),
        ),
        "effects",
        f"Accuracy (%) under {found.base} and under {found.labels}",
        "On the images that have a label under both. In brackets 95 %, whole classes "
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
    return table_of(
        found.times,
        (
            ("pass", lambda each: each.pass_),
            ("by", lambda each: each.by),
            ("name", lambda each: each.name),
            (Column("n", "n"), lambda each: each.n),
            (Column("median", "median"), lambda each: f"{each.median:.1f}"),
            (Column("lower", "1st quartile"), lambda each: f"{each.quartiles[0]:.1f}"),
            (Column("upper", "3rd quartile"), lambda each: f"{each.quartiles[1]:.1f}"),
        ),
        "times",
        "Seconds an image",
        "All answers of one person to one image in one pass together, without the time in "
        "which the page was hidden. An image may be there for several reasons.",
    )


def _agreement(found: ReportNumbers) -> Table:
    return table_of(
        found.agreement,
        (
            ("pass", lambda each: each.pass_),
            ("measure", lambda each: each.measure),
            (Column("n", "images"), lambda each: each.n),
            (Column("value", "value", INTERVAL), lambda each: Number(each.value, each.ci95)),
        ),
        "agreement",
        "How far people agree",
        "From 0 (raw) or by chance 0 (the others) to 1, honeypots left out; in brackets "
        "95 %, images redrawn. `harness review agree` has it by rule, class and person.",
    )


def sentences(found: ReportNumbers) -> Iterator[str]:
    """Say in words what a reader looks for first."""
    for each in found.verdicts:
        if each.side == "outside" and each.part == ALL and each.n:
            yield (
                f"{_run(each, found)}: people confirmed or integrated its answer on {each.taken.n} "
                f"of {each.n} chosen images on which it is outside of {found.base}: "
                f"{_in_words(each.taken)}."
            )
    rate = found.base_rate.changed
    if rate.of:
        yield (
            f"Of {rate.of} images drawn at random from all, people changed the labels of {rate.n}: "
            f"{_in_words(rate)}."
        )


def _in_words(found: Shared) -> str:
    low, high = found.ci95 or (0.0, 100.0)
    return f"{found.share:.1f}\N{NO-BREAK SPACE}% [{low:.1f}, {high:.1f}]"


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


def json_of(page: Path) -> Path:
    """Give the path of the numbers beside a page."""
    return page.with_suffix(".json")


def write_report(found: ReportNumbers, page: Path) -> None:
    """Write the page and its numbers, each whole or not at all. Raises RunError as `write_text`."""
    write_json(json_of(page), found.model_dump(mode="json", by_alias=True))
    write_html(
        Path(__file__).parent / "report.html.j2",
        page,
        found=found,
        tables=report_tables(found),
        findings=list(sentences(found)),
        limits=limits(found),
        numbers=json_of(page).name,
    )
