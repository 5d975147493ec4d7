"""Which of the images that may be reviewed are: by the rules, at random, and honeypots; and who
gets which. All by hashing (seed, image id), so that a larger queue holds every smaller one.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations

from harness.errors import Problem, UserError
from harness.prompts.distractors import interchangeable
from harness.review.queue import place
from harness.review.rules import Chosen
from harness.review.sources import Sources

FEWEST_OF_HONEYPOT = 2
"""Candidates that a padded honeypot has at least: with one alone nothing is asked."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The images of a queue, each in one of three parts, in the order in which they were drawn."""

    by_rule: tuple[str, ...]
    control: tuple[str, ...]
    """A random sample of all images; the rules may choose some of them as well."""
    honeypots: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Every image, each once."""
        return (*self.by_rule, *self.control, *self.honeypots)


@dataclass(frozen=True, slots=True)
class Size:
    """How many images are drawn."""

    n: int
    """Without honeypots."""
    control: float
    """Share of them that is drawn from all images."""
    honeypots: int
    seed: int

    def n_control(self, n: int) -> int:
        """Give how many of n images are the control share: rounded, and at least one."""
        return min(n, max(1, int(n * self.control + 0.5)))


def draw(sources: Sources, chosen: Chosen, size: Size) -> Drawn:
    """Draw the images. Raises UserError where there are not as many, saying how many there are."""
    everything = _ordered("control", size.seed, sources.image_ids)
    by_rule = _ordered("rule", size.seed, chosen.why)
    most = _most(everything, by_rule, size)
    if size.n > most:
        n_rule = f"the rules choose {len(by_rule)}" if by_rule else "no rule chooses images"
        got = f"{size.n}; {n_rule} of {len(everything)} images"
        n_control = f"{100 * size.control:g} % control"
        fix = "loosen the rules, add one, or raise --control"
        what = f"there are not as many images: at most {most} with {n_control}"
        raise UserError(Problem("--n", what, got, f"at most {most}", fix))
    control = everything[: size.n_control(size.n)]
    in_control = set(control)
    rest = [each for each in by_rule if each not in in_control][: size.n - len(control)]
    honeypots = _honeypots(sources, chosen, control, size)
    return Drawn(tuple(rest), tuple(control), tuple(honeypots))


def _ordered(part: str, seed: int, ids: Iterable[str]) -> list[str]:
    return sorted(ids, key=lambda image_id: place(part, seed, image_id))


def _most(everything: Sequence[str], by_rule: Sequence[str], size: Size) -> int:
    """Give the largest n for which there are enough images of both parts."""
    chosen = set(by_rule)
    in_control = [0, *accumulate(each in chosen for each in everything)]
    return max(
        n
        for n in range(len(everything) + len(chosen) + 1)
        if (n_control := size.n_control(n)) <= len(everything)
        and n - n_control <= len(chosen) - in_control[n_control]
    )


def _honeypots(sources: Sources, chosen: Chosen, control: Sequence[str], size: Size) -> list[str]:
    """Draw images whose label is taken as known: all label sets agree on one label, no rule chooses
    them, and they are not in the control share. Where there is one label set alone, every answer
    that names a class has to agree with it too. Those for which a model answered another class come
    first: with one candidate alone nothing is asked, and a wrong one with a source can be shown.
    """
    if not size.honeypots:
        return []
    left_out = {*chosen.why, *control}
    free = (each for each in sources.image_ids if each not in left_out)
    known = [each for each in free if label_of(sources, each) is not None]
    if len(known) < size.honeypots:
        what = "there are not as many images on whose one label all label sets agree and that no "
        what += "rule chooses"
        got, expected = str(size.honeypots), f"at most {len(known)}"
        raise UserError(Problem("--honeypots", what, got, expected, "ask for fewer"))
    drawn = _ordered("honeypot", size.seed, known)
    drawn.sort(key=lambda image_id: len(sources.candidates(image_id)) < FEWEST_OF_HONEYPOT)
    return drawn[: size.honeypots]


def label_of(sources: Sources, image_id: str) -> int | None:
    """Give the one label on which all label sets agree; None where they do not, where one does not
    know the image, and for a class that counts as another one.
    """
    sets = [each.labels.get(image_id) for each in sources.labels.sets]
    first = sets[0]
    if first is None or len(first) != 1 or any(each != first for each in sets):
        return None
    (label,) = first
    if label in sources.labels.equivalences.representative:
        return None
    if len(sets) == 1:
        named = (each.predicted.classes for each in sources.of(image_id))
        if any(classes and label not in classes for classes in named):
            return None
    return label


def padded(
    sources: Sources, honeypots: Sequence[str], sizes: Sequence[int], seed: int
) -> dict[str, tuple[int, ...]]:
    """Give the candidates of honeypots, filled up with wrong classes to as many as another image of
    the queue has (`sizes`): those that most often are candidates together with the right one, then
    any others; none that counts as the same class or bears the same name.
    """
    labels = {each: label for each in honeypots if (label := label_of(sources, each)) is not None}
    beside = _beside(sources, set(labels.values()))
    same = interchangeable(sources.classes, sources.labels.equivalences)
    found: dict[str, tuple[int, ...]] = {}
    for image_id, label in labels.items():
        own = sources.candidates(image_id)
        size = sizes[int(place("size", seed, image_id), 16) % len(sizes)] if sizes else 0
        counts = beside[label]
        taken = same.merge_all(own)
        others = [each for each in sources.classes.ids if same.merge(each) not in taken]
        others.sort(key=lambda each: (-counts[each], place("wrong", seed, image_id, each)))
        wanted = max(FEWEST_OF_HONEYPOT, size) - len(own)
        found[image_id] = tuple(sorted((*own, *others[: max(0, wanted)])))
    return found


def _beside(sources: Sources, labels: set[int]) -> dict[int, Counter[int]]:
    """Count for each label how often each class is a candidate of an image together with it."""
    found: dict[int, Counter[int]] = {label: Counter() for label in labels}
    for image_id in sources.image_ids:
        candidates = sources.candidates(image_id)
        for label in labels.intersection(candidates):
            found[label].update(candidates)
    return found


def assign(
    images: Sequence[str], annotators: Sequence[str], overlap: int, seed: int
) -> dict[str, tuple[str, ...]]:
    """Give each image to `overlap` annotators: loads differ by one at most, and every two
    annotators have about as many images in common as any other two.
    """
    load: Counter[str] = Counter()
    shared: Counter[frozenset[str]] = Counter()
    found: dict[str, tuple[str, ...]] = {}
    for image_id in images:
        taken: list[str] = []
        for _ in range(overlap):
            rest = (each for each in annotators if each not in taken)
            ranks = {
                each: (
                    load[each],
                    sum(shared[frozenset((each, other))] for other in taken),
                    place("assign", seed, image_id, each),
                )
                for each in rest
            }
            taken.append(min(ranks, key=lambda each: ranks[each]))
        load.update(taken)
        shared.update(map(frozenset, combinations(taken, 2)))
        found[image_id] = tuple(sorted(taken, key=annotators.index))
    return found
