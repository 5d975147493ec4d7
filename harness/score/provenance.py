"""What results say of the classes, labels and equivalences that they were computed with."""

from harness.data.classes import ClassList
from harness.data.labels.label_set import Equivalences, LabelSet
from harness.score.results import ClassListInfo, EquivalencesInfo, LabelSetInfo
from harness.score.truth import Truth


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
