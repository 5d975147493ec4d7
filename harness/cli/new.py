"""`harness new`: the class list, labels and tasks of a data set of one's own."""

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options as opts
from harness.errors import DataError, Problem
from harness.report.terminal import paragraph, say
from harness.words import counted

if TYPE_CHECKING:
    from harness.new_dataset.found import Found, Label
    from harness.new_dataset.naming import Classes

_ANY_FILE = frozenset({"metadata", "labels", "label", "annotations", "data", "images"})
_SHARD = re.compile(r"-\d+-of-\d+$")
_SHOWN = 10  # classes of which an example is shown
_WIDE = 80
_LEAD = 10


def new(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="A folder with a folder for each class; images and a CSV `file_name,label`; an "
            "image folder with metadata.csv or .jsonl; parquet. Or the CSV or parquet file itself.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="SPECS", help="A new folder for the YAML.")
    ],
    name: Annotated[
        str | None, typer.Option(help="What tasks are called: NAME_cw, …; DIR's name if not said.")
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Of a data set with several splits, the one to ask about.")
    ] = None,
    image: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column of the images.")
    ] = None,
    label: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column of the labels.")
    ] = None,
    names: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Names of classes that are numbers, one a line."),
    ] = None,
    include_path: opts.IncludePath = None,
) -> None:
    """Write the tasks of a data set of your own: open world, multiple choice, closed world,
    mapped closed world, and for classifiers. Images stay where they are.
    """
    from harness.new_dataset.found import Choice
    from harness.new_dataset.naming import name_classes
    from harness.new_dataset.specs import check_name, tasks_of, write_specs
    from harness.new_dataset.understand import understand
    from harness.store.new_folder import refuse_full

    catalogue = opts.catalogue_of(include_path)
    chosen = name or _default_name(data)
    refuse_full(output)
    check_name(catalogue, chosen)
    found = understand(chosen, data, Choice(split, image, label))
    command = _command(data, output, name=name, split=split, image=image, label=label)
    classes = name_classes(found, catalogue, names, command)
    _show(data, found, classes)
    write_specs(catalogue, chosen, found, classes, output)
    _say_next(chosen, tasks_of(found, classes), output)


def _default_name(data: Path) -> str:
    """Give the name of the folder, or of a file that is not called as any is, as one that can stand
    in a command without quotes.
    """
    from harness.new_dataset.folders import SPLITS

    path = data.resolve()
    stem = path.stem if path.is_file() else path.name
    if path.is_file() and (stem.lower() in SPLITS | _ANY_FILE or _SHARD.search(stem)):
        stem = path.parent.name
    return re.sub(r"[^\w-]+", "_", stem).strip("_-").lower() or "data"


def _command(data: Path, output: Path, **options: str | None) -> str:
    words = ["harness", "new", str(data), "-o", str(output)]
    words += [word for key, text in options.items() if text for word in (f"--{key}", text)]
    return shlex.join(words)


def _show(data: Path, found: "Found", classes: "Classes") -> None:
    """Print what was understood. Raises DataError for an example that cannot be decoded."""
    say(paragraph("", f"{data}: {found.form}"))
    _line("images", f"{len(found.source):,}")
    counts = found.counts
    per_class = sorted(counts.values())
    low, high = per_class[0], counted(per_class[-1], "image")
    span = high if low == per_class[-1] else f"{low:,} to {high}"
    text = f"{len(classes.entries):,}, of {span} each"
    absent = len(classes.entries) - len(counts)
    _line("classes", text + (f"; {absent:,} of them have no image" if absent else ""))
    for lead, text in _examples(found, classes):
        _line(lead, text)
    for text in _notes(found, classes):
        _line("note", text)


def _line(lead: str, text: str) -> None:
    say(paragraph(f"  {lead:<{_LEAD}}", text))


def _examples(found: "Found", classes: "Classes") -> Iterator[tuple[str, str]]:
    """Give an image of each of the first classes, decoded once, with the class's name."""
    from harness.data.images.pixels import ImageError

    first: dict[Label, str] = {}
    for image, labels in found.labels.items():
        for each in labels:
            first.setdefault(each, image)
    chosen = sorted(first, key=lambda each: classes.ids[each])
    rows = {image: row for row, image in enumerate(found.source.ids)}
    problems = []
    for number, each in enumerate(chosen[:_SHOWN]):
        image = first[each]
        try:
            assert found.source.read is not None
            found.source.read(rows[image])
        except ImageError as error:
            where, fix = found.files.get(image, found.place.path), "mend the image, or take it away"
            problems.append(Problem(str(where), str(error), fix=fix))
        yield "" if number else "examples", f"{_said(found, image)} → {classes.name_of(each)}"
    if problems:
        raise DataError(problems)
    if chosen[_SHOWN:]:
        yield "", f"… and {len(chosen) - _SHOWN:,} more"


def _said(found: "Found", image: str) -> str:
    path = found.files.get(image)
    return path.relative_to(found.place.path).as_posix() if path else image


def _notes(found: "Found", classes: "Classes") -> Iterator[str]:
    from harness.new_dataset.folders import same_files
    from harness.new_dataset.found import listed

    passed = found.source.passed_over
    if passed:
        kinds = ", ".join(f"{count:,} ({kind})" for kind, count in passed.items())
        yield f"files passed over: {kinds}"
    unlabelled = found.unlabelled
    if unlabelled:
        fate = "not asked about" if found.files else "asked about, and not scored"
        yield f"{counted(len(unlabelled), 'image')} without a label, {fate}: {listed(unlabelled)}"
    yield from found.notes
    yield from classes.notes
    ids = sorted(classes.ids[each] for each, count in found.counts.items() if count == 1)
    single = [classes.entries[each].name for each in ids]
    if single:
        yield f"{counted(len(single), 'class', 'classes')} with one image: {listed(single)}"
    copies = same_files(found.files)
    if copies:
        n = sum(len(group) - 1 for group in copies)
        apart = sum(len({found.labels.get(image) for image in group}) > 1 for group in copies)
        text = f"{counted(n, 'image')} with the same bytes as another, such as {listed(copies[0])}"
        yield text + (f"; {apart:,} of these groups under several classes" if apart else "")


def _say_next(name: str, tasks: Sequence[str], output: Path) -> None:
    """Print what was written, and three commands that can be typed as they stand."""
    listed = ", ".join(f"{name}_{task}" for task in tasks)
    say(paragraph("", f"written to {output}: class list, labels, and the tasks {listed}"))
    if "mc" not in tasks:
        say(paragraph("", "no multiple choice: an image has labels that leave no wrong option"))
    say("\nnext:")
    here = f"--include_path {shlex.quote(str(output))}"
    task = shlex.quote(f"{name}_cw")
    for words in (
        ("harness check", task),
        ("harness run --tasks", task, "--model mini --limit 20"),
        ("harness run --tasks", task, "--model MODEL"),
    ):
        command = "  " + " ".join((*words, here))
        say(command if len(command) <= _WIDE else f"  {' '.join(words)} \\\n    {here}")
    text = "MODEL: one of `harness list models`, a hub id, a checkpoint's folder, a YAML."
    say(paragraph("", text))
