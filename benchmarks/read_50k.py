"""Time of reading 50,000 answers of each kind: closed world, lettered, open world.

Run from the repository's root: `python benchmarks/read_50k.py`. The answers are made up (seeded)
for ImageNet's 1,000 names: bare names, sentences, markup, JSON, thinking before the answer, and
long texts. Only the public functions of `harness.answers.parse` are used, so that one file measures
any version. Times are of the processor, which other work on the machine changes less than a clock.
Beside them stand the statuses, so that a reader that gives up is not taken for a quick one.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness.answers.outcome import Outcome
from harness.answers.parse import answer_text, parse_letter, parse_name, parse_open
from harness.data.class_lists import load_class_list
from harness.data.classes import ClassList
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_class_list_spec

LETTERS = "ABCD"
PROSE = (
    "The picture was taken outdoors on a bright day.",
    "Its colours are warm, and the light falls from the left.",
    "Several objects stand in the background, out of focus.",
    "The texture of the surface is clearly visible.",
    "Nothing in the frame gives a sense of scale.",
    "A person could hold it in one hand, or perhaps not.",
    "I have looked at the shape, the outline and the proportions.",
)
FORMS: dict[str, tuple[int, Callable[[str, random.Random], str]]] = {
    "bare": (40, lambda said, _: said),
    "capitals and full stop": (8, lambda said, _: f"{said.capitalize()}."),
    "sentence": (16, lambda said, _: f"The image shows {said} in front of a wall."),
    "announced": (8, lambda said, _: f"Let me see.\n\nThe answer is: {said}"),
    "markup": (8, lambda said, _: f"## Answer\n\n* **{said}**\n"),
    "JSON": (8, lambda said, _: f"```json\n{json.dumps({'answer': said, 'sure': 0.9})}\n```"),
    "thinking": (4, lambda said, drawn: f"<think>{prose(drawn, 400)}</think>\n{said}"),
    "explained": (4, lambda said, drawn: f"{said}\n\n{prose(drawn, 300)}"),
    "long": (2, lambda said, drawn: f"{prose(drawn, 2000)} So I would say {said}."),
    "long without a name": (2, lambda _, drawn: prose(drawn, 2000)),
}
"""Form of an answer to its percentage, and how it is made of what is said."""


def prose(drawn: random.Random, characters: int) -> str:
    """Give sentences that are about nothing, of at least so many characters."""
    found = ""
    while len(found) < characters:
        found += drawn.choice(PROSE) + " "
    return found.strip()


def made_up(say: Callable[[], str], n: int, drawn: random.Random) -> list[tuple[str, str]]:
    """Give n answers, each with its form."""
    shares = [share for share, _ in FORMS.values()]
    forms = drawn.choices(list(FORMS), shares, k=n)
    return [(form, FORMS[form][1](say(), drawn)) for form in forms]


def measure(title: str, read: Callable[[str], Outcome], answers: list[tuple[str, str]]) -> None:
    """Read all answers once; print the time, that of the slowest form, and the statuses."""
    seconds, counts = Counter[str](), Counter[str]()
    statuses = Counter[str]()
    started = time.process_time()
    for form, text in answers:
        before = time.process_time()
        outcome = read(text)
        seconds[form] += time.process_time() - before
        counts[form] += 1
        statuses[outcome.status] += 1
    total = time.process_time() - started
    print(f"{title}: {total:.2f} s, {1000 * total / len(answers):.3f} ms an answer")
    forms = (f"{form} {1000 * seconds[form] / counts[form]:.3f}" for form in FORMS if counts[form])
    print(f"  ms by form: {', '.join(forms)}")
    print(f"  statuses: {', '.join(f'{name} {k}' for name, k in statuses.most_common())}")


def imagenet() -> ClassList:
    """Load ImageNet's 1,000 classes."""
    return load_class_list(load_class_list_spec(Catalogue(()), "imagenet1k"))


def read_open(text: str) -> Outcome:
    """Read an open-world answer, and make of it what a text encoder is given."""
    outcome = parse_open(text)
    answer_text(text)
    return outcome


def main() -> None:
    """Make up the answers of each protocol and read them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    drawn, classes = random.Random(options.seed), imagenet()
    questions = [tuple(drawn.sample(classes.ids, len(LETTERS))) for _ in range(1000)]
    closed = made_up(lambda: drawn.choice(classes.names), options.n, drawn)
    lettered = made_up(lambda: drawn.choice(LETTERS), options.n, drawn)
    started = time.process_time()
    parse_name("tench", classes)
    print(f"first answer (the class list is prepared): {time.process_time() - started:.2f} s")
    place = iter(range(options.n))
    measure("closed world, 1,000 names", lambda text: parse_name(text, classes), closed)
    measure(
        "lettered, 4 options",
        lambda text: parse_letter(text, questions[next(place) % len(questions)], classes),
        lettered,
    )
    measure("open world", read_open, closed)


if __name__ == "__main__":
    main()
