"""Tables of how far annotators agree, and lines on what has no number."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from harness.data.classes import ClassList
from harness.report.table import INTERVAL, Cell, Column, Number, Table, names, table_of
from harness.review.agreement import LEAST_NAMED, Drift, Measures, PassAgreement, ReviewAgreement
from harness.scores.agreement import Agreement
from harness.scores.statistics import Interval, wilson

_N: Final = Column("n", "images")
_OF: Final = (*INTERVAL, "count", "n")
_SHORT: Final = {"raw agreement": "raw", "Fleiss' kappa": "Fleiss"}


def agreement_tables(
    found: ReviewAgreement, classes: ClassList, most: int | None = None
) -> tuple[Table, ...]:
    """Give all tables, those of the first pass first: `overall`, `rules`, `annotators`, `drift`,
    `pairs`, `classes` (at most so many of them); at last `influence`, where people answered twice.
    """
    tables = [
        replace(table, title=f"{table.title}, {each.pass_}", about={"pass": each.pass_})
        for each in found.passes
        for table in _of_pass(each, classes, most)
    ]
    return (*tables, *([_influence(found)] if found.influences else []))


def agreement_notes(found: ReviewAgreement) -> tuple[str, ...]:
    """Give a line for everything odd in the files and for every measure without a number."""
    return (*found.notes, *(line for each in found.passes for line in _reasons(each)))


def _reasons(found: PassAgreement) -> Iterator[str]:
    places: list[tuple[str, Measures]] = [("all images", found.overall)]
    places += [(f"rule {why}", each) for why, each in found.by_rule.items()]
    for place, each in places:
        of_place = {_SHORT.get(name, name): one for name, one in each.named.items()}
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


def _coefficient(found: Agreement) -> Number:
    return Number(found.value, found.ci95)


def _percent(value: float | None, ci95: Interval | None = None, n: int | None = None) -> Number:
    ends = None if ci95 is None else (100 * ci95[0], 100 * ci95[1])
    return Number(None if value is None else 100 * value, ends, n=n)


def _share(count: int, n: int) -> Number:
    return Number(100 * count / n if n else None, wilson(count, n), count, n)


def _overall(found: PassAgreement) -> Table:
    raw, *others = found.overall.named.items()
    rows = [(f"{raw[0]} (%)", raw[1].n, _percent(raw[1].value, raw[1].ci95))]
    rows += [(name, each.n, _coefficient(each)) for name, each in others]
    return Table(
        "overall",
        "Agreement",
        (*names("measure"), _N, Column("value", "value", INTERVAL)),
        rows,
        f"{found.overall.n} images with an answer, honeypots left out; counted are those with two "
        "or more; classes that count as one are one. In brackets: 95 %, images redrawn 2,000 "
        "times.",
    )


def _rules(found: PassAgreement) -> Table:
    raw = Column("raw", "raw (%)", INTERVAL, is_extra=True)
    masi = Column("alpha_masi", "alpha, MASI", INTERVAL)
    return table_of(
        found.by_rule.items(),
        (
            ("why", lambda each: each[0]),
            (_N, lambda each: each[1].alpha.n),
            (raw, lambda each: _percent(each[1].raw.value, each[1].raw.ci95)),
            (Column("alpha", "alpha", INTERVAL), lambda each: _coefficient(each[1].alpha)),
            (masi, lambda each: _coefficient(each[1].masi)),
        ),
        "rules",
        "Agreement by why an image is in the queue",
        "An image may be there for several reasons.",
    )


def _people(found: PassAgreement) -> Table:
    return table_of(
        found.people,
        (
            ("annotator", lambda each: each.annotator),
            (Column("n", "n"), lambda each: each.n),
            (Column("n_assigned", "of", is_extra=True), lambda each: each.n_assigned),
            (Column("honeypots", "honeypots (%)", _OF), lambda each: _share(*each.honeypots)),
            (Column("seconds", "s"), lambda each: Number(each.seconds)),
            (Column("none", "none"), lambda each: Number(100 * each.n_none / each.n)),
            (Column("unsure", "unsure"), lambda each: Number(100 * each.n_unsure / each.n)),
        ),
        "annotators",
        "Annotators",
        "n: answers. honeypots: exactly the known labels; in brackets Wilson's 95 % interval. s: "
        "median seconds an image. none, unsure: in percent of n.",
    )


def _drift(found: PassAgreement) -> Table:
    return Table(
        "drift",
        "Earlier and later half of each annotator's answers",
        (
            *names("annotator", "what"),
            Column("earlier", "earlier (%)", ("n",)),
            Column("later", "later (%)", ("n",)),
            Column("change", "change", INTERVAL),
        ),
        [row for each in found.drifts for row in _drift_rows(each)],
        "honeypots: exactly the known labels (change: Newcombe). others: how many of the others "
        "gave the same answer (change: images of each half redrawn). 95 %.",
    )


def _drift_rows(found: Drift) -> Iterator[tuple[Cell, ...]]:
    shares = [_share(*each) for each in found.honeypots]
    known = [Number(each.value, n=each.n) for each in shares]
    others = [_percent(one, n=n) for one, n in zip(found.others, found.n_others, strict=True)]
    ends = found.others_change
    points = None if ends is None else (100 * ends[0], 100 * ends[1])
    for what, halves, ci95 in (
        ("honeypots", known, found.honeypots_change),
        ("others", others, points),
    ):
        before, after = (each.value for each in halves)
        change = None if before is None or after is None else after - before
        yield (found.annotator, what, *halves, Number(change, ci95, signed=True))


def _pairs(found: PassAgreement) -> Table:
    raw = Column("raw", "raw (%)", INTERVAL)
    return table_of(
        found.pairs,
        (
            ("one", lambda each: each.one),
            ("other", lambda each: each.two),
            (_N, lambda each: each.raw.n),
            (raw, lambda each: _percent(each.raw.value, each.raw.ci95)),
            (Column("kappa", "Cohen's kappa", INTERVAL), lambda each: _coefficient(each.kappa)),
        ),
        "pairs",
        "Every two annotators",
        "On the images that both answered, honeypots left out.",
    )


def _classes(found: PassAgreement, classes: ClassList, most: int | None) -> Table:
    shown = list(found.by_class.items())[:most]
    rest = len(found.by_class) - len(shown)
    return table_of(
        shown,
        (
            ("id", lambda each: str(each[0])),
            ("class", lambda each: classes.by_id[each[0]].name),
            (_N, lambda each: each[1].n),
            (Column("positive", "positive (%)"), lambda each: _percent(each[1].positive)),
            (Column("alpha", "alpha", INTERVAL), lambda each: _coefficient(each[1].alpha)),
        ),
        "classes",
        "Agreement on each class",
        "images: those with two answers or more in which anyone names the class. positive: "
        "of the answers that name it, how many of the others to the same image do. alpha: of named "
        f"or not, over all images; with its interval where at least {LEAST_NAMED} images count."
        + (f" And {rest} classes that are named less often: --table classes." if rest else ""),
    )


def _influence(found: ReviewAgreement) -> Table:
    return Table(
        "influence",
        "The answer once the sources are shown, against the same person's blind one",
        (*names("annotator", "second answer"), Column("share", "share (%)", _OF)),
        [
            (each.annotator, what, _share(count, n))
            for each in found.influences
            for what, count, n in (
                ("changed", each.n_changed, each.n),
                ("towards a model", each.n_towards, each.n_open),
                ("towards models alone", each.n_towards_model, each.n_open),
                ("away from models", each.n_away, each.n),
            )
        ],
        "towards a model: of the images for which a model names a class that the blind answer does "
        "not, the second answer names one; alone: one that no label set has. In brackets Wilson's "
        "95 % interval.",
    )
