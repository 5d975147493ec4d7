"""`harness judge`: another language model says which answers are right."""

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options as opts
from harness.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.runs.judged import JudgeScore
    from harness.runs.reopen import OpenRun
    from harness.specs.model import ModelSpec


def judge(
    run: Annotated[Path, typer.Argument(help="A run directory.")],
    model: Annotated[str, typer.Option("--model", help=f"The judge. {opts.MODELS}")],
    model_settings: opts.ModelSettings = None,
    max_cost: Annotated[
        float | None,
        typer.Option("--max_cost", help="US dollars that all verdicts of the judge may cost."),
    ] = None,
    label_set: opts.LabelSetPaths = None,
    equivalences: opts.EquivalencesFile = None,
    settings: opts.RunSettings = None,
    include_path: opts.IncludePath = None,
    format_name: opts.Format = None,
    wide: opts.Wide = False,
    as_json: opts.AsJson = False,
) -> None:
    """Ask a language model whether each answer of a run names what its labels say.

    The judge sees the answer and the names of the labels, no image. Its verdicts are appended to
    verdicts.jsonl in the run directory, with the prompt, and no question is asked twice; nothing
    else there is changed. The same command goes on where it stopped, and asks again what failed.

    Exit code 0: every answer has a verdict; 1: some have none; 2: something must be changed.
    """
    from harness.adapters.named import find_model
    from harness.report.forms import form_of
    from harness.report.judge_table import judge_table
    from harness.report.show import show_tables
    from harness.runner.judging import refuse_other_judges
    from harness.runs.judged import questions_of
    from harness.runs.reopen import open_locked_run
    from harness.store.lock import locked
    from harness.store.manifest import Manifest

    form = form_of(format_name, as_json)
    catalogue = opts.catalogue_of(include_path)
    spec = find_model(catalogue, model, model_settings or ()).spec
    refuse_other_judges(spec, max_cost)
    Manifest.read(run)
    with locked(run):
        overrides = opts.overrides_of(label_set, equivalences, settings)
        opened = open_locked_run(catalogue, run, overrides)
        scores, failed = _judged(opened, questions_of(opened), spec, max_cost)
    table = judge_table(scores, opened.manifest.model, opened.manifest.task, spec.model)
    again = f"{counted(failed, 'question')} failed; the same command asks again"
    notes = [again] if failed else []
    show_tables([table], notes, form, wide)
    raise typer.Exit(1 if any(each.n_unscored for each in scores) else 0)


def _judged(
    run: "OpenRun", asked: "Mapping[str, list[str | None]]", spec: "ModelSpec", limit: float | None
) -> "tuple[list[JudgeScore], int]":
    """Ask what is not known yet; give the scores, and how many questions failed."""
    from harness.adapters.base import Setting
    from harness.adapters.registry import load_adapter
    from harness.requests import Ask
    from harness.runner.asking import Asker
    from harness.runner.batch_size import WITHOUT_GPU, batch_size_for
    from harness.runner.judging import ask_judge, spending_on
    from harness.runs.judged import VERDICTS_FILE, Verdicts, judged_scores

    verdicts = Verdicts(run.path / VERDICTS_FILE, spec)
    size = batch_size_for(None, spec)
    asker = Asker(load_adapter(spec, Setting()), Ask(), WITHOUT_GPU if size == "auto" else size)
    spending = None if limit is None else spending_on(verdicts, limit)
    prompts = (each for each in chain.from_iterable(asked.values()) if each is not None)
    failed = ask_judge(prompts, verdicts, asker, spending)
    return list(judged_scores(run, asked, verdicts)), failed
