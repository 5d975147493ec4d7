"""Tables of a new label set: how label groups and labels changed."""

from collections.abc import Mapping, Sequence

from harness.report.table import Column, Table, names, table_of
from harness.review.deciding import Reason
from harness.review.label_file import Provenance
from harness.review.merging import Way
from harness.scores.metrics import GROUPS, Group
from harness.words import listed

IN_WORDS: Mapping[Way, str] = {
    "kept": "labels kept",
    "added": "labels added, none taken away",
    "removed": "labels taken away, none added",
    "replaced": "labels replaced by others",
    "emptied": "all labels taken away: none is right",
    "filled": "labels where none was right",
    "new": "not in the base label set",
}


def groups_table(before: Mapping[Group, int], after: Mapping[Group, int]) -> Table:
    """Give the images of every label group before and after."""
    differences = {name: after[name] - before[name] for name in GROUPS}
    change = {name: f"{each:+d}" if each else "0" for name, each in differences.items()}
    return table_of(
        GROUPS,
        (
            ("images with", lambda group: _ABOUT[group]),
            ("group", lambda group: group),
            (Column("before", "before", stays=True), lambda group: before[group]),
            (Column("after", "after", stays=True), lambda group: after[group]),
            (Column("change", "change", stays=True), lambda group: change[group]),
        ),
        "groups",
        "Images by label group",
    )


_ABOUT: Mapping[Group, str] = {
    "A": "a label",
    "N": "no label",
    "S": "one label",
    "S+": "one label, the original one",
    "S-": "one label, another one",
    "M": "several labels",
    "M+": "several, with the original one",
    "M-": "several, without the original one",
}


def ways_table(ways: Mapping[Way, int], reasons: Mapping[Reason, int]) -> Table:
    """Give how many reviewed images changed, and in which way; and why others were not decided."""
    rows = [(IN_WORDS[way], n) for way, n in ways.items() if n or way != "new"]
    rows += [(f"not decided: {reason}", n) for reason, n in reasons.items()]
    columns = (*names("reviewed images"), Column("n", "n", stays=True))
    all_rows = [*rows, ("all", sum(n for _, n in rows))]
    return Table("ways", "What became of the reviewed images", columns, all_rows)


def notes_of(found: Provenance) -> Sequence[str]:
    """Give what a person should know of a new label set, a sentence each."""
    counts = found.counts
    undecided = [each.image_id for each in found.images if not each.decided]
    ties = sum(bool(each.ties) for each in found.images)
    notes = []
    if undecided:
        which = listed(undecided, _SHOWN)
        notes.append(f"{len(undecided)} not decided, the base's labels stay: {which}")
    if ties:
        notes.append(f"{ties} with a tie: what exactly half of the people named is not taken")
    if counts.one_person:
        notes.append(f"{counts.one_person} decided by the answer of one person alone")
    if counts.honeypots:
        notes.append(f"{counts.honeypots} honeypots left out: their labels are known")
    if found.rule == "dawid_skene" and len(found.people) < _FEWEST:
        what = "people: the model needs three or more to tell who is right"
        notes.append(f"{len(found.people)} {what}")
    notes += [
        f"{each.annotator}: sensitivity {each.sensitivity:.3f}, specificity {each.specificity:.3f}"
        + (", no better than chance" if each.sensitivity + each.specificity <= 1 else "")
        for each in found.people
    ]
    return notes


_SHOWN = 8
_FEWEST = 3
