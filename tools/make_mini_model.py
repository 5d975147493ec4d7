"""Train the embedded model `mini`, a very small LLaVA, on the miniature world.

The vision tower learns to name what is shown; the language model learns to look up letters, then
all the tasks with words for pictures; at last the whole model learns them with pictures.

Usage: python tools/make_mini_model.py [--steps 800 --seed 0 --out models/mini]
"""

import argparse
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import (
    LlavaForConditionalGeneration,
    PreTrainedTokenizerFast,
)

from mini_classes import THINGS
from mini_corpus import (
    IMAGE,
    MAX_IMAGES,
    MAX_OPTIONS,
    Dialogue,
    batched,
    closed_world,
    look_up,
    multiple_choice,
    open_world,
)
from mini_llava import (
    ASSISTANT,
    END,
    IMAGE_TOKENS,
    USER,
    WIDTH,
    make_model,
    make_processor,
    make_tokenizer,
    prepare_look_up,
)
from mini_training import BATCH, Phase, Pictures, optimise
from mini_world import Split
from published_names import name_as_published

# Shares of the steps; see mini_corpus for the tasks. As for large models, language comes first:
# to look up a letter, then all the tasks with words for pictures, then pictures.
LOOK_UP_MIX: Final = {"look_up": 1.0}
WORDS_MIX: Final = {"open": 0.15, "closed": 0.15, "choice": 0.4, "look_up": 0.2, "batched": 0.1}
PICTURES_MIX: Final = {"open": 0.25, "closed": 0.12, "choice": 0.4, "look_up": 0.1, "batched": 0.13}
IGNORED: Final = -100

Task = Callable[[Generator, Sequence[int]], Dialogue]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to train with."""

    steps: int
    vision_steps: int
    look_up_steps: int
    words_steps: int
    pictures: int
    seed: int


class Namer(nn.Module):
    """A vision tower with one linear layer on its mean patch; logits (n, things)."""

    def __init__(self, tower: nn.Module) -> None:
        """Wrap `tower`, whose weights are shared."""
        super().__init__()
        self.tower = tower
        self.head = nn.Linear(WIDTH, len(THINGS))

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the logits of all things for pixels (n, 3, side, side)."""
        states: Tensor = self.tower(pixel_values=pixels).last_hidden_state
        logits: Tensor = self.head(states[:, 1:].mean(1))
        return logits


def naming_loss(rng: Generator, pictures: Pictures, namer: Namer) -> tuple[str, Tensor]:
    """Cross entropy of one batch against the even share of all things shown."""
    index = rng.integers(len(pictures), size=BATCH)
    target = torch.zeros(BATCH, len(THINGS))
    for row, picture in enumerate(index):
        things = pictures.things[picture]
        target[row, list(things)] = 1 / len(things)
    logits = namer(pictures.tensor(index, rng))
    return "naming", nn.functional.cross_entropy(logits, target)


def show(
    rng: Generator, count: int, pictures: Pictures | None
) -> tuple[NDArray[np.int64], list[tuple[int, ...]]]:
    """Draw pictures by number, or things where there are none; also what each of them shows."""
    if pictures is None:
        index = rng.integers(len(THINGS), size=count)
        return index, [(int(thing),) for thing in index]
    index = rng.integers(len(pictures), size=count)
    return index, [pictures.things[number] for number in index]


