"""What the pages call protocols, kinds of model, groups of images and statuses."""

from collections.abc import Mapping

from harness.scores.metrics import Group
from harness.scores.results import SIDE_BY_SIDE, Matching, Protocol
from harness.specs.model import Kind

KINDS: Mapping[Kind, str] = {
    "mllm": "MLLM",
    "dual_encoder": "dual encoder",
    "supervised": "supervised",
    "knn": "k-NN",
}
PROTOCOLS: Mapping[Protocol, str] = {
    "ow": "Open world",
    "mc": "Multiple choice",
    "cw": "Closed world",
    "cw_plus": "Closed world, mapped",
    "classify": "Classification without a prompt",
}
SHORT_PROTOCOLS: Mapping[Protocol, str] = {
    "ow": "OW",
    "mc": "MC",
    "cw": "CW",
    "cw_plus": "CW+",
    "classify": "classify",
}
PROTOCOL_NOTES: Mapping[Protocol, str] = {
    "ow": "The prompt lists no classes; a text encoder maps every answer to the nearest class.",
    "mc": "The prompt lists a few lettered options.",
    "cw": "The prompt lists all classes; an answer that is none of them is out of prompt (OOP) and "
    "wrong.",
    "cw_plus": "The prompt lists all classes; an answer that is none of them is mapped to the "
    "nearest class by a text encoder.",
    "classify": "Classifiers, dual encoders and k\N{NON-BREAKING HYPHEN}NN choose among the "
    "classes by their scores.",
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
