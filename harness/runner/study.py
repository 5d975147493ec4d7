"""Make the runs of a study that are missing, one load of each model, by the ordinary run code."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from harness.adapters.registry import check_fits, checked_class, load_adapter
from harness.errors import Problem, UserError
from harness.runner.batch_size import BatchSize, batch_size_for
from harness.runner.processes import Rank
from harness.runner.session import RunOptions, run_task
from harness.runs.finish import Finished
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.load import load_model, load_task
from harness.specs.model import ModelSpec
from harness.specs.task import TaskSpec
from harness.store.directory import run_path
from harness.store.manifest import Manifest
from harness.studies.design import Study, Variant

log = logging.getLogger("harness")


@dataclass(frozen=True, slots=True)
class ModelRuns:
    """A model of a study with its runs."""

    spec: ModelSpec
    tasks: Mapping[Variant, TaskSpec]

    def options(self, variant: Variant, options: RunOptions, size: BatchSize) -> RunOptions:
        """Give what one of the runs is made with; `options` are those of the whole study."""
        first = next(each for each in self.tasks if each.task == variant.task)
        return replace(
            options,
            output=variant.folder(options.output),
            settings=(*variant.settings, *options.settings),
            batch_size=size,
            says_before=variant == first,
        )


def model_runs(
    catalogue: Catalogue, study: Study, output: Path, settings: Sequence[str]
) -> list[ModelRuns]:
    """Give what each model of a study is asked, all checked as before a run. `output` is the folder
    of all runs, and `settings` say, as `--set`, which images, and where they are.

    A model without a YAML here whose answers were imported has nothing to be asked. Raises
    UserError for a model that cannot be had, or that a task does not fit, and for a setting of all
    runs that the study itself sets for some.
    """
    for setting in settings:
        _refuse_what_is_varied(study, setting)
    found = []
    for name in dict.fromkeys(model for model, _ in study.runs):
        variants = [variant for model, variant in study.runs if model == name]
        is_here = name in catalogue.names(Kind.MODEL) or ":" in name or name.endswith(".yaml")
        if not is_here and _all_complete(name, variants, output):
            continue
        spec = load_model(catalogue, name)
        tasks = {
            each: load_task(catalogue, each.task, (*each.settings, *settings)) for each in variants
        }
        check_fits(spec, checked_class(spec), list(tasks.values()))
        found.append(ModelRuns(spec, tasks))
    return found


def _refuse_what_is_varied(study: Study, setting: str) -> None:
    """Refuse what would take the place of a level: all levels would be one, under their names."""
    key = setting.partition("=")[0]
    for own in {each for _, variant in study.runs for each in variant.settings}:
        varied = own.partition("=")[0]
        if f"{varied}.".startswith(f"{key}.") or f"{key}.".startswith(f"{varied}."):
            what = f"the study itself sets `{varied}`, for some of its runs"
            fix = "leave it out, or change the study's YAML"
            raise UserError(Problem(f"--set {setting}", what, fix=fix))


def _all_complete(name: str, variants: list[Variant], output: Path) -> bool:
    folders = [run_path(each.folder(output), name, each.task) for each in variants]
    return all(
        (each / "manifest.json").is_file() and Manifest.read(each).status == "complete"
        for each in folders
    )


def run_study(
    catalogue: Catalogue,
    study: Study,
    rank: Rank,
    options: RunOptions,
    batch_size: BatchSize | None,
) -> list[Finished]:
    """Make or go on with every run of a study, one after the other; give how each ended.

    `options.output` is the folder of all runs, and `options.settings` say which images. Raises
    UserError as `model_runs` and `run_task`.
    """
    finished = []
    for runs in model_runs(catalogue, study, options.output, options.settings):
        specs = list(runs.tasks.values())
        adapter = cache(partial(load_adapter, runs.spec, rank.setting, specs))
        size = batch_size_for(batch_size, runs.spec)
        for number, (variant, task) in enumerate(runs.tasks.items(), start=1):
            if rank.is_first:
                what = ", ".join(filter(None, (task.task, variant.text)))
                log.info("%s: run %d of %d: %s", runs.spec.model, number, len(specs), what)
            own = runs.options(variant, options, size)
            finished.append(run_task(catalogue, task, runs.spec, adapter, rank, own))
    return finished
