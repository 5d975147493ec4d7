"""`harness list`: what there is, by name."""

from enum import StrEnum

from harness.cli.options import IncludePath, catalogue_of
from harness.report.terminal import say
from harness.specs.catalogue import Kind


class Listed(StrEnum):
    """What can be listed."""

    TASKS = "tasks"
    MODELS = "models"
    ENCODERS = "encoders"
    LABEL_SETS = "label_sets"
    CLASS_LISTS = "class_lists"
    PROMPTS = "prompts"
    STUDIES = "studies"


_KINDS = {
    Listed.TASKS: Kind.TASK,
    Listed.MODELS: Kind.MODEL,
    Listed.ENCODERS: Kind.ENCODER,
    Listed.LABEL_SETS: Kind.LABEL_SET,
    Listed.CLASS_LISTS: Kind.CLASS_LIST,
    Listed.PROMPTS: Kind.PROMPT,
    Listed.STUDIES: Kind.STUDY,
}


def list_names(what: Listed, include_path: IncludePath = None) -> None:
    """List tasks, models, encoders, label sets, class lists, prompts or studies, one a line."""
    catalogue = catalogue_of(include_path)
    for name in catalogue.names(_KINDS[what]):
        say(name)
    if what is Listed.TASKS:
        for name in catalogue.names(Kind.GROUP):
            say(f"{name} (group)")
