"""The parser against published answers of real models and their publishers' own parse."""

import csv
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from harness.answers.outcome import Status
from harness.answers.parse import parse_letter, parse_name, parse_open
from harness.data.classes import Class, ClassList

ANSWERS = Path(__file__).resolve().parents[2] / "../shared/data/answers"
pytestmark = pytest.mark.skipif(not ANSWERS.is_dir(), reason=f"no real answers in {ANSWERS}")

NAMES = (
    *("airplane", "bear", "bicycle", "bird", "boat", "bottle", "car", "cat"),
    *("chair", "clock", "dog", "elephant", "keyboard", "knife", "oven", "truck"),
)
SHAPES = ClassList("shape bias", "clean", tuple(Class(i, name) for i, name in enumerate(NAMES)))
OPTIONS = tuple(range(16))

# Replies without a letter by status and rule; the publishers' parse is None for each of the 131.
# `none_listed` says that no option fits, twice with what is seen instead ("a train car", "a gaming
# controller"). The one `oop` neither apologizes nor denies: "The image is distorted and abstract,
# making it difficult to definitively categorize it as any of the options provided."
LETTERLESS = {("refused", "refused"): 121, ("oop", "none_listed"): 9, ("oop", "oop"): 1}

VQA = (
    ("instructblip_vicuna_7b", {("ok", "option_name"): 1232, ("ok", "strict"): 48}),
    ("llava_1_5_7b", {("ok", "strict"): 1280}),
    (
        "openai_vision",
        {("ok", "letter_name"): 827, ("ok", "letter"): 292, ("ok", "strict"): 30, **LETTERLESS},
    ),
)


def replies(name: str) -> list[dict[str, str]]:
    with (ANSWERS / f"shapebias_{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("model", "rules"), VQA)
def test_letters_agree_with_the_publishers(model: str, rules: dict[tuple[str, str], int]) -> None:
    """All 3,840 rows agree: 3,709 letters or names, 131 without one. There is no disagreement."""
    rows = replies(f"vqa_{model}")
    outcomes = [parse_letter(row["response"], OPTIONS, SHAPES) for row in rows]
    ours = ["None" if out.class_id is None else NAMES[out.class_id] for out in outcomes]
    differing = {
        (row["response"], row["pred_label"], name)
        for row, name in zip(rows, ours, strict=True)
        if row["pred_label"] != name
    }
    assert differing == set()
    assert Counter((out.status.value, out.rule) for out in outcomes) == rules


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("model", ["instructblip_vicuna_7b", "llava_1_5_7b", "openai_vision"])
def test_captions_hold_no_letters(model: str, step: int) -> None:
    """Free text of 3,840 captions, even with 'the shape of the letter "E"', gives no letter."""
    for row in replies(f"captioning_{model}")[::step]:
        outcome = parse_letter(row["response"], OPTIONS, SHAPES)
        assert outcome.class_id is None or outcome.rule.startswith("option_"), row["response"]


@pytest.mark.parametrize(
    ("model", "refused"),
    [("instructblip_vicuna_7b", 0), ("llava_1_5_7b", 0), ("openai_vision", 60)],
)
def test_captions_that_are_refusals(model: str, refused: int) -> None:
    """Every refusal apologizes or says that it cannot; descriptions of blurred images are none."""
    outcomes = [
        (row["response"], parse_open(row["response"])) for row in replies(f"captioning_{model}")
    ]
    refusals = [text for text, outcome in outcomes if outcome.status is Status.REFUSED]
    assert len(refusals) == refused
    assert all(text.startswith("I'm sorry") for text in refusals)


def test_plurals_of_captions_are_as_right_as_names() -> None:
    """A picture has the shape of one class and the texture of one; a reading is right by either."""
    found: Counter[tuple[bool, bool]] = Counter()
    for model in ("instructblip_vicuna_7b", "llava_1_5_7b", "openai_vision"):
        for row in replies(f"captioning_{model}"):
            outcome = parse_name(row["response"], SHAPES)
            if outcome.class_id is not None:
                name = NAMES[outcome.class_id]
                has_name = re.search(rf"\b{name}\b", row["response"], re.IGNORECASE) is not None
                found[has_name, name in re.split(r"[\d-]+", row["image"])] += 1
    assert (found[False, True], found[False, False]) == (46, 3)
    assert (found[True, True], found[True, False]) == (1292, 122)


def closed_world(name: str) -> tuple[ClassList, list[dict[str, Any]]]:
    document = json.loads((ANSWERS / f"gpt4v_closed_world_{name}.json").read_text("utf-8"))
    classes = tuple(Class(i, label) for i, label in enumerate(document["classes"]))
    return ClassList(name, "clean", classes), document["rows"]


def percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2)


