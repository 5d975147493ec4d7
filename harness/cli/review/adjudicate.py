"""`harness review adjudicate`: what people disagree on, for one more person to decide."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli import options as opts
from harness.report.terminal import paragraph, say


def adjudicate(
    folder: opts.ReviewFolder,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR2", help="Folder to make; not there yet.")
    ],
    annotator: Annotated[str, typer.Option(help="Name of who decides.")] = "adjudicator",
) -> None:
    """Make a review of the images on which people's last answers differ, for one more person.

    The person sees the answers, without the names, and has to give a reason. What comes back goes
    into DIR2/answers/, and `harness review merge --rule adjudicated --adjudication DIR2` reads it.
    """
    from harness.review.adjudication import adjudication_of, write_adjudication
    from harness.review.opening import read_review
    from harness.review.queue import ANSWERS, PAGE
    from harness.store.new_folder import refuse_full

    refuse_full(output)
    review = read_review(folder)
    for note in review.answers.notes:
        say(paragraph("note:", note))
    found = adjudication_of(review, annotator)
    write_adjudication(review, found.queue, output)
    n = len(found.queue.items)
    text = f"{n} of {found.n_several} images that two people or more have answered are to be "
    say(paragraph("", f"{text}decided: their last answers differ"))
    say(paragraph("page:", f"{output / PAGE / 'index.html'}, for {annotator}"))
    say(paragraph("next:", f"put what comes back into {output / ANSWERS / annotator}.jsonl"))
    then = f"harness review merge {folder} --rule adjudicated --adjudication {output} -o FILE.jsonl"
    say(paragraph("then:", then))
