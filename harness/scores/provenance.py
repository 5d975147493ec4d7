"""What results say of the classes, labels and equivalences that they were computed with."""

from pydantic import JsonValue

from harness.data.classes import ClassList
from harness.data.labels.label_set import Equivalences, LabelSet
from harness.scores.results import ClassListInfo, EquivalencesInfo, LabelSetInfo
from harness.scores.truth import Truth
from harness.specs.task import TaskSpec
from harness.store.manifest import Manifest

OPTIONS, GIVEN = "options", "given"
"""Where an imported run's manifest counts its options, and what results say of those that came with
the answers."""


def describe_classes(classes: ClassList) -> ClassListInfo:
    """Say which class list was used."""
    return ClassListInfo(
        name=classes.name, name_set=classes.name_set, n=len(classes), digest=classes.digest
    )


def describe_labels(labels: LabelSet, truth: Truth) -> LabelSetInfo:
    """Say which labels were used, and how many of their images the run has a row for."""
    return LabelSetInfo(
        source=labels.source,
        digest=labels.digest,
        original=labels.original,
        n_images=len(labels.labels),
        n_empty=sum(not ids for ids in labels.labels.values()),
        n_common=int(truth.labelled.sum()),
        notes=dict(labels.notes),
    )


def describe_equivalences(equivalences: Equivalences) -> EquivalencesInfo:
    """Say which classes counted as one; groups are ascending."""
    groups: dict[int, list[int]] = {}
    for class_id, lowest in sorted(equivalences.representative.items()):
        groups.setdefault(lowest, []).append(class_id)
    return EquivalencesInfo(source=equivalences.source, groups=list(groups.values()))


def distractors_of(task: TaskSpec, manifest: Manifest) -> dict[str, JsonValue] | None:
    """Say how the wrong options of a run were drawn: as the task says, or, for answers that brought
    their own options, that they were given; None where there are none.
    """
    if task.distractors is None:
        return None
    drawn: dict[str, JsonValue] = task.distractors.model_dump(mode="json")
    counts = manifest.model_facts.get(OPTIONS, {})
    given, rest = counts.get("given", 0), counts.get("drawn", 0)
    if not given:
        return drawn
    if not rest:
        return {"strategy": GIVEN, "n_given": given}
    return {"strategy": f"{GIVEN} and drawn", "n_given": given, "n_drawn": rest, "drawn": drawn}
