"""Names and letters that an answer takes back, doubts or only supposes, and those that it keeps."""

import pytest

from harness.answers.outcome import Status
from harness.answers.parse import parse_letter, parse_name, read_open
from harness.data.classes import Class, ClassList

NAMES = ("cat", "dog", "cow", "pig")
ANIMALS = ClassList("animals", "test", tuple(Class(i, name) for i, name in enumerate(NAMES)))


def read(answer: str) -> str | None:
    outcome = parse_name(answer, ANIMALS)
    return None if outcome.class_id is None else NAMES[outcome.class_id]


TAKEN_BACK = (
    *("cat, nope", "Cat... nope.", "Cat, no.", "I'd say cat, but no.", "cat? nah", "cat, nah"),
    *("cat... not really", "cat, wrong", "cat\nNo", "cat ✗", "cat ❌", "❌ cat", "Cat: out"),
    *("The cat is out", "cat is out.", "So the cat is out, because it has no whiskers"),
    *("So the cat is out, and the pig as well", "The cat is wrong, the dog too."),
    *("Anything but a cat", "It is anything but a cat.", "far from a cat", "far from being a cat"),
    *("It looks nothing like a cat", "It lacks the whiskers of a cat."),
    *("cat would be wrong", "Ruled out: cat", "This eliminates the cat."),
    *("People often think it's a cat.", "You might think it is a cat.", "I thought it was a cat"),
    *("One might mistake this for a cat", "Many would mistake it for a cat."),
    *("all but the cat", "Everything but the cat", "It used to be a cat", "It is unlikely a cat"),
    *("cat (unlikely)", "Cat? Doubtful.", "cat? Probably not.", "cat: unlikely", "Cat, likely not"),
    *("The cat does not apply.", "cat not present", "It's hard to say if it is a cat"),
    *("cat: 0", "cat (0%)", "cat: 0.02", "P(cat)=0.01", "0% cat"),
)
SUPPOSED = (
    *("Is this a cat?", "Could it be a cat?", "What breed is the cat?", "It has fur. Is it a cat?"),
    *(
        "Looks more like a lynx than a cat",
        "a lynx, which is related to the cat",
        "similar to a cat",
    ),
    "It would be a cat if it had whiskers.",
    "If it were smaller, I would say cat.",
    "I would say cat if it had whiskers, but it does not",
    "It looks like a cat, but it is a lynx.",
    "It looks like a cat. However, it's actually a lynx.",
    "It resembles a cat, but the ears indicate a lynx.",
    "While it resembles a cat, the ears show that it is a lynx.",
    "Although it may be a cat at first glance, it is a lynx.",
)
SEVERAL = (
    "It could be a cat. It could also be a dog.",
    "It looks like a cat. It might also be a dog.",
)
MEANT = (
    ("cat, with no collar", "cat"),
    ("Is it a cat? Yes, it is.", "cat"),
    ("What is in the image? A cat.", "cat"),
    ("cat?", "cat"),
    ("cat: 0.9", "cat"),
    ("cat (90%)", "cat"),
    ("cat: 10.0", "cat"),
    ("A cat with more than one toy", "cat"),
    ("There is a cat. Behind it is another one, smaller than the cat.", "cat"),
    ("The animal is nothing else than a cat.", "cat"),
    ("A cat, no doubt.", "cat"),
    ("cat, no question", "cat"),
    ("The cat is out in the garden.", "cat"),
    ("The cat is out of focus.", "cat"),
    ("The cat sits far from a tree.", "cat"),
    ("A cat, lacking a collar", "cat"),
    ("If I had to guess, I would say cat.", "cat"),
    ("If it had to be one of the options, I would say cat.", "cat"),
    ("It looks like a cat, but it is a bit blurry.", "cat"),
    ("It looks like a cat, but I can't be sure.", "cat"),
    ("While it looks like a cat, I am not certain.", "cat"),
    ("It appears to be a cat, but it's actually a drawing of a cat.", "cat"),
    ("It is a cat. If it were a dog, it would have a long snout.", "cat"),
    ("At first glance it looks like a cat, but it is a dog.", "dog"),
    ("While it may resemble a cat, the snout indicates a dog.", "dog"),
    ("I thought it was a cat, but it is a dog.", "dog"),
    ("The cat is wrong. It is a dog.", "dog"),
    ("cat ❌\ndog ✅", "dog"),
    ("❌ cat\n✅ dog", "dog"),
    ("It is a cat. It could also be called a kitty.", "cat"),
)


