"""Which figures of a run rest on its submitter's word: nothing in the entry gives them again."""

from collections.abc import Iterable, Mapping

from harness.answers.mapping.rules import MAPPED_STATUS
from harness.leaderboard.entries.check_run import Examined
from harness.leaderboard.entries.finding import Finding
from harness.score.results import Protocol

_SCORES = "scores of classes, which only the model gives again"
_WHY: Mapping[str, str] = {
    "I503": "mapped by a text encoder that is not here",
    "I504": "classes without a text to read them from",
    "I313": "options that cannot be drawn again here",
    "W312": "options that came with the answers",
}
"""By the code of what the checker could not find again."""


def claimed(examined: Examined) -> Mapping[Protocol, str]:
    """Give the protocols under which a run's accuracy is a claim, and why; in its other protocols
    every class that counts was found again from the texts.
    """
    case = examined.case
    if case is None:
        return {}
    own = case.protocol
    protocols: tuple[Protocol, ...] = ("cw", "cw_plus") if own == "cw" else (own,)
    if own == "classify":
        return {own: _SCORES}
    found = {protocol: _reasons(examined.findings, protocol) for protocol in protocols}
    return {protocol: why for protocol, why in found.items() if why}


def _reasons(findings: Iterable[Finding], protocol: Protocol) -> str:
    """Give the reasons for one protocol; a closed world without mapping needs no encoder."""
    needs_encoder = protocol in MAPPED_STATUS and protocol != "cw"
    codes = {each.code for each in findings if each.code != "I503" or needs_encoder}
    return "; ".join(why for code, why in _WHY.items() if code in codes)
