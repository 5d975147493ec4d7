"""Comparisons of runs as tables, and in words which of them is better; how they are printed."""

import json
import math
from collections.abc import Iterator, Sequence
from itertools import combinations

from harness.report.forms import Form, plain, written
from harness.report.show import print_tables
from harness.report.table import INTERVAL, NONE, Cell, Column, Number, Probability, Table, names
from harness.report.terminal import paragraph, room, say
from harness.runs.compare import RunComparison
from harness.scores.compare import Comparison
from harness.scores.statistics import ALPHA

_SHOWN = "*"


def comparison_table(comparison: Comparison) -> Table:
    """Give the 2x2 table of two runs; the difference and its test stand below."""
    a, b = comparison.a, comparison.b
    columns = (
        *names(""),
        Column("right", "B right", stays=True),
        Column("wrong", "B wrong", stays=True),
        Column("sum", "sum", stays=True),
    )
    right_a = comparison.both_right + comparison.only_a
    right_b = comparison.both_right + comparison.only_b
    rows: tuple[tuple[Cell, ...], ...] = (
        ("A right", comparison.both_right, comparison.only_a, right_a),
        ("A wrong", comparison.only_b, comparison.both_wrong, comparison.n - right_a),
        ("sum", right_b, comparison.n - right_b, comparison.n),
    )
    caption = (
        f"A: {a} ({comparison.protocol_a}), {plain(Number(comparison.accuracy_a))} %; "
        f"B: {b} ({comparison.protocol_b}), {plain(Number(comparison.accuracy_b))} %; "
        f"A less B: {plain(_delta(comparison))} points; exact McNemar "
        f"p = {Probability(comparison.p_mcnemar, 3).shown()} "
        f"(Holm {Probability(comparison.p_holm, 3).shown()}); "
        f"equivalent classes: {comparison.equivalences}; {comparison.n_left_out} images "
        "left out (in one run only, without a label, or failed)." + _questions(comparison)
    )
    title = f"{a} and {b} on {comparison.label_set}, n = {comparison.n} images"
    return Table("comparison", title, columns, rows, caption)


def _questions(comparison: Comparison) -> str:
    """Say, of two runs of multiple choice, on how many images they were asked something else."""
    other, order, n = comparison.n_other_options, comparison.n_other_order, comparison.n
    if other is None:
        return ""
    if not other and not order:
        return " Both were asked with the same options."
    note = f" Asked with other options: {other} of {n} images"
    note += f"; with the same in another order: {order}." if order else "."
    return note + " The difference is of the questions too, not of the models alone."


def _delta(comparison: Comparison, mark: str = "") -> Number:
    return Number(comparison.delta, comparison.ci95, signed=True, mark=mark)


def pairs_table(found: Sequence[Comparison]) -> Table:
    """Give one row for each comparison: accuracies, the difference and its test."""
    columns = (
        *(*names("label set", "a", "b"), *Column.csv_only("protocol_a", "protocol_b")),
        Column("n", "n"),
        *Column.csv_only("n_left_out", "both_right", "only_a", "only_b", "both_wrong"),
        *Column.csv_only("n_other_options", "n_other_order"),
        Column("accuracy_a", "a (%)"),
        Column("accuracy_b", "b (%)"),
        *_TESTED,
    )
    rows = [
        (
            *(each.label_set, each.a, each.b, each.protocol_a, each.protocol_b),
            *(each.n, each.n_left_out),
            *(each.both_right, each.only_a, each.only_b, each.both_wrong),
            *(NONE if n is None else n for n in (each.n_other_options, each.n_other_order)),
            *(Number(each.accuracy_a), Number(each.accuracy_b), *_tested(each)),
        )
        for each in found
    ]
    pairs = [each.label_set for each in found].count(found[0].label_set)
    sets = f"{len(found)} label set{'s' * (len(found) > 1)}"
    several = f"the {pairs} pairs under a label set" if pairs > 1 else sets
    caption = f"a less b: points, {_MEASURED.format(several)}"
    return Table("pairs", "Paired differences of accuracy", columns, rows, caption)


