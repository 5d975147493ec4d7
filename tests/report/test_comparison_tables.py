"""Many runs, two by two: the matrix, its tests, and the words."""

import csv
import io

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.multitest import multipletests

from harness.answers.outcome import Status
from harness.report.comparison_tables import in_words, intervals_table, matrix_table, pairs_table
from harness.report.forms import plain, to_csv
from harness.runs.compare import ComparedRun, RunComparison
from harness.scores.compare import Comparison, Side, compare, compare_all, with_holm
from harness.scores.statistics import Draws, class_bootstrap
from scores.score_builders import labels, ok, row

K, N = 4, 300
GENERATOR = np.random.default_rng(3)
TRUE = GENERATOR.integers(10, size=N)
RIGHT = GENERATOR.random((K, N)) < np.array([[0.5], [0.55], [0.7], [0.71]])
IMGT = labels("imgt", {f"i{i}": [int(each)] for i, each in enumerate(TRUE)}, original=True)


def side(name: str, right: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Side:
    answers = np.where(right, TRUE, (TRUE + 1) % 10)
    return Side(name, "cw", [ok(f"i{i}", int(each)) for i, each in enumerate(answers)])


SIDES = [side(f"m{k}", right) for k, right in enumerate(RIGHT)]


def found(*pairs: tuple[Comparison, ...]) -> RunComparison:
    runs = tuple(ComparedRun(each.name, each.name, "t", "cw", N) for each in SIDES)
    return RunComparison(runs, N, pairs)


def test_all_pairs_are_as_statsmodels_says() -> None:
    pairs = with_holm(compare_all(SIDES, IMGT))
    places = [(a, b) for a in range(K) for b in range(a + 1, K)]
    assert [(pair.a, pair.b) for pair in pairs] == [(f"m{a}", f"m{b}") for a, b in places]
    raw = []
    for (a, b), pair in zip(places, pairs, strict=True):
        one, two = RIGHT[a], RIGHT[b]
        table = [[0, (one & ~two).sum()], [(two & ~one).sum(), 0]]
        raw.append(reference_mcnemar(table, exact=True).pvalue)
        assert pair.p_mcnemar == pytest.approx(raw[-1])
        assert pair.delta == pytest.approx(100 * (one.mean() - two.mean()))
        assert pair.ci95 == pytest.approx(class_bootstrap(100.0 * one - 100.0 * two, TRUE, Draws()))
    expected = multipletests(raw, method="holm")[1]
    assert [pair.p_holm for pair in pairs] == pytest.approx(list(expected))


def test_all_are_on_the_images_that_every_run_answered() -> None:
    failed = Side("x", "cw", [*SIDES[1].rows[2:], row("i0", Status.ERROR)])  # and i1 is not there
    pairs = compare_all([SIDES[0], SIDES[2], failed], IMGT)
    assert {(pair.n, pair.n_left_out) for pair in pairs} == {(N - 2, 2)}
    assert pairs[0].accuracy_a == pytest.approx(100 * RIGHT[0][2:].mean())
    assert compare_all(SIDES[:2], IMGT) == (compare(*SIDES[:2], IMGT),)


def test_the_matrix_is_row_less_column_and_marks_what_is_shown() -> None:
    pairs = with_holm(compare_all(SIDES, IMGT))
    table = matrix_table(found(pairs), pairs)
    cells = [[plain(cell) for cell in line] for line in table.rows]
    accuracy = 100 * RIGHT.mean(axis=1)
    assert [line[0] for line in cells] == ["1 m0", "2 m1", "3 m2", "4 m3"]
    assert [line[1] for line in cells] == [f"{each:.2f}" for each in accuracy]
    holm = {(pair.a, pair.b): pair.p_holm for pair in pairs}
    for a in range(K):
        for b in range(K):
            p = holm.get((f"m{min(a, b)}", f"m{max(a, b)}"), 1.0)
            text = f"{accuracy[a] - accuracy[b]:+.2f}{'*' if p <= 0.05 else ''}"
            assert cells[a][2 + b] == ("–" if a == b else text)
    assert sum(p <= 0.05 for p in holm.values()) == 4
    assert table.best() == {(int(accuracy.argmax()), 1)}
    part = matrix_table(found(pairs), pairs, range(2, 4))
    assert [column.key for column in part.columns] == ["run", "accuracy", "less_3", "less_4"]
    assert [list(line[2:]) for line in part.rows] == [list(line[4:]) for line in table.rows]
    tested = intervals_table(found(pairs), pairs)
    assert [line[0] for line in tested.rows][:4] == ["1 less 2", "1 less 3", "1 less 4", "2 less 3"]
    assert [plain(line[1]).split()[0] for line in tested.rows][3] == cells[1][4].rstrip("*")


def test_equal_runs_differ_by_nought_both_ways() -> None:
    pairs = with_holm(compare_all([SIDES[0], SIDES[0], SIDES[0]], IMGT))
    three = RunComparison(found(pairs).runs[:3], N, (pairs,))
    assert plain(matrix_table(three, pairs).rows[0][3]) == "+0.00"


def test_pairs_as_csv_have_every_figure() -> None:
    pairs = with_holm(compare_all(SIDES, IMGT))
    rows = list(csv.DictReader(io.StringIO(to_csv([pairs_table(pairs)]))))
    assert len(rows) == 6
    for line, pair in zip(rows, pairs, strict=True):
        assert (line["a"], line["b"], line["label_set"]) == (pair.a, pair.b, "imgt")
        low, high = pair.ci95 or (None, None)
        ends = (float(line["delta_lower"]), float(line["delta_upper"]))
        assert (float(line["delta"]), *ends) == (pair.delta, low, high)
        assert float(line["p_holm"]) == pair.p_holm
        assert int(line["only_a"]) + int(line["both_right"]) == RIGHT[int(pair.a[1])].sum()


def test_in_words_which_is_better() -> None:
    pairs = with_holm(compare_all(SIDES, IMGT))
    (line,) = in_words(found(pairs))
    best = f"imgt: m2 has the highest accuracy ({100 * RIGHT[2].mean():.2f} %)"
    assert line == f"{best}; it is better than m0, m1; from m3 no difference can be told"


def words(only_a: int, only_b: int, n: int = 100) -> str:
    """Say which is better of two on images of one class each."""
    truth = labels("imgt", {str(i): [i] for i in range(n)})
    a = Side("a", "cw", [ok(str(i), i if i < only_a else n) for i in range(n)])
    b = Side("b", "cw", [ok(str(i), n if i < n - only_b else i) for i in range(n)])
    pair = compare(a, b, truth)
    assert (pair.only_a, pair.only_b) == (only_a, only_b)
    runs = tuple(ComparedRun(each, each, "t", "cw", n) for each in "ab")
    (line,) = in_words(RunComparison(runs, n, ((pair,),)))
    return line.removeprefix("imgt: ")


def test_of_two_runs_the_words_go_by_the_test() -> None:
    better = "is better than {} by 25.00 points (95 % CI [{}.00, 35.00]), p = 2.24e-05"
    assert words(5, 30) == f"b {better.format('a', 15)}"
    assert words(30, 5) == f"a {better.format('b', 14)}"
    told = "no difference can be told: a less b is"
    assert words(5, 6) == f"{told} -1.00 points (95 % CI [-8.00, +6.00]), p = 1"
    assert words(5, 5).startswith(f"{told} +0.00 points (95 % CI [-")


def test_a_difference_on_these_classes_alone_is_said_to_be_one() -> None:
    truth = labels("imgt", {str(i): [i % 3] for i in range(90)})
    a = Side("a", "cw", [ok(str(i), 0) for i in range(90)])
    b = Side("b", "cw", [ok(str(i), 9 if i % 3 == 0 else i % 3) for i in range(90)])
    pair = compare(a, b, truth)
    assert pair.p_mcnemar < 0.05 and pair.ci95 is not None and pair.ci95[1] > 0
    runs = tuple(ComparedRun(each, each, "t", "cw", 90) for each in "ab")
    (line,) = in_words(RunComparison(runs, 90, ((pair,),)))
    assert line.endswith(
        "on these classes; with other classes it may be otherwise: the interval has 0"
    )


def test_nothing_in_common_has_no_better() -> None:
    nothing = labels("empty", {"elsewhere": [1]})
    pairs = compare_all(SIDES[:2], nothing)
    (line,) = in_words(found(pairs))
    assert line == "empty: nothing can be compared, as no image counts"
    many = compare_all(SIDES, nothing)
    assert next(iter(in_words(found(many)))) == line
    assert plain(matrix_table(found(many), many).rows[0][3]) == "–"
