"""One answer for several images: what is read, and that nothing moves to another image."""

import json
import time

import pytest

from harness.answers.lenient_json import JsonArray, JsonObject, containers_in
from harness.answers.parse import parse_batch

READABLE = (
    ('{"1": "cat", "2": "dog"}', ("cat", "dog")),
    ('{"2": "dog", "1": "cat"}', ("cat", "dog")),
    ('{"1":"cat","2":"dog"}', ("cat", "dog")),
    ('```json\n{"1": "cat", "2": "dog"}\n```', ("cat", "dog")),
    ('Here you are: {"1": "cat", "2": "dog"} — enjoy!', ("cat", "dog")),
    ('{"1": "cat", "2": "dog",}', ("cat", "dog")),
    ("{'1': 'cat', '2': 'dog'}", ("cat", "dog")),
    ("{'1': 'jack-o'-lantern', '2': 'potter's wheel'}", ("jack-o'-lantern", "potter's wheel")),
    ('{1: "cat", 2: "dog"}', ("cat", "dog")),
    ("{1: cat, 2: dog}", ("cat", "dog")),
    ("{“1”: “cat”, “2”: “dog”}", ("cat", "dog")),
    ('{"Image 1": "cat", "image_2": "dog"}', ("cat", "dog")),
    ('{"01": "cat", "#2": "dog"}', ("cat", "dog")),
    ('{"1": "cat"\n "2": "dog"}', ("cat", "dog")),
    ('{"1": "cat" "2": "dog"}', ("cat", "dog")),
    ('{"1": "a "big" cat", "2": "dog"}', ('a "big" cat', "dog")),
    ('{"1": "caf\\u00e9", "2": "a \\"dog\\""}', ("café", 'a "dog"')),
    ('{"1": "cat, or so", "2": "dog: big"}', ("cat, or so", "dog: big")),
    ('{"1": "cat", "2": "dog"', ("cat", "dog")),
    ('{"1": {"class": "cat"}, "2": ["dog"]}', ("cat", "dog")),
    ('{"answers": {"1": "cat", "2": "dog"}}', ("cat", "dog")),
    ('{"answers": ["cat", "dog"]}', ("cat", "dog")),
    ('{"1": "cat"}\n{"2": "dog"}', ("cat", "dog")),
    ('["cat", "dog"]', ("cat", "dog")),
    ("['cat', 'dog',]", ("cat", "dog")),
    ('[["cat"], ["dog"]]', ("cat", "dog")),
    ('[{"1": "cat"}, {"2": "dog"}]', ("cat", "dog")),
    ('[{"image": 1, "class": "cat"}, {"image": 2, "class": "dog"}]', ("cat", "dog")),
    ('[{"image": "Image 2", "answer": "dog"}, {"image": "1", "answer": "cat"}]', ("cat", "dog")),
    ('[{"id": 1, "label": "cat"}, {"id": 2, "label": "dog"', ("cat", "dog")),
    ('[{"class": "cat"}, {"class": "dog"}]', ("cat", "dog")),
    ("1: cat\n2: dog", ("cat", "dog")),
    ("1. cat\n2) dog", ("cat", "dog")),
    ("**Image 1:** cat\n**Image 2:** dog", ("cat", "dog")),
    ("- 1 - cat,\n- 2 - dog", ("cat", "dog")),
    ("The answers:\n2: dog\n1: cat\nDone.", ("cat", "dog")),
    ('{"1": "cat", "2": "dog", "3": "bear"}', ("cat", "dog")),
    ('{"1": "", "2": 7}', ("", "7")),
)

