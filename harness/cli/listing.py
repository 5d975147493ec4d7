"""`harness list`: what there is, by name."""

from enum import StrEnum

from harness.cli import options as opts
from harness.report.terminal import say
from harness.specs.catalogue import Kind


class Listed(StrEnum):
    """What can be listed: kinds of file, by the names that these have in `Kind`."""

    TASK = "tasks"
    MODEL = "models"
    ENCODER = "encoders"
    LABEL_SET = "label_sets"
    CLASS_LIST = "class_lists"
    PROMPT = "prompts"
    STUDY = "studies"


def list_names(what: Listed, include_path: opts.IncludePath = None) -> None:
    """List tasks, models, encoders, label sets, class lists, prompts or studies, one a line."""
    catalogue = opts.catalogue_of(include_path)
    for name in catalogue.names(Kind[what.name]):
        say(name)
    if what is Listed.TASK:
        for name in catalogue.names(Kind.GROUP):
            say(f"{name} (group)")