_TESTED = (
    Column("delta", "a less b [95 %]", INTERVAL),
    Column("p_mcnemar", "p"),
    Column("p_holm", "p (Holm)", stays=True),
)
_MEASURED = (
    "on the images that all runs answered and that have a label; interval: classes redrawn. p: "
    "exact McNemar; Holm: corrected for {}."
)


def _tested(pair: Comparison) -> tuple[Number, Probability, Probability]:
    return _delta(pair), Probability(pair.p_mcnemar), Probability(pair.p_holm)


def intervals_table(found: RunComparison, pairs: Sequence[Comparison]) -> Table:
    """Give interval and test of each pair of `matrix_table`, by the numbers that it gives runs."""
    columns = (*names("pair"), Column("delta", "points [95 %]", INTERVAL, stays=True), *_TESTED[1:])
    places = combinations(range(1, len(found.runs) + 1), 2)
    rows = [(f"{a} less {b}", *_tested(pair)) for (a, b), pair in zip(places, pairs, strict=True)]
    caption = f"Points {_MEASURED.format(f'{len(pairs)} pairs')}"
    return Table("intervals", f"Pairs on {pairs[0].label_set}", columns, rows, caption)


def matrix_table(
    found: RunComparison, pairs: Sequence[Comparison], shown: range | None = None
) -> Table:
    """Give accuracies and differences, row less column, of k runs; of the columns those `shown`."""
    k, n = len(found.runs), pairs[0].n
    cells: list[list[Cell]] = [[NONE] * k for _ in range(k)]
    accuracies: list[float | None] = [pairs[0].accuracy_a, *(p.accuracy_b for p in pairs[: k - 1])]
    for (a, b), pair in zip(combinations(range(k), 2), pairs, strict=True):
        mark = _SHOWN if pair.p_holm <= ALPHA else ""
        back = None if pair.delta is None else 0.0 - pair.delta  # and no -0
        cells[a][b] = Number(pair.delta, signed=True, mark=mark)
        cells[b][a] = Number(back, signed=True, mark=mark)
    places = shown or range(k)
    columns = (
        *names("run"),
        Column("accuracy", "accuracy", has_best=True, stays=True),
        *(Column(f"less_{place + 1}", f"less {place + 1}", stays=True) for place in places),
    )
    rows = [
        (
            f"{place + 1} {run.name}",
            Number(accuracies[place]),
            *(cells[place][each] for each in places),
        )
        for place, run in enumerate(found.runs)
    ]
    caption = (
        f"Accuracy in %; differences, row less column, in points. {_SHOWN}: exact McNemar p at "
        f"most {ALPHA} after Holm's correction for {len(pairs)} pairs, which is about these "
        "classes; the intervals of the pairs are about classes of their kind. "
        f"{pairs[0].n_left_out} images left out (not in all runs, without a label, or failed); "
        f"equivalent classes: {pairs[0].equivalences}."
    )
    if any(pair.n_other_options or pair.n_other_order for pair in pairs):
        caption += (
            " Some runs were asked with other options or another order of them (CSV and JSON say "
            "of how many images): their differences are of the questions too."
        )
    peers = [(run.task, run.protocol) for run in found.runs]
    title = f"{k} runs on {pairs[0].label_set}, n = {n} images"
    about = {"label_set": pairs[0].label_set}
    return Table("differences", title, columns, rows, caption, about, peers)


def in_words(found: RunComparison) -> Iterator[str]:
    """Say which run is better: of two; of more how the most accurate one stands to the others."""
    which = "Holm p" if len(found.comparisons) > 1 else "p"
    for pairs in found.by_label_set:
        words = _of_two(pairs[0], which) if len(pairs) == 1 else _of_many(pairs)
        yield f"{pairs[0].label_set}: {words}"