PARTLY = (
    ("1: cat\n2: dog\n\nWait, image 2 is a bear.", ("cat", None)),
    ("1: cat\n2: dog\nCorrection: 2: bear", ("cat", None)),
    ('{"1": "cat", "2": "dog"}\n\nActually, the second image shows a bear.', ("cat", None)),
    ('{"1": "cat", "2": "dog"}\nSorry, #1 should be a bear.', (None, "dog")),
    ("1: cat\n2: dog\nNo image is blurred.", ("cat", "dog")),
    ("Hmm, image 1 is dark.\n1: cat\n2: dog", ("cat", "dog")),
    ("1: bear\n2: dog\nWait, image 1 is a cat.\n1: cat\n2: dog", ("cat", "dog")),
    ('{"1": "cat", "2": "do', ("cat", None)),
    ('{"1": "cat", "2": ', ("cat", None)),
    ('{"1": "cat", "2"', ("cat", None)),
    ('{"1": cat, "2": do', ("cat", None)),
    ('{"1": , "2": "dog"}', (None, "dog")),
    ('{"1": "cat\n"2": "dog"}', (None, "dog")),
    ('{"1": null, "2": "dog"}', (None, "dog")),
    ('{"1": true, "2": "dog"}', (None, "dog")),
    ('{"1": ["cat", "bear"], "2": "dog"}', (None, "dog")),
    ('{"1": {"class": "cat", "label": "bear"}, "2": "dog"}', (None, "dog")),
    ('{"2": "dog"}', (None, "dog")),
    ('{"first": "cat", "2": "dog"}', (None, "dog")),
    ('{"1": "cat", "1": "bear", "2": "dog"}', (None, "dog")),
    ('{"1": "cat", "1": "cat", "1": "cat", "2": "dog"}', ("cat", "dog")),
    ('{"1": "cat", "Image 1": "bear", "2": "dog"}', (None, "dog")),
    ('["cat", null]', ("cat", None)),
    ('[{"image": 2, "class": "dog"}, {"class": "cat"}]', (None, "dog")),
    ('[{"image": 1, "class": "cat"}, {"image": 2, "cla', ("cat", None)),
    ("2: dog", (None, "dog")),
    ("1: cat\n1: bear\n2: dog", (None, "dog")),
    ("1: bear\n2: bear\n1: cat\n2: dog", ("cat", "dog")),
    ('{"1": "bear", "2": "bear"}\nNo:\n{"1": "cat", "2": "dog"}', ("cat", "dog")),
    ('{"1": "cat", "2": "dog"}\nor\n{"1": "bear"', ("cat", "dog")),
    ('{"1": "cat"}\n{"2": "dog"}', ("cat", "dog")),
    ('[["Image 1", "cat"], ["Image 2", "dog"]]', ("cat", "dog")),
    ("(1) cat (2) dog", ("cat", "dog")),
    ("Image 1: cat; Image 2: dog", ("cat", "dog")),
    ("1: cat [side view]\n2: dog", ("cat [side view]", "dog")),
    ("| # | class |\n|---|:--|\n| 1 | cat |\n| 2 | dog |", ("cat", "dog")),
    ("<tr><td>1</td><td>cat</td></tr><tr><td>2</td><td>dog</td></tr>", ("cat", "dog")),
    ("<think>1: bear\n2: bear</think>1: cat\n2: dog", ("cat", "dog")),
)

UNREADABLE = (
    None,
    "",
    "I'm sorry, I can't assist with that request.",
    "cat and dog",
    '{"0": "cat", "1": "dog"}',
    "0: cat\n1: dog",
    '["cat"]',
    '["cat", "dog", "bear"]',
    '["cat", "dog"',
    '[["cat", "dog"]',
    '[{"class": "cat"}]',
    "{}",
    "[]",
    "{cat}",
    '{"1": {"1": {"1": {"1": {"1": {"1": {"1": {"1": {"1": {"1": "cat"}}}}}}}}}}',
)


@pytest.mark.parametrize(("answer", "expected"), READABLE + PARTLY)
def test_each_image_gets_its_own_answer(answer: str, expected: tuple[str | None, ...]) -> None:
    assert parse_batch(answer, 2) == expected


@pytest.mark.parametrize("answer", UNREADABLE)
def test_nothing_is_read_where_no_image_can_be_told(answer: str | None) -> None:
    assert parse_batch(answer, 2) == (None, None)


def test_a_cut_off_answer_is_a_prefix_of_the_whole() -> None:
    names = tuple(f"thing {number}" for number in range(12))
    whole = json.dumps({str(i): name for i, name in enumerate(names, start=1)}, indent=1)
    for length in range(len(whole) + 1):
        read = parse_batch(whole[:length], 12)
        known = sum(text is not None for text in read)
        assert read == names[:known] + (None,) * (12 - known)
    assert parse_batch(whole, 12) == names


def test_a_lost_pair_shifts_nothing() -> None:
    names = {str(number): f"thing {number}" for number in range(1, 9)}
    for lost in names:
        rest = {key: name for key, name in names.items() if key != lost}
        expected = tuple(rest.get(str(number)) for number in range(1, 9))
        assert parse_batch(json.dumps(rest), 8) == expected


@pytest.mark.parametrize("text", ["[" * 5000, "{" * 5000, '{"1":' * 2000, "[1," * 2000, '"' * 5000])
def test_degenerate_answers_end(text: str) -> None:
    start = time.process_time()
    assert parse_batch(text, 2) == (None, None)
    assert time.process_time() - start < 5


def test_repeated_keys_and_missing_brackets_are_told() -> None:
    assert tuple(containers_in("{'a': 'x', 'a': ['y'")) == (
        JsonObject((("a", "x"), ("a", JsonArray(("y",), complete=False)))),
    )
    assert tuple(containers_in("see [1] and {} and [null]")) == (JsonArray(("1",), complete=True),)
