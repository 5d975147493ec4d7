"""Print the rows of the tables of docs/real_answers.md from runs that were imported and scored.

Usage: python tools/real_answers_tables.py RUN...
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.scores.results import Results
from real_answers import CUES


@dataclass(frozen=True, slots=True)
class Run:
    """A scored run, and what `harness map` wrote beside it."""

    results: Results
    grid: Mapping[tuple[str, str, str], Mapping[str, float]]
    """Encoder, template of class names, template of answers to label set to accuracy."""

    @classmethod
    def read(cls, path: Path) -> "Run":
        """Read a run directory."""
        results = Results.from_json(json.loads((path / "results.json").read_text("utf-8")))
        grid = path / "mapping_grid.json"
        rows = json.loads(grid.read_text("utf-8"))["rows"] if grid.exists() else []
        return cls(
            results,
            {
                (row["encoder"], row["class_template"], row["answer_template"]): {
                    label_set: score["all"]["accuracy"]
                    for label_set, score in row["scores"].items()
                }
                for row in rows
            },
        )

    def mapped(self, label_set: str) -> list[float]:
        """Give the accuracy of each combination of `harness map`."""
        return [scores[label_set] for scores in self.grid.values()]


def closed_world(run: Run) -> tuple[list[str], list[str]]:
    """Give the rows of a run in both tables of closed worlds: by matching, and by what becomes of
    an answer that is out of the list.
    """
    results = run.results
    ((label_set, score),) = results.scores["cw"].items()
    assert score.matching is not None and results.out_of_prompt is not None
    first = [results.task, f"{results.n:,}", str(results.class_list.n)]
    strict, normalized = (score.accuracy_by(each) for each in ("strict", "normalized"))
    published = score.accuracy_first_in_list
    named = results.counts["ok"]
    left_out = 100 * score.n_right / named
    mapped = run.mapped(label_set)
    plain = [
        run.grid.get((each, "raw", "raw"), {}).get(label_set) for each in ("lexical", "minilm")
    ]
    every = [strict, normalized, score.accuracy, published, left_out, *mapped]
    known = [each for each in every if each is not None]
    matching = [
        *first, two(published), two(strict), two(normalized), two(score.accuracy),
        f"{results.out_of_prompt['strict'].n:,}", f"{results.counts['oop']:,}",
        f"{results.n - named - results.counts['oop']:,}",
    ]  # fmt: skip
    treatment = [
        results.task, two(score.accuracy), f"{two(left_out)} ({named:,})", two(published),
        *map(two, plain), two(min(mapped, default=None)), two(max(mapped, default=None)),
        two(max(known) - min(known)),
    ]  # fmt: skip
    return matching, treatment


def shape_bias(run: Run) -> Iterator[list[str]]:
    """Give the rows of a run on shape-bias pictures: as read and mapped; of letters strictly too if
    that differs; where there is a grid, as `lexical` maps, the combinations with the fewest and
    most right, and the range of the shape bias.
    """
    results = run.results
    named = {name.rpartition("_")[2]: name for name in results.scores[results.protocol]}
    scores = [results.scores[results.protocol][named[each]] for each in CUES]
    first = [results.task, results.model]
    strict = [score.accuracy_by("strict") for score in scores]
    read = [score.accuracy for score in scores]
    if results.protocol == "mc" and strict != read:
        yield [*first, "strict", *figures(strict)]
    yield [*first, "as read", *figures(read)]
    grid = sorted(run.grid, key=lambda each: run.grid[each][named["either"]])
    shown = [("lexical", "raw", "raw"), *grid[:1], *grid[-1:]] if grid else []
    for combination in shown:
        right = [run.grid[combination][named[each]] for each in CUES]
        yield [*first, ", ".join(combination), *figures(right)]
    if grid:
        every = (bias([by_set[named[each]] for each in CUES]) for by_set in run.grid.values())
        known = [each for each in every if each is not None]
        ends = f"{two(min(known, default=None))} to {two(max(known, default=None))}"
        yield [*first, f"{len(grid)} combinations", "–", "–", "–", ends]


def figures(right: Sequence[float | None]) -> list[str]:
    """Write the accuracy against each of `CUES`, and the shape bias."""
    return [*map(two, right), two(bias(right))]


def bias(right: Sequence[float | None]) -> float | None:
    """Give the shape bias in percent, shape among shape and texture; None where none is right."""
    shape, texture = right[0] or 0, right[1] or 0
    return 100 * shape / (shape + texture) if shape + texture else None


def two(value: float | None) -> str:
    """Write a figure with two decimals, and a dash for none."""
    return "–" if value is None else f"{value:.2f}"


def print_tables(paths: Sequence[Path]) -> None:
    """Print the rows of runs, each table after the other."""
    runs = [Run.read(path) for path in paths]
    closed = [closed_world(run) for run in runs if run.results.protocol == "cw"]
    shapes = [row for run in runs if run.results.protocol != "cw" for row in shape_bias(run)]
    for table in ([row for row, _ in closed], [row for _, row in closed], shapes):
        for row in table:
            print(f"| {' | '.join(row)} |")
        print()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+")
    print_tables(parser.parse_args().runs)


if __name__ == "__main__":
    main()
