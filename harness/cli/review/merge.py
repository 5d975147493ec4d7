"""`harness review merge`: from answers to a new label set."""

import shlex
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options as opts
from harness.errors import Problem, UserError
from harness.report.terminal import paragraph, say

if TYPE_CHECKING:
    from harness.data.labels.label_set import LabelSet
    from harness.review.label_file import Provenance
    from harness.review.merging import How, Merged
    from harness.review.opening import Review


class RuleName(StrEnum):
    """By what labels are decided."""

    MAJORITY = "majority"
    UNANIMOUS = "unanimous"
    ADJUDICATED = "adjudicated"
    DAWID_SKENE = "dawid_skene"


class PassName(StrEnum):
    """Which answers count."""

    BLIND = "blind"
    SHOWN = "shown"
    LAST = "last"


RuleOption = Annotated[
    RuleName,
    typer.Option(
        help="majority: each class that more than half name. unanimous: what all say alike. "
        "adjudicated: the adjudicator's, where they differ. dawid_skene: by a model of how good "
        "each person is."
    ),
]
PassOption = Annotated[
    PassName,
    typer.Option(
        "--pass",
        help="Which answers count: before the sources were seen, after, or each person's last.",
    ),
]
AdjudicationOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR2", help="For rule adjudicated: the folder of `harness review adjudicate`."
    ),
]
BaseOption = Annotated[
    str | None, typer.Option(help="The label set that is corrected; the queue's where not said.")
]


def how_of(
    review: "Review", rule: RuleName, which: PassName, adjudication: Path | None, name: str
) -> "tuple[How, Review | None]":
    """Give how a review is merged, and its adjudication where the rule needs one. Raises UserError
    for a rule, a pass and an adjudication that do not go together, or not with the review.
    """
    from harness.review.merging import How
    from harness.review.opening import check_pass, read_adjudication

    if (rule is RuleName.ADJUDICATED) != (adjudication is not None):
        what = "rule adjudicated and --adjudication DIR2 go together"
        fix = f"harness review adjudicate {review.folder} -o DIR2"
        raise UserError(Problem("--rule", what, got=rule.value, fix=fix))
    if rule is RuleName.ADJUDICATED and which is not PassName.LAST:
        what = "is not what an adjudicator has seen, which are the last answers"
        raise UserError(Problem(f"--pass {which.value}", what, fix="--pass last"))
    check_pass(review, which.value)
    last = read_adjudication(adjudication, review) if adjudication else None
    return How(rule.value, which.value, name, last.answers if last else None), last


def merge(
    folder: opts.ReviewFolder,
    rule: RuleOption,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.jsonl", help="Where to.")],
    base: BaseOption = None,
    which: PassOption = PassName.LAST,
    name: Annotated[
        str | None, typer.Option(help="The new label set's name; FILE where not said.")
    ] = None,
    adjudication: AdjudicationOption = None,
    label_set: opts.LabelSetPaths = None,
    equivalences: opts.EquivalencesFile = None,
    include_path: opts.IncludePath = None,
) -> None:
    """Make a label set: the base's, with the labels that people gave in place of its own.

    Writes FILE.jsonl, FILE.yaml and FILE.provenance.json, which says of each reviewed image who
    answered what. Where the rule cannot decide, the base's labels stay, and it is said. `harness
    score RUN --include_path FOLDER --label_set NAME` scores by it.
    """
    from harness.review.label_file import refuse_target, write_label_set
    from harness.review.merging import merge
    from harness.review.opening import open_review, read_review

    catalogue = opts.catalogue_of(include_path)
    review = read_review(folder)
    name = name or output.name.removesuffix(".jsonl")
    how, last = how_of(review, rule, which, adjudication, name)
    found = open_review(catalogue, review, opts.overrides_of(label_set, equivalences), base)
    labels = found.opened.labels
    refuse_target(output, name, catalogue, labels)
    merged = merge(review.answers, labels, found.base, how)
    written = write_label_set(merged, found, last, output)
    _show(merged, written, labels.original)
    for note in (*review.answers.notes, *(last.answers.notes if last else ())):
        say(paragraph("-", note))
    say(f"label set {name}: {written.counts.images} images, {output}")
    folders = dict.fromkeys([*(include_path or ()), output.parent])
    words = [word for each in folders for word in ("--include_path", str(each))]
    words += [word for each in (*(label_set or ()), name) for word in ("--label_set", each)]
    say(shlex.join(["harness", "score", "RUN", *words]))


def _show(merged: "Merged", written: "Provenance", original: "LabelSet | None") -> None:
    from harness.report.show import show_tables
    from harness.review.merged_tables import groups_table, notes_of, ways_table
    from harness.review.merging import count_groups

    before, after = (
        count_groups(each, original, merged.same) for each in (merged.base, merged.labels)
    )
    tables = (groups_table(before, after), ways_table(merged.ways, merged.reasons))
    show_tables(tables, (), "table")
    for note in notes_of(written):
        say(paragraph("-", note))
