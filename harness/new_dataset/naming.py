"""The classes of a data set that was found: their ids, and the names that models are shown."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import words
from harness.data.class_lists import load_class_list
from harness.data.class_names import numbers_of, split_wnid, without_number
from harness.data.classes import normalize_name
from harness.data.labels.files import read_names
from harness.errors import DataError, Problem
from harness.new_dataset.found import Found, Label, listed
from harness.specs.catalogue import Catalogue
from harness.specs.label_set import ClassEntry
from harness.specs.load import load_class_list_spec

_NUMBER = re.compile(r"\d{1,9}")
_BLANK = re.compile(r"[\s_]+")
_AFTER_WNID = re.compile(r"^[\s._:,-]+")
WORDNET = "imagenet1k"
"""The class list whose WordNet ids give names."""


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes by id, and what the data call them."""

    entries: tuple[ClassEntry, ...]
    ids: Mapping[Label, int]
    """Class id by what the data say."""
    notes: tuple[str, ...]
    """What a person should know, a sentence each."""

    def name_of(self, label: Label) -> str:
        """Give the name that models are shown for what the data say."""
        return self.entries[self.ids[label]].name


def name_classes(found: Found, catalogue: Catalogue, names: Path | None, command: str) -> Classes:
    """Give ids and names to the classes of a data set.

    `names` is a file with a name a line, for classes that the data number or code; `command` is
    what was typed, for the line that mends it. Raises DataError for classes without names, names
    that do not fit, and a single class.
    """
    where = str(found.place.path)
    occurring = sorted(found.counts, key=str)
    if len({type(each) for each in occurring}) > 1:
        kinds = [next(each for each in occurring if isinstance(each, kind)) for kind in (int, str)]
        what, got = "class ids and names of classes beside each other", ", ".join(map(repr, kinds))
        fix = "write names everywhere, or numbers everywhere"
        raise DataError(Problem(where, what, got, fix=fix))
    known: Sequence[Label] = range(len(found.names)) if found.names else occurring
    texts = found.names or tuple(map(str, occurring))
    strange = [each for each in occurring if found.names and each not in known]
    if strange:
        what, got = "labels without a name", listed(list(map(str, strange)))
        fix = f"name the others too, or keep to numbers below {len(texts)}"
        raise DataError(Problem(where, what, got, fix=fix))
    read = read_names(names, "--names") if names is not None else None
    own = [each for each in occurring if isinstance(each, int) and not found.names]
    numbers = own or numbers_of([(text,) for text in texts])
    if read is not None:
        classes = _by_file(known, texts, numbers, read, str(names))
    elif numbers is not None:
        raise DataError(_only_numbers(found, sorted(numbers), command))
    else:
        classes = _by_text(known, texts, catalogue, found, command)
    if len(classes.entries) < 2:
        what, got = "one class only, so that there is nothing to tell", classes.entries[0].name
        fix = "give a data set of two classes or more"
        raise DataError(Problem(where, what, got, fix=fix))
    return Classes(classes.entries, classes.ids, (*classes.notes, *_alike(classes.entries)))


def _only_numbers(found: Found, numbers: Sequence[int], command: str) -> Problem:
    whose = "the folders" if found.is_folders else "the labels"
    what = f"{whose} are numbers, and a model would be asked whether it sees `{numbers[0]}`"
    got = words.listed(list(map(str, numbers)), 6)
    expected = f"a file with a name a line: {len(numbers):,} in the order of these numbers, or "
    expected += "one for every number from 0"
    return Problem(str(found.place.path), what, got, expected, f"{command} --names FILE")


def _by_file(
    known: Sequence[Label],
    texts: Sequence[str],
    numbers: Sequence[int] | None,
    names: Sequence[str],
    file: str,
) -> Classes:
    """Join classes with the lines of a file: by their numbers, else in the order of their texts."""
    words: Mapping[int, str] = {}
    if numbers is not None:
        lines = _lines_of(numbers, names, file)
    else:
        if len(names) != len(texts):
            raise DataError(_wrong_count(file, names, listed(sorted(texts)), len(texts)))
        words = dict(enumerate(sorted(texts)))
        lines = [sorted(texts).index(text) for text in texts]
        _check_order(texts, lines, names, file)
    first = lines.index(min(lines))
    note = f"`{file}`: `{names[lines[first]]}` is the name of `{texts[first]}`"
    entries = tuple(_entry(line, name, words.get(line, name)) for line, name in enumerate(names))
    return Classes(entries, dict(zip(known, lines, strict=True)), (note,))


def _entry(class_id: int, name: str, text: str) -> ClassEntry:
    """Make a class of the name that models are shown and the text that stands in the data."""
    wnid = split_wnid(text)
    aliases = () if wnid or name == text else (text,)
    return ClassEntry(id=class_id, name=name, aliases=aliases, wnid=wnid[0] if wnid else None)


