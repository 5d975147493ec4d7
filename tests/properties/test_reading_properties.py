"""What holds of reading for every answer, found out on made ones."""

import unicodedata
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.answers.outcome import Outcome
from harness.answers.parse import answer_text, parse_batch, parse_letter, parse_name, parse_open
from harness.data.classes import Class, ClassList, normalize_name

NAMES = (
    *("cat", "tabby cat", "dog", "St. Bernard", "jack-o'-lantern", "crème brûlée", "<5 mm", "C#"),
    *("-10", "can", "bicycle-built-for-two", "কালি", "猫", "kite (bird of prey)", "potter's wheel"),
)
CLASSES = ClassList("made", "test", tuple(Class(i, name) for i, name in enumerate(NAMES)))
OPTIONS = (0, 2, 5, 9)

DRESSES: tuple[Callable[[str], str], ...] = (
    lambda text: f"**{text}**",
    lambda text: f"`{text}`",
    lambda text: f'"{text}"',
    lambda text: f"“{text}”",
    lambda text: f" {text}\n",
    lambda text: f"{text}.",
    lambda text: f"<b>{text}</b>",
    lambda text: f"<p>{text}</p>",
    lambda text: f"```\n{text}\n```",
    lambda text: f"<think>It may be a dog. Or a cat?</think>{text}",
    lambda text: f"<think>\n</think>\n\n{text}",
    lambda text: f"{text}<|im_end|>\n<|im_start|>user\ncat",
    lambda text: f"<answer>{text}</answer>",
    lambda text: f"Answer: {text}",
    lambda text: f"{text}\n\nThis can be told from the shape.",
    lambda text: unicodedata.normalize("NFD", text),
    lambda text: unicodedata.normalize("NFC", text),
)
"""What may be put around an answer without another meaning."""

dresses = st.lists(st.sampled_from(DRESSES), max_size=3)
anything = st.text(max_size=60) | st.lists(
    st.sampled_from(
        [*NAMES, "not", "a", "or", ".", "\n", "A", "B.", "(C)", "Answer:", "<br>", "1."]
    ),
    max_size=12,
).map(" ".join)


def dressed(text: str, how: list[Callable[[str], str]]) -> str:
    for dress in how:
        text = dress(text)
    return text


@given(st.sampled_from(range(len(NAMES))), dresses)
@settings(max_examples=150, deadline=None)
def test_dress_never_changes_a_name(class_id: int, how: list[Callable[[str], str]]) -> None:
    text = dressed(NAMES[class_id], how)
    assert parse_name(text, CLASSES).class_id == class_id, text
    assert normalize_name(answer_text(text).split("\n")[0]).startswith(
        normalize_name(NAMES[class_id])
    )


@given(st.sampled_from(range(4)), dresses)
@settings(max_examples=150, deadline=None)
def test_dress_never_changes_a_letter(place: int, how: list[Callable[[str], str]]) -> None:
    text = dressed("ABCD"[place], how)
    assert parse_letter(text, OPTIONS, CLASSES).class_id == OPTIONS[place], text


@given(anything, st.permutations(range(len(NAMES))))
@settings(max_examples=150, deadline=None)
def test_the_order_of_the_list_never_changes_the_class(text: str, order: list[int]) -> None:
    """But for a number before the name, which is its place, and a list in the prompt's order."""
    other = ClassList("m", "t", tuple(Class(i, NAMES[place]) for i, place in enumerate(order)))
    here, there = parse_name(text, CLASSES), parse_name(text, other)
    if here.class_id is not None and there.class_id is not None:
        assert NAMES[here.class_id] == NAMES[order[there.class_id]]
    if not {"question", "numbered"} & {here.rule, there.rule, *here.removed, *there.removed}:
        assert (here.class_id is None) == (there.class_id is None)


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_class_comes_of_a_text_without_its_words(text: str) -> None:
    folded = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    outcome = parse_name(text, CLASSES)
    if outcome.class_id is not None:
        word = normalize_name(NAMES[outcome.class_id]).split()[0].strip("<-#")
        assert word[:3] in folded or unicodedata.normalize("NFD", word)[:3] in folded


@given(anything)
@settings(max_examples=200, deadline=None)
def test_everything_is_read(text: str) -> None:
    """Nothing raises, and what has no class has a rule that says why."""
    outcomes: list[Outcome] = [
        parse_name(text, CLASSES),
        parse_letter(text, OPTIONS, CLASSES),
        parse_open(text),
    ]
    assert all(outcome.rule for outcome in outcomes)
    assert len(parse_batch(text, 3)) == 3
    assert parse_name(text, CLASSES) == outcomes[0]
