"""Measure the embedded model on the embedded benchmark, by all four protocols, for its card.

This is a small independent check of the harness, with none of its code: answers are compared
with class names as lower-case text, and once more after turning aliases into names.

Usage: python tools/measure_mini_model.py [--model models/mini --tasks tasks]
"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase
from typing import Any, Final

import numpy as np
import torch
from datasets import load_dataset
from transformers import AutoModelForImageTextToText, AutoProcessor

from mini_classes import CLASSES, same_as
from mini_corpus import BATCHED, CHOICE, CLOSED, IMAGE, OPEN

BATCH: Final = 32
IMAGES_PER_PROMPT: Final = 4
OPTIONS: Final = 4
NAMES: Final = {thing.name: k for k, thing in enumerate(CLASSES)}
ALIASES: Final = {alias: k for k, thing in enumerate(CLASSES) for alias in thing.aliases}
CLASS_LIST: Final = "; ".join(NAMES)


@dataclass(frozen=True, slots=True)
class Example:
    """One evaluation picture, its original label and its valid labels."""

    image: Any
    original: int
    valid: frozenset[int]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said about an example, and the class it names: by name, and by name or alias."""

    text: str
    exact: int | None
    mapped: int | None


class Speaker:
    """The model with its processor: prompts in, greedy answers out."""

    def __init__(self, path: Path) -> None:
        """Load both from a folder."""
        self.processor: Any = AutoProcessor.from_pretrained(path)
        self.model: Any = AutoModelForImageTextToText.from_pretrained(path).eval()

    def say(self, prompts: Sequence[str], images: Sequence[list[Any]]) -> Iterator[str]:
        """Answer prompts, each with its images, in batches."""
        for start in range(0, len(prompts), BATCH):
            chats = map(self.render, prompts[start : start + BATCH])
            pictures = images[start : start + BATCH]
            inputs = self.processor(
                text=list(chats), images=pictures, padding=True, return_tensors="pt"
            )
            with torch.inference_mode():
                output = self.model.generate(**inputs, do_sample=False)
            said = output[:, inputs.input_ids.shape[1] :]
            yield from self.processor.batch_decode(said, skip_special_tokens=True)

    def render(self, prompt: str) -> str:
        """Write a prompt as a chat, pictures where its image marks are."""
        content: list[dict[str, str]] = []
        for place, text in enumerate(prompt.split(IMAGE)):
            content += [{"type": "image"}] if place else []
            content += [{"type": "text", "text": text}] if text else []
        chat = [{"role": "user", "content": content}]
        rendered: str = self.processor.apply_chat_template(chat, add_generation_prompt=True)
        return rendered


Protocol = Callable[[Speaker, Sequence[Example]], Sequence[Answer | None]]


def load_examples(tasks: Path) -> list[Example]:
    """Read the pictures and both label sets; stop if they do not belong together.

    The cache of `datasets` knows a local folder by its name only, so it may serve older pictures.
    """
    lines = (tasks / "mini" / "labels" / "reannotation.jsonl").read_text("utf-8").splitlines()
    corrected = {row["image_name"]: row for row in map(json.loads, lines)}
    examples = []
    for row in load_dataset(str(tasks / "mini" / "data"), split="test"):
        labels = corrected[row["image_id"] + ".png"]
        if labels["original_class"] != row["label"]:
            raise SystemExit(f"{row['image_id']}: labels of other pictures; a stale cache?")
        valid = frozenset(labels["reannotated_labels"])
        examples.append(Example(row["image"], row["label"], valid))
    return examples


def read_name(text: str) -> Answer:
    """Take a text as a class name or alias."""
    name = text.strip().lower()
    return Answer(text, NAMES.get(name), NAMES.get(name, ALIASES.get(name)))


def open_world(speaker: Speaker, examples: Sequence[Example]) -> list[Answer]:
    """Ask without a class list."""
    images = [[example.image] for example in examples]
    return [read_name(text) for text in speaker.say([OPEN[0]] * len(images), images)]


