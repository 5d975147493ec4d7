"""Write runs as a folder that `datasets.load_dataset` reads (`harness export hf`)."""

import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from harness.data.labels.of_task import NO_OVERRIDES, Overrides
from harness.errors import Problem, UserError
from harness.export.hf import card
from harness.export.hf.answers import Beside
from harness.export.hf.labels import Admission, LabelFacts, Shared, admission_of, write_shared
from harness.export.hf.runs import ExportRun, read_runs
from harness.export.hf.tables import write_predictions, write_prompts, write_scores
from harness.runs.reopen import reopen
from harness.specs.catalogue import Catalogue
from harness.store.new_folder import new_folder, refuse_full, refuse_name

_REPO = r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*"
_LICENSE = r"[a-z0-9][a-z0-9.+-]*"


@dataclass(frozen=True, slots=True)
class HfOptions:
    """What the command line says of the dataset."""

    repo: str | None = None
    """Id of the dataset on the hub, of which labels are left out that may not be passed on; without
    it the folder is for local use, has all labels, and its name stands for the id."""
    license: str = "unknown"
    """Licence of the predictions and scores, by the hub's identifier."""
    overrides: Overrides = NO_OVERRIDES


@dataclass(frozen=True, slots=True)
class HfWritten:
    """What was exported."""

    runs: int
    predictions: int
    scores: int
    dataset: str
    """The id that the files give the dataset."""
    label_sets: tuple[LabelFacts, ...]


def export_hf(
    catalogue: Catalogue, paths: Sequence[Path], folder: Path, options: HfOptions
) -> HfWritten:
    """Write runs (or all runs in folders) into a new folder, which appears whole or not at all.

    The same runs give the same bytes. Raises UserError for a folder that is not empty or options
    that the hub would not take, and as `read_runs`, `admission_of`, `write_shared` and
    `write_predictions`.
    """
    refuse_full(folder)
    refuse_name(folder)
    _check(options)
    dataset = options.repo or folder.resolve().name
    with ExitStack() as held:
        runs = read_runs(paths, held)
        title = card.title_of(runs)
        hidden = held.enter_context(new_folder(folder))
        admission = admission_of(catalogue, runs, options.overrides, options.repo is None)
        shared = write_shared(admission, runs, hidden)
        n, n_prompts = _write_answers(admission, runs, hidden, shared)
        n_scores = write_scores(hidden / "scores" / "scores.parquet", runs)
        facts = card.CardFacts(title, dataset, options.license, runs, shared, n, n_prompts)
        card.write_card(hidden / "README.md", facts)
        card.write_eval_yaml(hidden / "eval.yaml", title, runs, shared)
        url = f"https://huggingface.co/datasets/{options.repo}" if options.repo else None
        card.write_eval_results(hidden / ".eval_results", dataset, url, runs)
    return HfWritten(len(runs), n, n_scores, dataset, shared.label_sets)


def _write_answers(
    admission: Admission, runs: Sequence[ExportRun], folder: Path, shared: Shared
) -> tuple[int, int]:
    """Write `predictions/*.parquet` and the prompts of all runs; give the number of both."""
    names = [each.name for each in shared.exported]
    prompts: dict[str, str] = {}
    n = 0
    for run in runs:
        opened = reopen(admission.catalogue, run.path, admission.overrides)
        n += write_predictions(folder / "predictions", run, Beside(opened, names, prompts))
    if prompts:
        write_prompts(folder / "prompts" / "prompts.parquet", prompts)
    return n, len(prompts)


def _check(options: HfOptions) -> None:
    if options.repo is not None and not re.fullmatch(_REPO, options.repo):
        what = "is no id of a dataset on the hub"
        raise UserError(Problem("--repo", what, options.repo, fix="--repo OWNER/NAME"))
    if not re.fullmatch(_LICENSE, options.license):
        what = "is no licence's identifier"
        fix = "take an identifier of https://huggingface.co/docs/hub/repositories-licenses"
        raise UserError(Problem("--license", what, options.license, fix=fix))
