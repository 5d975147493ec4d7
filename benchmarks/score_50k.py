"""Time and memory of scoring 50,000 answers on four label sets with the class bootstrap.

Run from the repository's root: `python benchmarks/score_50k.py`. The answers and labels are made
up (seeded); the goal is under 10 s and 1 GB on two cores. Reading files is not in it. With
`--hierarchy` classes are ImageNet's with what WordNet has above and below them, and what is out of
prompt names some of it; with `--protocol ow` all answers do. With
`--nearest` they resemble its names alone, and were mapped to them.
"""

import argparse
import resource
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness.answers.outcome import Status
from harness.data.class_lists import load_class_list
from harness.data.classes import Class, ClassList
from harness.data.labels.label_set import Equivalences, Labels, LabelSet
from harness.scores.results import Protocol
from harness.scores.scoring import ScoreRequest, score
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_class_list_spec
from harness.store.prediction import Prediction

CLASSES = 1000


def class_list(with_hierarchy: bool) -> ClassList:
    """Give a thousand classes."""
    if with_hierarchy:
        return load_class_list(load_class_list_spec(Catalogue(()), "imagenet1k"))
    return ClassList("made-up", "clean", tuple(Class(i, f"class {i}") for i in range(CLASSES)))


def made_up(
    n: int, classes: ClassList, protocol: Protocol, nearest: bool
) -> tuple[list[Prediction], tuple[LabelSet, ...]]:
    """Give n rows of a run with mapped answers, and four label sets for them."""
    nodes = classes.hierarchy.nodes if classes.hierarchy else ()
    names = [name for node in nodes for name in node.names]
    texts = [f"{name.replace(' ', '-')}ishly" if nearest else f"A {name}." for name in names]
    generator = np.random.default_rng(7)
    ids = [f"ILSVRC2012_val_{place + 1:08d}" for place in range(n)]
    truth = generator.integers(CLASSES, size=n)
    answered = np.where(generator.random(n) < 0.7, truth, generator.integers(CLASSES, size=n))
    others = generator.integers(CLASSES, size=(n, 5))
    is_out = generator.random(n) < (1.0 if protocol == "ow" else 0.08)
    said = generator.integers(max(len(texts), 1), size=n)
    rows = [
        Prediction(
            image_id=image_id,
            status=Status.OOP if out and protocol != "ow" else Status.OK,
            answer=texts[text] if texts else "an answer",
            class_id=int(class_id),
            rule="mapped" if out else "strict",
            node=names[text] if out and nearest else None,
            top=(int(class_id), *map(int, rest[1:])),
        )
        for image_id, out, class_id, rest, text in zip(
            ids, is_out, answered, others, said, strict=True
        )
    ]
    sizes = generator.choice([0, 1, 2, 3], p=[0.06, 0.7, 0.16, 0.08], size=(3, n))
    several = [
        {
            image_id: frozenset([int(own), *map(int, rest)][:size])
            for image_id, own, rest, size in zip(ids, truth, others, part, strict=True)
        }
        for part in sizes
    ]
    original = {image_id: frozenset([int(own)]) for image_id, own in zip(ids, truth, strict=True)}
    named = zip(("real", "regt", "multilabel"), several, strict=True)
    sets = (LabelSet("imgt", original, original=True), *(LabelSet(*item) for item in named))
    return rows, sets


def main() -> None:
    """Score once and print seconds and the peak memory of the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=50_000)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--hierarchy", action="store_true")
    parser.add_argument("--nearest", action="store_true")
    parser.add_argument("--protocol", choices=["cw", "ow"], default="cw")
    chosen = parser.parse_args()
    classes = class_list(chosen.hierarchy)
    rows, sets = made_up(chosen.n, classes, chosen.protocol, chosen.nearest)
    digest = classes.hierarchy.digest if classes.hierarchy else None
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    results = score(
        rows,
        ScoreRequest(
            "benchmark",
            "made-up",
            chosen.protocol,
            classes,
            Labels(sets, Equivalences.none()),
            mapping={"hierarchy_sha256": digest} if chosen.nearest else None,
            draws=chosen.draws,
        ),
    )
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cells = sum(len(scores) for scores in results.scores.values())
    print(f"{chosen.n} answers, {len(sets)} label sets, {cells} scores")
    print(f"{seconds:.2f} s; peak memory {peak:.0f} MB, of which {before:.0f} MB before scoring")


if __name__ == "__main__":
    main()
