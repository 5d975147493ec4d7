"""The multiple-choice ladder, on a table of traps for letters."""

from string import ascii_uppercase

import pytest

from harness.answers.outcome import Outcome, Status
from harness.answers.parse import parse_letter
from harness.data.classes import Class, ClassList

NAMES = (
    *("tench", "dog", "cat", "bird", "bear", "boat", "goldfish", "car", "chair"),
    *("tabby cat", "truck", "missile", "missile", "T-shirt"),
)
CLASSES = ClassList("traps", "test", tuple(Class(10 + i, name) for i, name in enumerate(NAMES)))
FOUR = (10, 11, 12, 13)
"""A tench, B dog, C cat, D bird."""
NINE = tuple(range(10, 19))
"""… E bear, F boat, G goldfish, H car, I chair."""

OK = (
    ("A", "strict", "A"),
    (" b\n", "strict", "B"),
    ("A.", "letter", "A"),
    ("(B)", "letter", "B"),
    ("b)", "letter", "B"),
    ("[B]", "letter", "B"),
    ("<B>", "letter", "B"),
    ("**A**", "letter", "A"),
    ('"C"', "letter", "C"),
    ("C:", "letter", "C"),
    ("A,", "letter", "A"),
    ("B</s>", "letter", "B"),
    ("<answer>B</answer>", "letter", "B"),
    (r"$\boxed{C}$", "letter", "C"),
    ("Option C", "letter", "C"),
    ("option c.", "letter", "C"),
    ("B B", "letter", "B"),
    ("B\n\nExplanation: Option A is wrong.", "letter", "B"),
    ("B: The animal has floppy ears.", "letter", "B"),
    ("B because it barks", "letter", "B"),
    ("B, I think.", "letter", "B"),
    ("B is correct", "letter", "B"),
    ("A is the best answer", "letter", "A"),
    ("A) tench", "letter_name", "A"),
    ("A. tench", "letter_name", "A"),
    ("(A) tench", "letter_name", "A"),
    ("D. bird", "letter_name", "D"),
    ("d. Bird", "letter_name", "D"),
    ("**D.** bird", "letter_name", "D"),
    ("C:cat", "letter_name", "C"),
    ("B - dog", "letter_name", "B"),
    ("B dog", "letter_name", "B"),
    ("B, dog", "letter_name", "B"),
    ("B. dog, not a cat", "letter_name", "B"),
    ("Option B: dog", "letter_name", "B"),
    ("A\nThe fish is a tench.", "letter_name", "A"),
    ("Answer: A", "answer_prefix", "A"),
    ("answer: b", "answer_prefix", "B"),
    ("Answer: (B)", "answer_prefix", "B"),
    ("Answer: B. dog", "answer_prefix", "B"),
    ("The answer is B", "answer_prefix", "B"),
    ("The answer is B.", "answer_prefix", "B"),
    ("The answer is B because it barks", "answer_prefix", "B"),
    ("The correct option is (C).", "answer_prefix", "C"),
    ("The correct letter is D", "answer_prefix", "D"),
    ("Letter: B", "answer_prefix", "B"),
    ('{"answer": "B"}', "answer_prefix", "B"),
    ('{"answer": "B. dog"}', "answer_prefix", "B"),
    ("The image shows a dog, so the answer is B.", "answer_prefix", "B"),
    ("It may be a cat or a bird. A dog? No.\nAnswer: B", "answer_prefix", "B"),
    ("I would choose B", "answer_prefix", "B"),
    ("I'd go with option D.", "answer_prefix", "D"),
    ("Option B is correct", "answer_prefix", "B"),
    ("It is not option A, it is option B", "answer_prefix", "B"),
    ("The dog (B) is shown", "answer_prefix", "B"),
    ("1", "position", "A"),
    ("(3)", "position", "C"),
    ("the second one", "position", "B"),
    ("I'm sorry, but the answer is B", "answer_prefix", "B"),
    ("tench", "option_name", "A"),
    ("Bird", "option_name", "D"),
    ("A tench", "option_name", "A"),
    ("A dog", "option_name", "B"),
    ("a dog.", "option_name", "B"),
    ("The answer is a dog", "option_stated", "B"),
    ("Answer: the dog", "option_stated", "B"),
    ("It is a cat.", "option_stated", "C"),
    ("I think it is a dog", "option_stated", "B"),
    ("A close up of a dog", "option_stated", "B"),
    ("It is a dog, not a cat.", "option_mention", "B"),
    ("a cat on a truck", "option_mention", "C"),
)