def _of_two(pair: Comparison, which: str) -> str:
    if pair.delta is None:
        return "nothing can be compared, as no image counts"
    p_value = f"{which} = {Probability(pair.p_holm, 3).shown()}"
    if pair.p_holm > ALPHA:
        return f"no difference can be told: {pair.a} less {pair.b} is {_points(pair)}, {p_value}"
    is_a = pair.delta > 0
    better, worse = (pair.a, pair.b) if is_a else (pair.b, pair.a)
    words = f"{better} is better than {worse} by {_points(pair, 1 if is_a else -1)}, {p_value}"
    if pair.ci95 is not None and pair.ci95[0] <= 0 <= pair.ci95[1]:
        words += ", on these classes; with other classes it may be otherwise: the interval has 0"
    return words


def _points(pair: Comparison, sign: int = 0) -> str:
    """Write the difference with its interval; with a sign turned so that it is positive."""
    assert pair.delta is not None
    turn = sign or 1
    low, high = sorted(turn * end for end in pair.ci95 or (0, 0))
    number = Number(turn * pair.delta, (low, high) if pair.ci95 else None, signed=not sign)
    ends = f" (95 % CI {number.ends()})" if pair.ci95 else ""
    return f"{number.shown()} points{ends}"


def _of_many(pairs: Sequence[Comparison]) -> str:
    accuracy = {pair.a: pair.accuracy_a for pair in pairs}
    accuracy |= {pair.b: pair.accuracy_b for pair in pairs}
    known = {name: value for name, value in accuracy.items() if value is not None}
    if not known:
        return "nothing can be compared, as no image counts"
    best = max(known, key=lambda name: known[name])
    own = [pair for pair in pairs if best in (pair.a, pair.b)]
    worse = [_other(pair, best) for pair in own if pair.p_holm <= ALPHA]
    equal = [_other(pair, best) for pair in own if pair.p_holm > ALPHA]
    words = f"{best} has the highest accuracy ({known[best]:.2f} %)"
    if worse:
        words += f"; it is better than {', '.join(worse)}"
    return words + (f"; from {', '.join(equal)} no difference can be told" if equal else "")


def _other(pair: Comparison, name: str) -> str:
    return pair.a if pair.b == name else pair.b


def show_comparison(found: RunComparison, form: Form = "table", wide: bool = False) -> None:
    """Print the comparison of two or more runs in one form, and in words which is better."""
    if form == "json":
        say(json.dumps(found.to_json(), indent=2))
        return
    if form == "table":
        _show_comparison_tables(found, wide)
    else:
        many = found.by_label_set if len(found.runs) > 2 and form != "csv" else ()
        tables = [*(matrix_table(found, each) for each in many), pairs_table(found.comparisons)]
        words = [*in_words(found), *_about(found)]
        say(written(tables, words, form), end="")


def _show_comparison_tables(found: RunComparison, wide: bool) -> None:
    if len(found.runs) == 2:
        print_tables(map(comparison_table, found.comparisons), wide)
    else:
        for pairs in found.by_label_set:
            blocks = _blocks(found, room(wide))
            print_tables((matrix_table(found, pairs, each) for each in blocks), wide)
            print_tables([intervals_table(found, pairs)], wide)
    for line in (*_about(found), *in_words(found)):
        say(paragraph("", line))


_COLUMN = 10
"""Characters of a terminal for each column of numbers of a matrix."""


def _blocks(found: RunComparison, width: int | None) -> list[range]:
    """Give the runs whose columns stand beside each other; long names stand above their rows."""
    k = len(found.runs)
    if width is None:
        return [range(k)]
    names_ = max(len(run.name) for run in found.runs) + 4
    fit = (width - names_) // _COLUMN - 1
    fit = fit if fit > 1 else max(1, width // _COLUMN - 1)
    wide = math.ceil(k / math.ceil(k / fit))
    return [range(start, min(k, start + wide)) for start in range(0, k, wide)]


def _about(found: RunComparison) -> Iterator[str]:
    if len(found.runs) == 2:
        counts = f"{found.runs[0].n} in A, {found.runs[1].n} in B, {found.n_common} in both"
    else:
        own = ", ".join(f"{run.n} in {number}" for number, run in enumerate(found.runs, 1))
        counts = f"{own}, {found.n_common} in all"
    yield f"images: {counts}"
    if found.differing:
        yield f"settings that differ: {', '.join(found.differing)}"
