"""`harness export hf`: runs as a dataset of the Hugging Face hub."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import (
    IncludePath,
    LabelSetPaths,
    RunSettings,
    catalogue_of,
    overrides_of,
)
from harness.report.terminal import say


def hf(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="Run directories, or folders of them.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="A new folder.")],
    repo: Annotated[
        str | None,
        typer.Option(help="OWNER/NAME that the dataset will have on the hub."),
    ] = None,
    license: Annotated[
        str, typer.Option(help="Licence of the predictions, by the hub's identifier.")
    ] = "unknown",
    label_set: LabelSetPaths = None,
    settings: RunSettings = None,
    include_path: IncludePath = None,
) -> None:
    """Write runs as a folder that `datasets.load_dataset(DIR, NAME)` reads.

    NAME is predictions, labels, scores or classes. Labels are in it where the label set's YAML
    names a licence that allows it. A dataset card, `eval.yaml` and `.eval_results/` are there too.
    """
    from harness.export.hf.folder import HfOptions, export_hf

    options = HfOptions(repo, license, overrides_of(label_set, None, settings))
    written = export_hf(catalogue_of(include_path), runs, output, options)
    say(
        f"{output}: {written.predictions} predictions of {written.runs} runs, "
        f"{written.scores} scores"
    )
    for each in written.label_sets:
        here = f"left out: {each.left_out}" if each.left_out else f"licence {each.license}"
        say(f"labels `{each.name}`: {here}")
    if repo is None:
        hint = "`--repo OWNER/NAME` for its id on the hub"
        say(f"the files name the dataset `{written.dataset}`; {hint}")
