"""How to mend what each of the checker's errors found."""

from collections.abc import Mapping
from types import MappingProxyType

_PACK_AGAIN = "pack the entry again from its runs: harness submit pack"
_RUN_AGAIN = "give the command of the run again, which asks only what is missing, and pack again"
FIXES: Mapping[str, str] = MappingProxyType(
    {
        "E101": "take it out of the entry's folder",
        "E102": "put the file itself in place of the link",
        "E103": _PACK_AGAIN,
        "E104": "take the file out, or submit fewer runs in one entry",
        "E105": "take the key out, and have it replaced where it is valid: it was on disk",
        "E106": "take the character out of the file, or of the name",
        "E201": f"{_PACK_AGAIN}, with the harness of today",
        "E202": _PACK_AGAIN,
        "E203": f"{_PACK_AGAIN}; files of an entry are not edited after that",
        "E204": "mend the lines between the `---` of MODEL_CARD.md, then pack again",
        "E205": "let the card name the model of the runs, and pack the runs of one model",
        "E207": "run a task of the leaderboard as it is today: harness list tasks",
        "E208": "run the task again without --set",
        "E209": "fill in MODEL_CARD.md, and take out the template's text",
        "E301": _PACK_AGAIN,
        "E302": _RUN_AGAIN,
        "E303": "run the task on the images of the benchmark alone, and pack again",
        "E304": "score the run again, which joins its rows: harness score RUN; then pack again",
        "E305": f"harness score RUN, then {_PACK_AGAIN}; rows are not edited",
        "E306": "run the task again with the class list of the leaderboard",
        "E307": "run the task again with the options that it draws, and pack again",
        "E308": _PACK_AGAIN,
        "E309": _PACK_AGAIN,
        "E311": _RUN_AGAIN,
        "E312": "run the task again with the seed and the label sets of the leaderboard",
        "E401": "harness score RUN, then pack again: the figures are computed, not written",
        "E501": "harness score RUN with the harness of today, then pack again",
        "E502": "harness score RUN with the encoder that the task names, then pack again",
        "E701": "write the line of decisions.jsonl as docs/submit.md says",
        "E702": "take the line out, and add it at the end with today's date",
        "E703": "put the entry back, or add a line that says it is `withdrawn`",
        "E704": "give the decision the level that docs/submit.md says",
        "E705": "put the ledger back as it was, and add lines at its end alone",
    }
)
"""By code; a warning stops nothing."""
