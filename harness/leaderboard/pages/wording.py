"""What the pages call protocols, kinds of model, groups of images and statuses."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.scores.metrics import Group
from harness.scores.results import SIDE_BY_SIDE, Matching, Protocol
from harness.specs.model import Kind


@dataclass(frozen=True, slots=True)
class ProtocolWords:
    """What the pages call a protocol: in full, in a table, and in a sentence on how it asks."""

    name: str
    short: str
    note: str


KINDS: Mapping[Kind, str] = {
    "mllm": "MLLM",
    "dual_encoder": "dual encoder",
    "supervised": "supervised",
    "knn": "k-NN",
}
PROTOCOLS: Mapping[Protocol, ProtocolWords] = {
    "ow": ProtocolWords(
        "Open world",
        "OW",
        "The prompt lists no classes; a text encoder maps every answer to the nearest class.",
    ),
    "mc": ProtocolWords("Multiple choice", "MC", "The prompt lists a few lettered options."),
    "cw": ProtocolWords(
        "Closed world",
        "CW",
        "The prompt lists all classes; an answer that is none of them is out of prompt (OOP) and "
        "wrong.",
    ),
    "cw_plus": ProtocolWords(
        "Closed world, mapped",
        "CW+",
        "The prompt lists all classes; an answer that is none of them is mapped to the nearest "
        "class by a text encoder.",
    ),
    "classify": ProtocolWords(
        "Classification without a prompt",
        "classify",
        "Classifiers, dual encoders and k\N{NON-BREAKING HYPHEN}NN choose among the classes by "
        "their scores.",
    ),
}
CLAIMED = (
    "Claimed: nothing in these entries gives the classes again, so that the figures rest on what "
    "the submitters say; they are ranked among themselves."
)
MATCHINGS: Mapping[Matching, str] = SIDE_BY_SIDE
GROUPS: Mapping[Group, str] = {
    "A": "all images with a label",
    "N": "no valid label; not scored",
    "S": "one label",
    "S+": "one label, and it is the original one",
    "S-": "one label, and it is not the original one",
    "M": "several labels",
    "M+": "several labels, the original one among them",
    "M-": "several labels, the original one not among them",
}


def group_name(group: Group) -> str:
    """Write a group with a real minus sign."""
    return group.replace("-", "\N{MINUS SIGN}")
