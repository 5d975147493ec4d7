"""The tables of a study say what it found: names, numbers, the best, in every form."""

import csv
import io

from harness.report.forms import plain, written
from harness.report.layout import to_text
from harness.report.table import Table
from harness.studies.tables import TABLES, study_tables
from studies.made_up import HEADLINE, ORIGINAL, factors, hostile, made_up, two_models


def named(tables: list[Table], name: str) -> list[Table]:
    return [each for each in tables if each.name == name]


def cells(table: Table, *keys: str) -> list[list[str]]:
    places = [[each.key for each in table.columns].index(key) for key in keys]
    return [[plain(row[place]) for place in places] for row in table.rows]


def test_factors_stand_by_size_and_what_is_for_scale_below_them() -> None:
    table = named(study_tables(two_models()), "factors")[0]
    assert table.about == {"model": "mini", "label_set": HEADLINE}
    rows = cells(table, "choice", "range", "highest", "lowest", "p", "n")
    assert rows[0] == ["prompt", "45.00 [42.00, 48.00]", "as in the task", "role", "1e-12", "400"]
    assert [row[0] for row in rows] == [
        "prompt",
        "distractors.rank",
        "image_order (images_per_prompt=4)",
        "images_per_prompt",
        "mapping",
        "order_seed (images_per_prompt=4, image_order=shuffled)",
        "name_set",
        "blank_images",
        "labels",
        "models",
    ]
    assert rows[-2][1:4] == ["4.25 [1.25, 7.25]", HEADLINE, ORIGINAL]
    # The difference is -4.25 [-7, -1.5]: as a range it has no sign, and its interval is turned.
    assert rows[-1][1:5] == ["4.25 [1.50, 7.00]", "mini", "mini_small", "0.003"]
    assert "For scale, the last 3: grey pictures instead of the images, other labels, another" in (
        table.caption
    )


def test_a_level_that_scores_fewer_images_is_named() -> None:
    """The n of a row is that of the others, and its p is of another level."""
    found = made_up()
    factor = next(each for each in found.factors if each.label_set == HEADLINE)
    last = factor.levels[-1].model_copy(update={"n": 7})
    fewer = factor.model_copy(update={"levels": (*factor.levels[:-1], last)})
    others = tuple(fewer if each is factor else each for each in found.factors)
    said = f" Of the 400 images of {factor.title} “{last.level}” scores 7; p is of no such level."
    for study, is_said in ((found, False), (found.model_copy(update={"factors": others}), True)):
        assert (said in named(study_tables(study), "factors")[0].caption) is is_said


def test_levels_have_their_difference_and_tests_and_the_best_of_a_factor_is_marked() -> None:
    table = named(study_tables(made_up()), "levels")[0]
    rows = cells(table, "level", "accuracy", "delta", "p_mcnemar", "p_holm", "flips", "oop")
    assert rows[0][:4] == ["images_per_prompt: 1 (baseline)", "60.00 [56.00, 64.00]", "–", "–"]
    expected = ["-3.00 [-6.00, +0.00]", "0.012", "0.12", "31", "2.50"]
    assert rows[1][2:] == expected
    best = {rows[row][0] for row, _ in table.best()}
    assert best == {
        "images_per_prompt: 1 (baseline)",
        "image_order (images_per_prompt=4): class_sorted",
        "prompt: as in the task (baseline)",
        "name_set: openai",
        "mapping: minilm, class avg, answer photo",
        "distractors.rank: as in the task (baseline)",
    }  # and none of seeds, label sets, grey pictures


