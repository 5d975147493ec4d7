"""What WordNet has above and below ImageNet's classes: the hierarchy of class list `imagenet1k`.

`python tools/wordnet_hierarchy.py dict/data.noun -o tasks/classes/imagenet1k_hierarchy.tsv`. A line
is a synset: its id, all its hypernyms and, unless it is a class, which has them in the list, its
words. Kept are all that is above a class, up to `entity`, and all that is below one; an instance is
below what it is one of.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from wordnet import synset_lines, write_lines

HYPERNYMS = ("@", "@i")


@dataclass(frozen=True, slots=True)
class Synset:
    """One sense of some words."""

    words: tuple[str, ...]
    parents: tuple[str, ...]
    """The ids of its hypernyms."""


def read_synsets(text: str) -> dict[str, Synset]:
    """Give the synsets of a file of nouns by their ids."""
    found = {}
    for key, fields, _ in synset_lines(text):
        n_words = int(fields[3], 16)
        words = tuple(fields[4 + 2 * n].replace("_", " ") for n in range(n_words))
        start = 4 + 2 * n_words
        pointers = [fields[start + 1 + 4 * n :][:2] for n in range(int(fields[start]))]
        parents = tuple(f"n{offset}" for sign, offset in pointers if sign in HYPERNYMS)
        found[key] = Synset(words, parents)
    return found


def _reached(starts: Iterable[str], steps: Mapping[str, Collection[str]]) -> set[str]:
    found, left = set(starts), list(starts)
    while left:
        new = [each for each in steps[left.pop()] if each not in found]
        found.update(new)
        left += new
    return found


def hierarchy(synsets: Mapping[str, Synset], class_ids: Collection[str]) -> list[str]:
    """Give the lines of the file, by id."""
    above = {key: synset.parents for key, synset in synsets.items()}
    below: defaultdict[str, list[str]] = defaultdict(list)
    for key, parents in above.items():
        for parent in parents:
            below[parent].append(key)
    kept = _reached(class_ids, above) | _reached(class_ids, below)
    lines = []
    for key in sorted(kept):
        parents = [each for each in synsets[key].parents if each in kept]
        words = () if key in class_ids else synsets[key].words
        lines.append("\t".join([key, "|".join(parents), "|".join(words)]).rstrip("\t"))
    return lines


if __name__ == "__main__":
    write_lines(__doc__, lambda text, ids: hierarchy(read_synsets(text), set(ids)))