NOT_OK = (
    (None, Status.EMPTY, "empty"),
    ("", Status.EMPTY, "empty"),
    ("??", Status.EMPTY, "empty"),
    ("Z", Status.OOP, "other_letter"),
    ("E", Status.OOP, "other_letter"),
    ("I", Status.OOP, "other_letter"),
    ("(z)", Status.OOP, "other_letter"),
    ("Answer: Z", Status.OOP, "other_letter"),
    ("I. chair", Status.OOP, "other_letter"),
    ("truck", Status.OOP, "other_name"),
    ("It is a truck.", Status.OOP, "other_name"),
    ("tabby cat", Status.OOP, "other_name"),
    ("There is a tabby cat on the sofa", Status.OOP, "other_name"),
    ("a red vehicle", Status.OOP, "oop"),
    ("AB", Status.OOP, "oop"),
    ("9", Status.OOP, "other_letter"),
    ("A close up of a bike", Status.OOP, "oop"),
    ("I see nothing of the kind", Status.OOP, "oop"),
    ("Vitamin C", Status.OOP, "oop"),
    ("U.S. flag", Status.OOP, "oop"),
    ("bobcat", Status.OOP, "oop"),
    ("a shape like the letter B", Status.OOP, "oop"),
    ("the items listed from A to D", Status.OOP, "oop"),
    ("None of the options", Status.OOP, "none_listed"),
    ("It is not listed in the options A through D. None of them.", Status.OOP, "none_listed"),
    ("B tench", Status.UNPARSED, "letter_conflict"),
    ("B) tench", Status.UNPARSED, "letter_conflict"),
    ("tench, B", Status.UNPARSED, "letter_conflict"),
    ("tench, so B", Status.UNPARSED, "letter_conflict"),
    ("tench. (D)", Status.UNPARSED, "letter_conflict"),
    ("So B is out", Status.OOP, "oop"),
    ("Thus B can't be right", Status.OOP, "oop"),
    ("Therefore, B or C", Status.UNPARSED, "several_letters"),
    ("B: no", Status.UNPARSED, "negated"),
    ("B. Nope.", Status.UNPARSED, "negated"),
    ("B) Incorrect.", Status.UNPARSED, "negated"),
    ("The image shows a tench.\n\nB", Status.UNPARSED, "letter_conflict"),
    ("B. The image shows a cat.", Status.UNPARSED, "letter_conflict"),
    ("A - dog", Status.UNPARSED, "letter_conflict"),
    ("Option A: two cats", Status.UNPARSED, "letter_conflict"),
    ("Z) tench", Status.UNPARSED, "letter_conflict"),
    ("Answer: B) cat", Status.UNPARSED, "letter_conflict"),
    ("The bird is (B).", Status.UNPARSED, "letter_conflict"),
    ("The image shows a dog, so the answer is C.", Status.UNPARSED, "letter_conflict"),
    ("A or B", Status.UNPARSED, "several_letters"),
    ("Answer: C... no, D.", Status.UNPARSED, "several_letters"),
    ("I'd go with C... no, it's D.", Status.UNPARSED, "several_letters"),
    ("B. Edit: C", Status.UNPARSED, "several_letters"),
    ("B\nNope, C", Status.UNPARSED, "several_letters"),
    ("B... wait, C", Status.UNPARSED, "several_letters"),
    ("Option A is wrong. B", Status.OOP, "oop"),
    ("A, B", Status.UNPARSED, "several_letters"),
    ("A/B", Status.UNPARSED, "several_letters"),
    ("A and C", Status.UNPARSED, "several_letters"),
    ("A B", Status.UNPARSED, "several_letters"),
    ("Either A or B", Status.UNPARSED, "several_letters"),
    ("The answer is either A or B", Status.UNPARSED, "several_letters"),
    ("It is between B and C.", Status.UNPARSED, "several_letters"),
    ("A. tench or B. dog", Status.UNPARSED, "several_letters"),
    ("(A) tench (B) dog", Status.UNPARSED, "several_letters"),
    ("Option A or option B", Status.UNPARSED, "several_letters"),
    ("Answer: A\nAnswer: B", Status.UNPARSED, "several_letters"),
    ("not B", Status.UNPARSED, "negated"),
    ("The answer is not B", Status.UNPARSED, "negated"),
    ("It is not a dog", Status.UNPARSED, "negated"),
    ("a dog or a cat", Status.UNPARSED, "several_names"),
    ("I'm sorry, I can't assist with that request.", Status.REFUSED, "refused"),
    ("I cannot choose an option.", Status.REFUSED, "refused"),
)


