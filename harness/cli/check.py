"""`harness check`: are tasks and models sound, before a model is run."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options as opts
from harness.errors import Problem, SpecError, unknown_name
from harness.limits import is_folder
from harness.report.terminal import fitted, paragraph, say
from harness.specs.catalogue import Catalogue, Kind, kind_at
from harness.words import counted

if TYPE_CHECKING:
    from harness.runs.preflight import Finding

_MARKS = {"ok": "ok   ", "note": "note ", "error": "ERROR"}


def check(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Tasks, models, class lists, prompts, studies, by name or YAML; models as of `run "
            "--model` too; all without any."
        ),
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE instead of a task's; repeatable.")
    ] = None,
    model_settings: opts.ModelSettings = None,
    label_set: opts.LabelSetPaths = None,
    equivalences: opts.EquivalencesFile = None,
    online: Annotated[
        bool,
        typer.Option(
            "--online",
            help="Only ask the hub whether the data sets of the tasks are there as they are meant.",
        ),
    ] = False,
    include_path: opts.IncludePath = None,
) -> None:
    """Check tasks, models, class lists, prompts and studies: files, names, labels, images, gold.

    Exit code 0 when there is no error, 2 when there is one.
    """
    from harness.checks import before

    catalogue, settings = opts.catalogue_of(include_path), settings or []
    chosen = _chosen(catalogue, names or [])
    overrides = opts.overrides_of(label_set, equivalences)
    if online:
        unused = (label_set, equivalences, model_settings)
        raise typer.Exit(_ask_hub(catalogue, chosen, settings, bool(names), unused))
    tasks = [name for kind, name in chosen if kind is Kind.TASK]
    overrides = before.share_among_tasks(catalogue, tasks, settings, overrides)
    failed = 0
    for kind, name in chosen:
        if kind is Kind.TASK:
            found = before.check_task(catalogue, name, settings, overrides, needs_data=bool(names))
        elif kind is Kind.MODEL:
            found = before.check_model(catalogue, name, model_settings or ())
        elif kind is Kind.CLASS_LIST:
            found = before.check_class_list(catalogue, name)
        elif kind is Kind.PROMPT:
            found = before.check_named_prompt(catalogue, name)
        elif kind is Kind.STUDY:
            found = before.check_study(catalogue, name)
        else:
            known = [*catalogue.names(Kind.TASK), *catalogue.names(Kind.MODEL)]
            fix = "`harness list tasks` and the like name them; a folder is `./NAME`"
            raise SpecError(unknown_name("check", "task or model", name, known, fix))
        failed += _show(kind, name, found)
    say(counted(failed, "error") if failed else "no errors")
    raise typer.Exit(2 if failed else 0)


def _ask_hub(
    catalogue: Catalogue,
    chosen: Sequence[tuple[Kind | None, str]],
    settings: Sequence[str],
    named: bool,
    unused: Sequence[object],
) -> int:
    """Print a line for each data set on the hub that tasks are on; give the exit code."""
    from harness.checks.online import check_online, hub_tasks

    others = [name for kind, name in chosen if kind is not Kind.TASK]
    if named and others:
        got, fix = ", ".join(others), "name tasks only; leave out --online for the others"
        raise SpecError(Problem("--online", "is for tasks alone", got, fix=fix))
    if any(unused):
        fix = "leave out --label_set, --equivalences and --set_model"
        raise SpecError(Problem("--online", "looks at data sets alone", fix=fix))
    found = hub_tasks(catalogue, [name for kind, name in chosen if kind is Kind.TASK], settings)
    failed = 0
    for name, task in found.items():
        finding = check_online(catalogue, task)
        failed += finding.level == "error"
        say(fitted(f"{_MARKS[finding.level]} {name}: {finding.text}"))
    of = f"{counted(failed, 'error')} in {counted(len(found), 'data set')} on the hub"
    say(of if found else "none is on the hub")
    return 2 if failed else 0


def _show(kind: Kind, name: str, findings: "Sequence[Finding]") -> int:
    """Print what was found of one name, each in a paragraph; give the number of errors."""
    say(f"{kind.value} {name}")
    for each in findings:
        lead = f"  {_MARKS[each.level]} {each.check:<8}"
        for line in each.text.split("\n"):
            say(paragraph(lead, line))
            lead = " " * len(lead)
    return sum(each.level == "error" for each in findings)


def _chosen(catalogue: Catalogue, names: list[str]) -> list[tuple[Kind | None, str]]:
    from harness.adapters.registry import ADAPTERS

    kinds = (Kind.TASK, Kind.MODEL, Kind.CLASS_LIST, Kind.PROMPT, Kind.STUDY)
    everything = [(kind, name) for kind in kinds for name in catalogue.names(kind)]
    if not names:
        return list(everything)
    found: list[tuple[Kind | None, str]] = []
    for name in names:
        is_model = ":" in name or "/" in name or name in ADAPTERS or is_folder(Path(name))
        own = Kind.MODEL if is_model else None  # one without a YAML
        if name.endswith((".yaml", ".yml")):
            own = kind_at(Path(name))
        found += [pair for pair in everything if pair[1] == name] or [(own, name)]
    return found
