"""Answers of something else (`harness import`): read from JSON Lines, all mistakes at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.answers.parts import MOST_WRITTEN
from harness.answers.refusal import is_error
from harness.data.classes import ClassList
from harness.data.image_ids import fault_of
from harness.data.labels.files import parse_lines, read_text
from harness.data.labels.rows import class_range, first_problems
from harness.errors import DataError, Problem, unknown_name
from harness.limits import is_file
from harness.store.prediction import is_share
from harness.words import listed

FORMS = ("answer", "answers", "class_id", "top")
"""The keys of which a row has exactly one."""
_KEYS = ("image_id", *FORMS, "confidence", "options")
_NO_CLASS = -1
_MOST_OPTIONS = 26
_SHAPE = '{"image_id": "…", "answer": "tench"}, or `answers`, `class_id`, `top` for `answer`'
_RANKED = ("answers", "top")
"""Forms whose list is ranked, best first; a list under the others holds answers that are all meant.
"""


@dataclass(frozen=True, slots=True)
class Given:
    """What one row says of one image: texts or class ids, never both."""

    where: str
    """File and line, for messages."""
    name: str
    """The image as the row names it: an id or a file name."""
    form: str
    """Which of `FORMS` it is."""
    texts: tuple[str, ...] = ()
    class_ids: tuple[int, ...] = ()
    """Empty for the class id -1, which is none of the list."""
    options: tuple[int, ...] = ()
    """Class ids of the options that were asked, where the importer used its own."""
    confidence: float | None = None
    """The model's probability of its class, from 0 to 1."""

    @property
    def is_ranked(self) -> bool:
        """Whether the first answer counts and the others come after it; else all are meant."""
        return self.form in _RANKED

    @property
    def is_several(self) -> bool:
        """Whether there are several answers, all of them meant."""
        return not self.is_ranked and len(self.texts or self.class_ids) > 1


@dataclass(frozen=True, slots=True)
class AnswersFile:
    """A file of answers that was read."""

    path: Path
    sha256: str
    rows: tuple[Given, ...]


def read_answers(path: Path, classes: ClassList, *, with_options: bool) -> AnswersFile:
    """Read a file of answers; a byte-order mark is passed over.

    Class ids are checked against `classes`; `options` are allowed only `with_options`, that is, for
    multiple choice. Raises DataError with every problem of the file, ten in full.
    """
    if not is_file(path):
        raise DataError(Problem(str(path), "there is no such file", fix=f"write {_SHAPE}"))
    file = read_text(path)
    rows: list[Given] = []
    problems: list[Problem] = []
    for line in parse_lines(file):
        if isinstance(line, Problem):
            problems.append(line)
            continue
        where, row = line
        found = list(_faults(where, row, classes, with_options))
        problems += found
        if not found:
            rows.append(_given(where, row))
    if not rows and not problems:
        problems.append(
            Problem(str(path), "no answers in it", "an empty file", fix=f"write {_SHAPE}")
        )
    if problems:
        raise DataError(first_problems(problems, str(path)))
    return AnswersFile(path, file.digest, tuple(rows))


def _given(where: str, row: dict[str, Any]) -> Given:
    form = next(key for key in FORMS if key in row)
    value = row[form]
    several = tuple(value) if isinstance(value, list) else (value,)
    return Given(
        where=where,
        name=row["image_id"],
        form=form,
        texts=several if form in ("answer", "answers") else (),
        class_ids=() if form in ("answer", "answers") or several == (_NO_CLASS,) else several,
        options=tuple(row.get("options", ())),
        confidence=row.get("confidence"),
    )


def _faults(
    where: str, row: dict[str, Any], classes: ClassList, with_options: bool
) -> Iterator[Problem]:
    for key in row:
        if key not in _KEYS:
            yield unknown_name(where, "key", key, _KEYS)
    name = row.get("image_id")
    fault = fault_of(name) if isinstance(name, str) else "is no text"
    if fault is not None:
        what = f"`image_id` is no id of an image: it {fault}"
        got = ascii(name)[:80] if "image_id" in row else "no such key"
        yield Problem(where, what, got, fix="write the image's id as a text")
    forms = [key for key in FORMS if key in row]
    if len(forms) != 1:
        got = " and ".join(f"`{key}`" for key in forms) or "none of them"
        fix = f"keep exactly one of {', '.join(FORMS)}"
        yield Problem(where, "a row holds one answer", got, fix=fix)
    for form in forms:
        if form in ("answer", "answers"):
            yield from _text_faults(where, form, row[form])
        else:
            yield from _class_faults(where, form, row[form], classes)
    yield from _confidence_faults(where, row)
    if "options" in row:
        yield from _option_faults(where, row["options"], classes, with_options)


