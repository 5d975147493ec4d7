"""What WordNet says of ImageNet's classes: one gloss a line, in the order of the class ids.

`python tools/wordnet_glosses.py dict/data.noun -o tasks/classes/imagenet1k_glosses.txt`.
"""

from collections.abc import Sequence

from wordnet import synset_lines, write_lines


def glosses(text: str, class_ids: Sequence[str]) -> list[str]:
    """Give the gloss of each class, without the examples of use, in quotes."""
    known = {key: gloss.partition('; "')[0].strip() for key, _, gloss in synset_lines(text)}
    return [known[each] for each in class_ids]


if __name__ == "__main__":
    write_lines(__doc__, glosses)
