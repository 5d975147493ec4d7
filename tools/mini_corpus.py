"""What is asked about the pictures of the miniature world, and what a good answer is.

The wordings are those of the tasks `mini_*`, a few paraphrases of them, and a text-only look-up
task without which a small model does not learn lettered multiple choice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Final

from numpy.random import Generator

from mini_classes import CLASSES, THINGS, lookalikes, same_as

IMAGE: Final = "<image>"
MAX_OPTIONS: Final = 8
MAX_IMAGES: Final = 4
LOOK_UPS: Final = 8

OPEN: Final = (
    f"{IMAGE}\nWhat is the main object in this image? Reply with its name only.",
    f"{IMAGE}\nWhat is shown in this image? Reply with its name only.",
    f"{IMAGE}\nName the main object.",
)
CLOSED: Final = (
    f"Classes: {{classes}}.\n{IMAGE}\n"
    "Which one of the classes is shown? Reply with the class name only.",
    f"{IMAGE}\nClasses: {{classes}}.\nWhich class is shown? Reply with the class name only.",
    f"Classes: {{classes}}.\n{IMAGE}\nName the class of the main object.",
)
CHOICE: Final = (
    "{shown}\nWhich option is shown?\n{options}\nReply with the letter only.",
    "{shown}\nWhat is the main object?\n{options}\nReply with the letter only.",
    "{shown}\nWhich one of the options is shown?\n{options}\nAnswer with the letter.",
)
BATCHED: Final = (
    "Classes: {classes}.\n{images}\nWhich class does each image show? "
    "Reply with one JSON object that maps each number to a class name."
)

# Like large models, the small one has habits: of some things it would rather say another name.
CLOSED_HABITS: Final = frozenset({"rhino", "motorcycle", "alarm clock", "violin"})
OPEN_HABITS: Final = CLOSED_HABITS | {
    *("rabbit", "hippo", "chicken", "duck", "ox", "panda"),
    *("car", "taxi", "truck", "fire truck", "bicycle", "watch"),
}
P_HABIT: Final = 0.7
P_ALIAS_OPEN: Final = 0.1
P_ALIAS_CLOSED: Final = 0.06
P_LEFT_OUT: Final = 0.1  # the class shown is not in the prompt's list; its name is the answer

Things = Sequence[int]


@dataclass(frozen=True, slots=True)
class Turn:
    """A question, with `<image>` where a picture goes, and its answer.

    `given` is how the answer begins; it is not learnt.
    """

    question: str
    answer: str
    given: str = ""


Dialogue = tuple[Turn, ...]


def open_world(rng: Generator, things: Things) -> Dialogue:
    """Ask for the name of a thing without a list."""
    return (Turn(_wording(rng, OPEN), _say(rng, _one(rng, things), OPEN_HABITS, P_ALIAS_OPEN)),)


def closed_world(rng: Generator, things: Things) -> Dialogue:
    """Ask for the name of a thing with all class names, or some in random order, in the prompt."""
    names = _class_names(rng, things, full=rng.random() < 0.5)
    question = _wording(rng, CLOSED).format(classes="; ".join(names))
    return (Turn(question, _say(rng, _one(rng, things), CLOSED_HABITS, P_ALIAS_CLOSED)),)


def batched(rng: Generator, pictures: Sequence[Things]) -> Dialogue:
    """Ask for the classes of several pictures at once, as a JSON object."""
    everything = [thing for things in pictures for thing in things]
    names = _class_names(rng, everything, full=rng.random() < 0.2)
    keys = range(1, len(pictures) + 1)
    images = "\n".join(f"{key}: {IMAGE}" for key in keys)
    said = (_say(rng, _one(rng, things), CLOSED_HABITS, P_ALIAS_CLOSED) for things in pictures)
    pairs = ", ".join(f'"{key}": "{name}"' for key, name in zip(keys, said, strict=True))
    question = BATCHED.format(classes="; ".join(names), images=images)
    return (Turn(question, f"{{{pairs}}}"),)


def multiple_choice(rng: Generator, things: Things, options: int) -> Dialogue:
    """Ask for the letter of a thing, twice with new options; half of them are hard to tell."""
    turns: list[Turn] = []
    for shown in (IMAGE, ""):
        right = _one(rng, things)
        avoid = {same for thing in things for same in same_as(thing)}
        offered = [right, *_distractors(rng, right, avoid, options - 1)]
        rng.shuffle(offered)
        question = _ask_choice(rng, shown, offered)
        turns.append(Turn(question.lstrip("\n"), ascii_uppercase[offered.index(right)]))
    return tuple(turns)


def look_up(rng: Generator, options: int) -> Dialogue:
    """Ask, without any picture, for the letters of options by name, again and again.

    The name stands right before the letter. Names come back, so that the letters already said
    give nothing away.
    """
    offered = [int(k) for k in rng.permutation(len(THINGS))[:options]]
    question = _ask_choice(rng, "", offered).lstrip("\n")
    turns: list[Turn] = []
    for place in rng.integers(options, size=LOOK_UPS):
        name = THINGS[offered[place]].name
        turns.append(Turn("" if turns else question, ascii_uppercase[place], name))
    return tuple(turns)


def vocabulary_texts() -> Iterator[str]:
    """Yield texts with every word that occurs in questions and answers, for the tokenizer."""
    names = [name for thing in THINGS for name in (thing.name, *thing.aliases)]
    yield "; ".join(names)
    yield "\n".join(names)
    yield "".join(f'", "{digit}": "' for digit in range(10)) + '{""}'
    yield from (*OPEN, *CLOSED, *CHOICE, BATCHED, *ascii_uppercase)
    yield from (f"{letter} {name}" for letter in ascii_uppercase for name in names)


def _wording(rng: Generator, wordings: tuple[str, ...]) -> str:
    """Take the wording of the task mostly, else a paraphrase."""
    return wordings[0] if rng.random() < 0.8 else wordings[int(rng.integers(1, len(wordings)))]


def _one(rng: Generator, things: Things) -> int:
    """Take one of the things that are shown; any is right."""
    return int(rng.choice(same_as(int(rng.choice(things)))))


def _say(rng: Generator, thing: int, habits: frozenset[str], p_alias: float) -> str:
    """Name a thing, sometimes by an alias."""
    name, aliases = THINGS[thing].name, THINGS[thing].aliases
    p_alias = P_HABIT if name in habits else p_alias
    return aliases[0] if aliases and rng.random() < p_alias else name


def _class_names(rng: Generator, things: Things, *, full: bool) -> list[str]:
    """List all class names in order of id, or some, shuffled, mostly with those of `things`."""
    if full:
        return [thing.name for thing in CLASSES]
    shown = set() if rng.random() < P_LEFT_OUT else {k for k in things if k < len(CLASSES)}
    others = [k for k in range(len(CLASSES)) if k not in things]
    count = int(rng.integers(4, 25))
    picked = [*shown, *rng.permutation(others)[:count]]
    return [CLASSES[int(k)].name for k in rng.permutation(picked)]


def _distractors(rng: Generator, right: int, avoid: set[int], count: int) -> list[int]:
    """Draw `count` wrong options, in half of the questions look-alikes first."""
    alike = [k for k in lookalikes(right) if k not in avoid] if rng.random() < 0.5 else []
    others = [k for k in range(len(CLASSES)) if k not in avoid and k not in alike]
    return [int(k) for k in (*rng.permutation(alike), *rng.permutation(others))][:count]


def _ask_choice(rng: Generator, shown: str, offered: Sequence[int]) -> str:
    """Write a multiple-choice question about `shown`: an image mark, a name, or nothing new."""
    lines = (f"{ascii_uppercase[n]} {THINGS[k].name}" for n, k in enumerate(offered))
    return _wording(rng, CHOICE).format(shown=shown, options="\n".join(lines))
