"""One's own runs beside the entries that they would be: where they lie, whole or not, without pack,
card or ledger. What was asked otherwise, or of other images, gets the name of a task of its own.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from os.path import commonpath
from pathlib import Path
from typing import Any

from harness.answers.outcome import Status
from harness.data.labels.of_task import Overrides
from harness.leaderboard.entries.card import card_of
from harness.leaderboard.entries.entry import Entry, RunCase
from harness.leaderboard.entries.format import EntryManifest, EntryRun, Prompt
from harness.leaderboard.entries.rules.rows import render_prompts
from harness.runs.finish import asked_of
from harness.runs.reopen import OpenRun, look_at
from harness.specs.catalogue import Catalogue
from harness.specs.task import WHERE_IMAGES_ARE, TaskSpec, digest_of
from harness.store.identity import named_differences

_PARTS = ("limit", "sample", "ids", "dataset_path", "dataset_name")
"""Settings that say which images, which a note says in words, or where they are."""
_SHOWN = 120
"""Characters of a setting that a note shows."""
_STRANGE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class OwnRun:
    """A run where it lies, the folder of the entry that it would be of."""

    entry: Entry
    case: RunCase
    note: str
    """What part of the images it is of, and in what it was asked otherwise."""
    is_whole: bool
    """Whether every image of the run has an answer."""


def open_in_place(
    catalogue: Catalogue, paths: Sequence[Path], overrides: Overrides
) -> tuple[OwnRun, ...]:
    """Open runs as they are now, but for those that have no answer yet.

    Runs of one task are told apart where they were not asked the same about the same images: the
    second kind is `<task>.2`, and each that is not complete is by itself, as `<task>.part`. Raises
    as `look_at`.
    """
    runs = [look_at(catalogue, path, overrides) for path in paths]
    runs = [run for run in runs if run.rows]
    tasks = _task_names(runs)
    entries = _entry_names(runs, tasks)
    first = {task: run for run, task in zip(reversed(runs), reversed(tasks), strict=True)}
    opened = [
        _in_place(run, task, entry, _note(run, first.get(_STRANGE.sub("_", run.manifest.task))))
        for run, task, entry in zip(runs, tasks, entries, strict=True)
    ]
    return tuple(sorted(opened, key=lambda run: (run.entry.name, run.case.run.task)))


def _is_whole(run: OpenRun) -> bool:
    return _answered(run) >= run.manifest.n


def _answered(run: OpenRun) -> int:
    return sum(row.status is not Status.ERROR for row in run.rows)


def _task_names(runs: Sequence[OpenRun]) -> list[str]:
    """Name what each run was asked; the kind that most runs are of has the task's own name,
    of equally many that with the fewest settings.
    """
    keys = [_asked(run) for run in runs]
    settings = {key: run.manifest.settings for key, run in zip(keys, runs, strict=True)}
    order = sorted(
        set(keys), key=lambda key: (-keys.count(key), len(settings[key]), keys.index(key))
    )
    names: dict[tuple[object, ...], str] = {}
    for key in order:
        task, whole = _STRANGE.sub("_", str(key[0])), bool(key[1])
        taken = {each.lower() for each in names.values()}
        named = _numbered(task if whole else f"{task}.part")
        names[key] = next(each for each in named if each.lower() not in taken)
    return [names[key] for key in keys]


def _asked(run: OpenRun) -> tuple[object, ...]:
    """Give what is the same for runs that may be ranked together."""
    whole = _is_whole(run)
    own = (asked_of(run.manifest), run.manifest.identity.options) if whole else (run.path,)
    return (run.manifest.task, whole, *own)


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}.{number}" for number in count(2))


def _entry_names(runs: Sequence[OpenRun], tasks: Sequence[str]) -> list[str]:
    """Name the models. Another one of the same name, or a second run of one task, is told apart by
    the folder of its runs.
    """
    folders = [run.path.resolve().parent for run in runs]
    top = Path(commonpath(folders)) if folders else Path()
    models = [(run.manifest.model, digest_of(run.manifest.identity.model)) for run in runs]
    namesakes = Counter(model for model, _ in set(models))
    asked = Counter((model, task) for (model, _), task in zip(models, tasks, strict=True))
    twice = {model for (model, _), n in asked.items() if n > 1}
    names: list[str] = []
    owners: dict[str, tuple[str, str]] = {}
    for mine, task, folder in zip(models, tasks, folders, strict=True):
        inside = folder.relative_to(top).as_posix()
        is_told = namesakes[mine[0]] > 1 or mine[0] in twice
        taken = set(zip(names, tasks, strict=False))
        name = next(
            each
            for each in _numbered(_slug(inside if is_told and inside != "." else mine[0]))
            if owners.get(each, mine) == mine and (each, task) not in taken
        )
        owners[name] = mine
        names.append(name)
    return names


def _slug(text: str) -> str:
    return _STRANGE.sub("-", text).strip("-.").lower()[:64] or "run"


def _in_place(run: OpenRun, task: str, name: str, note: str) -> OwnRun:
    manifest = run.manifest
    packed = EntryRun.model_construct(
        task=task, protocol=run.opened.task.protocol, run=manifest, claims={}
    )
    entry = Entry(
        folder=run.path,
        manifest=EntryManifest.model_construct(
            entry=name,
            model=manifest.model,
            harness_version=manifest.harness_version,
            date=(manifest.ended or manifest.started)[:10],
            runs=(packed,),
            files={},
        ),
        card=card_of(manifest.model, [manifest], str(run.path)),
        card_text="",
        sha256="",
    )
    spec = run.opened.task.model_copy(update={"task": task})
    asked = frozenset(row.image_id for row in run.rows)
    opened = replace(run.opened, task=spec)
    case = RunCase(name, packed, opened, tuple(run.rows), _prompts(run), asked)
    return OwnRun(entry, case, note, _is_whole(run))


def _prompts(run: OpenRun) -> tuple[Prompt, ...]:
    """Render the first prompt, which is the run's where it has the same hash."""
    first = run.rows[0]
    if first.prompt_sha256 is None:
        return ()
    found = render_prompts(run.opened.task, run.opened.classes, [first])
    return tuple(Prompt(sha256=digest, text=text) for digest, text in found.items())


