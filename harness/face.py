"""The Python face: what people call from notebooks. `harness` gives its names, and loads them late.

Tasks and models are those of the command; `score`, `compare` and `read_answer` need neither a run
directory nor a task.
"""

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.adapters.base import Adapter
from harness.adapters.named import find_model
from harness.answers.outcome import Outcome
from harness.errors import DataError, Problem, UserError
from harness.given import Answers, Given, LabelsGiven, Names, class_list_of
from harness.leaderboard.numbers.ranking import Marks, tiers_of
from harness.runs.rows import read_answer as _read
from harness.scores.compare import Comparison, Side, with_holm
from harness.scores.compare import compare as _compare
from harness.scores.results import Protocol, Results
from harness.scores.scoring import ScoreRequest
from harness.scores.scoring import score as _score
from harness.specs import load
from harness.specs.catalogue import Catalogue
from harness.specs.model import ModelSpec
from harness.specs.task import TaskSpec


def load_task(
    name: str, settings: Sequence[str] = (), include_path: Sequence[str | Path] = ()
) -> TaskSpec:
    """Load a task by name or path, with `KEY=VALUE` in place of what its YAML says.

    Raises SpecError for an unknown name or a mistake in the YAML.
    """
    return load.load_task(_catalogue(include_path), name, settings)


def load_model(
    name: str, settings: Sequence[str] = (), include_path: Sequence[str | Path] = ()
) -> ModelSpec:
    """Load the spec of a model as `harness run --model` names it: by name, path, `module:Class`, a
    checkpoint's folder or hub id, an adapter; its weights stay where they are.

    Raises SpecError as `load_task`, DataError for a repository that is not within reach.
    """
    return find_model(_catalogue(include_path), name, settings).spec


def run(  # noqa: PLR0913  # by name, as the command's options
    task: str | TaskSpec,
    model: str | ModelSpec | type[Adapter],
    *,
    output: str | Path | None = None,
    limit: float | None = None,
    sample: int | Mapping[str, int | bool] | None = None,
    ids: str | Path | None = None,
    include_path: Sequence[str | Path] = (),
) -> Results:
    """Run a model over a task in this process, and score it.

    `model` may be the class of an adapter of one's own. `output` is the folder of all runs, where a
    run that was stopped goes on; without it nothing is kept. Of a task that is named, `limit` takes
    the first images, or below 1 that share of them; `sample` so many drawn at random, or
    `{"n": 500, "seed": 1, "stratify": True}` as in a task's YAML; `ids` those of a file, relative
    to where Python runs (docs/scaling.md); one of the three. Raises UserError where something must
    be changed, as the command does, and for a task that asks several times.
    """
    from harness.adapters.registry import check_fits, checked_class, load_adapter
    from harness.runner.batch_size import batch_size_for
    from harness.runner.processes import current_rank
    from harness.runner.session import RunOptions, run_task

    catalogue = _catalogue(include_path)
    parts = {"limit": limit, "sample": sample, "ids": ids}
    chosen = [_setting(key, value) for key, value in parts.items() if value is not None]
    spec = load.load_task(catalogue, task, chosen) if isinstance(task, str) else task
    if chosen and not isinstance(task, str):
        what = f"`{chosen[0].partition('=')[0]}` is for a task by name"
        fix = f"load_task({json.dumps(spec.task)}, {json.dumps(chosen)})"
        raise UserError(Problem(f"task `{spec.task}`", what, fix=fix))
    if spec.repeats > 1:
        what, fix = "asks several times", "harness run, or a task with `repeats: 1`"
        raise UserError(Problem(f"task `{spec.task}`", what, f"repeats: {spec.repeats}", fix=fix))
    who = find_model(catalogue, model).spec if isinstance(model, str) else model
    if isinstance(who, type):
        name = f"{who.__module__}:{who.__qualname__}"
        who = ModelSpec(model=who.__qualname__, adapter=name)
    check_fits(who, checked_class(who), [spec])
    rank = current_rank()
    with ExitStack() as stack:
        if output is None:
            output = stack.enter_context(tempfile.TemporaryDirectory())
        options = RunOptions(Path(output), batch_size_for(None, who), show_progress=False)
        adapter = partial(load_adapter, who, rank.setting, [spec])
        results = run_task(catalogue, spec, who, adapter, rank, options).results
    assert results is not None
    return results


