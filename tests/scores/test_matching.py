"""Accuracy and out-of-prompt answers by how closely answers are matched with names."""

from collections.abc import Sequence

import pytest

from harness.answers import parts
from harness.answers.outcome import LEVELS, Status
from harness.report.answers_tables import matching_table
from harness.report.layout import to_text
from harness.report.results_table import results_table
from harness.report.show import REMOVED, notes_of
from harness.scores.results import MATCHINGS, Results, Score
from harness.store.prediction import Prediction
from scores.score_builders import labels, mapped, ok, row, run

TRUTH = labels("imgt", {f"{i}": [1] for i in range(12)}, original=True)


def ladder(nearest: tuple[int, ...] = (), **more: object) -> list[Prediction]:
    """Four right answers, one of each level, then one of each other status."""
    return [
        ok("0", 1, answer="class 1"),
        ok("1", 1, rule="normalized", answer="Class 1.", nearest=nearest),
        ok("2", 1, rule="answer_prefix", answer="Answer: class 1", nearest=nearest),
        ok("3", 1, rule="single_mention", answer="I see class 1 in it.", nearest=nearest),
        row("4", Status.OOP, answer="a cow", rule="oop"),
        row("5", Status.UNPARSED, answer="class 1 or 2", rule="several_names"),
        row("6", Status.REFUSED, answer="I cannot help.", rule="refused"),
        row("7", Status.EMPTY, answer="", rule="empty"),
        row("8", Status.ERROR, error="boom"),
    ]


def accuracies(score: Score) -> list[float | None]:
    return [score.accuracy_by(matching) for matching in MATCHINGS]


def n_out(results: Results) -> list[int]:
    assert results.out_of_prompt is not None
    return [results.out_of_prompt[matching].n for matching in MATCHINGS]


def test_every_answer_counts_from_its_level_on() -> None:
    results = run(ladder(), TRUTH)
    score = results.scores["cw"]["imgt"]
    assert accuracies(score) == [12.5, 25.0, 37.5, 50.0]
    assert score.matching is not None
    assert [each.n_right for each in score.matching.values()] == [1, 2, 3, 4]
    assert score.accuracy_by("read") == score.accuracy
    # strict and normalized compare texts: a refusal is text, and no name; nothing at all is no text
    assert n_out(results) == [6, 5, 2, 1]
    assert results.out_share("strict") == 100 * 6 / 8
    assert results.out_share("read") == 100 * results.counts["oop"] / 8


def test_multiple_choice_is_matched_too() -> None:
    rows = [
        ok("0", 1, options=(1, 2), answer="A"),
        ok("1", 1, options=(1, 2), answer="(A)", rule="letter"),
        ok("2", 1, options=(1, 2), answer="It barks, so A it is.", rule="letter_name"),
        row("3", Status.OOP, options=(1, 2), answer="C", rule="other_letter"),
    ]
    results = run(rows, TRUTH, protocol="mc")
    assert accuracies(results.scores["mc"]["imgt"]) == [25.0, 50.0, 75.0, 75.0]
    assert n_out(results) == [3, 2, 1, 1]


@pytest.mark.parametrize("protocol", ["ow", "classify"])
def test_where_no_names_are_listed_nothing_is_matched(protocol: str) -> None:
    results = run([ok("0", 1, rule="mapped", answer="a cow")], TRUTH, protocol=protocol)
    score = results.scores[protocol]["imgt"]  # type: ignore[index]
    assert score.matching is results.out_of_prompt is score.accuracy_by("strict") is None
    assert results.reading is not None and results.reading.levels == {}


def test_mapped_closed_world_maps_what_does_not_match() -> None:
    """At each level an answer that does not match is what the encoder takes it for; refused and
    unparsed ones have no class at any.
    """
    rows = [*ladder(nearest=(2, 1)), mapped("9", 1), mapped("10", 3)]
    right = run(rows, TRUTH).scores["cw_plus"]["imgt"]
    assert accuracies(right) == [50.0] * 4
    rows = [*ladder(nearest=(2,)), mapped("9", 1), mapped("10", 3)]
    wrong = run(rows, TRUTH).scores
    assert accuracies(wrong["cw_plus"]["imgt"]) == [20.0, 30.0, 40.0, 50.0]
    assert accuracies(wrong["cw"]["imgt"]) == [10.0, 20.0, 30.0, 40.0]


def test_rows_that_do_not_know_the_nearest_class_give_no_mapped_figure() -> None:
    rows = [*ladder(), mapped("9", 1)]
    results = run(rows, TRUTH)
    assert accuracies(results.scores["cw_plus"]["imgt"]) == [
        None,
        None,
        None,
        pytest.approx(500 / 9),
    ]
    assert accuracies(results.scores["cw"]["imgt"])[0] == pytest.approx(100 / 9)
    # where all match strictly there is nothing to know
    strictly = run([ok("0", 1, answer="class 1"), mapped("9", 1)], TRUTH)
    assert accuracies(strictly.scores["cw_plus"]["imgt"]) == [100.0] * 4