def ask(
    rng: Generator, kind: str, pictures: Pictures | None
) -> tuple[list[Dialogue], NDArray[np.int64]]:
    """Write one batch of dialogues of a kind; also what `show` drew for them, in order."""
    options = int(rng.choice([4, 4, 4, *range(2, MAX_OPTIONS + 1)]))
    if kind == "look_up":
        return [look_up(rng, options) for _ in range(BATCH // 2)], np.empty(0, np.int64)
    if kind == "batched":
        size = int(rng.integers(1, MAX_IMAGES + 1))
        index, things = show(rng, BATCH // 2 // size * size, pictures)
        return [batched(rng, things[n : n + size]) for n in range(0, len(things), size)], index
    index, things = show(rng, BATCH, pictures)
    choice = partial(multiple_choice, options=options)
    tasks: dict[str, Task] = {"open": open_world, "closed": closed_world, "choice": choice}
    return [tasks[kind](rng, shown) for shown in things], index


def encode(
    tokenizer: PreTrainedTokenizerFast, dialogues: Sequence[Dialogue], images: Iterator[str]
) -> dict[str, Tensor]:
    """Turn dialogues into padded input_ids, attention_mask and labels; only answers are learnt.

    `images` are what the image marks become, in order.
    """
    rows = []
    for dialogue in dialogues:
        ids: list[int] = []
        labels: list[int] = []
        for turn in dialogue:
            question = re.sub(IMAGE, lambda _: next(images), turn.question)
            asked = tokenizer.encode(f"{USER}{question}{ASSISTANT}{turn.given}")
            said = tokenizer.encode(f"{turn.answer}{END}")
            ids += asked + said
            labels += [IGNORED] * len(asked) + said
        rows.append((torch.tensor(ids), torch.tensor(labels)))
    pad = partial(nn.utils.rnn.pad_sequence, batch_first=True)
    length = torch.tensor([len(ids) for ids, _ in rows])
    return {
        "input_ids": pad([ids for ids, _ in rows], padding_value=tokenizer.pad_token_id),
        "attention_mask": (torch.arange(int(length.max())) < length[:, None]).long(),
        "labels": pad([labels for _, labels in rows], padding_value=IGNORED),
    }


@dataclass(frozen=True, slots=True)
class Talk:
    """Dialogues to learn from: their mix, and pictures, or None for words in their place."""

    tokenizer: PreTrainedTokenizerFast
    model: LlavaForConditionalGeneration
    mix: dict[str, float]
    pictures: Pictures | None = None

    def loss(self, rng: Generator) -> tuple[str, Tensor]:
        """Cross entropy of the answers of one batch of one kind of dialogue."""
        kind = str(rng.choice(list(self.mix), p=list(self.mix.values())))
        dialogues, index = ask(rng, kind, self.pictures)
        words = (f"{IMAGE}{THINGS[thing].name}" for thing in index)
        images = words if self.pictures is None else repeat(IMAGE * IMAGE_TOKENS)
        inputs = encode(self.tokenizer, dialogues, images)
        if self.pictures is not None and len(index):
            inputs["pixel_values"] = self.pictures.tensor(index, rng)
        labels = inputs.pop("labels")[:, 1:]
        learnt = labels != IGNORED
        states = self.model.model(**inputs).last_hidden_state[:, :-1]
        logits = self.model.lm_head(states[learnt])  # only where there is something to learn
        return kind, nn.functional.cross_entropy(logits, labels[learnt])


def train(recipe: Recipe, out: Path) -> None:
    """Draw, train and save."""
    torch.manual_seed(recipe.seed)
    pictures = Pictures.draw(recipe.seed, Split.TRAINING, recipe.pictures)
    tokenizer = make_tokenizer()
    model = make_model(tokenizer)
    print(f"{sum(p.numel() for p in model.parameters())} parameters", flush=True)
    tower = model.model.vision_tower
    namer = Namer(tower)
    naming = partial(naming_loss, _generator(recipe, 0), pictures, namer)
    optimise([(1.0, namer)], naming, Phase("vision", recipe.vision_steps))
    language = model.model.language_model  # the head is tied to its embedding
    prepare_look_up(language)
    rng = _generator(recipe, 1)
    talk = partial(Talk, tokenizer, model)
    look_up_phase = Phase("look up", recipe.look_up_steps, rate=2e-3)
    optimise([(1.0, language)], partial(talk(LOOK_UP_MIX).loss, rng), look_up_phase)
    words = partial(talk(WORDS_MIX).loss, rng)
    optimise([(1.0, language)], words, Phase("words", recipe.words_steps))
    groups = [(0.3, tower), (1.0, model.model.multi_modal_projector), (0.5, language)]
    talking = partial(talk(PICTURES_MIX, pictures).loss, rng)
    optimise(groups, talking, Phase("pictures", recipe.steps))
    model.eval().save_pretrained(out)
    make_processor(tokenizer).save_pretrained(out)
    name_as_published(out / "model.safetensors")


def _generator(recipe: Recipe, phase: int) -> Generator:
    """Return the generator of a phase; its key is none of a picture's."""
    return np.random.default_rng(np.random.SeedSequence(recipe.seed, spawn_key=(len(Split), phase)))


def main() -> None:
    """Read the options and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--vision-steps", type=int, default=5500)
    parser.add_argument("--look-up-steps", type=int, default=300)
    parser.add_argument("--words-steps", type=int, default=500)
    parser.add_argument("--pictures", type=int, default=40000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("models/mini"))
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    start = time.perf_counter()
    recipe = Recipe(
        steps=options.steps,
        vision_steps=options.vision_steps,
        look_up_steps=options.look_up_steps,
        words_steps=options.words_steps,
        pictures=options.pictures,
        seed=options.seed,
    )
    train(recipe, options.out)
    print(f"{time.perf_counter() - start:.0f} s in all")


if __name__ == "__main__":
    main()
