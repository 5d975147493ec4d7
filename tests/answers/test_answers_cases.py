"""Answers of the kinds that came out wrong for people who evaluate models, and what they mean."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.answers.outcome import Status
from harness.answers.parse import parse_batch, parse_letter, parse_name, parse_open
from harness.answers.parts import take_apart
from harness.data.classes import Class, ClassList

CASES = Path(__file__).resolve().parents[2] / "../shared/cases"
needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason=f"no cases in {CASES}")


def class_list(*names: str) -> ClassList:
    return ClassList("cases", "test", tuple(Class(i, name) for i, name in enumerate(names)))


ANIMALS = class_list("cat", "dog", "cow", "pig")


def cases(name: str) -> list[dict[str, Any]]:
    lines = (CASES / name).read_text("utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


def letter_of(answer: str) -> str | None:
    outcome = parse_letter(answer, range(4), ANIMALS)
    return None if outcome.class_id is None else "ABCD"[outcome.class_id]


def name_of(answer: str, classes: ClassList) -> str | None:
    outcome = parse_name(answer, classes)
    return None if outcome.class_id is None else classes.names[outcome.class_id]


@needs_cases
def test_every_case_is_read_as_it_must_be() -> None:
    for case in cases("letters.jsonl"):
        assert letter_of(case["answer"]) == case["want"], case
    for case in cases("names.jsonl"):
        assert name_of(case["answer"], class_list(*case["classes"])) == case["want"], case
    for case in cases("several_images.jsonl"):
        assert (
            list(parse_batch(case["answer"], case["images"])) == case["want"]
            or [
                name_of(text or "", ANIMALS) for text in parse_batch(case["answer"], case["images"])
            ]
            == case["want"]
        ), case
    declined = (Status.REFUSED, Status.UNPARSED)
    for case in cases("no_answer.jsonl"):
        assert parse_open(case["answer"]).status in declined, case
        assert parse_name(case["answer"], ANIMALS).status in declined, case
        assert parse_letter(case["answer"], range(4), ANIMALS).status in declined, case


APART = (
    ("<think>So: cat.\nNo.</think>\ndog", "dog", ("reasoning",)),
    ("<thinking>cat</thinking>dog", "dog", ("reasoning",)),
    ("<reasoning>cat</reasoning><answer>dog</answer>", "dog", ("reasoning", "markup")),
    ("◁think▷cat◁/think▷dog", "dog", ("reasoning",)),
    ("[THINK]cat[/THINK]dog", "dog", ("reasoning",)),
    ("cat?</think>dog", "dog", ("reasoning",)),
    ("<think>cat <think> cow</think>dog", "dog", ("reasoning",)),
    ("<think>cat</think>cow</think>dog", "dog", ("reasoning",)),
    ("<think>cat, or", "", ("reasoning",)),
    ("dog<think>cat", "dog", ("reasoning",)),
    ("<think>cat <answer>dog</answer>", "dog", ("reasoning", "markup")),
    (
        "<|channel|>analysis<|message|>A cat?<|end|><|start|>assistant"
        "<|channel|>final<|message|>dog",
        "dog",
        ("reasoning",),
    ),
    ("analysisA cat?assistantfinaldog", "dog", ("reasoning",)),
    ("<think>\n\n</think>\n\ndog", "dog", ()),
    ("dog<|im_end|>\n<|im_start|>user\ncat", "dog", ("control_tokens",)),
    ("<start_of_turn>model\ndog<end_of_turn>", "dog", ("control_tokens",)),
    ("dog</s>dog", "dog\ndog", ("markup",)),
    ("dog<br>It barks.", "dog\nIt barks.", ("markup",)),
    ("<ul><li>dog</li></ul>", "dog", ("markup",)),
    ("It has ears.\n<answer>dog</answer>", "It has ears.\nAnswer: dog", ("markup",)),
    ("so $\\boxed{\\text{dog}}$", "so\nAnswer: dog", ("markup",)),
    ("~~cat~~ dog", "dog", ("markup",)),
    ("<golden retriever>", "golden retriever", ("markup",)),
    ("&lt;5 mm", "<5 mm", ("markup",)),
    ("a < b > c", "a < b > c", ()),
    ("dog\tcat", "dog\ncat", ("markup",)),
)


@pytest.mark.parametrize(("raw", "text", "removed"), APART)
def test_an_answer_is_taken_apart(raw: str, text: str, removed: tuple[str, ...]) -> None:
    parts = take_apart(raw)
    assert (parts.text, parts.removed) == (text, removed)


def test_a_long_answer_is_cut_and_says_so() -> None:
    parts = take_apart("dog " * 50_000)
    assert len(parts.text) <= 20_000
    assert "cut" in parts.removed


LETTERS = (
    *(("「B」", "B"), ("𝐁", "B"), ("Ⓑ", "B"), ("🇧", "B"), ("\\textbf{B}", "B")),
    ("<option>B</option>", "B"),
    ("La respuesta correcta es B", "B"),
    ("Die richtige Antwort ist B", "B"),
    ("应该选B。", "B"),
    ("답은 B입니다.", "B"),
    ("Правильный ответ — B", "B"),
    ("3rd", "C"),
    ("The third option", "C"),
    ("2. dog", "B"),
    ("2. cat", None),
    ("5", None),
    ("C#", None),
    ("A. cat\nB. dog\nC. cow\nD. pig\n\nB", "B"),
    ("(A) cat\n(B) dog\n(C) cow\n(D) pig", None),
    ("A. cat - no\nB. dog - yes\nC. cow - no", None),
    ("Options: A. cat B. dog C. cow D. pig\nThe answer is C.", "C"),
    ("B\nHmm, wait. C.", None),
    ("Sure! B", "B"),
    ("I think B", "B"),
    ("It is a", None),
    ("<think>The answer is A.</think>B", "B"),
    ("A, B, C, D, A, B, C, D, A, B, C, D, A, B, C, D and so on", None),
)


@pytest.mark.parametrize(("answer", "letter"), LETTERS)
def test_letters(answer: str, letter: str | None) -> None:
    assert letter_of(answer) == letter


SIGNS = class_list("<5 mm", ">5 mm", "-10", "10", "A-", "A", "A+", "C#", "C", "C++")
SCRIPTS = class_list("কালি", "কুল", "কা", "कुत्ता")
WORDS = class_list(
    *("a", "i", "can", "watch", "orange", "leopard", "corn", "fly", "rose", "office"),
    *("dentists office", "dragonfly", "white crowned sparrow"),
)
NAMES = (
    ("<5 mm.", SIGNS, "<5 mm"),
    ("It is <5 mm", SIGNS, "<5 mm"),
    ("The size is >5 mm.", SIGNS, ">5 mm"),
    ("5 mm", SIGNS, None),
    ("-10", SIGNS, "-10"),
    ("−10", SIGNS, "-10"),
    ("10.", SIGNS, "10"),
    ("**A-**", SIGNS, "A-"),
    ("A.", SIGNS, "A"),
    ("C#.", SIGNS, "C#"),
    ("It is written in C++.", SIGNS, "C++"),
    ("I see কালি in it.", SCRIPTS, "কালি"),
    ("It is कुत्ता.", SCRIPTS, "कुत्ता"),
    ("The image shows a hand in front of a wall.", WORDS, None),
    ("I can see that it is made of glass.", WORDS, None),
    ("It is a can.", WORDS, "can"),
    ("I will watch it", WORDS, None),
    ("The letter A", WORDS, "a"),
    ("orange cat", WORDS, None),
    ("The cat is orange and white.", WORDS, None),
    ("leopard shark", WORDS, None),
    ("corn snake", WORDS, None),
    ("christmas rose", WORDS, None),
    ("It is a christmas rose.", WORDS, None),
    ("dragon fly", WORDS, "dragonfly"),
    ("dentist's office", WORDS, "dentists office"),
    ("roses", WORDS, "rose"),
    ("a red rose", WORDS, "rose"),
    ("13. White crowned Sparrow", WORDS, "white crowned sparrow"),
    ("13. White-crowned Sparrow", WORDS, "white crowned sparrow"),
    ("Classes: cat; dog; cow; pig.\nAnswer: dog", ANIMALS, "dog"),
    ("dog\n\nClasses: cat; dog; cow; pig", ANIMALS, "dog"),
    ("1. cat\n2. dog\n3. cow\n4. pig", ANIMALS, None),
    ("The answer is dog. </s><s>[INST] cat [/INST]", ANIMALS, "dog"),
    ("<s>cat</s> dog", ANIMALS, None),
    ("<dog>", ANIMALS, "dog"),
    ("答案是dog", ANIMALS, "dog"),
    ("A sports car with a dog on it", class_list("car", "dog"), None),
    ("Dog? No - it's a cat.", ANIMALS, "cat"),
    ("Dog? No: a cat", ANIMALS, "cat"),
    ("dog: no, cat: yes", ANIMALS, "cat"),
    ("It is a dog, often mistaken for a cat.", ANIMALS, "dog"),
    ("Ears that rule out a cat; it is a dog.", ANIMALS, "dog"),
)


@pytest.mark.parametrize(("answer", "classes", "name"), NAMES)
def test_names(answer: str, classes: ClassList, name: str | None) -> None:
    assert name_of(answer, classes) == name


DENIED = (
    *(
        "Is it a cat? No.",
        "Is it a cat? No, it's a lynx.",
        "A cat? I don't think so.",
        "cat? Hardly.",
    ),
    *("Cat (incorrect)", "cat - wrong", "cat: false", "It isnt a cat", "I doubt it is a cat"),
    *("It is unlikely to be a cat", "This excludes the cat", "a lynx, as opposed to a cat"),
    *("The cat can't be it.", "Is it a cat? Wrong.", "cat (nope)"),
)


@pytest.mark.parametrize("answer", DENIED)
def test_a_name_that_is_denied_is_none(answer: str) -> None:
    assert parse_name(answer, ANIMALS).rule == "negated"


@pytest.mark.parametrize("answer", ["cat. Correction: dog", "cat (edit: dog)"])
def test_a_name_that_is_corrected_is_none(answer: str) -> None:
    assert parse_name(answer, ANIMALS).rule == "several_names"


def test_the_question_alone_is_no_answer() -> None:
    for answer in (
        "A. cat\nB. dog\nC. cow\nD. pig",
        "Which?\nA. cat\nB. dog\nReply with a letter.",
    ):
        outcome = parse_letter(answer, range(4), ANIMALS)
        assert (outcome.status, outcome.rule) == (Status.UNPARSED, "question")
        assert outcome.removed == ("question",)
    outcome = parse_name("Classes: cat; dog; cow; pig.", ANIMALS)
    assert (outcome.status, outcome.rule) == (Status.UNPARSED, "question")


DECLINED = (
    *("None of the above", "n.a.", "null", "No.", "Not sure what this is", "Sorry."),
    *("There is no image attached.", "The image you sent could not be loaded.", "Image not found"),
    *("I don't see an image.", "You haven't provided an image.", "The image is blank."),
    *("Could you please share the image?", "I need the image to answer.", "Cannot tell"),
    *(
        "К сожалению, я не могу помочь с этим.",
        "没有看到图片。",
        "対応できません。",
        "Ich sehe kein Bild.",
    ),
)
DESCRIBED = (
    *("A dog with no collar", "can opener", "A blank wall", "a missing tile", "photo album"),
    *("nothing but sand", "unknown soldier memorial", "A photo of no particular dog"),
)


@pytest.mark.parametrize("answer", DECLINED)
def test_no_class_comes_of_an_answer_that_declines(answer: str) -> None:
    assert parse_open(answer).status is Status.REFUSED
    for outcome in (parse_name(answer, ANIMALS), parse_letter(answer, range(4), ANIMALS)):
        assert outcome.status is Status.REFUSED, outcome


@pytest.mark.parametrize("answer", DESCRIBED)
def test_a_description_is_no_refusal(answer: str) -> None:
    assert parse_open(answer).status is Status.OK
