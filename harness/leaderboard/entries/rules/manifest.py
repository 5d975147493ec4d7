"""Rules on the manifest and the card: do they fit each other, the files, and the leaderboard."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.data.opened import OpenTask
from harness.errors import DataError
from harness.leaderboard.entries.bounded import read_bounded
from harness.leaderboard.entries.card import ModelCard, unfilled
from harness.leaderboard.entries.finding import Finding, listed
from harness.leaderboard.entries.manifest import (
    CARD,
    MANIFEST,
    MAX_FILE,
    EntryManifest,
    EntryRun,
    FileFacts,
)
from harness.leaderboard.entries.rules.files import is_inside
from harness.specs.catalogue import Catalogue, Kind
from harness.specs.task import WHERE_IMAGES_ARE


def check_names(folder: Path, manifest: EntryManifest) -> Iterator[Finding]:
    """The entry is named as its folder, has one run a task, all of one model (E202)."""
    if manifest.entry != folder.resolve().name:
        yield Finding("E202", MANIFEST, f"names another entry than its folder: {manifest.entry}")
    for task, count in sorted(Counter(run.task for run in manifest.runs).items()):
        if count > 1:
            yield Finding("E202", MANIFEST, f"has {count} runs of one task: {task}")
    models = sorted({run.run.model for run in manifest.runs})
    if len(models) > 1:
        yield Finding("E202", MANIFEST, f"runs of several models, {listed(models)}")
    for run in manifest.runs:
        if run.run.task != run.task:
            yield Finding("E202", MANIFEST, f"a run of `{run.run.task}` stands under `{run.task}`")


def check_hashes(folder: Path, manifest: EntryManifest) -> Iterator[Finding]:
    """Every file is listed, is there, and has its hash and size; and every path is one inside the
    entry (E103, E203).
    """
    outside = [path for path in manifest.files if not is_inside(path)]
    for path in outside:
        yield Finding("E103", MANIFEST, f"`files` has {path!r}")
    if outside:
        return
    needed = {CARD, *(run.predictions for run in manifest.runs)}
    allowed = needed | {run.prompts for run in manifest.runs}
    hashed = manifest.files.keys()
    for name in sorted(needed - hashed):
        yield Finding("E203", MANIFEST, f"has no hash of a file that an entry needs: {name}")
    for name in sorted(hashed - allowed):
        yield Finding("E203", MANIFEST, f"has the hash of a file that no entry has: {name!r}")
    for name in sorted(hashed & allowed):
        yield from _check_hash(folder, name, manifest.files[name])
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    for name in sorted(there - manifest.files.keys() - {MANIFEST}):
        yield Finding("E203", name, "the manifest has no hash of it")


def _check_hash(folder: Path, name: str, facts: FileFacts) -> Iterator[Finding]:
    try:
        data = read_bounded(folder / name, MAX_FILE)
    except DataError as error:
        for problem in error.problems:
            yield Finding("E203", name, f"{problem.what}: {problem.got}")
        return
    digest = hashlib.sha256(data).hexdigest()
    if (digest, len(data)) != (facts.sha256, facts.bytes):
        got = f"{len(data)} bytes, sha256 {digest}"
        yield Finding("E203", name, f"is not the file of the manifest: {got}")


def check_card(card: ModelCard, manifest: EntryManifest) -> Iterator[Finding]:
    """The card is of the manifest's model and of its kind, and says what is known of the training
    data (E205, I206).
    """
    if card.model != manifest.model:
        yield Finding("E205", CARD, f"is of `{card.model}`, the manifest of `{manifest.model}`")
    for run in manifest.runs:
        kind = run.run.model_facts.get("kind")
        if kind is not None and kind != card.kind:
            yield Finding("E205", CARD, f"kind `{card.kind}`; the run `{run.task}` is of {kind!r}")
    if "unknown" in (card.training_data.imagenet_train, card.training_data.imagenet_val):
        yield Finding("I206", CARD, "training_data is `unknown`")


def check_filled_in(text: str) -> Iterator[Finding]:
    """Nothing that a new card asks to replace is still in the text of the card (E209)."""
    left = unfilled(text)
    if left:
        yield Finding("E209", CARD, f"{len(left)} sentences, the first: {left[0]}")


def check_task(catalogue: Catalogue, run: EntryRun) -> Iterator[Finding]:
    """The task is one of the leaderboard's (E207). A path to a task of one's own is none."""
    if run.task not in catalogue.names(Kind.TASK):
        yield Finding("E207", MANIFEST, f"`{run.task}` is no task here; `harness list tasks`")


def check_comparable(run: EntryRun, opened: OpenTask) -> Iterator[Finding]:
    """The run was made over the classes and under the settings that the task has (E207, E208)."""
    classes = opened.classes
    if run.run.class_list.sha256 != classes.digest:
        yield Finding("E207", MANIFEST, f"`{run.task}`: other classes than `{classes.name}` now")
        return
    found = _differences(run, opened)
    if found:
        yield Finding("E208", MANIFEST, f"`{run.task}`, {listed(found)}")


def _differences(run: EntryRun, opened: OpenTask) -> list[str]:
    """Name what answers, or their mapping, depend on and is not what the task says today; each as
    `key: the run's -> today's`.
    """
    task, identity = opened.task, run.run.identity
    was, now = (
        identity.model_copy(update={"task": _what_counts(keys)})
        for keys in (identity.task, task.identity())
    )
    found = [each.removeprefix("task.") for each in was.differences(now)]
    if run.protocol != task.protocol:
        found.append(f"protocol of the entry: {run.protocol!r} -> {task.protocol!r}")
    facts, how = run.run.mapping, task.mapping
    if facts is not None and not facts.is_by(how, opened.classes.digest):
        got = f"{facts.encoder}, {facts.class_template}, {facts.answer_template}"
        wanted = f"{how.encoder}, {how.class_template}, {how.answer_template}"
        found.append(f"mapping: {got} -> {wanted}")
    return found


def _what_counts(keys: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in keys.items() if key not in WHERE_IMAGES_ARE}