def _lines_of(numbers: Sequence[int], names: Sequence[str], file: str) -> list[int]:
    """Give the line, from 0, that each number means: in their order where there are as many, else
    counted from 0, or from 1 where the last line is the highest number.
    """
    if len(set(numbers)) < len(numbers):
        twice = next(number for number in numbers if numbers.count(number) > 1)
        what = f"several classes are the number {twice}, such as `{twice}` and `0{twice}`"
        raise DataError(Problem(f"--names {file}", what, fix="write each number in one way"))
    if len(names) == len(numbers):
        order = {number: line for line, number in enumerate(sorted(numbers))}
        return [order[number] for number in numbers]
    if max(numbers) < len(names):
        return list(numbers)
    if min(numbers) > 0 and max(numbers) == len(names):
        return [number - 1 for number in numbers]
    got = listed(list(map(str, sorted(numbers))))
    raise DataError(_wrong_count(file, names, got, len(numbers)))


def _wrong_count(file: str, names: Sequence[str], got: str, n: int) -> Problem:
    what = f"{words.counted(len(names), 'name')} for {words.counted(n, 'class', 'classes')}"
    return Problem(file, what, got, fix="write a name a line for each class, in this order")


def _check_order(
    texts: Sequence[str], lines: Sequence[int], names: Sequence[str], file: str
) -> None:
    """Raise DataError where a name of the file is what the data call another class."""
    line_of = {normalize_name(text): line for text, line in zip(texts, lines, strict=True)}
    for line, name in enumerate(names):
        other = line_of.get(normalize_name(name), line)
        if other != line:
            what = f"`{name}` is class {line} here and class {other} in the data"
            fix = "write the names in the sorted order of the classes"
            raise DataError(Problem(f"{file}:{line + 1}", what, fix=fix))


def _by_text(
    known: Sequence[Label],
    texts: Sequence[str],
    catalogue: Catalogue,
    found: Found,
    command: str,
) -> Classes:
    """Name classes by what the data call them, in the order of the data's numbers, else sorted."""
    if found.names is None:
        texts = sorted(texts, key=_place) if _all_numbered(texts) else sorted(texts)
        known = texts
    wnids = [split_wnid(text) for text in texts]
    coded = _wordnet_names(catalogue) if any(wnids) else {}
    bare = [without_number(text) for text in texts]
    stripped = _all_numbered(texts) and len(set(map(normalize_name, bare))) == len(bare)
    entries, nameless = [], []
    for class_id, text in enumerate(texts):
        wnid, rest = wnids[class_id] or (None, bare[class_id] if stripped else text)
        name = _BLANK.sub(" ", _AFTER_WNID.sub("", rest) if wnid else rest).strip()
        name = name or coded.get(wnid or "", "")
        if not name:
            nameless.append(text)
        entries.append(_entry(class_id, name or text, text))
    if nameless:
        raise DataError(_nameless(found, nameless, command))
    notes = []
    if any(wnids):
        n = words.counted(sum(pair is not None for pair in wnids), "class", "classes")
        bare_ids = any(pair and not pair[1] for pair in wnids)
        behind = f"names are those of `{WORDNET}`" if bare_ids else "names stand behind them"
        notes.append(f"{n} by WordNet ids; their {behind}")
    return Classes(tuple(entries), {label: i for i, label in enumerate(known)}, tuple(notes))


def _all_numbered(texts: Sequence[str]) -> bool:
    return all(without_number(text) != text.strip() for text in texts)


def _place(text: str) -> tuple[int, str]:
    """Sort names with a number in front by the numbers."""
    number = _NUMBER.match(text.strip())
    return (int(number[0]) if number else -1, text)


def _wordnet_names(catalogue: Catalogue) -> Mapping[str, str]:
    classes = load_class_list(load_class_list_spec(catalogue, WORDNET)).classes
    return {each.wnid: each.name for each in classes if each.wnid}


def _nameless(found: Found, texts: list[str], command: str) -> Problem:
    what = f"{words.counted(len(texts), 'class', 'classes')} without a name"
    expected = f"names, or WordNet ids of `{WORDNET}`"
    fix = f"{command} --names FILE, a name a line in sorted order"
    return Problem(str(found.place.path), what, listed(texts), expected, fix)


def _alike(entries: Sequence[ClassEntry]) -> list[str]:
    """Say which names are one to whoever reads answers."""
    by_name: defaultdict[str, list[ClassEntry]] = defaultdict(list)
    for each in entries:
        by_name[normalize_name(each.name)].append(each)
    groups = [group for group in by_name.values() if len(group) > 1]
    if not groups:
        return []
    shown = "; ".join(
        f"`{group[0].name}` of {' and '.join(_called(each) for each in group)}"
        for group in groups[:3]
    )
    more = "; …" if groups[3:] else ""
    several = words.counted(len(groups), "name")
    return [f"{several} of several classes ({shown}{more}): an answer stands for all of them"]


def _called(entry: ClassEntry) -> str:
    """Say which class it is, as the data have it where they have more than its name."""
    return f"class {entry.id} (`{(entry.aliases or (entry.name,))[0]}`)"