def test_seeds_places_scores_and_variance() -> None:
    tables = study_tables(two_models())
    (seeds,) = named(tables, "seeds")
    assert cells(seeds, "model", "n", "mean", "deviation")[0] == [
        "mini", "7", "50.00 [48.60, 51.40]", "1.50"
    ]  # fmt: skip
    (places,) = named(tables, "places")
    assert cells(places, "model", "images_per_prompt", "place", "accuracy", "n")[0] == [
        "mini", "2", "1", "56.00 [50.00, 62.00]", "200"
    ]  # fmt: skip
    (scores,) = named(tables, "scores")
    keys = ("settings", f"accuracy_{ORIGINAL}", f"accuracy_{HEADLINE}")
    assert cells(scores, *keys) == [
        ["as in the task", "56.00 [52.00, 60.00]", "60.25 [56.25, 64.25]"],
        ["prompt=short", "31.00* [27.00, 35.00]", "32.50* [28.50, 36.50]"],
    ]
    assert {row for row, _ in scores.best()} == {0} and "not complete" in scores.caption
    (variance,) = named(tables, "variance")
    assert cells(variance, "factors", "share") == [
        ["prompt", "60.00"], ["name_set", "10.00"], ["prompt × name_set", "25.00"],
        ["what is left", "5.00"],
    ]  # fmt: skip


def test_protocols_of_one_run_are_told_apart_and_not_set_against_each_other() -> None:
    found = two_models()
    mapped = [each.model_copy(update={"protocol": "cw_plus"}) for each in found.scores]
    found = found.model_copy(update={"scores": (*found.scores, *mapped)})
    (scores,) = named(study_tables(found), "scores")
    assert cells(scores, "settings", "protocol") == [
        ["as in the task", "cw"], ["prompt=short", "cw"],
        ["as in the task", "cw_plus"], ["prompt=short", "cw_plus"],
    ]  # fmt: skip
    assert {row for row, _ in scores.best()} == {0, 2}


def test_other_label_sets_have_tables_of_their_own_and_empty_ones_are_left_out() -> None:
    found = made_up(factors=(*factors(), *factors(label_set=ORIGINAL)), places=())
    tables = study_tables(found)
    assert [each.about["label_set"] for each in named(tables, "factors")] == [HEADLINE, ORIGINAL]
    assert {each.name for each in tables} == {"factors", "levels", "seeds", "scores"}
    assert study_tables(made_up(factors=(), places=(), scores=())) == []
    assert {each.name for each in study_tables(two_models())} == set(TABLES)


def test_csv_has_one_value_a_column_for_all_models() -> None:
    tables = named(study_tables(two_models()), "levels")
    rows = list(csv.DictReader(io.StringIO(written(tables, [], "csv"))))
    assert {row["model"] for row in rows} == {"mini", "mini_small"}
    (row,) = [
        r for r in rows if (r["model"], r["factor"], r["value"]) == ("mini", "prompt", "role")
    ]
    wanted = {"accuracy": "15.0", "delta": "-45.0", "delta_lower": "-48.0", "n_right": "60"}
    assert row | wanted == row


def test_a_terminal_of_80_columns_cuts_no_number() -> None:
    for found in (two_models(), hostile()):
        for table in study_tables(found):
            if table.name == "scores" and found.study != "mini_protocol":
                continue  # its headings are names of label sets, here of thousands of letters
            lines = to_text(table, 80).splitlines()
            assert all(len(line) <= 80 or len(max(line.split(), key=len)) > 70 for line in lines)
            body = [line for line in lines if "[" in line and "]" in line]
            assert body or table.name in ("variance", "seeds")
            shown = " ".join(lines)
            for column in ("range", "accuracy", "mean"):
                if column in [each.key for each in table.columns]:
                    for (text,) in cells(table, column):
                        assert text in shown, (table.name, text)


def test_how_general_the_answers_are_is_a_row_a_run_and_relation() -> None:
    (table,) = named(study_tables(two_models()), "granularity")
    assert table.about == {"label_set": HEADLINE}
    rows = cells(table, "model", "task", "protocol", "relation", "share", "count", "n")
    assert len(rows) == 3 * 6
    assert rows[:2] == [
        ["mini", "mini_ow", "ow", "exact", "50.00 [45.12, 54.88]", "200", "400"],
        ["mini", "mini_ow", "ow", "too generic", "20.00 [16.37, 24.20]", "80", "400"],
    ]
    assert named(study_tables(made_up()), "granularity") == []