@pytest.mark.parametrize("answer", [*TAKEN_BACK, *SUPPOSED])
def test_a_name_that_is_not_meant_is_none(answer: str) -> None:
    outcome = parse_name(answer, ANIMALS)
    assert (outcome.status, outcome.rule) == (Status.UNPARSED, "negated")


@pytest.mark.parametrize("answer", SEVERAL)
def test_a_second_guess_is_another_name(answer: str) -> None:
    assert parse_name(answer, ANIMALS).rule == "several_names"


@pytest.mark.parametrize(("answer", "name"), MEANT)
def test_a_name_that_is_meant_is_read(answer: str, name: str) -> None:
    assert read(answer) == name


def test_what_is_struck_out_is_no_answer() -> None:
    assert parse_name("~~cat~~", ANIMALS).status is Status.EMPTY
    assert read_open("~~cat~~", ANIMALS).status is Status.EMPTY


@pytest.mark.parametrize(
    "answer",
    [
        "B\nMaybe C",
        "B\nPossibly (C)",
        "B\nIt could also be C.",
        "B\nCould be option C",
        "B\nC is also possible",
        "B\nOption C may be correct",
        "C\nor perhaps A?",
        "First choice: B, second: C",
        "Please choose A, B, C or D.",
    ],
)
def test_a_second_letter_below_the_first_is_not_passed_over(answer: str) -> None:
    assert parse_letter(answer, range(4), ANIMALS).rule == "several_letters"


@pytest.mark.parametrize(
    "answer",
    [
        "B\nMaybe a mongrel.",
        "B\nProbably B.",
        "B\nIt could be older.",
        "B\nB is correct.",
        "B\nThis is the I-shaped tail of a dog.",
        "B\nIt is a dog. C is a cow.",
    ],
)
def test_an_explanation_below_a_letter_is_no_second_letter(answer: str) -> None:
    assert parse_letter(answer, range(4), ANIMALS).class_id == 1


@pytest.mark.parametrize("answer", ["B ❌", "❌ B", "(B) ✗"])
def test_a_crossed_letter_is_none(answer: str) -> None:
    assert parse_letter(answer, range(4), ANIMALS).rule == "negated"


@pytest.mark.parametrize(
    "answer",
    [
        "B, not C",
        "B, not A.",
        "It's B, not C or D.",
        "B rather than C",
        "The answer is (B), not (C).",
        "B and not A, C, or D",
    ],
)
def test_what_is_set_against_a_letter_is_no_second_one(answer: str) -> None:
    assert parse_letter(answer, range(4), ANIMALS).class_id == 1


@pytest.mark.parametrize("answer", ["B, not B", "It is not B, not C", "Not B, not C", "B, not C D"])
def test_letters_that_are_all_denied_give_none(answer: str) -> None:
    assert parse_letter(answer, range(4), ANIMALS).class_id is None


YES_NO = ClassList("yes or no", "test", (Class(0, "yes"), Class(1, "no")))


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("Yes, it is.", "yes"),
        ("Yes, there is no doubt.", "yes"),
        ("No, it is not.", "no"),
        ("No, there is no dog.", "no"),
        ("no: nothing", "no"),
        ("yes and no", None),
        ("Yes or no", None),
        ("no, wait, yes", None),
        ("Yes, no.", None),
        ("Yes? No.", None),
        ("There is no dog", None),
    ],
)
def test_no_is_read_where_yes_is(answer: str, name: str | None) -> None:
    class_id = parse_name(answer, YES_NO).class_id
    assert class_id == (None if name is None else YES_NO.names.index(name))


DIGITS = ClassList("digits", "test", tuple(Class(i, str(i)) for i in range(10)))


@pytest.mark.parametrize(
    ("answer", "digit"),
    [("The digit is 7.", 7), ("Digit: 7", 7), ("8. 7", 7), ("7.5", None), ("1:30", None)],
)
def test_a_digit_is_no_part_of_another_number(answer: str, digit: int | None) -> None:
    assert parse_name(answer, DIGITS).class_id == digit


def test_what_a_thing_appears_to_be_is_read() -> None:
    classes = ClassList("lesions", "test", (Class(0, "benign"), Class(1, "orange")))
    assert parse_name("The lesion appears benign.", classes).class_id == 0
    assert parse_name("The lesion looks orange.", classes).class_id is None
