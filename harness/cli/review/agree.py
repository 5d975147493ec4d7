"""`harness review agree`: how far annotators agree, and how good each is."""

from typing import Annotated

import typer

from harness.cli import options as opts

_MOST_CLASSES = 20
"""Classes that are shown in a terminal where all tables are."""


def agree(
    folder: opts.ReviewFolder,
    label_set: opts.LabelSetPaths = None,
    equivalences: opts.EquivalencesFile = None,
    include_path: opts.IncludePath = None,
    format_name: opts.Format = None,
    wide: opts.Wide = False,
    as_json: opts.AsJson = False,
    table: Annotated[
        str | None,
        typer.Option(
            help="Only this table: overall, rules, annotators, drift, pairs, classes or influence."
        ),
    ] = None,
) -> None:
    """Say how far the annotators of a review agree.

    Prints, for each pass: raw agreement, Fleiss' kappa and Krippendorff's alpha with intervals,
    over all images, by why an image is in the queue and by class; Cohen's kappa of every two
    annotators; of each annotator the accuracy on images with known labels and the median time; the
    earlier against the later half of the answers. Where people answered blind and then with the
    sources shown: how often the second answer moved towards a model. A measure that is not defined
    is a dash, and a note says why. Asks no model and changes nothing.
    """
    from harness.report.forms import form_of
    from harness.report.show import chosen, show_tables
    from harness.review.agreement import measure
    from harness.review.agreement_tables import agreement_notes, agreement_tables
    from harness.review.answers import read_answers
    from harness.review.opening import open_task_of
    from harness.review.queue import Queue

    form = form_of(format_name, as_json)
    queue = Queue.read(folder)
    answers = read_answers(queue, folder)
    overrides = opts.overrides_of(label_set, equivalences)
    opened = open_task_of(opts.catalogue_of(include_path), queue, folder, overrides)
    found = measure(answers, opened.labels.equivalences)
    most = _MOST_CLASSES if form == "table" and table is None else None
    tables = agreement_tables(found, opened.classes, most)
    show_tables(chosen(tables, form, table, "this review"), agreement_notes(found), form, wide)
