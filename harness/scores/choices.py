"""Multiple choice: the letters chosen, and the accuracy by the letter of the true option."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

import numpy as np
from pydantic import JsonValue

from harness.answers.outcome import Status
from harness.scores.answers import NO_CLASS, Answers, Bools, Ints
from harness.scores.metrics import percent
from harness.scores.results import ChoiceScore, LetterShare, Share
from harness.scores.truth import Truth

_NOWHERE = -1


@dataclass(frozen=True, slots=True)
class _Choices:
    """q answers (no `error`) to questions with options; positions count from 0 (A), -1 for none."""

    n_options: Ints
    """[q] options of the question."""
    chosen: Ints
    """[q] position of the option that the answer names."""
    true: Ints
    """[q] position of the one option that is a label in any label set; -1 when not exactly one."""


def score_choices(
    answers: Answers, truths: Sequence[Truth], distractors: Mapping[str, JsonValue] | None
) -> ChoiceScore:
    """Give the letters that n answers chose; `distractors` says how the options were drawn."""
    choices = _read_choices(answers, truths)
    asked, letters = len(choices.true), ascii_uppercase[: answers.options.shape[1]]
    chosen, true = (_by_letter(each, letters) for each in (choices.chosen, choices.true))
    right = _by_letter(choices.true[choices.chosen == choices.true], letters)
    sizes, counts = np.unique(choices.n_options, return_counts=True)
    return ChoiceScore(
        letters={
            letter: LetterShare(n=count, share=percent(count, asked))
            for letter, count in chosen.items()
        },
        by_position={
            letter: Share(n=n, accuracy=None if letter == "none" else percent(right[letter], n))
            for letter, n in true.items()
        },
        chance=100 * float(np.mean(1 / choices.n_options)) if asked else None,
        n_options=dict(zip(map(str, sizes), counts.tolist(), strict=True)),
        distractors=dict(distractors or {}),
    )


def _read_choices(answers: Answers, truths: Sequence[Truth]) -> _Choices:
    """Find the chosen and the true option of every question that is answered."""
    options = answers.options
    is_option = options != NO_CLASS
    rows = np.broadcast_to(np.arange(len(answers))[:, None], options.shape)
    valid: Bools = np.zeros_like(is_option)
    for truth in truths:
        valid |= truth.holds(rows, options)
    chosen = np.full(len(answers), _NOWHERE, dtype=np.int64)
    named_row, named_class = answers.named.T
    named = options[named_row] == named_class[:, None]
    known = named.any(axis=1) & answers.has(Status.OK)[named_row]
    # Backwards, so that `class_id`, which comes first, wins over `also`.
    chosen[named_row[known][::-1]] = _first(named[known])[::-1]
    true = np.where(valid.sum(axis=1) == 1, _first(valid), _NOWHERE)
    asked = answers.answered & is_option.any(axis=1)
    return _Choices(is_option.sum(axis=1)[asked], chosen[asked], true[asked])


def _first(table: Bools) -> Ints:
    if table.shape[1] == 0:
        return np.full(len(table), _NOWHERE, dtype=np.int64)
    places: Ints = np.argmax(table, axis=1)
    return places


def _by_letter(positions: Ints, letters: str) -> dict[str, int]:
    """Count questions by letter; `none` has those without one."""
    none, *counts = np.bincount(positions + 1, minlength=len(letters) + 1).tolist()
    return {**dict(zip(letters, counts, strict=True)), "none": none}
