"""The YAML files and labels of a data set that was found: a folder that `--include_path` takes."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from harness.data.classes import normalize_name
from harness.errors import Problem, SpecError, UserError
from harness.new_dataset.found import Found, Place
from harness.new_dataset.naming import Classes
from harness.specs.base import name_fault
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.load import load_prompt
from harness.store.new_folder import new_folder

LONG = 50
"""More classes than these stand in a file of names, where they are nothing but names."""
TASKS = ("ow", "mc", "cw", "cw_plus", "classify")
_PROMPT = "question"
"""Whose templates the tasks begin with."""
_LABELS, _NAMES, _TABLE, _CLASSES = "original.jsonl", "names.txt", "images.jsonl", "classes.yaml"
_MOST_OPTIONS = 4
_ABOUT: Mapping[str, str] = {
    "ow": "Open world; no list in the prompt, every answer is mapped by a text encoder.",
    "mc": "Multiple choice with random distractors.",
    "cw": "Closed world; all class names are in the prompt.",
    "cw_plus": "Closed world whose out-of-prompt answers are mapped to the nearest class.",
    "classify": "For classifiers; class scores, no prompt.",
}
_HARDER = "# harder: {strategy: embedding, encoder: minilm} has the classes of the nearest names"
_MAPPING = "mapping: {encoder: minilm, class_template: raw, answer_template: raw}"


def check_name(catalogue: Catalogue, name: str) -> None:
    """Raise SpecError for a name that no file can bear, or that the catalogue has already."""
    fault = name_fault(f"{name}_classify")
    if fault is None and ("," in name or name != name.strip()):
        fault = "holds a comma, or begins or ends with a space"
    if fault is not None:
        where, what = f"--name {name!a}", f"is no name of a data set: it {fault}"
        fix = "--name with letters, digits, `_` and `-`"
        raise SpecError(Problem(where, what, fix=fix))
    taken = [each for kind in (Kind.TASK, Kind.GROUP) for each in catalogue.names(kind)]
    both = [each for task in TASKS if (each := f"{name}_{task}") in taken]
    if name in catalogue.names(Kind.CLASS_LIST):
        both.append(name)
    if both:
        what, fix = f"the harness has a `{both[0]}` of its own", "say another: --name NAME"
        raise SpecError(Problem(f"the name {name}", what, fix=fix))


def tasks_of(found: Found, classes: Classes) -> tuple[str, ...]:
    """List the tasks that the data allow; not `mc` where no wrong option is left for an image."""
    return tuple(task for task in TASKS if task != "mc" or _n_options(found, classes) > 1)


def _n_options(found: Found, classes: Classes) -> int:
    names = {normalize_name(each.name) for each in classes.entries}
    wrong = len(names) - max(map(len, found.labels.values()))
    return min(_MOST_OPTIONS, wrong + 1)


def write_specs(catalogue: Catalogue, name: str, found: Found, classes: Classes, to: Path) -> None:
    """Write the YAML into a new folder, whole or not at all. Raises UserError where it cannot."""
    target = to.resolve()
    if found.place.images and target.is_relative_to(found.place.path.resolve()):
        what = "would lie inside of the data, among the files that are read as rows"
        raise UserError(Problem(str(to), what, fix="choose a folder beside them"))
    templates = load_prompt(catalogue, _PROMPT).templates
    with new_folder(target) as folder:
        for file, text in _files(name, found, classes, target):
            (folder / file).write_text(text, encoding="utf-8", newline="\n")
        for task in tasks_of(found, classes):
            text = _task(name, task, templates, _n_options(found, classes))
            (folder / f"{name}_{task}.yaml").write_text(text, encoding="utf-8", newline="\n")


def _files(name: str, found: Found, classes: Classes, folder: Path) -> Iterator[tuple[str, str]]:
    plain = not any(each.aliases or each.wnid for each in classes.entries)
    place = found.place
    if len(classes.entries) > LONG and plain:
        yield _NAMES, "".join(f"{each.name}\n" for each in classes.entries)
        listing = f"path: {_NAMES}            # a name a line; the first is class 0\n"
    else:
        listing = "classes:\n" + "".join(
            f"  - {_flow(each.model_dump(exclude_defaults=True, mode='json'))}\n"
            for each in classes.entries
        )
    yield _CLASSES, f"class_list: {_flow(name)}\n{listing}"
    labels = {
        image: sorted(classes.ids[label] for label in found.labels[image])
        for image in found.source.ids
        if image in found.labels
    }
    yield _LABELS, _lines({"image_id": image, "labels": ids} for image, ids in labels.items())
    if found.files and found.unlabelled:
        rows = ({"image_id": each, "image": _path(found.files[each], folder)} for each in labels)
        yield _TABLE, _lines(rows)
        place = Place(folder / _TABLE, images="image", ids="image_id")
    yield f"_{name}.yaml", _common(name, place, folder)


def _common(name: str, place: Place, folder: Path) -> str:
    values = {
        "dataset_path": _path(place.path, folder),
        "test_split": place.split,
        "doc_to_visual": place.images,
        "doc_to_id": place.ids,
        "class_list": name,
        "label_sets": [_LABELS],
        "metadata": {"version": 1},
    }
    lines = [f"{key}: {_flow(value)}\n" for key, value in values.items() if value is not None]
    return f"# What all tasks of this data set have in common.\n{''.join(lines)}"


def _task(name: str, task: str, templates: Mapping[str, str], n_options: int) -> str:
    base = f"{name}_cw.yaml" if task == "cw_plus" else f"_{name}.yaml"
    text = f"include: {_flow(base)}\ntask: {_flow(f'{name}_{task}')}\n"
    text += f"description: {_flow(_ABOUT[task])}\ntag: {_flow([name])}\nprotocol: {task}\n"
    if task == "cw_plus":
        return text + f"{_MAPPING}\n"
    if task == "classify":
        return text + "metric_list: [{metric: accuracy}, {metric: top5}]\n"
    template = "".join(f"  {line}".rstrip() + "\n" for line in templates[task].splitlines())
    text += f"doc_to_text: |\n{template}"
    if task == "mc":
        text += f"generation_kwargs: {{max_new_tokens: 8}}\n{_HARDER}\n"
        return text + f"distractors: {{strategy: random, n_options: {n_options}, seed: 0}}\n"
    text += "generation_kwargs: {max_new_tokens: 32}\n"
    return text + (f"{_MAPPING}\n" if task == "ow" else "")


def _path(path: Path, folder: Path) -> str:
    """Give a path relative to the folder, where both are on one drive. A link at its end stays."""
    linked = path.name not in ("", "..")
    whole = path.parent.resolve() / path.name if linked else path.resolve()
    try:
        return Path(os.path.relpath(whole, folder)).as_posix()
    except ValueError:  # drives of Windows
        return whole.as_posix()


def _flow(value: object) -> str:
    text = yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10**9
    )
    return text.removesuffix("...\n").strip()


def _lines(rows: Iterator[Mapping[str, object]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
