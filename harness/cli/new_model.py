"""`harness new-model`: write the YAML of a model, with what a run without it would have used."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli import options as opts
from harness.errors import Problem, UserError
from harness.report.terminal import paragraph, say
from harness.specs.catalogue import Kind


def new_model(
    name: Annotated[str, typer.Argument(help="What the model is to be called.")],
    source: Annotated[str, typer.Argument(metavar="MODEL", help=opts.MODELS)],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A new file, or a folder; NAME.yaml here.")
    ] = None,
    model_settings: opts.ModelSettings = None,
    include_path: opts.IncludePath = None,
) -> None:
    """Write a model's YAML: what a run with the same MODEL and --model_args would use, and, as
    comments, what else its adapter can be told. No file is written over.
    """
    from harness.adapters.named import find_model
    from harness.checks.model_yaml import model_yaml
    from harness.specs.base import name_fault

    catalogue = opts.catalogue_of(include_path)
    fault = name_fault(name)
    if fault is not None:
        fix = "letters, digits, `-` and `_`"
        raise UserError(Problem("NAME", f"can be no name: it {fault}", ascii(name)[:200], fix=fix))
    if name in catalogue.names(Kind.MODEL):
        where = str(catalogue.find(Kind.MODEL, name))
        raise UserError(Problem(where, f"model `{name}` is there", fix="choose another name"))
    path = output or Path(f"{name}.yaml")
    path = path / f"{name}.yaml" if path.is_dir() else path
    if path.suffix not in (".yaml", ".yml"):
        fix = f"-o {path}.yaml, or a folder that is there"
        raise UserError(Problem(f"-o {path}", "is no name of a YAML file", fix=fix))
    if path.exists():
        raise UserError(Problem(str(path), "is there already", fix="another -o, or remove it"))
    named = find_model(catalogue, source, model_settings or ())
    text = model_yaml(named.spec, name, path.parent, named.architecture)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    say(paragraph("", f"{path}: model `{name}` with adapter `{named.spec.adapter}`"))
    say(f"harness check {path}{catalogue.as_options()}")
    say(f"harness run --tasks TASK --model {path}{catalogue.as_options()}")
