"""What the checker finds: every rule with its meaning and its fix, and the messages on them."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from harness import words
from harness.errors import Problem

RULES: Mapping[str, str] = {
    "E101": "A file that no entry has.",
    "E102": "A link, or something else that is no plain file.",
    "E103": "A path that leads out of the entry.",
    "E104": "A file that is too large, packed or unpacked, or too many files.",
    "E105": "Something that looks like a key or a password.",
    "E106": "A character that is not seen, or that turns the direction of text.",
    "E201": "`manifest.json` is not of the schema, or of an unknown version.",
    "E202": "The manifest contradicts itself: name and folder, run and task, model and runs.",
    "E203": "A file is missing, has no hash, or is not the one that the manifest has.",
    "E204": "`MODEL_CARD.md` has no front matter, or it says what it cannot say.",
    "E205": "Card and manifest are of different models or kinds of model.",
    "I206": "The card does not say whether the benchmark was in the training data.",
    "E207": "The task is none of the leaderboard's, or its classes have changed.",
    "E208": "The run was made under other settings than the task has.",
    "E209": "The card is not filled in: text of the template is still in it.",
    "E301": "A line that is no row: no JSON, a field that no row has, a wrong type.",
    "E302": "Images of the benchmark have no row.",
    "E303": "Rows of images that the benchmark does not have.",
    "E304": "Several rows of one image.",
    "E305": "Status, class, rule and text of a row do not fit each other.",
    "E306": "A class id that is none of the class list.",
    "E307": "Options: not as many as the task has, the answer is none of them, or not exactly "
    "one is a valid label.",
    "E308": "A row without its prompt.",
    "E309": "A prompt that is not of its hash, stands twice, or belongs to no row.",
    "W310": "Prompts that the task does not render today.",
    "E311": "Rows of images that failed: an entry is complete.",
    "E312": "Options that are not those that the task draws.",
    "W312": "Options that came with imported answers, and are not those that the task draws.",
    "I313": "Options were not drawn again: what the task draws them by is not here.",
    "E401": "A claimed figure is not the one that scoring gives.",
    "W402": "The labels have changed since the claim, so that it cannot be checked.",
    "I403": "A label set of the claim, or of the task, is not on this machine.",
    "E501": "The parser reads an answer otherwise than the row says.",
    "E502": "The text encoder maps an answer otherwise than the row says.",
    "I503": "Mapped answers were not mapped again: the encoder is not here, or another.",
    "I504": "Rows without text, whose classes cannot be found again.",
    "W601": "More than 5 % of the answers are out of prompt, unparsed or refused.",
    "W602": "One class has more than 5 % of the answers (small lists: five times 1/classes), "
    "and more than twice its share of the labels.",
    "W603": "Classes with at least 10 images that are never answered.",
    "W604": "Accuracy drifts along the order of the file.",
    "W605": "The answers are those of another entry, or nearly so.",
    "W606": "Wrong original labels are chosen more often than accuracy explains.",
    "W607": "Nearly no answer is wrong: of at least 100 none, or accuracy above 99 % with its "
    "interval.",
    "W608": "Open world: more than 99 % of the answers are names of the list, letter by letter.",
    "E701": "A line of the ledger is no decision.",
    "E702": "The ledger's dates go back.",
    "E703": "An entry that was decided on is not there, and not withdrawn.",
    "E704": "A decision without the level that it needs, or with one that it cannot have.",
    "E705": "Lines of the ledger were changed or removed; lines are only added.",
    "I706": "An entry that nothing was decided on yet, as it is now.",
}

_PACK_AGAIN = "pack the entry again from its runs: harness submit pack"
_RUN_AGAIN = "give the command of the run again, which asks only what is missing, and pack again"
FIXES: Mapping[str, str] = {
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
"""By code; a warning stops nothing."""

Severity = Literal["error", "warning", "info"]
_SEVERITY: dict[str, Severity] = {"E": "error", "W": "warning", "I": "info"}
_COMMAND: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "notice"}
_LONGEST = 600


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that fired. What stands in `text` may be a stranger's words."""

    code: str
    """`E…` error, `W…` warning, `I…` worth knowing; docs/submit.md lists them all."""
    where: str
    """Path of a file inside the entry, with the line or the image where it is known."""
    text: str

    @property
    def severity(self) -> Severity:
        """How grave it is."""
        return _SEVERITY[self.code[0]]

    @property
    def message(self) -> str:
        """The rule's meaning, and what fired it here."""
        return f"{RULES[self.code].removesuffix('.')}: {self.text}"

    def as_problem(self, where: str, fix: str | None = None) -> Problem:
        """Give it as what is wrong at a place; for an error, which has a fix of its own."""
        rule = f"{self.code}: {RULES[self.code]}"
        return Problem(where, rule, self.text, fix=fix or FIXES[self.code])


