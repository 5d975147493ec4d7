"""The one exception tree of the harness, and the form in which a mistake is shown to a person."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.words import listed

if TYPE_CHECKING:
    from pydantic import ValidationError

_LONGEST, _MOST_SHOWN = 2_000, 100
"""Characters of one detail of a problem, and problems of one error, that are shown."""
_LONGEST_WORD, _MOST_CANDIDATES = 200, 5_000
_MOST_FAULTS = 5  # of a document, that a message names


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where it is, what is wrong, what was found, what is right, how to mend it."""

    where: str
    what: str
    got: str | None = None
    expected: str | None = None
    fix: str | None = None

    def among(self, name: str, known: Sequence[str]) -> "Problem":
        """Give the problem of an unknown name with the nearest of those known, else with all."""
        return replace(self, fix=suggestion(name, known) or f"name one of {', '.join(known)}")

    def __str__(self) -> str:
        """Give one headline and an indented line for each detail that is known."""
        details = (("got", self.got), ("expected", self.expected), ("fix", self.fix))
        lines = [f"{_cut(self.where)}: {_cut(self.what)}"]
        lines += [f"  {label}: {_cut(text)}" for label, text in details if text is not None]
        return "\n".join(lines)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"


class HarnessError(Exception):
    """Root of everything that the harness raises on purpose; `exit_code` is the command's."""

    exit_code = 1
    exit_at_once = False
    """Whether something still runs that cannot be ended, so that nothing may be waited for."""


class UserError(HarnessError):
    """Something that the user must change. It carries every problem found, not only the first."""

    exit_code = 2

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (
            (problems,) if isinstance(problems, Problem) else tuple(problems)
        )
        shown = [str(problem) for problem in self.problems[:_MOST_SHOWN]]
        rest = len(self.problems) - len(shown)
        super().__init__("\n".join([*shown, *([f"and {rest} more"] if rest else [])]))

    def __reduce__(self) -> tuple[type["UserError"], tuple[tuple[Problem, ...]]]:
        """Let the error of another process arrive with its problems."""
        return type(self), (self.problems,)


class SpecError(UserError):
    """A YAML file (task, model, encoder, class list, label set) says something it cannot say."""


class DataError(UserError):
    """A data, label or prediction file cannot be read or does not fit the task."""


class MissingPackageError(UserError):
    """A feature needs a package that is not installed; the problem names the extra to install."""


class RunError(HarnessError):
    """A run cannot go on (error budget spent, a directory in use, a rank lost)."""


def first_line(error: BaseException) -> str:
    """Give the first line of what an error says, or its name where it says nothing."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def faults_of(error: "ValidationError") -> str:
    """Say what pydantic found in one line, without the values, which are a stranger's."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(
        f"{'.'.join(map(str, each['loc']))[:80] or 'the whole'}: {each['msg']}"
        for each in found[:_MOST_FAULTS]
    )


def nearest(word: str, candidates: Sequence[str]) -> str | None:
    """Give the candidate most like `word`; None below a ratio of 0.6, and for a very long word, as
    the work grows with its length squared.
    """
    if len(word) > _LONGEST_WORD:
        return None
    matches = difflib.get_close_matches(word, candidates[:_MOST_CANDIDATES], n=1)
    return matches[0] if matches else None


def suggestion(name: str, known: Sequence[str]) -> str | None:
    """Ask whether the known name nearest to a misspelt one was meant; None where none is near."""
    guess = nearest(name, known)
    return f"did you mean `{guess}`?" if guess else None


def near_path(path: Path) -> str | None:
    """Ask whether a neighbour of a path that is not there was meant; None where none is like it."""
    try:
        guess = nearest(path.name, [each.name for each in path.parent.iterdir()])
    except OSError:
        return None
    return f"did you mean `{path.parent / guess}`?" if guess else None


def unknown_name(
    where: str, kind: str, name: str, known: Sequence[str], otherwise: str | None = None
) -> Problem:
    """Build the problem for a name that is not in a registry, with the nearest known one; where
    none is near, the fix is `otherwise`, or to name one of those known.
    """
    one_of = f"name one of {listed(sorted(known), 20)}"
    other = otherwise or (one_of if known else f"leave it out: there is no {kind}")
    return Problem(where, f"unknown {kind}", name, fix=suggestion(name, known) or other)