def _setting(key: str, value: object) -> str:
    """Give as `KEY=VALUE` what of a task's images is asked about."""
    if isinstance(value, int | float):
        return f"{'sample.n' if key == 'sample' else key}={value}"
    return f"{key}={json.dumps(value if isinstance(value, Mapping) else str(value))}"


def read_answer(
    text: str | None, classes: Names, protocol: Protocol = "cw", options: Sequence[int] = ()
) -> Outcome:
    """Read one answer as a run does: which class of `classes` it names, by which rule.

    `protocol` is `cw` (a name of the list), `mc` (a letter of `options`, which are class ids in the
    order of the letters) or `ow`.

    >>> read_answer("I think it is a tabby cat.", ["goldfish", "tabby cat"]).class_id
    1
    """
    return _read(protocol, text, options, class_list_of(classes))


def score(
    answers: Answers,
    labels: LabelsGiven,
    classes: Names | None = None,
    *,
    original: str | None = None,
    equivalences: Iterable[Iterable[int]] = (),
    draws: int = 2000,
) -> Results:
    """Score answers of a closed world (`cw`), without a run directory.

    `answers` [n] and `labels` [n] are in one order, or both by image id; `labels` may also be
    several label sets by name, of which `original` is the data set's own. `classes` are needed
    where answers or labels are texts; a text is read as a run reads it, a class id is taken as it
    is. `equivalences` are groups of class ids that count as one. Accuracies are percent; an image
    that is labelled and has no answer makes the results incomplete. Raises DataError for labels
    that are no class, and where answers and labels do not fit each other.

    >>> score([3, 1, 1], [3, 1, {0, 2}], draws=10).scores["cw"]["labels"].n_right
    2
    """
    given = Given.of(labels, classes, original, equivalences, answers)
    request = ScoreRequest(
        "answers", "answers", "cw", given.classes, given.labels, n_expected=given.n, draws=draws
    )
    return _score(given.rows[0], request)


def compare(
    a: Answers,
    b: Answers,
    labels: LabelsGiven,
    classes: Names | None = None,
    *,
    original: str | None = None,
    equivalences: Iterable[Iterable[int]] = (),
) -> tuple[Comparison, ...]:
    """Compare two sets of answers to the same images, under each label set.

    Arguments as of `score`. `delta` is a less b in points, with an interval over classes; the
    p-values are McNemar's, exact, and Holm's for the number of label sets.

    >>> compare([1, 2, 2, 2], [1, 0, 0, 2], [1, 2, 2, 2])[0].delta
    50.0
    """
    given = Given.of(labels, classes, original, equivalences, a, b)
    one, two = (Side(name, "cw", rows) for name, rows in zip("ab", given.rows, strict=True))
    found = given.labels
    return with_holm(
        [_compare(one, two, each, found.equivalences, found.original) for each in found.sets]
    )


def tiers(right: NDArray[np.bool_]) -> list[int]:
    """Give the tier of each of m models, 1 for the best and whoever is not separable from it.

    `right` [m, n] says which of n images each model has right. Exact McNemar, Holm's correction in
    each tier, as on the leaderboard (docs/statistics.md).
    """
    table = np.asarray(right)
    if table.ndim != 2 or table.dtype != np.bool_:
        what, got = "is no table of models and images", f"{table.ndim} axes of {table.dtype}"
        raise DataError(Problem("right", what, got, fix="give an array of bool, [m, n]"))
    order = np.argsort(-table.mean(axis=1), kind="stable")
    every = np.ones_like(table)
    found = tiers_of(Marks(table[order], every, np.zeros(table.shape[1], int)))
    return [found[place] for place in np.argsort(order, kind="stable")]


def _catalogue(include_path: Sequence[str | Path]) -> Catalogue:
    return Catalogue(tuple(map(Path, include_path)))
