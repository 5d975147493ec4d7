"""The rules of rows that a mapping concerns, and which answers are mapped."""

from harness.answers.outcome import Status

EXACT = "exact"
"""An open-world answer that is a class name, after normalization: no encoder is asked."""
MAPPED = "mapped"
"""The text encoder found the class."""
UNREADABLE = "unreadable"
"""The text encoder cannot read the answer, so that it has no class."""
MAPPED_STATUS = {"ow": Status.OK, "cw": Status.OOP, "cw_plus": Status.OOP}
"""By protocol, which answers are mapped: those of an open world that are no name of the list, the
out-of-prompt of a closed."""