def _text_faults(where: str, form: str, value: Any) -> Iterator[Problem]:
    if form == "answer" and not isinstance(value, str) and not _is_list_of(str, value):
        fix = 'write a text; "" for no answer; a list of texts for several that are all meant'
        yield Problem(where, "`answer` is no text", repr(value)[:80], fix=fix)
    several = value if isinstance(value, list) else [value]
    texts = [each for each in several if isinstance(each, str)]
    error = next(filter(is_error, texts), None)
    if error is not None:
        fix = "ask for the image again, or leave its row out"
        yield Problem(where, f"`{form}` is the message of an error, no answer", error[:80], fix=fix)
    if isinstance(value, list) and sum(map(len, texts)) > MOST_WRITTEN:
        what = f"`{form}` holds more than {MOST_WRITTEN} characters"
        yield Problem(where, what, fix="leave out the last ones")
    if form == "answers" and not _is_list_of(str, value):
        fix = "write a list of texts, best first"
        yield Problem(where, "`answers` is no list of texts", repr(value)[:80], fix=fix)


def _class_faults(where: str, form: str, value: Any, classes: ClassList) -> Iterator[Problem]:
    ids = value if form != "class_id" or isinstance(value, list) else [value]
    if not ids or not _is_list_of(int, ids):
        kind = "class id"
        fix = "write a whole number; -1 for none of the classes; or several in a list"
        if form == "top":
            kind, fix = "list of class ids", "write class ids, best first"
        yield Problem(where, f"`{form}` is no {kind}", repr(value)[:80], fix=fix)
    elif form == "class_id" and _NO_CLASS in ids:
        if len(ids) > 1:
            what = "`class_id` says that none of the classes is meant, and names some"
            yield Problem(where, what, repr(value)[:80], fix="write class ids, or -1 alone")
    else:
        yield from _id_faults(where, form, ids, classes)


def _confidence_faults(where: str, row: dict[str, Any]) -> Iterator[Problem]:
    if "confidence" not in row:
        return
    value, class_id = row["confidence"], row.get("class_id", _NO_CLASS)
    if type(value) not in (int, float) or not is_share(value):
        what = "`confidence` is no probability"
        yield Problem(where, what, repr(value)[:80], fix="write a number from 0 to 1")
    if "top" not in row and (isinstance(class_id, list) or class_id == _NO_CLASS):
        what = "`confidence` is the probability of one class"
        yield Problem(where, what, fix="give it beside a `class_id` that is one class, or `top`")


def _option_faults(
    where: str, value: Any, classes: ClassList, with_options: bool
) -> Iterator[Problem]:
    if not with_options:
        yield Problem(where, "`options` are for tasks of multiple choice", fix="leave them out")
    elif not _is_list_of(int, value) or not 2 <= len(value) <= _MOST_OPTIONS:
        fix = f"write 2 to {_MOST_OPTIONS} class ids, in the order of the letters"
        yield Problem(where, "`options` is no list of options", repr(value)[:80], fix=fix)
    else:
        yield from _id_faults(where, "options", value, classes)


def _id_faults(where: str, key: str, ids: Sequence[int], classes: ClassList) -> Iterator[Problem]:
    wrong = [each for each in ids if each not in classes.by_id]
    if wrong:
        what = f"`{key}` holds a class id that is no class of `{classes.name}`"
        yield Problem(where, what, listed(wrong), fix=f"write {class_range(classes)}")
    if len(set(ids)) < len(ids):
        fix = "name each class once"
        yield Problem(where, f"`{key}` holds a class id twice", got=repr(ids)[:80], fix=fix)


def _is_list_of(kind: type, value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is kind for item in value)
