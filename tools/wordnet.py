"""WordNet's nouns and ImageNet's classes, for the tools that make files of the class list
`imagenet1k` by them.

The nouns are `dict/data.noun` of WordNet 3.0 (Debian's package `wordnet-base`), whose offsets
ImageNet's ids are. The format is that of wndb(5WN): offset, words, pointers, then the gloss behind
a bar.
"""

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from harness.data.class_lists import load_class_list
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_class_list_spec


def synset_lines(text: str) -> Iterator[tuple[str, list[str], str]]:
    """Give the id, the fields and the gloss of each synset in a file of nouns."""
    for line in text.splitlines():
        if not line.startswith(" "):  # the licence
            fields, _, gloss = line.partition(" | ")
            yield f"n{line[:8]}", fields.split(" "), gloss


def write_lines(about: str | None, lines_of: Callable[[str, Sequence[str]], Iterable[str]]) -> None:
    """Write what a tool makes of the text of the nouns and the ids of the classes; stop where a
    class is not in WordNet.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("nouns", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    classes = load_class_list(load_class_list_spec(Catalogue(()), "imagenet1k")).classes
    lines = lines_of(
        options.nouns.read_text(encoding="utf-8"), [each.wnid or "" for each in classes]
    )
    options.output.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
