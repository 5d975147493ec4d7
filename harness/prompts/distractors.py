"""The wrong options of a multiple-choice question: never another right answer, as hard as asked.

Everything is drawn by hashing (seed, image id), so that the options of an image are the same on
any machine, in any order and with any number of processes.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.data.classes import ClassList
from harness.data.labels.label_set import Equivalences
from harness.errors import DataError, Problem

MIN_OPTIONS, MAX_OPTIONS = 2, 26


@dataclass(frozen=True, slots=True)
class OptionRule:
    """How many options a question has, how hard they are, and the seed that fixes them."""

    n_options: int = 4
    """Letters in the question, the right one included: 2 to 26."""
    window: tuple[int, int] | None = None
    """Ranks (1-based, both ends included) among the candidates left, hardest first, from which the
    distractors are drawn with equal chance; None takes the hardest `n_options - 1`."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse numbers that no question can have, with ValueError."""
        if not MIN_OPTIONS <= self.n_options <= MAX_OPTIONS:
            raise ValueError(f"n_options is {self.n_options}, not {MIN_OPTIONS} to {MAX_OPTIONS}")
        low, high = self.ranks
        if low < 1 or high - low + 2 < self.n_options:
            wanted = f"{self.n_options - 1} distractors"
            raise ValueError(f"ranks {low} to {high} hold fewer than {wanted}")

    @property
    def ranks(self) -> tuple[int, int]:
        """The window in force."""
        return self.window or (1, self.n_options - 1)


def interchangeable(class_list: ClassList, equivalences: Equivalences) -> Equivalences:
    """Merge equivalent classes and those of one normalized name: no two are options together."""
    named = [ids for ids in class_list.by_normalized.values() if len(ids) > 1]
    return Equivalences.from_groups(
        equivalences.source, [*equivalences.representative.items(), *named]
    )


def true_option(
    original: Collection[int], valid: Collection[int], same: Equivalences
) -> int | None:
    """Give the class id of the right option: the (lowest) original label that is valid, else the
    lowest valid one, else None: an image without a valid label has no question.

    An original label is valid when it, or a class of its group, is among the valid ones.
    """
    merged = same.merge_all(valid)
    kept = [class_id for class_id in original if same.merge(class_id) in merged]
    return min(kept or valid, default=None)


def choose_options(
    image_id: str,
    true_id: int,
    forbidden: Collection[int],
    ranking: Iterable[int],
    same: Equivalences,
    rule: OptionRule,
) -> tuple[int, ...]:
    """Give the class ids of the options in the order of their letters.

    `forbidden` holds every valid label of the image in any label set, `ranking` candidate class
    ids from the hardest. Left out of it are the true class, the forbidden ones and whatever is in
    a group of `same` with one of these or with a harder candidate. From the window of ranks among
    the rest the distractors are drawn; their order and the place of the true option are drawn too,
    each place with equal chance. Raises DataError when the window holds too few.
    """
    wanted = rule.n_options - 1
    low, high = rule.ranks
    candidates = _candidates(ranking, same, {true_id, *forbidden}, high)
    window = candidates[low - 1 :]
    if len(window) < wanted:
        raise DataError(_too_few(image_id, true_id, len(candidates), rule))
    drawn = _shuffled(window, "draw", rule.seed, image_id)[:wanted]
    return place_options(image_id, true_id, drawn, rule.seed)


def place_options(image_id: str, true_id: int, wrong: Iterable[int], seed: int) -> tuple[int, ...]:
    """Give the options in the order of their letters, drawn from (seed, image id)."""
    return tuple(_shuffled([true_id, *sorted(wrong)], "place", seed, image_id))


def rank_at_random(image_id: str, class_ids: Sequence[int], seed: int) -> NDArray[np.int64]:
    """Give the [n] class ids in an order drawn from (seed, image id): strategy `random`."""
    ids = np.sort(np.asarray(class_ids, dtype=np.int64))
    return ids[_drawn_order(len(ids), "rank", seed, image_id)]