def _note(run: OpenRun, usual: OpenRun | None) -> str:
    """Say what a run is of; `usual` is one that was asked as most of the task are."""
    manifest, answered = run.manifest, _answered(run)
    found = []
    if answered < manifest.n:
        found.append(f"Not complete: {answered:,} of {manifest.n:,} images have an answer.")
    if manifest.sample is not None:
        sample = manifest.sample
        found.append(f"A sample of {sample.n:,} of {sample.of:,} images, {sample.how}.")
    elif manifest.limit is not None and manifest.limit < manifest.data.n:
        found.append(f"The first {manifest.limit:,} of {manifest.data.n:,} images.")
    otherwise = _otherwise(run, usual)
    own = [each for each in manifest.settings if re.split(r"[=.]", each)[0] not in _PARTS]
    if otherwise:
        found.append(f"Asked otherwise: {_in_short(otherwise, own)}.")
    elif own:
        found.append(f"Asked with {', '.join(own)}.")
    return " ".join(found)


def _in_short(otherwise: Sequence[str], own: Sequence[str]) -> str:
    """Name differences; of long ones, such as of prompts, the key and what was set alone, since two
    texts may part behind any beginning that is shown.
    """
    short = [each if len(each) <= _SHOWN else each.partition(":")[0] for each in otherwise]
    given = ", ".join(each if len(each) <= _SHOWN else f"{each[:_SHOWN]}…" for each in own)
    return "; ".join(short) + (f" ({given})" if given and short != list(otherwise) else "")


def _otherwise(run: OpenRun, usual: OpenRun | None) -> list[str]:
    """Name what a run was asked otherwise than most."""
    if usual is None or usual is run:
        return []
    tasks = (TaskSpec.identity_of(each.manifest.identity.task) for each in (usual, run))
    found = named_differences(*(_without_parts(each) for each in tasks))
    if usual.manifest.identity.options != run.manifest.identity.options and _is_whole(run):
        found.append("the options of its questions")
    return found


def _without_parts(task: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in task.items() if key not in {*_PARTS, *WHERE_IMAGES_ARE}}