def closed_world(speaker: Speaker, examples: Sequence[Example]) -> list[Answer]:
    """Ask with the class list."""
    prompt = CLOSED[0].format(classes=CLASS_LIST)
    images = [[example.image] for example in examples]
    return [read_name(text) for text in speaker.say([prompt] * len(images), images)]


def batched(speaker: Speaker, examples: Sequence[Example]) -> list[Answer]:
    """Ask about several pictures at once; what cannot be read is an empty answer."""
    marks = "\n".join(f"{n}: {IMAGE}" for n in range(1, IMAGES_PER_PROMPT + 1))
    prompt = BATCHED.format(classes=CLASS_LIST, images=marks)
    starts = range(0, len(examples), IMAGES_PER_PROMPT)
    images = [[e.image for e in examples[n : n + IMAGES_PER_PROMPT]] for n in starts]
    answers = []
    for text in speaker.say([prompt] * len(images), images):
        try:
            said = json.loads(text)
        except json.JSONDecodeError:
            said = {}
        answers += [read_name(said.get(str(n + 1), "")) for n in range(IMAGES_PER_PROMPT)]
    return answers


def multiple_choice(speaker: Speaker, examples: Sequence[Example]) -> list[Answer | None]:
    """Ask with a valid label among random wrong ones; None where there is no valid label."""
    rng = np.random.default_rng(0)
    shown = [example for example in examples if example.valid]
    offered = []
    for example in shown:
        right = example.original if example.original in example.valid else min(example.valid)
        avoid = {k for valid in (*example.valid, example.original) for k in same_as(valid)}
        wrong = rng.permutation([k for k in range(len(CLASSES)) if k not in avoid])
        offered.append([int(k) for k in rng.permutation([right, *wrong[: OPTIONS - 1]])])
    prompts = [
        CHOICE[0].format(
            shown=IMAGE,
            options="\n".join(
                f"{letter} {CLASSES[k].name}"
                for letter, k in zip(ascii_uppercase, options, strict=False)
            ),
        )
        for options in offered
    ]
    texts = speaker.say(prompts, [[example.image] for example in shown])
    answers = iter([_read_letter(text, o) for text, o in zip(texts, offered, strict=True)])
    return [next(answers) if example.valid else None for example in examples]


def _read_letter(text: str, options: list[int]) -> Answer:
    """Take a text as the letter of an option."""
    letters = dict(zip(ascii_uppercase, options, strict=False))
    return Answer(text, letters.get(text.strip()), letters.get(text.strip()))


def report(name: str, examples: Sequence[Example], answers: Sequence[Answer | None]) -> None:
    """Print accuracy against both label sets, and the share of answers that are no class name."""
    pairs = [(e, a) for e, a in zip(examples, answers, strict=True) if a is not None]
    labelled = [(e, a) for e, a in pairs if e.valid]

    def share(hits: list[bool]) -> str:
        return f"{100 * sum(hits) / len(hits):6.2f}"

    def right(k: int | None, valid: frozenset[int]) -> bool:
        return k is not None and not valid.isdisjoint(same_as(k))

    columns = [
        share([right(a.exact, frozenset({e.original})) for e, a in pairs]),
        share([right(a.exact, e.valid) for e, a in labelled]),
        share([right(a.mapped, frozenset({e.original})) for e, a in pairs]),
        share([right(a.mapped, e.valid) for e, a in labelled]),
        share([a.exact is None for _, a in pairs]),
    ]
    odd = sorted({a.text for _, a in pairs if a.exact is None})
    print(f"| {name} | {' | '.join(columns)} |   e.g. {odd[:12]}", flush=True)


def main() -> None:
    """Measure and print one row a protocol."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/mini"))
    parser.add_argument("--tasks", type=Path, default=Path("tasks"))
    options = parser.parse_args()
    speaker, examples = Speaker(options.model), load_examples(options.tasks)
    print("| protocol | ImGT | ReGT | ImGT, aliases read | ReGT, aliases read | no class name |")
    protocols: tuple[Protocol, ...] = (open_world, multiple_choice, closed_world, batched)
    for protocol in protocols:
        report(protocol.__name__, examples, protocol(speaker, examples))


if __name__ == "__main__":
    main()
