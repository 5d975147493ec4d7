"""Another task for one factor, where the study's own cannot have it.

A prompt for one image cannot hold four, and the closed world has no wrong options. Where exactly
one other question can be asked about the same images, classes and labels, it is taken, as if
`task:` stood there; nothing is guessed among several.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from harness.errors import UserError
from harness.specs.base import FileSpec
from harness.specs.catalogue import Kind
from harness.specs.load import load_task
from harness.specs.task import TaskSpec, digest_of
from harness.specs.task_parts import DistractorSpec
from harness.specs.template import TemplateValues, render
from harness.studies.design import Factor, Settings, Variant, Variants
from harness.studies.factors import Written, run_factor

_FREE = frozenset(("task", "tag", "metadata", "metric_list", *FileSpec.model_fields))
_LENT = frozenset(("doc_to_text", "prompt", "generation_kwargs"))
"""What the other task brings: how it asks, and how long an answer may be."""
_KEPT = ("name_set", "output_type", "mapping", "images_per_prompt", "image_order", "order_seed",
         "repeats", "blank_images")  # fmt: skip
"""What stays as in the study's task. In all other keys the two tasks must be the same."""
_PATHS = frozenset(("dataset_path", "class_list", "label_sets", "equivalences", "ids"))


@dataclass(frozen=True, slots=True)
class Need:
    """What a factor needs and the study's task has not."""

    why: str
    lent: frozenset[str]
    """The keys in which the other task may differ."""


@dataclass(frozen=True, slots=True)
class _Offer:
    """A task that can have the factor."""

    task: TaskSpec
    held: Settings
    asks: tuple[str | int | None, ...]
    """What is asked at each level, and which is the baseline: equal for tasks that ask the same."""


def need_of(task: TaskSpec, name: str, written: Written) -> Need | None:
    """Give what a factor needs and a task has not; None where something else is wrong."""
    keys = {name, *written.held}
    if keys & {"task", "protocol", "doc_to_text", "prompt"}:
        return None
    if any(key.partition(".")[0] == "distractors" for key in keys):
        why = f"`{task.task}` is of protocol {task.protocol}, without wrong options"
        lent = _LENT | {"protocol", "distractors"}
        return Need(why, lent) if task.protocol in ("ow", "cw", "cw_plus") else None
    counts = [*(written.levels if name == "images_per_prompt" else ()),
              written.held.get("images_per_prompt")]  # fmt: skip
    most = max((each for each in counts if type(each) is int), default=1)
    if task.protocol not in ("ow", "cw", "cw_plus") or _holds(task, most):
        return None
    n = "one image" if task.images_per_prompt == 1 else f"{task.images_per_prompt} images"
    return Need(f"the prompt of `{task.task}` holds {n}", _LENT)


def _holds(task: TaskSpec, most: int) -> bool:
    """Whether a prompt can be of so many images."""
    values = TemplateValues(classes=("one", "two"), images=range(1, min(most, 256) + 1))
    try:
        render(task.doc_to_text or "", values)
    except ValueError:
        return False
    return True


def stand_in(runs: Variants, name: str, written: Written, need: Need) -> Factor | None:
    """Give the factor as another task has it, with a note that says so. None where no task can have
    it, or several that ask different questions, which is noted.
    """
    base = load_task(runs.catalogue, runs.spec.task)
    offers = list(_offers(runs, base, name, written, need))
    if len({each.asks for each in offers}) > 1:
        _refuse(runs, name, offers)
    if len({each.asks for each in offers}) != 1:
        return None
    chosen = min(offers, key=lambda each: len(each.held))
    at = ("factors", name)
    runs.variant({"task": chosen.task.task}, at)  # that a run of the task as it is is one of these
    found = run_factor(runs, name, replace(written, held=chosen.held))
    if found is None:
        return None
    shown = {key: value for key, value in chosen.held.items() if key != name}
    note = f"varied on `{chosen.task.task}`: {need.why}. {_lent(base, chosen.task, need)}"
    return replace(found, held=runs.text(Variant.of(shown, runs.spec.task)), note=note)