def rank_by_similarity(
    similarity: NDArray[np.floating], class_ids: Sequence[int]
) -> NDArray[np.int64]:
    """Rank for each class the others by similarity, highest first, ties by class id.

    `similarity` is [n, n], rows and columns in the order of `class_ids`; so are the rows given
    back, [n, n - 1] class ids. Raises ValueError when the shape does not fit.
    """
    ids = _square(similarity, class_ids)
    return _rank(similarity, ids, np.broadcast_to(ids, similarity.shape))


def rank_by_confusion(confusion: NDArray[np.number], class_ids: Sequence[int]) -> NDArray[np.int64]:
    """Rank for each true class the others by how often it was taken for them, most first.

    `confusion` is [n, n], or [n, n + 1] with a last column of out-of-prompt answers, which is left
    out: row = true class, column = predicted, in the order of `class_ids`. Ties, and so all the
    classes never confused, follow in an order drawn from a hash of both ids: by id they would be
    the same neighbours in the list for every image. Gives [n, n - 1] class ids. Raises ValueError
    when the shape does not fit.
    """
    counts = confusion[:, : len(class_ids)]
    ids = _square(counts, class_ids)
    narrow = ids.astype(np.uint64)
    pairs = (narrow[:, None] << np.uint64(32)) + narrow
    return _rank(counts, ids, _mix(pairs))


def _rank(
    scores: NDArray[np.number], ids: NDArray[np.int64], ties: NDArray[np.integer]
) -> NDArray[np.int64]:
    order: NDArray[np.intp] = np.lexsort((ties, -scores.astype(np.float64)), axis=1)
    ranked: NDArray[np.int64] = ids[order]
    own: NDArray[np.bool_] = ranked == ids[:, None]
    return ranked[~own].reshape(len(ids), max(len(ids) - 1, 0))


def _square(matrix: NDArray[np.number], class_ids: Sequence[int]) -> NDArray[np.int64]:
    if matrix.shape != (len(class_ids), len(class_ids)):
        raise ValueError(f"matrix of shape {matrix.shape} for {len(class_ids)} classes")
    return np.asarray(class_ids, dtype=np.int64)


def _candidates(
    ranking: Iterable[int], same: Equivalences, taken: Iterable[int], enough: int
) -> list[int]:
    groups = set(same.merge_all(taken))
    left: list[int] = []
    for class_id in map(int, ranking):
        group = same.merge(class_id)
        if group not in groups:
            groups.add(group)
            left.append(class_id)
            if len(left) == enough:
                break
    return left


def _shuffled(items: Sequence[int], purpose: str, seed: int, image_id: str) -> list[int]:
    return [items[place] for place in _drawn_order(len(items), purpose, seed, image_id)]


def _drawn_order(size: int, purpose: str, seed: int, image_id: str) -> NDArray[np.intp]:
    start = hashlib.sha256(json.dumps([purpose, seed, image_id]).encode()).digest()[:8]
    keys = _mix(np.arange(size, dtype=np.uint64) + np.frombuffer(start, dtype="<u8"))
    return np.argsort(keys, kind="stable")


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scatter integers over 64 bits: the output function of SplitMix64 (Steele et al. 2014).

    NumPy's own generators may change their streams between versions; this cannot.
    """
    mixed = (values + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _too_few(image_id: str, true_id: int, left: int, rule: OptionRule) -> Problem:
    low, high = rule.ranks
    where = f"image {image_id}, true class {true_id}"
    what = f"too few distractors for {rule.n_options} options"
    in_ranks = f"{max(left - low + 1, 0)} of them in ranks {low} to {high}"
    expected = f"{rule.n_options - 1} classes that are neither right for the image nor alike"
    fix = "lower `n_options`, lower or widen `rank`, or use `strategy: random`"
    return Problem(where, what, f"{left} candidates in all, {in_ranks}", expected, fix)
