"""Options that were published: read from a file, and held against the classes, images and labels.

Two formats. JSON Lines: an object a line with `image_id` and `options`, class ids or names; other
keys are passed over, so that a file of answers with its options, and the rows of a run, will do.
JSON, as FOCI has it (Geigle et al., "African or European Swallow?", 2024): class name to a list of
`{"image": file, "options": [names], "groundtruth": name}`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.data.class_names import meanings
from harness.data.classes import ClassList
from harness.data.image_ids import fault_of, image_meant
from harness.data.labels.files import parse_json, parse_lines, read_text
from harness.data.labels.label_set import Equivalences
from harness.data.labels.rows import class_range, first_problems, without_problems
from harness.errors import DataError, Problem, suggestion
from harness.limits import is_file
from harness.words import listed

_MANY = 20
"""Of so many questions, not all have the right option at the same letter by chance."""
_SHAPE = '{"image_id": "…", "options": [3, 17, 4, 8]}, ids or names'


@dataclass(frozen=True, slots=True)
class Question:
    """The options of one image as a file has them."""

    where: str
    """Where it stands, for messages."""
    image: str
    """The image as the file names it."""
    is_file: bool
    """Whether the image is named by its file."""
    options: tuple[int, ...]
    """Class ids, each once."""
    truth: int | None = None
    """The class that the file itself says is right."""


@dataclass(frozen=True, slots=True)
class Right:
    """What is right for an image; class ids of which equivalent ones are merged."""

    trusted: frozenset[int]
    """By the label set that decides which option is the right one."""
    any: frozenset[int]
    """By any label set."""


def read_questions(path: Path, classes: ClassList, n_options: int) -> tuple[Question, ...]:
    """Read the options of a file. Raises DataError with every problem of it, ten in full: what is
    no image, a class that is unknown or stands twice, more or fewer options than `n_options`.
    """
    if not is_file(path):
        raise DataError(Problem(str(path), "there is no such file", fix=f"write {_SHAPE}"))
    file = read_text(path)
    is_foci = path.suffix.lower() == ".json"
    entries = list(_foci(parse_json(file), path) if is_foci else parse_lines(file))
    faults = [each for each in entries if isinstance(each, Problem)]
    rows = [each for each in entries if not isinstance(each, Problem)]
    image_key = "image" if is_foci else "image_id"
    named = {text for _, row in rows for text in _classes_in(row) if isinstance(text, str)}
    reader = _Reader(classes, meanings(named, classes), image_key, n_options)
    if not entries:
        what, got = "no options in it", "an empty file"
        raise DataError(Problem(str(path), what, got, fix=f"write {_SHAPE}"))
    return without_problems([*faults, *(reader.read(*each) for each in rows)], str(path))


def _foci(value: Any, path: Path) -> Iterator[tuple[str, dict[str, Any]] | Problem]:
    if not isinstance(value, dict) or not all(isinstance(each, list) for each in value.values()):
        fix = 'write FOCI\'s {"class": [{"image": …, "options": […]}]}; our own form ends in .jsonl'
        yield Problem(str(path), "not of a known shape", fix=fix)
        return
    for name, entries in value.items():
        for place, entry in enumerate(entries):
            where = f"{path}: `{name}`[{place}]"
            if isinstance(entry, dict):
                yield where, entry
            else:
                fix = "make each entry an object"
                yield Problem(where, "not a JSON object", repr(entry)[:80], fix=fix)


def _classes_in(row: Mapping[str, Any]) -> Iterator[object]:
    options = row.get("options")
    yield from options if isinstance(options, list) else ()
    yield row.get("groundtruth")


@dataclass(frozen=True, slots=True)
class _Reader:
    classes: ClassList
    named: Mapping[str, frozenset[int]]
    image_key: str
    n_options: int

    def read(self, where: str, row: Mapping[str, Any]) -> Question | Problem:
        image, options = row.get(self.image_key), row.get("options")
        fault = fault_of(image) if isinstance(image, str) else "is no text"
        if fault is not None:
            what = f"`{self.image_key}` is no image: it {fault}"
            return Problem(where, what, repr(image)[:80], fix="mend the image's id")
        if not isinstance(options, list) or len(options) != self.n_options:
            got = f"{len(options)} options" if isinstance(options, list) else repr(options)[:80]
            fix = "correct the file, or `n_options` of the task"
            what = f"image `{image}` has another number of options than the task"
            return Problem(where, what, got, f"{self.n_options} classes in a list", fix)
        is_said = row.get("groundtruth") is not None
        ids: list[int] = []
        for each in [*options, *([row["groundtruth"]] if is_said else [])]:
            read = self._class_id(where, each)
            if isinstance(read, Problem):
                return read
            ids.append(read)
        truth = ids.pop() if is_said else None
        if len(set(ids)) < len(ids):
            what = f"an option of image `{image}` stands twice"
            return Problem(where, what, repr(options)[:200], fix="name each option once")
        return Question(where, str(image), self.image_key == "image", tuple(ids), truth)

    def _class_id(self, where: str, value: object) -> int | Problem:
        if type(value) is int and value in self.classes.by_id:
            return value
        what = f"an option is no class of `{self.classes.name}`"
        if not isinstance(value, str):
            fix = f"write {class_range(self.classes)}"
            return Problem(where, what, repr(value)[:80], fix=fix)
        found = self.named[value]
        if len(found) == 1:
            return next(iter(found))
        if found:
            what, got = "an option is the name of several classes", f"`{value}`: {sorted(found)}"
            return Problem(where, what, got, fix="give class ids in the place of names")
        fix = suggestion(value, self.classes.names) or f"write {class_range(self.classes)}"
        return Problem(where, what, repr(value)[:80], fix=fix)


def by_image(
    questions: Sequence[Question], known: Iterable[str], *, whole: bool, by_file: bool
) -> dict[str, Question]:
    """Lay questions beside images by their ids; where these are made from file names (`by_file`),
    by file names too. `known` are the images, `whole` whether they are all of the data set.

    Raises DataError for two questions of one image and, where all images are known, for one of
    another image.
    """
    ids = frozenset(known)
    found: defaultdict[str, list[Question]] = defaultdict(list)
    for each in questions:
        found[image_meant(each.image, ids, by_file=by_file or each.is_file)].append(each)
    problems = [
        Problem(own[0].where, f"image `{image}` is not in the data set", fix="take the entry out")
        for image, own in found.items()
        if whole and image not in ids
    ]
    fix = "keep one of the two"
    problems += [
        Problem(own[1].where, f"image `{image}` has options already", f"at {own[0].where}", fix=fix)
        for image, own in found.items()
        if len(own) > 1
    ]
    if problems:
        raise DataError(first_problems(problems, "options"))
    return {image: own[0] for image, own in found.items()}


def right_options(
    questions: Mapping[str, Question], rights: Mapping[str, Right], same: Equivalences, path: Path
) -> dict[str, int]:
    """Give the right option of each image of `rights`.

    Raises DataError for images without options; for options of which none is right, or two are, or
    two count as one class; and where the file names another one as right than the labels.
    """
    missing = [image for image in rights if image not in questions]
    if missing:
        what, got = "holds no options of images of the task", listed(missing)
        fix = "add them, or ask about the others by `ids`"
        raise DataError(Problem(str(path), f"{what}: {len(missing)}", got, fix=fix))
    found = (_right_option(each, questions[each], rights[each], same) for each in rights)
    return dict(zip(rights, without_problems(found, str(path)), strict=True))


def _right_option(
    image: str, question: Question, right: Right, same: Equivalences
) -> int | Problem:
    where, options = question.where, question.options
    alike = [each for each, n in Counter(map(same.merge, options)).items() if n > 1]
    if alike:
        got = [each for each in options if same.merge(each) == alike[0]]
        what = f"two options of image `{image}` count as one class"
        return Problem(where, what, str(got), fix="keep one of the two")
    trusted = [each for each in options if same.merge(each) in right.trusted]
    valid = [each for each in options if same.merge(each) in right.any]
    fix = "correct the file, or name the label sets that it was made for in `label_sets`"
    if len(valid) > 1:
        what = f"several options of image `{image}` are right by the label sets"
        return Problem(where, what, str(valid), "one right option", fix)
    if not trusted:
        what, expected = f"no option of image `{image}` is right", f"one of {sorted(right.trusted)}"
        return Problem(where, what, f"options {list(options)}", expected, fix)
    if question.truth is not None and same.merge(question.truth) != same.merge(trusted[0]):
        what = f"another option of image `{image}` is right than the file says"
        return Problem(where, what, f"groundtruth {question.truth}", str(trusted[0]), fix)
    return trusted[0]


def refuse_one_place(
    questions: Mapping[str, Question], right: Mapping[str, int], path: Path
) -> None:
    """Raise DataError where many right options all have the same letter, in the file's order."""
    places = {questions[image].options.index(option) for image, option in right.items()}
    if len(right) >= _MANY and len(places) == 1:
        what = f"the right option has the same place in all {len(right)} questions"
        fix = "`shuffle: true`, which draws the order of the letters"
        raise DataError(Problem(str(path), what, f"place {places.pop() + 1}", fix=fix))