@pytest.mark.parametrize(
    ("name", "n", "first", "out_of_list", "first_listed"),
    [("pets", 3669, 90.41, 0.95, 90.76), ("dtd", 1688, 56.34, 4.86, 57.70)],
)
def test_strict_accuracy_of_gpt4v(
    name: str, n: int, first: float, out_of_list: float, first_listed: float
) -> None:
    """The rule `strict` alone gives the figures of shared/data/README.md."""
    classes, rows = closed_world(name)
    right = listed = right_listed = 0
    for row in rows:
        ids = [out.class_id if out.rule == "strict" else None for out in parsed(row, classes)]
        label = classes.names.index(row["label"])
        right += ids[0] == label
        listed += ids[0] is not None
        right_listed += next((i for i in ids if i is not None), None) == label
    assert len(rows) == n
    assert (percent(right, n), percent(n - listed, n)) == (first, out_of_list)
    assert percent(right_listed, n) == first_listed


def parsed(row: dict[str, Any], classes: ClassList) -> list[Any]:
    return [parse_name(answer, classes) for answer in row["answers"]]


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("aircraft", {"strict": 3296, "normalized": 6, "oop": 30, "empty": 1}),
        ("caltech101", {"strict": 2456, "spelling": 1, "oop": 7}),
        ("cars", {"strict": 7386, "oop": 648, "empty": 7}),
        ("dtd", {"strict": 1606, "spelling": 8, "oop": 74}),
        ("eurosat", {"strict": 7978, "oop": 7, "empty": 6}),
        ("flowers102", {"strict": 2290, "spelling": 1, "single_mention": 1, "oop": 171}),
        ("pets", {"strict": 3634, "oop": 35}),
        ("rafdb", {"strict": 3062}),
        pytest.param(
            "sun397",
            {"strict": 18309, "spelling": 23, "single_mention": 1, "oop": 1497},
            marks=pytest.mark.slow,
        ),
    ],
)
def test_what_the_whole_ladder_adds_to_strict(name: str, rules: dict[str, int]) -> None:
    """Of 2,470 first answers that are strictly no name, 33 are one in another spelling
    ("lace-like", "dentist's office") and two a name behind a colour; what is a name with another
    word ("christmas rose", "soft coated wheaten terrier") is out of prompt.
    """
    classes, rows = closed_world(name)
    outcomes = [parse_name(row["answers"][0] if row["answers"] else "", classes) for row in rows]
    assert Counter(outcome.rule for outcome in outcomes) == rules


@pytest.mark.slow
def test_other_spellings_are_as_right_as_strict_names() -> None:
    """31 of the 33 are the label; of SUN397's strict names 62.5 % are."""
    right = 0
    for name in ("caltech101", "dtd", "flowers102", "sun397"):
        classes, rows = closed_world(name)
        for row in rows:
            outcome = parse_name(row["answers"][0] if row["answers"] else "", classes)
            label = classes.names.index(row["label"])
            right += outcome.rule == "spelling" and outcome.class_id == label
    assert right == 31
