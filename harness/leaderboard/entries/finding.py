"""What the checker finds in an entry, and its messages for people, machines and GitHub."""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from harness.leaderboard.entries.rules.table import RULES

Severity = Literal["error", "warning", "info"]
_SEVERITY: dict[str, Severity] = {"E": "error", "W": "warning", "I": "info"}
_COMMAND: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "notice"}
_LONGEST = 600
_LISTED = 5


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
        return f"{RULES[self.code]} {self.text}"


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
    shown = ", ".join(map(str, items[:_LISTED]))
    return f"{len(items)}: {shown}" + (", …" if len(items) > _LISTED else "")


def grouped(code: str, where: str, faults: Iterable[tuple[str | None, str]]) -> Iterator[Finding]:
    """Give a finding for every fault with the images that have it, of pairs of fault and image."""
    found: dict[str, list[str]] = {}
    for fault, image_id in faults:
        if fault:
            found.setdefault(fault, []).append(image_id)
    for fault, ids in found.items():
        yield Finding(code, where, f"{fault}, {listed(ids)}")


def as_text(reports: Sequence[Report]) -> str:
    """Give a line for each finding, and one that counts them for each entry."""
    lines = []
    for report in reports:
        for each in report.findings:
            line = f"{each.severity:7} {each.code} {each.where}: {each.message}"
            lines.append(f"{inert(report.name)}: {inert(line)}")
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
                    {**asdict(each), "severity": each.severity, "rule": RULES[each.code]}
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
            lines.append(command + _value(each.message))
        lines.append(f"entry {_value(report.name)}: {_counted(report)}")
    return "\n".join(lines)


def inert(text: str) -> str:
    """Give text on one line, no longer than a paragraph, without characters that are not seen or
    that change what others look like: they stand there by their code.
    """
    cut = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    shown = "".join(f"\\u{ord(each):04x}" if is_hidden(each) else each for each in cut)
    return re.sub(r"\s+", " ", shown)


def is_hidden(character: str) -> bool:
    """Whether a character is a control, a format (text direction), a surrogate, or a separator of
    lines, other than tab and the ends of lines.
    """
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
    counts = {name: 0 for name in _COMMAND}
    for each in report.findings:
        counts[each.severity] += 1
    return f"{counts['error']} errors, {counts['warning']} warnings"