@dataclass(frozen=True, slots=True)
class Report:
    """Everything found in one entry, or in the ledger."""

    name: str
    path: str
    """Of the folder or file, as it was given."""
    findings: tuple[Finding, ...]


def errors_in(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Give the errors among findings."""
    return tuple(each for each in findings if each.severity == "error")


def failed(findings: Iterable[Finding]) -> bool:
    """Whether there is an error among findings."""
    return bool(errors_in(findings))


def exit_code(reports: Iterable[Report]) -> int:
    """Give 1 when there is an error, else 2 when there is a warning, else 0."""
    found = {finding.severity for report in reports for finding in report.findings}
    return 1 if "error" in found else 2 if "warning" in found else 0


def listed(items: Sequence[object]) -> str:
    """Count items and name the first five."""
    return f"{len(items)}: {words.listed(items)}"


def grouped(code: str, where: str, faults: Iterable[tuple[str | None, str]]) -> Iterator[Finding]:
    """Give a finding for every fault with the images that have it, of pairs of fault and image."""
    found: dict[str, list[str]] = {}
    for fault, image_id in faults:
        if fault:
            found.setdefault(fault, []).append(image_id)
    for fault, ids in found.items():
        yield Finding(code, where, f"{fault}, {listed(ids)}")


def as_text(reports: Sequence[Report]) -> str:
    """Give a line for each finding and each fix, and one that counts them for each entry."""
    lines = []
    for report in reports:
        for each in report.findings:
            line = f"{each.severity:7} {each.code} {each.where}: {each.message}"
            lines.append(f"{inert(report.name)}: {inert(line)}")
        codes = dict.fromkeys(each.code for each in errors_in(report.findings))
        lines += [f"{inert(report.name)}: fix     {code} {FIXES[code]}" for code in codes]
        lines.append(f"{inert(report.name)}: {_counted(report)}")
    return "\n".join(lines)


def as_json(reports: Sequence[Report]) -> str:
    """Give JSON: `exit_code`, and for each entry its findings with their severity and rule."""
    values = {
        "exit_code": exit_code(reports),
        "entries": [
            {
                "entry": report.name,
                "path": report.path,
                "findings": [
                    {
                        **asdict(each),
                        **{"severity": each.severity, "rule": RULES[each.code]},
                        **({"fix": FIXES[each.code]} if each.code in FIXES else {}),
                    }
                    for each in report.findings
                ],
            }
            for report in reports
        ],
    }
    return json.dumps(values, indent=2)  # ASCII: nothing in it can act on a terminal


def as_github(reports: Sequence[Report]) -> str:
    """Give workflow commands of GitHub Actions, which annotate the files of a pull request."""
    lines = []
    for report in reports:
        for each in report.findings:
            file = f"{report.path}/{each.where.partition(':')[0]}".rstrip("/")
            command = f"::{_COMMAND[each.severity]} file={_property(file)},title={each.code}::"
            fix = f" Fix: {FIXES[each.code]}." if each.code in FIXES else ""
            lines.append(command + _value(each.message + fix))
        lines.append(f"entry {_value(report.name)}: {_counted(report)}")
    return "\n".join(lines)


def inert(text: str) -> str:
    """Give text on one line, cut, with the codes of characters that are not seen or mislead."""
    cut = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    shown = "".join(f"\\u{ord(each):04x}" if is_hidden(each) else each for each in cut)
    return re.sub(r"\s+", " ", shown)


def is_hidden(character: str) -> bool:
    """Whether a character is a control, format, surrogate or separator, but no tab or line end."""
    if character in "\t\n\r":
        return False
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def _value(text: str) -> str:
    """Escape text for a line of a workflow's log, where `##[` is a command wherever it stands and
    `::` one at the beginning of a line, which is never a stranger's.
    """
    return inert(text).replace("%", "%25").replace("##[", "#%23[")


def _property(text: str) -> str:
    return _value(text).replace(":", "%3A").replace(",", "%2C")


def _counted(report: Report) -> str:
    counts = Counter(each.severity for each in report.findings)
    return ", ".join(words.counted(counts[each], each) for each in ("error", "warning"))
