"""Multiple choice: the letters chosen, and the accuracy by the letter of the true option."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from harness.answers.outcome import Status
from harness.scores.answers import NO_CLASS, Answers, Bools, Ints
from harness.scores.metrics import percent
from harness.scores.results import ChoiceScore, LetterShare, Share
from harness.scores.truth import Truth

_NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Choices:
    """n rows of lettered questions; positions count from 0 (A), -1 for none."""

    asked: Bools
    """[n] answers (no `error`) to questions with options."""
    n_options: Ints
    """[n] options of the question."""
    chosen: Ints
    """[n] position of the option that the answer names."""
    true: Ints
    """[n] position of the one option that is a label in any label set; -1 when not exactly one."""


def score_choices(
    answers: Answers, truths: Sequence[Truth], distractors: Mapping[str, JsonValue] | None
) -> ChoiceScore:
    """Give the letters that n answers chose; `distractors` says how the options were drawn."""
    choices = read_choices(answers, tuple(truths))
    asked = int(np.count_nonzero(choices.asked))
    chosen, true = chosen_letters(choices), true_letters(choices)
    right = true_letters(choices, right_only=True)
    return ChoiceScore(
        letters={
            letter: LetterShare(n=count, share=percent(count, asked))
            for letter, count in chosen.items()
        },
        by_position={
            letter: Share(n=n, accuracy=None if letter == "none" else percent(right[letter], n))
            for letter, n in true.items()
        },
        chance=chance(choices),
        n_options={str(size): n for size, n in option_counts(choices).items()},
        distractors=dict(distractors or {}),
    )


def read_choices(answers: Answers, truths: tuple[Truth, ...]) -> Choices:
    """Find the chosen and the true option of every row."""
    options = answers.options
    is_option = options != NO_CLASS
    rows = np.broadcast_to(np.arange(len(answers))[:, None], options.shape)
    valid: Bools = np.zeros_like(is_option)
    for truth in truths:
        valid |= truth.holds(rows, options)
    chosen = np.full(len(answers), _NOWHERE, dtype=np.int64)
    named = options[answers.named_row] == answers.named_class[:, None]
    known = named.any(axis=1) & answers.has(Status.OK)[answers.named_row]
    # Backwards, so that `class_id`, which comes first, wins over `also`.
    chosen[answers.named_row[known][::-1]] = _first(named[known])[::-1]
    true = np.where(valid.sum(axis=1) == 1, _first(valid), _NOWHERE)
    asked = answers.answered & is_option.any(axis=1)
    return Choices(asked, is_option.sum(axis=1), chosen, true)


def _first(table: NDArray[np.bool_]) -> Ints:
    if table.shape[1] == 0:
        return np.full(len(table), _NOWHERE, dtype=np.int64)
    places: Ints = np.argmax(table, axis=1)
    return places


def chosen_letters(choices: Choices) -> dict[str, int]:
    """Count the questions by chosen letter; `none` has those without one. The counts sum to the
    questions asked.
    """
    return _by_letter(choices, choices.chosen[choices.asked])


def true_letters(choices: Choices, right_only: bool = False) -> dict[str, int]:
    """Count the questions by the letter of the true option, all or only those answered right;
    `none` has those without exactly one true option.
    """
    among = choices.asked & (choices.chosen == choices.true) if right_only else choices.asked
    return _by_letter(choices, choices.true[among])


def _by_letter(choices: Choices, positions: Ints) -> dict[str, int]:
    most = int(choices.n_options.max(initial=0))
    none, *counts = np.bincount(positions + 1, minlength=most + 1).tolist()
    return {**dict(zip(ascii_uppercase[:most], counts, strict=True)), "none": none}


def option_counts(choices: Choices) -> dict[int, int]:
    """Count the questions by their number of options."""
    sizes, counts = np.unique(choices.n_options[choices.asked], return_counts=True)
    return {int(size): int(count) for size, count in zip(sizes, counts, strict=True)}


def chance(choices: Choices) -> float | None:
    """Give the accuracy of blind guessing in percent: the mean of 1/k; None without questions."""
    sizes = choices.n_options[choices.asked]
    return 100 * float(np.mean(1 / sizes)) if len(sizes) else None
