"""Tables of simulations as Markdown: which to make, how often to try, from which seed."""

import argparse
import time
from collections.abc import Callable, Mapping

import numpy as np

Lines = list[list[str]]
"""The heading, then the lines."""
Table = Callable[[np.random.Generator, int], Lines]
"""Make a table by so many tries of each line."""


def print_tables(tables: Mapping[str, Table], about: str | None) -> None:
    """Print the tables that the command line names, each from a generator of its own."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--tables", default=",".join(tables), help="names, separated by commas")
    parser.add_argument("--tries", type=int, default=2000, help="for each line of a table")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    names = options.tables.split(",")
    if unknown := set(names) - set(tables):
        parser.error(f"no table is called {', '.join(sorted(unknown))}: {', '.join(tables)}")
    for name in names:
        started = time.perf_counter()
        place = list(tables).index(name)
        heading, *lines = tables[name](np.random.default_rng([options.seed, place]), options.tries)
        print(f"\n### {name}\n")
        for line in (heading, ["---"] * len(heading), *lines):
            print(f"| {' | '.join(line)} |")
        seconds = time.perf_counter() - started
        print(f"\n{options.tries} tries a line; {seconds:.0f} s", flush=True)


def percents(shares: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[str]:
    """Write shares [k] as percent."""
    return [f"{100 * float(share):.1f}" for share in shares]
