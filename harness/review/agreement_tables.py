"""Tables of how far annotators agree, and lines on what has no number."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from harness.data.classes import ClassList
from harness.report.table import INTERVAL, NONE, Cell, Column, Number, Table, names
from harness.review.agreement import LEAST_NAMED, Drift, Measures, PassAgreement, ReviewAgreement
from harness.scores.agreement import Agreement
from harness.scores.statistics import Interval, wilson

ALPHA, MASI = "Krippendorff's alpha", "Krippendorff's alpha, MASI"
_N: Final = Column("n", "images")
_OF: Final = (*INTERVAL, "count", "n")


def agreement_tables(
    found: ReviewAgreement, classes: ClassList, most: int | None = None
) -> tuple[Table, ...]:
    """Give all tables, those of the first pass first: `overall`, `rules`, `annotators`, `drift`,
    `pairs`, `classes` (at most so many of them); at last `influence`, where people answered twice.
    """
    tables = [table for each in found.passes for table in _of_pass(each, classes, most)]
    return (*tables, *([_influence(found)] if found.influences else []))


def agreement_notes(found: ReviewAgreement) -> tuple[str, ...]:
    """Give a line for everything odd in the files and for every measure without a number."""
    return (*found.notes, *(line for each in found.passes for line in _reasons(each)))


def _reasons(found: PassAgreement) -> Iterator[str]:
    places: list[tuple[str, Measures]] = [("all images", found.overall)]
    places += [(f"rule {why}", each) for why, each in found.by_rule.items()]
    for place, each in places:
        of_place = {"raw": each.raw, "Fleiss": each.fleiss, ALPHA: each.alpha, MASI: each.masi}
        yield from _lines(f"{found.pass_}, {place}", of_place)
    for pair in found.pairs:
        yield from _lines(f"{found.pass_}, {pair.one} and {pair.two}", {"Cohen": pair.kappa})
    if found.overall.fleiss.n < found.overall.alpha.n:
        yield (
            f"{found.pass_}: Fleiss' kappa is of {found.overall.fleiss.n} of "
            f"{found.overall.alpha.n} images, those with as many answers as most have"
        )


def _lines(place: str, measures: Mapping[str, Agreement]) -> Iterator[str]:
    by_reason: dict[tuple[str, str], list[str]] = {}
    for name, each in measures.items():
        if each.reason is not None:
            what = "no value" if each.value is None else "no interval"
            reason = each.reason.removeprefix("no interval: ")
            by_reason.setdefault((what, reason), []).append(name)
    for (what, reason), which in by_reason.items():
        yield f"{place}: {what} for {'; '.join(which)}: {reason}"


def _of_pass(found: PassAgreement, classes: ClassList, most: int | None) -> Iterator[Table]:
    yield _overall(found)
    yield _rules(found)
    yield _people(found)
    if found.drifts:
        yield _drift(found)
    if found.pairs:
        yield _pairs(found)
    if found.by_class:
        yield _classes(found, classes, most)


def _about(found: PassAgreement) -> dict[str, str]:
    return {"pass": found.pass_}


def _coefficient(found: Agreement) -> Number:
    return Number(found.value, found.ci95)


def _percent(value: float | None, ci95: Interval | None = None, n: int | None = None) -> Number:
    ends = None if ci95 is None else (100 * ci95[0], 100 * ci95[1])
    return Number(None if value is None else 100 * value, ends, n=n)


def _share(count: int, n: int) -> Number:
    return Number(100 * count / n if n else None, wilson(count, n), count, n)


def _overall(found: PassAgreement) -> Table:
    all_of = found.overall
    raw = all_of.raw
    rows: list[tuple[Cell, ...]] = [
        ("raw agreement (%)", raw.n, _percent(raw.value, raw.ci95)),
        ("Fleiss' kappa", all_of.fleiss.n, _coefficient(all_of.fleiss)),
        (ALPHA, all_of.alpha.n, _coefficient(all_of.alpha)),
        (MASI, all_of.masi.n, _coefficient(all_of.masi)),
    ]
    return Table(
        "overall",
        f"Agreement, {found.pass_}",
        (*names("measure"), _N, Column("value", "value", INTERVAL)),
        rows,
        caption=f"{all_of.n} images with an answer, honeypots left out; counted are those with two "
        "or more; classes that count as one are one. In brackets: 95 %, images redrawn 2,000 "
        "times.",
        about=_about(found),
    )


def _rules(found: PassAgreement) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            why,
            each.alpha.n,
            _percent(each.raw.value, each.raw.ci95),
            _coefficient(each.alpha),
            _coefficient(each.masi),
        )
        for why, each in found.by_rule.items()
    ]
    return Table(
        "rules",
        f"Agreement by why an image is in the queue, {found.pass_}",
        (
            *names("why"),
            _N,
            Column("raw", "raw (%)", INTERVAL, is_extra=True),
            Column("alpha", "alpha", INTERVAL),
            Column("alpha_masi", "alpha, MASI", INTERVAL),
        ),
        rows,
        caption="An image may be there for several reasons.",
        about=_about(found),
    )


def _people(found: PassAgreement) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            each.annotator,
            each.n,
            each.n_assigned,
            _share(*each.honeypots),
            NONE if each.seconds is None else Number(each.seconds),
            Number(100 * each.n_none / each.n),
            Number(100 * each.n_unsure / each.n),
        )
        for each in found.people
    ]
    return Table(
        "annotators",
        f"Annotators, {found.pass_}",
        (
            *names("annotator"),
            Column("n", "n"),
            Column("n_assigned", "of", is_extra=True),
            Column("honeypots", "honeypots (%)", _OF),
            Column("seconds", "s"),
            Column("none", "none"),
            Column("unsure", "unsure"),
        ),
        rows,
        caption="n: answers. honeypots: exactly the known labels; in brackets Wilson's 95 % "
        "interval. s: median seconds an image. none, unsure: in percent of n.",
        about=_about(found),
    )


def _drift(found: PassAgreement) -> Table:
    return Table(
        "drift",
        f"Earlier and later half of each annotator's answers, {found.pass_}",
        (
            *names("annotator", "what"),
            Column("earlier", "earlier (%)", ("n",)),
            Column("later", "later (%)", ("n",)),
            Column("change", "change", INTERVAL),
        ),
        [row for each in found.drifts for row in _drift_rows(each)],
        caption="honeypots: exactly the known labels (change: Newcombe). others: how many of the "
        "others gave the same answer (change: images of each half redrawn). 95 %.",
        about=_about(found),
    )


def _drift_rows(found: Drift) -> Iterator[tuple[Cell, ...]]:
    halves = [_share(*each) for each in found.honeypots]
    known = [Number(each.value, n=each.n) for each in halves]
    yield _changed(found.annotator, "honeypots", known, found.honeypots_change)
    others = [_percent(one, n=n) for one, n in zip(found.others, found.n_others, strict=True)]
    ends = found.others_change
    points = None if ends is None else (100 * ends[0], 100 * ends[1])
    yield _changed(found.annotator, "others", others, points)


def _changed(
    name: str, what: str, halves: Sequence[Number], ci95: Interval | None
) -> tuple[Cell, ...]:
    before, after = halves
    is_known = before.value is not None and after.value is not None
    change = (after.value or 0) - (before.value or 0) if is_known else None
    return (name, what, before, after, Number(change, ci95, signed=True))


def _pairs(found: PassAgreement) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            each.one,
            each.two,
            each.raw.n,
            _percent(each.raw.value, each.raw.ci95),
            _coefficient(each.kappa),
        )
        for each in found.pairs
    ]
    return Table(
        "pairs",
        f"Every two annotators, {found.pass_}",
        (
            *names("one", "other"),
            _N,
            Column("raw", "raw (%)", INTERVAL),
            Column("kappa", "Cohen's kappa", INTERVAL),
        ),
        rows,
        caption="On the images that both answered, honeypots left out.",
        about=_about(found),
    )


def _classes(found: PassAgreement, classes: ClassList, most: int | None) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            str(class_id),
            classes.by_id[class_id].name,
            each.n,
            _percent(each.positive),
            _coefficient(each.alpha),
        )
        for class_id, each in list(found.by_class.items())[:most]
    ]
    rest = len(found.by_class) - len(rows)
    return Table(
        "classes",
        f"Agreement on each class, {found.pass_}",
        (
            *names("id", "class"),
            _N,
            Column("positive", "positive (%)"),
            Column("alpha", "alpha", INTERVAL),
        ),
        rows,
        caption="images: those with two answers or more in which anyone names the class. positive: "
        "of the answers that name it, how many of the others to the same image do. alpha: of named "
        f"or not, over all images; with its interval where at least {LEAST_NAMED} images count."
        + (f" And {rest} classes that are named less often: --table classes." if rest else ""),
        about=_about(found),
    )


def _influence(found: ReviewAgreement) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            each.annotator,
            what,
            _share(count, n),
        )
        for each in found.influences
        for what, count, n in (
            ("changed", each.n_changed, each.n),
            ("towards a model", each.n_towards, each.n_open),
            ("towards models alone", each.n_towards_model, each.n_open),
            ("away from models", each.n_away, each.n),
        )
    ]
    return Table(
        "influence",
        "The answer once the sources are shown, against the same person's blind one",
        (*names("annotator", "second answer"), Column("share", "share (%)", _OF)),
        rows,
        caption="towards a model: of the images for which a model names a class that the blind "
        "answer does not, the second answer names one; alone: one that no label set has. In "
        "brackets Wilson's 95 % interval.",
    )