def test_a_class_that_was_chosen_matches_and_an_unknown_rule_does_not() -> None:
    rows = [
        ok("0", 1, rule="ranked", top=(1, 2)),
        ok("1", 1, rule="of_another_version", answer="perhaps class 1"),
    ]
    results = run(rows, TRUTH)
    assert accuracies(results.scores["cw"]["imgt"]) == [50.0, 50.0, 50.0, 100.0]
    assert n_out(results) == [1, 1, 1, 0]


def test_a_mapped_row_that_claims_to_match_does_not() -> None:
    rows = [ok("0", 1, rule="mapped", answer="a cow", nearest=(1,))]
    results = run(rows, TRUTH)
    for protocol in ("cw", "cw_plus"):
        assert accuracies(results.scores[protocol]["imgt"]) == [0.0] * 4  # type: ignore[index]


def test_answers_are_counted_by_rule_level_and_what_was_taken_off() -> None:
    rows = ladder()
    rows += [
        ok("9", 1, answer="class 1", removed=("reasoning", "markup")),
        ok("10", 1, answer="class 1", removed=("markup",), truncated=True),
        mapped("11", 1, margin=1e-06),  # a tie, as float32 rounds it
    ]
    reading = run(rows, TRUTH).reading
    assert reading is not None
    assert reading.levels == {"strict": 3, "normalized": 1, "stated": 1, "read": 1}
    assert next(iter(reading.rules)) == "strict" and sum(reading.rules.values()) == 11
    assert (reading.removed, reading.n_tied) == ({"markup": 2, "reasoning": 1}, 1)
    assert reading.n_truncated == 1


def test_there_is_a_line_for_everything_that_was_not_plain() -> None:
    rows = ladder()
    rows += [
        ok("9", 1, answer="class 1", removed=("question", "reasoning"), truncated=True),
        mapped("10", 1, margin=0.0),
    ]
    assert notes_of(run(rows, TRUTH)) == [
        "1 of 10 answers were read by a lenient rule, as a mention in a sentence is; accuracy with "
        "these as out of prompt: 40.00 (imgt)",
        "1 of 10 answers repeat the question or its options, which was taken off before reading",
        "1 of 10 answers hold reasoning, which was taken off before reading",
        "1 of 10 answers refuse to answer",
        "1 of 10 answers are empty",
        "1 of 10 answers name no single class, and count as wrong",
        "1 of 10 answers were cut off at `max_new_tokens`",
        "1 of 10 answers were mapped with margin 0: another name is as near, and the lower class "
        "id was taken",
    ]
    rows = [ok(f"{i}", 1, rule="exact", answer="class 1") for i in range(2)]
    rows.append(row("2", Status.UNPARSED, rule="unreadable", answer="東京"))
    assert notes_of(run(rows, TRUTH, protocol="ow"))[1:] == [
        "2 of 3 answers are exactly a class name, and were not mapped",
        "1 of 3 answers cannot be read by the text encoder, and have no class",
    ]
    assert notes_of(run([ok("0", 1, answer="class 1")], TRUTH)) == []


def test_there_is_a_line_for_whatever_is_taken_off() -> None:
    kinds = {
        value
        for name, value in vars(parts).items()
        if name[0] != "_" and name.isupper() and isinstance(value, str)
    }
    assert set(REMOVED) == kinds >= {"reasoning", "question", "cut"}


def printed(results: Sequence[Results], width: int = 80) -> str:
    table = matching_table(results)
    assert table is not None
    return to_text(table, width)


def test_the_table_stands_where_matching_matters_and_fits_eighty_columns() -> None:
    plain = run([ok("0", 1), ok("1", 2), row("2", Status.OOP, answer="a cow")], TRUTH)
    assert matching_table([plain]) is None
    loose = run(ladder(), TRUTH)
    text = printed([plain, loose])
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("model") == 3  # the heading, and two rows: of labels, and out of prompt
    flat = " ".join(text.split())
    assert "imgt 12.50 25.00 50.00" in flat
    assert "(out of prompt) 75.00 62.50 12.50" in flat


def test_a_metric_list_may_ask_for_the_columns() -> None:
    results = [run(ladder(), TRUTH)]
    text = to_text(results_table(results, ["accuracy_normalized"]))
    assert "normalized" in text and "25.00" in text
    assert "normalized" not in to_text(results_table(results))


def test_every_level_has_a_way_to_match() -> None:
    assert set(LEVELS.values()) == set(MATCHINGS.values())