def _offers(
    runs: Variants, base: TaskSpec, name: str, written: Written, need: Need
) -> Iterator[_Offer]:
    for other in runs.catalogue.names(Kind.TASK):
        try:
            task = load_task(runs.catalogue, other)
            fits = other != base.task and _fits(base, task, need, {name, *written.held})
        except UserError:
            continue  # a broken task of the user's is no reason to refuse a study
        if not fits:
            continue
        held = {"task": other, **_as_in(base, task), **_unvaried(task, name), **written.held}
        scratch = runs.scratch()
        found = run_factor(scratch, name, replace(written, held=held))
        if found is not None and not scratch.problems:
            asked = [scratch.tasks[each.variant].identity() for each in found.points]
            asks = (digest_of(each | {"task": None}) for each in asked)
            yield _Offer(task, held, (*asks, found.baseline))


def _fits(base: TaskSpec, task: TaskSpec, need: Need, keys: set[str]) -> bool:
    """Whether a task is on the same images, classes and labels, and has what is needed."""
    free = _FREE | need.lent | set(_KEPT)
    same = all(
        _meant(base, each) == _meant(task, each) for each in TaskSpec.model_fields.keys() - free
    )
    if "distractors" not in need.lent:
        return same
    ranked = task.distractors is not None and task.distractors.strategy not in ("random", "given")
    return same and task.protocol == "mc" and (ranked or "distractors.rank" not in keys)


def _meant(task: TaskSpec, key: str) -> object:
    """Give the value of a key, with paths as the files that they mean."""
    value = getattr(task, key)
    if key not in _PATHS or value is None:
        return value
    texts = value if isinstance(value, tuple) else (value,)
    files = [task.resolve(each, key) for each in texts]
    return [file if file.exists() else text for file, text in zip(files, texts, strict=True)]


def _as_in(base: TaskSpec, task: TaskSpec) -> dict[str, Any]:
    """Give the settings by which a task is as the study's in all that is kept."""
    one, other = (each.model_dump(mode="json", include=set(_KEPT)) for each in (base, task))
    return {key: one[key] for key in _KEPT if one[key] != other[key]}


def _unvaried(task: TaskSpec, name: str) -> dict[str, Any]:
    """Give the setting by which options that the study's task has not are at their default."""
    part, _, key = name.partition(".")
    field = DistractorSpec.model_fields.get(key) if part == "distractors" else None
    if field is None or getattr(task.distractors, key) == field.default:
        return {}
    return {name: field.default}


def _lent(base: TaskSpec, task: TaskSpec, need: Need) -> str:
    """Say what is as in the other task."""
    own, other = (each.generation_kwargs.model_dump() for each in (base, task))
    more = ", ".join(f"{key}: {value}" for key, value in other.items() if value != own[key])
    parts = [*(["protocol", "options"] if "protocol" in need.lent else []), "prompt"]
    parts += [f"generation_kwargs ({more})"] if more else []
    words = " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
    return (
        f"Its {words} {'are' if len(parts) > 1 else 'is'} taken; all else is as in `{base.task}`."
    )


def _refuse(runs: Variants, name: str, offers: Sequence[_Offer]) -> None:
    value = runs.spec.factors[name]
    own = dict(value) if isinstance(value, Mapping) else {"levels": value}
    line = {name: {"task": offers[0].task.task, **own}}
    text = yaml.safe_dump(line, default_flow_style=True, sort_keys=False, width=1000).strip()[1:-1]
    names = ", ".join(f"`{each.task.task}`" for each in offers)
    what = f"factor `{name}` can be of several other tasks, which ask different questions"
    runs.fail(("factors", name), what, names, fix=f"say of which, as `{text}`")
