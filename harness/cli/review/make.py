"""`harness review make`: the images that people are to look at, and the page they do it on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options as opts
from harness.errors import Problem, UserError
from harness.report.terminal import paragraph, say

if TYPE_CHECKING:
    from harness.review.make import Made
    from harness.review.queue import Mode

_MODES: "tuple[Mode, ...]" = ("blind", "shown", "blind_then_shown")


def make(
    runs: Annotated[list[Path], typer.Argument(help="Scored run directories over one data set.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to make; not there yet.")],
    n: Annotated[int, typer.Option("--n", min=1, help="Images in the queue, without honeypots.")],
    annotators: Annotated[str, typer.Option(help="Names with commas between them: ann,bob.")],
    seed: Annotated[int, typer.Option(help="What the drawing depends on, beside the ids.")] = 0,
    overlap: Annotated[
        int | None, typer.Option(help="Annotators an image; two where not said.")
    ] = None,
    mode: Annotated[
        str,
        typer.Option(
            help="blind: nothing says where a candidate comes from. shown: all is shown. "
            "blind_then_shown: first the one, then the other, both answers are kept."
        ),
    ] = "blind",
    base: Annotated[
        str | None,
        typer.Option(help="Label set to correct; the one that the tasks trust most if not said."),
    ] = None,
    disagree: Annotated[
        int | None,
        typer.Option(metavar="M", help="Rule: at least M models answer outside of --base."),
    ] = None,
    groups: Annotated[
        str | None, typer.Option(help="Rule: images of these label groups, as S-,M-,N.")
    ] = None,
    split: Annotated[
        bool, typer.Option("--split", help="Rule: no class is every model's.")
    ] = False,
    low_margin: Annotated[
        float | None,
        typer.Option(
            "--low_margin",
            metavar="SHARE",
            help="Rule: this share of images for which a model's two best scores are nearest.",
        ),
    ] = None,
    oop: Annotated[bool, typer.Option("--oop", help="Rule: an answer is out of prompt.")] = False,
    flagged: Annotated[
        Path | None, typer.Option(help="Rule: the ids of a file, one a line, or JSONL rows.")
    ] = None,
    control: Annotated[
        float, typer.Option(metavar="SHARE", help="Share drawn at random from all images.")
    ] = 0.1,
    honeypots: Annotated[
        int, typer.Option(min=0, help="Images whose label is known, besides.")
    ] = 0,
    label_set: opts.LabelSetPaths = None,
    equivalences: opts.EquivalencesFile = None,
    settings: opts.RunSettings = None,
    include_path: opts.IncludePath = None,
) -> None:
    """Make a review: draw the images that people are to look at, and write their page.

    An image is chosen where any of the rules that are given chooses it; of those, --n are drawn,
    with a control share of all images among them. A larger --n holds the smaller one. What people
    choose from are the classes that any label set or model names for the image.

    In OUTPUT, queue.json is yours, and page/ is for the annotators. Images are in it where the task
    says that their licence allows it; else each annotator chooses the folder that has them. The
    same command makes the same bytes.
    """
    from harness.review.make import QueueRequest, check_request, make_review
    from harness.review.queue import Rules
    from harness.review.sources import open_sources
    from harness.store.new_folder import refuse_full

    refuse_full(output)
    request = QueueRequest(
        n=n,
        annotators=tuple(opts.split_names(annotators)),
        rules=Rules(
            disagree=disagree,
            groups=tuple(dict.fromkeys(opts.split_names(groups or ""))),
            split=split,
            low_margin=low_margin,
            oop=oop,
            control=control,
            honeypots=honeypots,
        ),
        seed=seed,
        mode=_mode_of(mode),
        overlap=overlap,
        base=base,
        flagged=flagged,
    )
    check_request(request)
    overrides = opts.overrides_of(label_set, equivalences, settings)
    sources = open_sources(opts.catalogue_of(include_path), runs, overrides)
    _show(make_review(sources, request, output))


def _mode_of(text: str) -> "Mode":
    found = next((each for each in _MODES if each == text), None)
    if found is None:
        raise UserError(Problem("--mode", "is no mode", text).among(text, _MODES))
    return found


def _show(made: "Made") -> None:
    from harness.report.show import print_tables
    from harness.review.made_tables import made_tables

    print_tables(made_tables(made))
    for lead, text in _next_steps(made):
        say(paragraph(lead, text))


def _next_steps(made: "Made") -> list[tuple[str, str]]:
    page = made.folder / "page"
    first = made.queue.annotators[0]
    images = (
        "the images are in it"
        if made.has_images
        else "no images are in it: each annotator chooses the folder that has them"
    )
    blank = " " * len("next:")
    return [
        ("page:", f"{page / 'index.html'} ({images})"),
        ("next:", f"give {page} to the annotators; each opens index.html and sends back a file"),
        (blank, f"put the files into {made.folder / 'answers'}: {first}.jsonl, …"),
        (blank, f"or, for a group in one network: harness review serve {made.folder}"),
        (blank, f"then: harness review agree {made.folder}"),
        ("keep:", f"{made.folder / 'queue.json'} is yours alone: it names honeypots and sources"),
    ]
