"""What WordNet says of ImageNet's classes: one gloss a line, in the order of the class ids.

`python tools/wordnet_glosses.py dict/data.noun -o tasks/classes/imagenet1k_glosses.txt`, with the
file of WordNet 3.0 (Debian's package `wordnet-base`), whose offsets ImageNet's ids are. The
format is that of wndb(5WN): offset, words, pointers, then the gloss behind a bar.
"""

import argparse
from pathlib import Path

from harness.data.class_lists import load_class_list
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_class_list_spec


def glosses(text: str) -> dict[str, str]:
    """Give the gloss of each noun by its offset, without the examples of use, in quotes."""
    found = {}
    for line in text.splitlines():
        offset, bar, gloss = line[:8], " | ", line.partition(" | ")[2]
        if bar in line and offset.isdigit():
            found[offset] = gloss.partition('; "')[0].strip()
    return found


def main() -> None:
    """Write the file; stop where a class is not in WordNet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nouns", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    known = glosses(options.nouns.read_text(encoding="utf-8"))
    classes = load_class_list(load_class_list_spec(Catalogue(()), "imagenet1k")).classes
    lines = [known[(each.wnid or "")[1:]] for each in classes]
    options.output.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