@pytest.mark.parametrize(("answer", "rule", "letter"), OK)
def test_letters_are_found(answer: str, rule: str, letter: str) -> None:
    expected = Outcome(Status.OK, FOUR["ABCD".index(letter)], rule=rule)
    assert parse_letter(answer, FOUR, CLASSES) == expected


@pytest.mark.parametrize(("answer", "status", "rule"), NOT_OK)
def test_what_is_no_option_stays_without_class(
    answer: str | None, status: Status, rule: str
) -> None:
    assert parse_letter(answer, FOUR, CLASSES) == Outcome(status, rule=rule)


@pytest.mark.parametrize(
    ("answer", "name"),
    [("I", "chair"), ("I.", "chair"), ("i", "chair"), ("I. chair", "chair"), ("I: chair", "chair")],
)
def test_the_letter_i_counts_when_it_is_an_option(answer: str, name: str) -> None:
    assert parse_letter(answer, NINE, CLASSES).class_id == 10 + NAMES.index(name)


@pytest.mark.parametrize(
    "answer",
    [
        "I think it is a dog",
        "I see a dog",
        "I, personally, see a dog",
        "A dog, I think",
        "I'd say dog",
    ],
)
def test_the_pronoun_i_is_no_letter(answer: str) -> None:
    outcome = parse_letter(answer, NINE, CLASSES)
    assert (outcome.status, outcome.class_id) == (Status.OK, 11)
    assert outcome.rule.startswith("option_")


def test_a_shared_name_means_the_one_that_is_an_option() -> None:
    assert parse_letter("missile", (10, 22), CLASSES) == Outcome(Status.OK, 22, rule="option_name")


def test_a_name_that_begins_with_a_letter_is_a_name() -> None:
    assert parse_letter("T-shirt", (10, 23), CLASSES) == Outcome(Status.OK, 23, rule="option_name")


def test_every_letter_with_every_decoration() -> None:
    classes = ClassList(
        "n", "test", tuple(Class(i, f"thing {word}") for i, word in enumerate(NAMES * 2))
    )
    options = tuple(reversed(range(26)))
    forms = ("{}", "{}.", "({})", "{})", "**{}**", "Answer: {}", "The answer is {}.", "Option {}")
    for letter, class_id in zip(ascii_uppercase, options, strict=True):
        for form in forms:
            outcome = parse_letter(form.format(letter), options, classes)
            assert (outcome.status, outcome.class_id) == (Status.OK, class_id), (form, letter)


def test_more_options_than_letters_are_refused() -> None:
    with pytest.raises(ValueError, match="27 options, but only 26 letters"):
        parse_letter("A", range(27), CLASSES)
